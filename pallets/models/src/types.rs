//! What the registry keeps of a model.

extern crate alloc;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_primitives::{
	access::TierId,
	models::{Cost, ModelId},
	Moment, ProtocolTime,
};
use polkadot_sdk::{
	frame_support::{traits::ConstU32, BoundedVec},
	sp_arithmetic::Permill,
	sp_core::H256,
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::shape::Shape;

/// Bytes of a model's name at the most.
pub const MAX_NAME: u32 = 64;

/// A model's name, UTF-8.
pub type Name = BoundedVec<u8, ConstU32<MAX_NAME>>;

/// What is stated of a model; its id is the Merkle root of the container.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelRecord {
	/// What people call it.
	pub name: Name,
	/// blake2-256 of the tokenizer's file.
	pub tokenizer: H256,
	/// blake2-256 of the chat template.
	pub template: H256,
	/// blake2-256 of the text that the model was calibrated on.
	pub calibration: H256,
	/// The arithmetic that defines the model's results.
	pub arithmetic: u32,
	/// Its shape.
	pub shape: Shape,
	/// Most tokens that the chat template adds to a prompt.
	pub template_tokens: u32,
	/// Least memory of a worker's device, in MiB.
	pub min_vram: u32,
	/// Lowest tier that may use the model in the Included lane.
	pub min_tier: TierId,
	/// Share of the slots that workers offer for the model which its open jobs may hold while it is
	/// staged; with none, it takes no job before it is activated.
	pub canary: Permill,
	/// UTC from which the model takes no more jobs.
	pub retires_at: Option<Moment>,
}

/// Where a model is on its way.
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
pub enum ModelState {
	/// Known, so that workers may fetch it.
	#[codec(index = 0)]
	Registered,
	/// Announced: can be activated once the timelock has passed, and is tried until then if it has
	/// a canary share.
	#[codec(index = 1)]
	Staged {
		/// Protocol time of the announcement.
		since: ProtocolTime,
	},
	/// Takes jobs.
	#[codec(index = 2)]
	Active,
	/// Takes no more jobs; kept for what was done with it.
	#[codec(index = 3)]
	Retired,
	/// Put up on a deposit, for governance to register or to reject.
	#[codec(index = 4)]
	Proposed,
}

/// Who proposed a model, and on what deposit.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Listing<AccountId, Balance> {
	/// Who proposed it.
	pub who: AccountId,
	/// What is on hold of that account while the model is kept, in 10^-12 ONE.
	pub deposit: Balance,
}

/// A model that the registry keeps.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Model<AccountId, Balance> {
	/// What is stated of it.
	pub record: ModelRecord,
	/// Work per token, computed from the shape.
	pub cost: Cost,
	/// Where it is on its way.
	pub state: ModelState,
	/// Who proposed it; nobody, if governance or the genesis put it there.
	pub listing: Option<Listing<AccountId, Balance>>,
}

/// A model as the runtime API tells it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ModelInfo {
	/// Merkle root of the container.
	pub id: ModelId,
	/// What is stated of it.
	pub record: ModelRecord,
	/// Work per token.
	pub cost: Cost,
	/// Where it is on its way.
	pub state: ModelState,
	/// Whether it takes jobs now: active, or staged with a canary share; not paused, and its
	/// retirement date not reached.
	pub open: bool,
}
