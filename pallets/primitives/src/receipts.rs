//! The signed receipt: the one record that verification, billing and settlement read.

extern crate alloc;

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
pub use one_mailbox::{Finish, Outcome};
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{
		traits::{BlakeTwo256, Hash},
		DispatchResult,
	},
};
use scale_info::TypeInfo;

use crate::{jobs::JobId, models::ModelId};

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
}

/// Takes receipts out of a worker's report.
pub trait Receipts<AccountId, Key, Signature> {
	/// Whether `receipt` is still wanted: the worker's current attempt of an open job.
	fn is_wanted(receipt: &Receipt<AccountId>) -> bool;
	/// Checks `signed` against `key`, records it and completes the job.
	///
	/// # Errors
	/// If the signature is wrong, or the job is not the worker's current one.
	fn receive(signed: SignedReceipt<AccountId, Signature>, key: &Key) -> DispatchResult;
}
