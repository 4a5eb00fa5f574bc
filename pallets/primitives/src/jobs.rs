//! The market's names: jobs, lanes, assignments.

extern crate alloc;

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
	frame_support::weights::Weight,
	sp_core::H256,
	sp_runtime::{DispatchError, DispatchResult},
};
use scale_info::TypeInfo;

use crate::{
	inference::ResultIds,
	models::ModelId,
	receipts::{Finish, Receipt},
};

/// Number of a job.
pub type JobId = u64;

/// Job slots an account can have at the most: jobs open, or waiting in the pool, at once.
pub const MAX_SLOTS: u8 = 16;

/// Bytes of a public prompt at the most.
pub const MAX_PROMPT: u32 = 2_048;

/// The two lanes of the market.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Lane {
	/// Paid for by the day's credits of a holder's stake.
	#[codec(index = 0)]
	Included,
	/// Paid for in USDC capacity.
	#[codec(index = 1)]
	Dedicated,
}

/// What a submission asks to be paid by.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum LaneChoice {
	/// The day's credits.
	#[codec(index = 0)]
	Included,
	/// Vouchers.
	#[codec(index = 1)]
	Dedicated,
	/// The day's credits where they take the job, else vouchers.
	#[codec(index = 2)]
	IncludedFirst,
}

impl LaneChoice {
	/// The first of the lanes chosen that `admits` the job.
	///
	/// # Errors
	/// Why the last of them does not.
	pub fn resolve<E>(self, admits: impl Fn(Lane) -> Result<(), E>) -> Result<Lane, E> {
		let admitted = |lane| admits(lane).map(|()| lane);
		match self {
			Self::Included => admitted(Lane::Included),
			Self::Dedicated => admitted(Lane::Dedicated),
			Self::IncludedFirst => admitted(Lane::Included).or_else(|_| admitted(Lane::Dedicated)),
		}
	}
}

/// One worker's assignment, as the worker's node needs it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Assignment {
	/// The job.
	pub job: JobId,
	/// Which assignment of the job, from 1.
	pub attempt: u8,
	/// Hash of the parent of the block that assigned: names the fork.
	pub assigned: H256,
	/// Whether the worker's acceptance is on chain.
	pub accepted: bool,
	/// The model to run.
	pub model: ModelId,
	/// The public prompt, UTF-8 not guaranteed.
	pub prompt: Vec<u8>,
	/// Tokens of prompt and template at the most.
	pub max_input: u32,
	/// New tokens at the most.
	pub max_output: u32,
	/// Whether the receipt carries the new token ids.
	pub wants_ids: bool,
}

/// A worker's promise to serve an assignment.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Acceptance {
	/// The job.
	pub job: JobId,
	/// Which assignment of the job.
	pub attempt: u8,
	/// Hash of the parent of the block that assigned.
	pub assigned: H256,
}

/// What workers and receipts ask of the market.
pub trait Market<AccountId> {
	/// Open assignments of `worker`, at most its slots.
	fn assignments(worker: &AccountId) -> Vec<Assignment>;
	/// Whether `acceptance` is of the current, not yet accepted attempt of `worker`.
	fn is_acceptable(worker: &AccountId, acceptance: &Acceptance) -> bool;
	/// Assigned -> Accepted.
	///
	/// # Errors
	/// If it is not the worker's current attempt.
	fn accept(worker: &AccountId, acceptance: &Acceptance) -> DispatchResult;
	/// Fork and attempt of the job that `receipt` is of, if that is the worker's current one.
	fn assigned(receipt: &Receipt<AccountId>) -> Option<H256>;
	/// The model of `owner`'s `job` and the worker whose attempt at it came to nothing last, while
	/// the job is stored.
	fn failed_by(owner: &AccountId, job: JobId) -> Option<(ModelId, AccountId)>;
	/// Assigned or Accepted -> Completed, or back to the queue, as the receipt's outcome says;
	/// returns the CU charged and the price in micro-USDC.
	///
	/// # Errors
	/// If the receipt is not of the worker's current attempt, or states more than was asked for.
	fn complete(receipt: &Receipt<AccountId>) -> Result<(crate::Cu, crate::Usdc), DispatchError>;
	/// Whether a pallet waits for the token ids of the open `job`.
	fn wants_ids(job: JobId) -> bool;
	/// Tells the pallet that waits for `job`, if there is one, what it was answered.
	fn deliver(job: JobId, ids: ResultIds, finish: Finish);
	/// Weight of what a job does beyond its own attempt when that ends, at the most: the pallet that
	/// waits is told, and a worker that was wrong about it is charged.
	fn callback_weight() -> Weight;
}

/// Told when a job leaves the market for good.
pub trait OnFinal {
	/// The job is final; what was kept for it may go.
	fn on_final(job: JobId);
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn choice_should_lead_to_the_first_lane_that_admits() {
		let only = |open: Lane| move |lane| if lane == open { Ok(()) } else { Err(lane) };
		use LaneChoice::*;
		assert_eq!(Included.resolve(only(Lane::Included)), Ok(Lane::Included));
		assert_eq!(Included.resolve(only(Lane::Dedicated)), Err(Lane::Included));
		assert_eq!(
			Dedicated.resolve(only(Lane::Included)),
			Err(Lane::Dedicated)
		);
		assert_eq!(
			IncludedFirst.resolve(|_| Ok::<_, Lane>(())),
			Ok(Lane::Included)
		);
		let dedicated = IncludedFirst.resolve(only(Lane::Dedicated));
		assert_eq!(dedicated, Ok(Lane::Dedicated));
		assert_eq!(IncludedFirst.resolve(Err), Err(Lane::Dedicated));
	}
}
