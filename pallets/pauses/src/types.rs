//! What can be paused, and for how long.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use one_primitives::{jobs::Lane, models::ModelId, Moment};
use polkadot_sdk::*;
use scale_info::TypeInfo;

/// Milliseconds that a pause can last: a day.
pub const MAX_LENGTH: Moment = 24 * 60 * 60 * 1_000;

/// Bytes of a pallet's name at the most.
pub const MAX_NAME: u32 = 32;

/// A pallet's name in the runtime, as polkadot.js shows it in the metadata.
pub type PalletName = BoundedVec<u8, ConstU32<MAX_NAME>>;

/// What can be paused.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Subject {
	/// A model: no new jobs.
	#[codec(index = 0)]
	Model(ModelId),
	/// A lane: no new jobs.
	#[codec(index = 1)]
	Lane(Lane),
	/// The calls of a pallet, except those that are never paused.
	#[codec(index = 2)]
	Pallet(PalletName),
}

/// A pause, at hand or over.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Pause {
	/// What is paused.
	pub subject: Subject,
	/// UTC at which it goes on.
	pub until: Moment,
	/// UTC before which it cannot be paused again.
	pub again: Moment,
}
