//! Units and compiled limits.

use crate::{AssetId, Balance, BlockNumber, Moment};

/// Money.
pub mod currency {
	use super::{AssetId, Balance};

	/// One ONE, in smallest units.
	pub const ONE: Balance = 1_000_000_000_000;
	/// 10^-3 ONE.
	pub const MILLI_ONE: Balance = ONE / 1_000;
	/// 10^-6 ONE.
	pub const MICRO_ONE: Balance = ONE / 1_000_000;
	/// All the ONE there ever is.
	pub const TOTAL_SUPPLY: Balance = 1_000_000_000 * ONE;
	/// The least an account may hold.
	pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_ONE;

	/// The asset id of USDC.
	pub const USDC: AssetId = 1337;
	/// One USDC, in smallest units.
	pub const ONE_USDC: Balance = 1_000_000;
	/// The asset id of the first class of vouchers; all ids from here on are reserved for classes.
	pub const VOUCHERS: AssetId = 1_000_000_000;
	/// The least USDC an account may hold.
	pub const USDC_MIN_BALANCE: Balance = 10_000;

	/// What an account leaves as a deposit for `items` records of `bytes` bytes in all.
	pub const fn deposit(items: u32, bytes: u32) -> Balance {
		items as Balance * 100 * MILLI_ONE + bytes as Balance * MILLI_ONE
	}
}

/// Time.
pub mod time {
	use super::{BlockNumber, Moment};

	/// A BABE slot, in milliseconds: the expected time between blocks.
	pub const SLOT_DURATION: Moment = 3_000;
	/// Slots, so expected blocks, in a minute.
	pub const MINUTES: BlockNumber = 60_000 / SLOT_DURATION as BlockNumber;
	/// Slots in an hour.
	pub const HOURS: BlockNumber = 60 * MINUTES;
	/// Slots in a day.
	pub const DAYS: BlockNumber = 24 * HOURS;
	/// A BABE epoch and a session, in slots. Fixed for the life of a chain.
	pub const EPOCH_DURATION: BlockNumber = if cfg!(feature = "fast-sessions") {
		MINUTES / 2
	} else {
		10 * MINUTES
	};
	/// How long an equivocation can be reported, in sessions: 28 days.
	pub const REPORT_LONGEVITY: BlockNumber = 28 * DAYS / EPOCH_DURATION;
	/// Milliseconds of protocol time from when a session is planned to when the last offence in it
	/// was reported, at the most: [`REPORT_LONGEVITY`], the session itself and the two around it. A
	/// halt adds at most two slots to a session.
	pub const REPORT_WINDOW: Moment =
		(REPORT_LONGEVITY as Moment + 3) * (EPOCH_DURATION as Moment + 2) * SLOT_DURATION;
}

/// The most validators there may be.
pub const MAX_VALIDATORS: u32 = 100;
/// The most accounts that may stand for election.
pub const MAX_CANDIDATES: u32 = 3 * MAX_VALIDATORS;
