//! The records of sponsors: how the jobs that they paid for ended, and what their vouchers cost for
//! that.

use frame_support::{ensure, traits::Get};
use one_primitives::{clock::Clock, reputation};
use polkadot_sdk::*;
use sp_runtime::{traits::Saturating, DispatchResult, Permill};

use crate::{Config, Error, Event, Pallet, Records, SponsorRecord};

impl<T: Config> Pallet<T> {
	/// The share of the jobs of `who` that were served, of late; that of a newcomer without a record.
	pub fn reputation(who: &T::AccountId) -> Permill {
		let record = Records::<T>::get(who).filter(Self::counts);
		record.map_or(reputation::FIRST, |record| record.reputation)
	}

	/// What `who` pays on top of the price.
	pub(crate) fn premium_of(who: &T::AccountId) -> Permill {
		let (most, least) = (T::Premium::get(), T::LeastPremium::get());
		premium(most, least, Self::reputation(who))
	}

	/// Notes how a job ended that `payer` paid for.
	pub(crate) fn note_job(payer: &T::AccountId, is_served: bool) {
		let record = SponsorRecord {
			reputation: reputation::after(Self::reputation(payer), is_served),
			until: T::Clock::protocol().saturating_add(T::RecordPeriod::get()),
		};
		Records::<T>::insert(payer, record);
	}

	pub(crate) fn do_reap(who: T::AccountId) -> DispatchResult {
		let is_over = Records::<T>::get(&who).is_some_and(|record| !Self::counts(&record));
		ensure!(is_over, Error::<T>::NothingToReap);
		Records::<T>::remove(&who);
		Self::deposit_event(Event::RecordReaped { who });
		Ok(())
	}

	fn counts(record: &SponsorRecord) -> bool {
		T::Clock::protocol() < record.until
	}
}

/// The premium at `reputation`: `most` up to a newcomer's, from there in a straight line to `least`,
/// unless that is more. What is taken off is rounded down.
fn premium(most: Permill, least: Permill, reputation: Permill) -> Permill {
	let above = reputation.saturating_sub(reputation::FIRST);
	let merit = above.saturating_add(above);
	most.saturating_sub(most.saturating_sub(least) * merit)
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	const MOST: Permill = Permill::from_percent(3);
	const LEAST: Permill = Permill::from_percent(2);

	#[test]
	fn premium_should_go_from_a_newcomers_to_the_least() {
		let at = |parts| premium(MOST, LEAST, Permill::from_parts(parts)).deconstruct();
		assert_eq!([0, 499_999, 500_000].map(at), [30_000; 3]);
		assert_eq!([750_000, 1_000_000].map(at), [25_000, 20_000]);
		// Half a millionth would come off, and one and a half.
		assert_eq!([500_025, 500_075].map(at), [30_000, 29_999]);
		assert_eq!(premium(LEAST, MOST, Permill::one()), LEAST);
	}

	proptest! {
		#[test]
		fn premium_should_never_rise_with_reputation_nor_leave_its_bounds(
			premiums in [20_000..=50_000u32, 20_000..=50_000u32],
			reputations in [0..=1_000_000u32, 0..=1_000_000u32],
		) {
			let ([most, least], [one, other]) =
				(premiums.map(Permill::from_parts), reputations.map(Permill::from_parts));
			let worse = premium(most, least, one.min(other));
			let better = premium(most, least, one.max(other));
			prop_assert!(better <= worse && worse <= most);
			prop_assert!(better >= least.min(most));
		}
	}
}
