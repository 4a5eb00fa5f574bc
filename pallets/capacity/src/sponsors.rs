//! Sponsors and the accounts that may draw on them.

use frame_support::{ensure, traits::Get};
use one_primitives::Cu;
use polkadot_sdk::*;
use sp_runtime::DispatchResult;

use crate::{Allowance, AllowanceCount, Allowances, Config, Error, Event, Pallet, Sponsors};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_allow(sponsor: T::AccountId, who: T::AccountId, cap: Cu) -> DispatchResult {
		ensure!(sponsor != who, Error::<T>::OwnAccount);
		ensure!(cap > 0, Error::<T>::ZeroAmount);
		let allowance = match Allowances::<T>::get(&sponsor, &who) {
			Some(allowance) => allowance,
			None => Self::add_allowance(&sponsor)?,
		};
		let renewed = Allowance {
			cap,
			spent: 0,
			..allowance
		};
		Allowances::<T>::insert(&sponsor, &who, renewed);
		if !Sponsors::<T>::contains_key(&who) {
			Sponsors::<T>::insert(&who, &sponsor);
		}
		Self::deposit_event(Event::AccountAllowed { sponsor, who, cap });
		Ok(())
	}

	pub(crate) fn do_disallow(sponsor: T::AccountId, who: T::AccountId) -> DispatchResult {
		Self::active(&sponsor, &who)?;
		Self::change_allowance(&sponsor, &who, |allowance| allowance.cap = 0);
		if Sponsors::<T>::get(&who).as_ref() == Some(&sponsor) {
			Sponsors::<T>::remove(&who);
		}
		Self::deposit_event(Event::AccountDisallowed { sponsor, who });
		Ok(())
	}

	pub(crate) fn do_choose_sponsor(
		who: T::AccountId,
		sponsor: Option<T::AccountId>,
	) -> DispatchResult {
		if let Some(sponsor) = &sponsor {
			Self::active(sponsor, &who)?;
		}
		Sponsors::<T>::set(&who, sponsor.clone());
		Self::deposit_event(Event::SponsorChosen { who, sponsor });
		Ok(())
	}

	/// What `sponsor` allows `who`.
	fn active(sponsor: &T::AccountId, who: &T::AccountId) -> Result<Allowance, Error<T>> {
		Allowances::<T>::get(sponsor, who)
			.filter(|allowance| allowance.cap > 0)
			.ok_or(Error::<T>::NotAllowed)
	}

	/// The sponsor on which `who` draws, and what it allows.
	pub(crate) fn sponsorship(who: &T::AccountId) -> Option<(T::AccountId, Allowance)> {
		let sponsor = Sponsors::<T>::get(who)?;
		let allowance = Self::active(&sponsor, who).ok()?;
		Some((sponsor, allowance))
	}

	/// Changes what `sponsor` allows `who`, and forgets it when nothing is left of it.
	pub(crate) fn change_allowance(
		sponsor: &T::AccountId,
		who: &T::AccountId,
		change: impl FnOnce(&mut Allowance),
	) {
		let is_over = Allowances::<T>::mutate_exists(sponsor, who, |entry| {
			if let Some(allowance) = entry {
				change(allowance);
			}
			entry.take_if(|allowance| allowance.is_over()).is_some()
		});
		if is_over {
			AllowanceCount::<T>::mutate_exists(sponsor, |count| {
				let left = count.unwrap_or_default().saturating_sub(1);
				*count = (left > 0).then_some(left);
			});
		}
	}

	/// Counts one more allowance of `sponsor`.
	fn add_allowance(sponsor: &T::AccountId) -> Result<Allowance, Error<T>> {
		let count = AllowanceCount::<T>::get(sponsor);
		let has_room = count < T::MaxAllowances::get();
		ensure!(has_room, Error::<T>::TooManyAllowances);
		AllowanceCount::<T>::insert(sponsor, count.saturating_add(1));
		Ok(Allowance::default())
	}
}
