//! What the market knows of workers.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_arithmetic::Permill, sp_core::H256, sp_runtime::DispatchResult};
use scale_info::TypeInfo;

use crate::{jobs::Lane, models::ModelId, Cu, ProtocolTime};

/// How a slot comes back.
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
pub enum SlotUse {
	/// The job was served.
	Served,
	/// A deadline passed.
	Late,
	/// The worker could not, and said so.
	Failed,
	/// The worker is not to blame: the job was cancelled or nobody could answer it.
	Unused,
}

/// Slots of workers, as the market takes and returns them; each call is O(1).
pub trait Workers<AccountId> {
	/// Takes a free slot for a job of `requester` on `lane` for `model`: two drawn by `random`, the
	/// better reputed of them; none of a worker that `requester` excludes, and on the Included lane
	/// none of one that has its share of the model's slots in use.
	fn take_slot(
		model: &ModelId,
		requester: &AccountId,
		lane: Lane,
		random: u64,
	) -> Option<AccountId>;
	/// Returns the slot of `worker` for `model`.
	fn return_slot(worker: &AccountId, model: &ModelId, slot_use: SlotUse);
	/// Notes how a slot of `worker` for `model` was used that stays taken.
	fn keep_slot(worker: &AccountId, model: &ModelId, slot_use: SlotUse);
	/// Whether `worker` would be given a job for `model` now, if it had a slot to give.
	fn is_ready(worker: &AccountId, model: &ModelId) -> bool;
	/// Slots that workers who can take jobs for `model` have earned, taken ones included.
	fn proven_slots(model: &ModelId) -> u32;
	/// Workers that can take jobs for `model`.
	fn operators(model: &ModelId) -> u32;
	/// Free slots of `model` over all workers.
	fn free_slots(model: &ModelId) -> u32;
	/// Notes that a slot of `worker` took `time` for a job of `model` of so many CU of work.
	fn note_rate(worker: &AccountId, model: &ModelId, work: Cu, time: ProtocolTime);
	/// CU of work in a minute at which a slot of `worker` served `model` of late, once it has shown
	/// that.
	fn shown_rate(worker: &AccountId, model: &ModelId) -> Option<Cu>;
	/// Tokens per second that every slot is counted on for, and none for more.
	fn expected_rate() -> u32;
}

/// What a worker did against the rules.
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
pub enum Offence {
	/// It was there, and let a deadline pass.
	#[codec(index = 0)]
	Late,
	/// It signed a result that the model does not give.
	#[codec(index = 1)]
	Wrong,
	/// It meant to do harm.
	#[codec(index = 2)]
	Malicious,
}

/// Who showed an offence, and its part of what the worker loses.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Challenger<AccountId> {
	/// Who is paid.
	pub who: AccountId,
	/// Part of the slash; a fifth at the most, whatever is said here.
	pub part: Permill,
}

/// Convicts workers of what other pallets have found.
pub trait Convict<AccountId> {
	/// Takes from the bond of `worker` what `offence` costs it, to be paid out when nobody has
	/// cancelled it within the appeal window; anything worse than late also voids what the worker
	/// is owed, so a job that is refunded has to leave those books before.
	///
	/// `evidence` is the hash of what shows the offence.
	///
	/// # Errors
	/// If there is no such worker.
	fn convict(
		worker: &AccountId,
		offence: Offence,
		evidence: H256,
		challenger: Option<Challenger<AccountId>>,
	) -> DispatchResult;
}

/// The key that a worker's node signs with: sr25519, key type [`KEY_TYPE`](crypto::KEY_TYPE).
pub mod crypto {
	use polkadot_sdk::sp_application_crypto::{self, KeyTypeId};

	/// Key type of worker keys in a node's keystore.
	pub const KEY_TYPE: KeyTypeId = KeyTypeId(*b"onew");

	mod onew {
		use polkadot_sdk::sp_application_crypto::{app_crypto, sr25519};
		app_crypto!(sr25519, super::KEY_TYPE);
	}

	sp_application_crypto::with_pair! {
		/// A worker's key pair.
		pub type WorkerPair = onew::Pair;
	}

	/// A worker's signature.
	pub type WorkerSignature = onew::Signature;

	/// A worker's public key.
	pub type WorkerKey = onew::Public;
}
