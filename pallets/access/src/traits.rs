//! What other pallets ask of this one.

use frame_support::traits::Get;
use one_primitives::{
	access::{self, Access, Lock, PayFromStake, Standing, Tier, LOCKS, TIERS},
	clock::{Clock, Day},
};
use polkadot_sdk::*;
use sp_runtime::{traits::Saturating, DispatchError};

use crate::{BalanceOf, Config, Pallet, Population, Principals, Stakes};

impl<T: Config> Access<T::AccountId, BalanceOf<T>> for Pallet<T> {
	fn standing(who: &T::AccountId, day: Day) -> Option<Standing> {
		*Stakes::<T>::get(who)?.standing.at(day)
	}

	fn staked(who: &T::AccountId) -> BalanceOf<T> {
		Stakes::<T>::get(who)
			.map(|record| record.staked)
			.unwrap_or_default()
	}

	fn population(day: Day) -> access::Population {
		*Population::<T>::get().at(day)
	}

	fn tiers() -> [Tier<BalanceOf<T>>; TIERS] {
		T::Tiers::get()
	}

	fn locks() -> [Lock; LOCKS] {
		T::Locks::get()
	}

	fn counts_from(who: &T::AccountId) -> Option<Day> {
		let standing = Stakes::<T>::get(who)?.standing;
		let waits = standing.now.is_some() && standing.since > T::Clock::day();
		waits.then_some(standing.since)
	}

	fn holder(who: &T::AccountId) -> T::AccountId {
		Principals::<T>::get(who).unwrap_or_else(|| who.clone())
	}
}

impl<T: Config> PayFromStake<T::AccountId, BalanceOf<T>> for Pallet<T> {
	fn can_pay(who: &T::AccountId, fee: BalanceOf<T>) -> bool {
		Stakes::<T>::get(who)
			.is_some_and(|record| record.staked.saturating_add(Self::cooling(&record)) >= fee)
	}

	fn pay(who: &T::AccountId, fee: BalanceOf<T>) -> Result<(), DispatchError> {
		Self::do_pay(who, fee)
	}
}
