//! What the pallet stores and answers.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_primitives::{
	access::{Lock, Standing, Tier, TierId, LOCKS, TIERS},
	clock::Day,
	price, Cu, Moment, Usdc,
};
use polkadot_sdk::*;
use scale_info::TypeInfo;
use sp_arithmetic::Perbill;

use crate::math;

/// The books of one credit day.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DayRecord<Balance> {
	/// Micro-USDC that came into the day's pot.
	pub budget: Usdc,
	/// Micro-USDC of it that workers earned.
	pub spent: Usdc,
	/// Share of its allowance that every account got.
	pub rate: Perbill,
	/// Micro-USDC per 10^9 CU.
	pub price: Usdc,
	/// The tiers as they were when the day opened.
	pub tiers: [Tier<Balance>; TIERS],
	/// The locks as they were when the day opened.
	pub locks: [Lock; LOCKS],
	/// CU given out when the day opened, over all accounts.
	pub promised: u128,
	/// CU set aside for open jobs.
	pub reserved: u128,
	/// Jobs that will be paid out of this day's pot, or give back what was set aside.
	pub open: u32,
}

impl<Balance> DayRecord<Balance> {
	/// Micro-USDC in the day's pot.
	pub fn pot(&self) -> Usdc {
		self.budget.saturating_sub(self.spent)
	}

	/// Micro-USDC that `cu` cost on this day, rounded down.
	pub fn price_of(&self, cu: Cu) -> Usdc {
		price::floor(u128::from(cu), self.price)
	}

	/// Terms of `tier` on this day.
	pub fn tier(&self, tier: TierId) -> Option<&Tier<Balance>> {
		self.tiers.get(usize::from(tier))
	}

	/// CU that an account of `standing` gets at a rate of one.
	pub fn allowance(&self, standing: Standing) -> Cu {
		let tier = self.tier(standing.tier);
		let lock = self.locks.get(usize::from(standing.lock));
		tier.zip(lock)
			.map_or(0, |(tier, lock)| lock.allowance(tier.allowance))
	}

	/// Credits of an account of `standing`.
	pub fn entitlement(&self, standing: Standing) -> Cu {
		math::entitlement(self.allowance(standing), self.rate)
	}

	/// Takes one job with `reserved` CU off the books.
	pub(crate) fn settle(&mut self, reserved: Cu) -> Option<()> {
		self.reserved = self.reserved.checked_sub(u128::from(reserved))?;
		self.open = self.open.checked_sub(1)?;
		Some(())
	}

	/// Moves `amount` out of the pot to a worker.
	pub(crate) fn spend(&mut self, amount: Usdc) -> Option<()> {
		self.spent = self
			.spent
			.checked_add(amount)
			.filter(|spent| *spent <= self.budget)?;
		Some(())
	}
}

/// What was set aside for one job.
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
pub struct Reservation {
	/// Credit day out of whose pot the job is paid.
	pub day: Day,
	/// CU set aside.
	pub reserved: Cu,
}

/// What one account did with its credits on one day; older than today's it means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Ledger {
	/// The day.
	pub day: Day,
	/// CU charged: by receipts, forfeits and admissions.
	pub used: Cu,
	/// CU set aside for jobs submitted on this day.
	pub reserved: Cu,
	/// CU that came back on this day from jobs of earlier days.
	pub returned: Cu,
}

impl Ledger {
	/// The untouched ledger of `day`.
	pub fn fresh(day: Day) -> Self {
		Self {
			day,
			..Default::default()
		}
	}

	/// CU left of `entitlement`.
	pub fn available(&self, entitlement: Cu) -> Cu {
		entitlement
			.saturating_add(self.returned)
			.saturating_sub(self.used)
			.saturating_sub(self.reserved)
	}
}

/// What an account has today; answer of the runtime API.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct CreditStatus {
	/// The open credit day.
	pub day: Day,
	/// Tier of the account today.
	pub tier: Option<TierId>,
	/// CU a day that tier and lock give at a rate of one.
	pub allowance: Cu,
	/// Share of it that the day's pot pays for.
	pub rate: Perbill,
	/// CU that can be set aside for a job now.
	pub available: Cu,
	/// CU charged today.
	pub used: Cu,
	/// CU set aside for today's open jobs.
	pub reserved: Cu,
	/// CU that came back today from jobs of earlier days.
	pub returned: Cu,
	/// The most CU that one job may set aside.
	pub max_job: Cu,
	/// Job slots of the account.
	pub slots: u8,
	/// UTC at which the next day's credits come.
	pub resets_at: Moment,
	/// UTC from which a new tier counts, if one waits.
	pub counts_from: Option<Moment>,
}
