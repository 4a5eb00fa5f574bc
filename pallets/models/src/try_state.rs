//! The invariants of the registry, numbered as in the README.

extern crate alloc;

use alloc::{collections::BTreeMap, vec::Vec};

use one_primitives::{clock::Clock, models::ModelId};
use polkadot_sdk::{
	frame_support::{
		ensure,
		traits::{fungible::InspectHold, Get},
	},
	sp_runtime::{traits::Saturating, TryRuntimeError},
};

use crate::{BalanceOf, Config, HoldReason, ModelState, Models, Pallet, Proposals};

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
	/// Checks the invariants numbered in the README.
	///
	/// # Errors
	/// Naming the first invariant that does not hold.
	pub fn do_try_state() -> Checked {
		Self::check_count()?;
		Self::check_models()?;
		Self::check_proposals()?;
		Self::check_deposits()
	}

	fn check_count() -> Checked {
		let counted = u32::try_from(Models::<T>::iter_keys().count()).unwrap_or(u32::MAX);
		ensure!(
			counted == Models::<T>::count(),
			"1: the count of models is wrong"
		);
		ensure!(
			counted <= T::MaxModels::get(),
			"1: more models than there is room for"
		);
		Ok(())
	}

	fn check_models() -> Checked {
		for model in Models::<T>::iter_values() {
			let cost = Self::check(&model.record).map_err(|_| "2: a record is out of bounds")?;
			ensure!(cost == model.cost, "3: a cost is not that of its shape");
			if let ModelState::Staged { since } = model.state {
				ensure!(since <= T::Clock::protocol(), "4: staged in the future");
			}
			ensure!(
				model.state != ModelState::Proposed || model.listing.is_some(),
				"6: a proposal without a deposit"
			);
		}
		Ok(())
	}

	/// As many are listed as are proposed, and none of these is missing: so each is, once.
	fn check_proposals() -> Checked {
		let listed = Proposals::<T>::get();
		let models = Models::<T>::iter();
		let proposed: Vec<ModelId> = models
			.filter(|(_, model)| model.state == ModelState::Proposed)
			.map(|(id, _)| id)
			.collect();
		ensure!(
			listed.len() == proposed.len() && proposed.iter().all(|id| listed.contains(id)),
			"5: what is listed is not what is proposed"
		);
		Ok(())
	}

	fn check_deposits() -> Checked {
		let mut deposits = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		for listing in Models::<T>::iter_values().filter_map(|model| model.listing) {
			let sum = deposits.entry(listing.who).or_default();
			*sum = sum.saturating_add(listing.deposit);
		}
		for (who, sum) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::Listing.into(), &who);
			ensure!(held == sum, "7: what is held is not the deposits");
		}
		Ok(())
	}
}
