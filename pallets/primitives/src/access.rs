//! Stake thresholds: who may use the Included lane, and how much of it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_runtime::DispatchError;
use scale_info::TypeInfo;

use crate::{clock::Day, Cu};

/// Index of a tier; a higher one needs more stake.
pub type TierId = u8;

/// Number of tiers.
pub const TIERS: usize = 3;

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
	/// Tier of `who` on `day`: a change of stake counts from the day after it.
	fn tier(who: &AccountId, day: Day) -> Option<TierId>;
	/// Stake of `who`, without what is cooling down.
	fn staked(who: &AccountId) -> Balance;
	/// Accounts in each tier on `day`, which is this block's or a later one.
	fn population(day: Day) -> [u32; TIERS];
	/// The table of tiers in force.
	fn tiers() -> [Tier<Balance>; TIERS];
	/// Credit day from which `who` counts, if it has a tier and waits for that day.
	fn counts_from(who: &AccountId) -> Option<Day>;
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
