//! What the market knows of workers.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::models::ModelId;

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
	/// The worker is not to blame: the job was cancelled or could not be answered.
	Unused,
}

/// Slots of workers, as the market takes and returns them; each call is O(1).
pub trait Workers<AccountId> {
	/// Takes a free slot for `model`: two drawn by `random`, the better reputed of them.
	fn take_slot(model: &ModelId, random: u64) -> Option<AccountId>;
	/// Returns the slot of `worker` for `model`.
	fn return_slot(worker: &AccountId, model: &ModelId, slot_use: SlotUse);
	/// Free slots of `model` over all workers.
	fn free_slots(model: &ModelId) -> u32;
	/// Tokens per second that a deadline for this model counts on.
	fn proven_rate(worker: &AccountId, model: &ModelId) -> u32;
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
