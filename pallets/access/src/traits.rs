//! What other pallets ask of this one.

use frame_support::traits::Get;
use one_primitives::{
	access::{Access, PayFromStake, Tier, TierId, TIERS},
	clock::{Clock, Day},
};
use polkadot_sdk::*;
use sp_runtime::{traits::Saturating, DispatchError};

use crate::{BalanceOf, Config, Pallet, Population, Stakes};

impl<T: Config> Access<T::AccountId, BalanceOf<T>> for Pallet<T> {
	fn tier(who: &T::AccountId, day: Day) -> Option<TierId> {
		*Stakes::<T>::get(who)?.tier.at(day)
	}

	fn staked(who: &T::AccountId) -> BalanceOf<T> {
		Stakes::<T>::get(who)
			.map(|record| record.staked)
			.unwrap_or_default()
	}

	fn population(day: Day) -> [u32; TIERS] {
		*Population::<T>::get().at(day)
	}

	fn tiers() -> [Tier<BalanceOf<T>>; TIERS] {
		T::Tiers::get()
	}

	fn counts_from(who: &T::AccountId) -> Option<Day> {
		let tier = Stakes::<T>::get(who)?.tier;
		(tier.now.is_some() && tier.since > T::Clock::day()).then_some(tier.since)
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
