//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use one_primitives::{
	access::{LockId, Standing},
	clock::Day,
	ProtocolTime,
};
use polkadot_sdk::*;
use scale_info::TypeInfo;

/// Withdrawals of stake that can cool down at once.
pub const MAX_CHUNKS: u32 = 8;

/// A value whose changes count from the day after them.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Dated<V> {
	/// Value from `since` on.
	pub now: V,
	/// First day on which `now` counts.
	pub since: Day,
	/// Value on the day before `since`.
	pub before: V,
}

impl<V: Clone> Dated<V> {
	/// Value on `day`, which is not before the day of the last change.
	pub fn at(&self, day: Day) -> &V {
		if day >= self.since {
			&self.now
		} else {
			&self.before
		}
	}

	/// Changes the value on `today`; the day's first value goes on counting until it is over.
	pub fn set(&mut self, today: Day, value: V) {
		if today >= self.since {
			self.before = core::mem::replace(&mut self.now, value);
			self.since = today.saturating_add(1);
		} else {
			self.now = value;
		}
	}
}

/// Stake on its way back to its owner.
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
pub struct Chunk<Balance> {
	/// 10^-12 ONE.
	pub amount: Balance,
	/// Protocol time at which it may be withdrawn.
	pub until: ProtocolTime,
}

/// A stake that its holder has bound.
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
pub struct Binding {
	/// The lock chosen.
	pub lock: LockId,
	/// Protocol time until which nothing can be unstaked.
	pub until: ProtocolTime,
}

/// What is held of one account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct StakeRecord<Balance> {
	/// What gives the tier, in 10^-12 ONE.
	pub staked: Balance,
	/// What was unstaked and is not yet withdrawn, oldest first.
	pub cooling: BoundedVec<Chunk<Balance>, ConstU32<MAX_CHUNKS>>,
	/// Until when the stake is bound, if it is.
	pub binding: Option<Binding>,
	/// Tier and lock as they were when the account was last touched.
	pub standing: Dated<Option<Standing>>,
}

impl<Balance: Default> Default for StakeRecord<Balance> {
	fn default() -> Self {
		Self {
			staked: Balance::default(),
			cooling: BoundedVec::new(),
			binding: None,
			standing: Dated::default(),
		}
	}
}
