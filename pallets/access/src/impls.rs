//! How stakes change.

use frame_support::{
	ensure,
	traits::{
		fungible::{BalancedHold, InspectHold, MutateHold},
		tokens::Precision,
		Get, OnUnbalanced,
	},
};
use one_primitives::{
	access::{self, LockId, OnExit, Standing, TierId},
	clock::{Clock, Day},
};
use polkadot_sdk::*;
use sp_runtime::{
	traits::{CheckedAdd, CheckedSub, Saturating, Zero},
	ArithmeticError, DispatchError, DispatchResult,
};

use crate::{
	BalanceOf, Binding, Chunk, Config, Error, Event, HoldReason, Pallet, Population, Principals,
	StakeRecord, Stakes,
};

type RecordOf<T> = StakeRecord<BalanceOf<T>>;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_stake(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		let is_delegate = Principals::<T>::contains_key(who);
		ensure!(!is_delegate, Error::<T>::IsDelegate);
		let mut record = Stakes::<T>::get(who).unwrap_or_default();
		let staked = record
			.staked
			.checked_add(&amount)
			.ok_or(ArithmeticError::Overflow)?;
		ensure!(
			staked >= Self::lowest_threshold(),
			Error::<T>::BelowLowestThreshold
		);
		T::Currency::hold(&HoldReason::Stake.into(), who, amount)?;
		record.staked = staked;
		Self::deposit_event(Event::Staked {
			who: who.clone(),
			amount,
			staked,
		});
		Self::store(who, record);
		Ok(())
	}

	pub(crate) fn do_unstake(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		let mut record = Self::staking(who)?;
		ensure!(Self::binding(&record).is_none(), Error::<T>::StakeLocked);
		let staked = record
			.staked
			.checked_sub(&amount)
			.ok_or(Error::<T>::StakeTooSmall)?;
		ensure!(
			staked.is_zero() || staked >= Self::lowest_threshold(),
			Error::<T>::RestBelowLowestThreshold
		);
		let until = T::Clock::protocol().saturating_add(T::Cooldown::get());
		record
			.cooling
			.try_push(Chunk { amount, until })
			.map_err(|_| Error::<T>::TooManyChunks)?;
		record.staked = staked;
		Self::deposit_event(Event::Unstaked {
			who: who.clone(),
			amount,
			staked,
			until,
		});
		Self::store(who, record);
		Ok(())
	}

	pub(crate) fn do_exit(who: &T::AccountId) -> DispatchResult {
		Self::do_unstake(who, Self::staking(who)?.staked)
	}

	pub(crate) fn do_withdraw(who: &T::AccountId) -> DispatchResult {
		let mut record = Stakes::<T>::get(who).ok_or(Error::<T>::NotStaked)?;
		let held = Self::cooling(&record);
		let now = T::Clock::protocol();
		record.cooling.retain(|chunk| chunk.until > now);
		let cooling = Self::cooling(&record);
		let amount = held.saturating_sub(cooling);
		ensure!(!amount.is_zero(), Error::<T>::NothingToWithdraw);
		T::Currency::release(&HoldReason::Stake.into(), who, amount, Precision::Exact)?;
		Self::store(who, record);
		Self::deposit_event(Event::Withdrawn {
			who: who.clone(),
			amount,
			cooling,
		});
		Ok(())
	}

	pub(crate) fn do_retier(who: &T::AccountId) -> DispatchResult {
		let record = Stakes::<T>::get(who).ok_or(Error::<T>::NotStaked)?;
		ensure!(
			record.standing.now != Self::standing_of(&record),
			Error::<T>::TierUpToDate
		);
		Self::store(who, record);
		Ok(())
	}

	pub(crate) fn do_lock(who: &T::AccountId, lock: LockId) -> DispatchResult {
		let mut record = Self::staking(who)?;
		let locks = T::Locks::get();
		let terms = locks.get(usize::from(lock)).filter(|_| lock > 0);
		let length = terms.ok_or(Error::<T>::UnknownLock)?.length;
		let until = T::Clock::protocol().saturating_add(length);
		ensure!(
			Self::binding(&record).is_none_or(|old| old.lock <= lock && old.until <= until),
			Error::<T>::LockShorter
		);
		record.binding = Some(Binding { lock, until });
		Self::store(who, record);
		Self::deposit_event(Event::Locked {
			who: who.clone(),
			lock,
			until,
		});
		Ok(())
	}

	/// Pays `fee` out of what is held of `who`: first out of what cools down, latest first.
	pub(crate) fn do_pay(who: &T::AccountId, fee: BalanceOf<T>) -> DispatchResult {
		let mut record = Stakes::<T>::get(who).ok_or(Error::<T>::NotStaked)?;
		let rest = Self::take_cooling(&mut record, fee);
		record.staked = record
			.staked
			.checked_sub(&rest)
			.ok_or(Error::<T>::StakeTooSmall)?;
		let reason = HoldReason::Stake.into();
		ensure!(
			T::Currency::balance_on_hold(&reason, who) >= fee,
			DispatchError::Corruption
		);
		let (credit, _) = T::Currency::slash(&reason, who, fee);
		T::Fees::on_unbalanced(credit);
		Self::store(who, record);
		Self::deposit_event(Event::FeePaid {
			who: who.clone(),
			amount: fee,
		});
		Ok(())
	}

	/// Takes up to `amount` out of the chunks, latest first; returns what is missing.
	fn take_cooling(record: &mut RecordOf<T>, mut amount: BalanceOf<T>) -> BalanceOf<T> {
		for chunk in record.cooling.iter_mut().rev() {
			let taken = chunk.amount.min(amount);
			chunk.amount.saturating_reduce(taken);
			amount.saturating_reduce(taken);
		}
		record.cooling.retain(|chunk| !chunk.amount.is_zero());
		amount
	}

	/// Writes the record back with the standing that its stake gives, or removes an empty one. A
	/// delegation ends with the stake.
	fn store(who: &T::AccountId, mut record: RecordOf<T>) {
		record.binding = Self::binding(&record);
		let standing = Self::standing_of(&record);
		if standing != record.standing.now {
			let today = T::Clock::day();
			Self::count(today, record.standing.now, standing);
			record.standing.set(today, standing);
			Self::deposit_event(Event::StandingChanged {
				who: who.clone(),
				standing,
				counts_from: record.standing.since,
			});
		}
		if record.staked.is_zero() {
			Self::end_delegation(who);
		}
		if record.staked.is_zero() && record.cooling.is_empty() {
			Stakes::<T>::remove(who);
			T::OnExit::on_exit(who);
		} else {
			Stakes::<T>::insert(who, record);
		}
	}

	/// Moves one account between tiers and locks, from tomorrow.
	fn count(today: Day, from: Option<Standing>, to: Option<Standing>) {
		Population::<T>::mutate(|population| {
			let mut counts = population.now;
			if let Some(count) = Self::count_of(&mut counts, from) {
				count.saturating_dec();
			}
			if let Some(count) = Self::count_of(&mut counts, to) {
				count.saturating_inc();
			}
			population.set(today, counts);
		});
	}

	fn count_of(counts: &mut access::Population, standing: Option<Standing>) -> Option<&mut u32> {
		let Standing { tier, lock } = standing?;
		counts
			.get_mut(usize::from(tier))?
			.get_mut(usize::from(lock))
	}

	pub(crate) fn staking(who: &T::AccountId) -> Result<RecordOf<T>, Error<T>> {
		Stakes::<T>::get(who)
			.filter(|record| !record.staked.is_zero())
			.ok_or(Error::<T>::NotStaked)
	}

	/// What binds the stake now.
	fn binding(record: &RecordOf<T>) -> Option<Binding> {
		let binding = record.binding.filter(|_| !record.staked.is_zero())?;
		(binding.until > T::Clock::protocol()).then_some(binding)
	}

	fn standing_of(record: &RecordOf<T>) -> Option<Standing> {
		let tier = Self::tier_of(record.staked)?;
		let lock = Self::binding(record).map_or(0, |binding| binding.lock);
		Some(Standing { tier, lock })
	}

	/// The highest tier whose threshold `staked` reaches.
	fn tier_of(staked: BalanceOf<T>) -> Option<TierId> {
		let tiers = T::Tiers::get();
		let highest = tiers.iter().rposition(|tier| staked >= tier.threshold)?;
		TierId::try_from(highest).ok()
	}

	fn lowest_threshold() -> BalanceOf<T> {
		let [lowest, ..] = T::Tiers::get();
		lowest.threshold
	}

	pub(crate) fn cooling(record: &RecordOf<T>) -> BalanceOf<T> {
		record
			.cooling
			.iter()
			.fold(Zero::zero(), |sum, chunk| chunk.amount.saturating_add(sum))
	}
}

#[cfg(any(feature = "try-runtime", feature = "std"))]
impl<T: Config> Pallet<T> {
	/// Checks the invariants of the README.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let mut counts = access::Population::default();
		for (who, record) in Stakes::<T>::iter() {
			Self::check_record(&who, &record)?;
			if let Some(count) = Self::count_of(&mut counts, record.standing.now) {
				count.saturating_inc();
			}
		}
		ensure!(
			Population::<T>::get().now == counts,
			"4: the population is the count of the stored standings"
		);
		Self::check_delegations()
	}

	fn check_record(
		who: &T::AccountId,
		record: &RecordOf<T>,
	) -> Result<(), sp_runtime::TryRuntimeError> {
		let cooling = Self::cooling(record);
		ensure!(
			T::Currency::balance_on_hold(&HoldReason::Stake.into(), who)
				== record.staked.saturating_add(cooling),
			"1: what is held is what is recorded"
		);
		ensure!(
			!record.staked.is_zero() || !cooling.is_zero(),
			"2: no record is empty"
		);
		ensure!(
			record.cooling.iter().all(|chunk| !chunk.amount.is_zero()),
			"3: no chunk is empty"
		);
		ensure!(
			record.standing.now.is_none_or(|_| !record.staked.is_zero()),
			"5: only a stake gives a tier"
		);
		ensure!(
			record
				.binding
				.is_none_or(|binding| binding.lock > 0 && !record.staked.is_zero()),
			"6: only a stake is bound, by a lock that binds"
		);
		Ok(())
	}
}
