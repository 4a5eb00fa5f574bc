//! Stake thresholds: who may use the Included lane, and how much of it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_runtime::{DispatchError, Permill};
use scale_info::TypeInfo;

use crate::{clock::Day, Cu, ProtocolTime};

/// Index of a tier; a higher one needs more stake.
pub type TierId = u8;

/// Number of tiers.
pub const TIERS: usize = 3;

/// Index of a lock; a higher one binds for longer. The first binds for no time.
pub type LockId = u8;

/// Number of locks.
pub const LOCKS: usize = 3;

/// Accounts by tier and lock.
pub type Population = [[u32; LOCKS]; TIERS];

/// What gives an account its credits.
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
pub struct Standing {
	/// Tier of its stake.
	pub tier: TierId,
	/// Lock of its stake.
	pub lock: LockId,
}

/// A time for which a holder may bind its stake, and what that gives.
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
pub struct Lock {
	/// Milliseconds of protocol time.
	pub length: ProtocolTime,
	/// Part of the tier's allowance that comes on top.
	pub bonus: Permill,
}

impl Lock {
	/// CU a day at rate 1, of a tier whose stake is not bound.
	pub fn allowance(&self, unbound: Cu) -> Cu {
		unbound.saturating_add(self.bonus.mul_floor(unbound))
	}
}

/// What a tier asks for and gives.
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
pub struct Tier<Balance> {
	/// Least stake, in 10^-12 ONE.
	pub threshold: Balance,
	/// Credits of one day at rate 1, in CU; proportional to the threshold, so that neither
	/// splitting nor pooling of stake pays.
	pub allowance: Cu,
	/// The most one job may reserve, in CU.
	pub max_job: Cu,
	/// Job slots of an account: jobs open at once.
	pub slots: u8,
}

/// What the credits know of stakes.
pub trait Access<AccountId, Balance> {
	/// Standing of `who` on `day`: a change of stake counts from the day after it.
	fn standing(who: &AccountId, day: Day) -> Option<Standing>;
	/// Stake of `who`, without what is cooling down.
	fn staked(who: &AccountId) -> Balance;
	/// Accounts in each tier and lock on `day`, which is this block's or a later one.
	fn population(day: Day) -> Population;
	/// The table of tiers in force.
	fn tiers() -> [Tier<Balance>; TIERS];
	/// The table of locks in force.
	fn locks() -> [Lock; LOCKS];
	/// Credit day from which `who` counts, if it has a tier and waits for that day.
	fn counts_from(who: &AccountId) -> Option<Day>;
	/// The holder whose credits `who` spends: the one that made it a delegate, else `who` itself.
	fn holder(who: &AccountId) -> AccountId;
}

/// Told when the last of a stake is gone.
pub trait OnExit<AccountId> {
	/// `who` has no stake any more, and none that cools down.
	fn on_exit(who: &AccountId);
}

/// Lets a holder without free balance leave: the fee comes out of the stake.
pub trait PayFromStake<AccountId, Balance> {
	/// Whether `fee` can be taken from the stake of `who`.
	fn can_pay(who: &AccountId, fee: Balance) -> bool;
	/// Moves `fee` from the stake of `who` to where fees go.
	///
	/// # Errors
	/// If the stake does not hold that much.
	fn pay(who: &AccountId, fee: Balance) -> Result<(), DispatchError>;
}
