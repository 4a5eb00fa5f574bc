//! How days open and close, and what an account has on one.

use alloc::vec::Vec;

use frame_support::traits::Get;
use one_primitives::{
	access::{Access, Lock, OnExit, Population, Standing, Tier, TierId, LOCKS, TIERS},
	clock::{Clock, Day},
	credits::Refusal,
	settlement::Treasury,
	Cu, Moment, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::traits::SaturatedConversion;

use crate::{
	math, BalanceOf, Config, CreditStatus, DayRecord, Days, Event, Ledger, Ledgers, Pallet, Today,
};

/// The target of log lines.
const LOG_TARGET: &str = "runtime::credits";

pub(crate) type RecordOf<T> = DayRecord<BalanceOf<T>>;

/// One account on the open day.
pub(crate) struct Position<T: Config> {
	pub day: Day,
	pub record: RecordOf<T>,
	pub standing: Option<Standing>,
	pub ledger: Ledger,
}

impl<T: Config> Position<T> {
	/// CU that can be set aside.
	pub fn available(&self) -> Cu {
		let standing = self.standing;
		let entitlement = standing.map_or(0, |standing| self.record.entitlement(standing));
		self.ledger.available(entitlement)
	}

	/// What the account's tier gives.
	pub fn terms(&self) -> Option<&Tier<BalanceOf<T>>> {
		self.record.tier(self.standing?.tier)
	}
}

impl<T: Config> Pallet<T> {
	/// Opens `day` at constant cost, after giving back what is left of the day before.
	pub(crate) fn do_open(day: Day) {
		let last = Today::<T>::get().and_then(|last| Some((last, Days::<T>::get(last)?)));
		Today::<T>::put(day);
		if let Some((last, record)) = last {
			Self::store_day(last, record);
		}
		let record = Self::new_day(day);
		Self::deposit_event(Event::DayOpened {
			day,
			budget: record.budget,
			rate: record.rate,
			price: record.price,
		});
		Days::<T>::insert(day, record);
	}

	fn new_day(day: Day) -> RecordOf<T> {
		let budget = Self::earmark(day);
		let price = Self::included_price();
		let (tiers, locks) = (T::Access::tiers(), T::Access::locks());
		let claims = Self::claims(T::Access::population(day), &tiers, &locks);
		let rate = math::rate(budget, price, &claims);
		DayRecord {
			budget,
			spent: 0,
			rate,
			price,
			tiers,
			locks,
			promised: math::promise(rate, &claims),
			reserved: 0,
			open: 0,
		}
	}

	/// Accounts of each standing, with the allowance of one.
	fn claims(
		population: Population,
		tiers: &[Tier<BalanceOf<T>>; TIERS],
		locks: &[Lock; LOCKS],
	) -> Vec<(u32, Cu)> {
		let by_tier = population.iter().zip(tiers);
		let claims = by_tier.flat_map(|(counts, tier)| {
			let by_lock = counts.iter().zip(locks);
			by_lock.map(|(count, lock)| (*count, lock.allowance(tier.allowance)))
		});
		claims.collect()
	}

	/// Moves the budget of `day` out of the credit pot.
	fn earmark(day: Day) -> Usdc {
		let share = T::BudgetShare::get().mul_floor(T::Treasury::credit_pot());
		let budget = share.min(T::BudgetCap::get());
		match T::Treasury::earmark(day, budget) {
			Ok(()) => budget,
			Err(error) => {
				log::error!(target: LOG_TARGET, "day {day} opens without a budget: {error:?}");
				0
			}
		}
	}

	/// Micro-USDC per 10^9 CU of an Included job, at the price now governed.
	fn included_price() -> Usdc {
		T::IncludedShare::get().mul_floor(T::PricePerGiga::get())
	}

	/// Micro-USDC per 10^9 CU of an Included job submitted now.
	pub(crate) fn price_today() -> Usdc {
		Today::<T>::get()
			.and_then(Days::<T>::get)
			.map_or_else(Self::included_price, |record| record.price)
	}

	/// Writes the books of `day` back, or closes it if it is over and its last job is done.
	pub(crate) fn store_day(day: Day, record: RecordOf<T>) {
		let over = Today::<T>::get().is_none_or(|today| day < today);
		if over && record.open == 0 {
			Self::close_day(day, record);
		} else {
			Days::<T>::insert(day, record);
		}
	}

	fn close_day(day: Day, record: RecordOf<T>) {
		let returned = record.pot();
		if let Err(error) = T::Treasury::release(day, returned) {
			log::error!(target: LOG_TARGET, "the rest of day {day} stays in its pot: {error:?}");
			return Days::<T>::insert(day, record);
		}
		Days::<T>::remove(day);
		Self::deposit_event(Event::DayClosed {
			day,
			spent: record.spent,
			returned,
		});
	}

	/// `who` on the open day; nothing in between two days.
	pub(crate) fn position(who: &T::AccountId) -> Option<Position<T>> {
		let day = Today::<T>::get().filter(|today| *today == T::Clock::day())?;
		Some(Position {
			day,
			record: Days::<T>::get(day)?,
			standing: T::Access::standing(who, day),
			ledger: Self::ledger(who, day),
		})
	}

	/// The ledger of `who` on `day`; an older one means nothing.
	pub(crate) fn ledger(who: &T::AccountId, day: Day) -> Ledger {
		Ledgers::<T>::get(who)
			.filter(|ledger| ledger.day == day)
			.unwrap_or_else(|| Ledger::fresh(day))
	}

	/// UTC at which the next day's credits come.
	pub(crate) fn next_day() -> Moment {
		T::Clock::day_start(T::Clock::day().saturating_add(1))
	}

	/// The position of `who`, who has a tier today, and that tier.
	pub(crate) fn holder(who: &T::AccountId) -> Result<(Position<T>, TierId), Refusal> {
		let position = Self::position(who).ok_or_else(|| Self::no_credits(0, 0))?;
		match position.standing {
			Some(Standing { tier, .. }) => Ok((position, tier)),
			None => Err(Self::why_no_tier(who)),
		}
	}

	/// Whether `needed` CU are left.
	pub(crate) fn ensure_left(position: &Position<T>, needed: Cu) -> Result<(), Refusal> {
		match position.available() {
			available if available < needed => Err(Self::no_credits(needed, available)),
			_ => Ok(()),
		}
	}

	fn no_credits(needed: Cu, available: Cu) -> Refusal {
		Refusal::NoCredits {
			needed,
			available,
			resets_at: Self::next_day(),
		}
	}

	fn why_no_tier(who: &T::AccountId) -> Refusal {
		if let Some(day) = T::Access::counts_from(who) {
			return Refusal::NotYetCounting {
				counts_from: T::Clock::day_start(day),
			};
		}
		let [lowest, ..] = T::Access::tiers();
		Refusal::BelowThreshold {
			staked: T::Access::staked(who).saturated_into(),
			threshold: lowest.threshold.saturated_into(),
		}
	}

	/// What `who` has today; a delegate has what its holder has.
	pub fn credits(who: &T::AccountId) -> CreditStatus {
		let who = &T::Access::holder(who);
		let position = Self::position(who);
		let terms = position.as_ref().and_then(Position::terms).copied();
		let ledger = position
			.as_ref()
			.map(|position| position.ledger)
			.unwrap_or_default();
		let standing = position.as_ref().and_then(|position| position.standing);
		let record = position.as_ref().map(|position| &position.record);
		CreditStatus {
			day: T::Clock::day(),
			tier: standing.map(|standing| standing.tier),
			allowance: record
				.zip(standing)
				.map_or(0, |(record, standing)| record.allowance(standing)),
			rate: record.map_or_else(Default::default, |record| record.rate),
			available: position.as_ref().map_or(0, Position::available),
			used: ledger.used,
			reserved: ledger.reserved,
			returned: ledger.returned,
			max_job: terms.map_or(0, |terms| terms.max_job),
			slots: terms.map_or(0, |terms| terms.slots),
			resets_at: Self::next_day(),
			counts_from: T::Access::counts_from(who).map(T::Clock::day_start),
		}
	}
}

impl<T: Config> OnExit<T::AccountId> for Pallet<T> {
	/// Forgets the ledger of a past day. One of today stays, for the day's sums are made of it.
	fn on_exit(who: &T::AccountId) {
		let today = Today::<T>::get();
		Ledgers::<T>::mutate_exists(who, |ledger| {
			ledger.take_if(|ledger| Some(ledger.day) < today);
		});
	}
}

#[cfg(any(feature = "try-runtime", feature = "std"))]
impl<T: Config> Pallet<T> {
	/// Checks the invariants of the README.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let Some(today) = Today::<T>::get() else {
			return Ok(());
		};
		frame_support::ensure!(Days::<T>::contains_key(today), "1: today has books");
		for (day, record) in Days::<T>::iter() {
			Self::check_day(day, today, &record)?;
		}
		Self::check_promises(today)
	}

	fn check_day(
		day: Day,
		today: Day,
		record: &RecordOf<T>,
	) -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::ensure;
		use one_primitives::price;
		ensure!(
			day == today || (day < today && record.open > 0),
			"2: a past day has open jobs"
		);
		ensure!(
			record.spent <= record.budget,
			"3: no more is spent than came in"
		);
		ensure!(
			price::floor(record.reserved, record.price) <= record.pot(),
			"4: every open job is paid for"
		);
		Ok(())
	}

	fn check_promises(today: Day) -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::ensure;
		use one_primitives::price;
		let record = Days::<T>::get(today).ok_or("1: today has books")?;
		let (mut reserved, mut promised) = (0u128, record.promised);
		for ledger in Ledgers::<T>::iter_values().filter(|ledger| ledger.day == today) {
			reserved += u128::from(ledger.reserved);
			promised += u128::from(ledger.returned);
			promised = promised
				.checked_sub(u128::from(ledger.used))
				.ok_or("5: no more is used than was promised")?;
		}
		ensure!(
			reserved == record.reserved,
			"6: what is set aside of the day is what is set aside of its accounts"
		);
		ensure!(
			reserved <= promised,
			"7: no more is set aside than promised"
		);
		ensure!(
			price::floor(promised, record.price) <= record.pot(),
			"8: all promises of a day are in its pot"
		);
		Ok(())
	}
}
