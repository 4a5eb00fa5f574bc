//! The signed receipt: the one record that verification, billing and settlement read.

extern crate alloc;

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_mailbox::commitment::{self, PUBLIC};
pub use one_mailbox::{Finish, Outcome};
use polkadot_sdk::{
	frame_support::weights::Weight,
	sp_core::H256,
	sp_io,
	sp_runtime::{
		traits::{BlakeTwo256, Hash},
		DispatchResult,
	},
};
use scale_info::TypeInfo;

use crate::{inference::ResultIds, jobs::JobId, models::ModelId};

/// Version of the messages that workers sign.
pub const VERSION: u16 = 1;

/// Bytes that a worker signs for `receipt`: SCALE of
/// `(genesis hash, "receipt", version, assigned, receipt)`.
pub fn message<AccountId: Encode>(
	genesis: &H256,
	assigned: &H256,
	receipt: &Receipt<AccountId>,
) -> Vec<u8> {
	(genesis, b"receipt", VERSION, assigned, receipt).encode()
}

/// The `result_root` of a public job whose answer are `ids`, by the function of the engine.
pub fn result_root(ids: &[u32]) -> H256 {
	H256(commitment::result_root(
		sp_io::hashing::blake2_256,
		&PUBLIC,
		ids,
	))
}

/// What a worker states of a job it was assigned.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Receipt<AccountId> {
	/// The job.
	pub job: JobId,
	/// Which assignment of the job, from 1.
	pub attempt: u8,
	/// The model that was run.
	pub model: ModelId,
	/// The worker, who signs.
	pub worker: AccountId,
	/// Requests answered.
	pub requests: u32,
	/// Prompt tokens.
	pub input_tokens: u32,
	/// New tokens.
	pub output_tokens: u32,
	/// Hash of the request: model, prompt ids, sampling, limits.
	pub request_root: H256,
	/// Merkle root over the new token ids.
	pub result_root: H256,
	/// Merkle root over the positions' final residuals.
	pub trace_root: H256,
	/// What happened.
	pub outcome: Outcome,
	/// Why generation ended.
	pub finish: Finish,
}

impl<AccountId: Encode> Receipt<AccountId> {
	/// Blake2-256 of its SCALE encoding: names it in the tree of what a worker was paid for.
	pub fn hash(&self) -> H256 {
		BlakeTwo256::hash_of(self)
	}
}

/// A receipt with the signature of the worker's `onew` key over
/// `(genesis hash, "receipt", version, assigned, receipt)`.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SignedReceipt<AccountId, Signature> {
	/// What is stated.
	pub receipt: Receipt<AccountId>,
	/// The worker's signature.
	pub signature: Signature,
	/// The new token ids, where the job asks for them: those of the receipt's result root.
	pub ids: ResultIds,
}

/// Takes receipts out of a worker's report.
pub trait Receipts<AccountId, Key, Signature> {
	/// Whether `receipt` is still wanted: the worker's current attempt of an open job.
	fn is_wanted(receipt: &Receipt<AccountId>) -> bool;
	/// Checks `signed` against `key`, records it and completes the job.
	///
	/// # Errors
	/// If the signature or the ids are wrong, or the job is not the worker's current one.
	fn receive(signed: SignedReceipt<AccountId, Signature>, key: &Key) -> DispatchResult;
	/// Weight of what a pallet that waits for a receipt does when it is told, at the most.
	fn callback_weight() -> Weight;
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The numbers are from an implementation of its own; the engine's test has them too.
	#[test]
	fn result_root_should_be_the_engines() {
		let root = |ids: &[u32]| polkadot_sdk::sp_core::bytes::to_hex(&result_root(ids).0, false);
		let all: Vec<u32> = (0..600).collect();
		assert_eq!(
			root(&[]),
			"0x9bba217154862526daa6b65978ae4eedea311ff047d5f78f7edafb10c829801c"
		);
		assert_eq!(
			root(&[1, 2, 3]),
			"0x39be7e72b5fd3be775add1cee2db007128b34d21af619c07bea4324a1df21b24"
		);
		assert_eq!(
			root(&all),
			"0x0e74adb0f5167457d3b27047ee9e48825a04f31a008e48ed6374379a202ee5f2"
		);
	}
}
