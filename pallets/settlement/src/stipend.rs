//! What the author of a block gets of the credit pot.

use one_primitives::{
	settlement::{Earnings as EarningsBook, PaidReceipt},
	Usdc,
};
use polkadot_sdk::{
	frame_support::{storage::with_storage_layer, traits::Get},
	frame_system::Pallet as System,
	sp_runtime::{traits::SaturatedConversion, DispatchResult},
};

use crate::{
	pallet::*,
	types::{take, PotsRecord},
	LOG_TARGET,
};

impl<T: Config> Pallet<T> {
	/// Accrues the stipend of this block, all of it or nothing.
	pub(crate) fn accrue_stipend() {
		if let Some(author) = T::Author::get() {
			Self::accrue_stipend_of(author);
		}
	}

	/// Accrues the stipend of a block of `author`.
	pub(crate) fn accrue_stipend_of(author: T::AccountId) {
		let amount = T::AuthorStipend::get().mul_floor(Pots::<T>::get().credit);
		if amount == 0 {
			return;
		}
		if let Err(error) = with_storage_layer(|| Self::do_accrue_stipend(author, amount)) {
			log::error!(target: LOG_TARGET, "a stipend cannot be accrued: {error:?}");
		}
	}

	/// Credit pot -> earnings of `who`, payable at the next settlement as what a receipt brings.
	fn do_accrue_stipend(who: T::AccountId, amount: Usdc) -> DispatchResult {
		let pots = Pots::<T>::get();
		let credit = take(pots.credit, amount, Error::<T>::CreditPotTooSmall)?;
		Pots::<T>::put(PotsRecord { credit, ..pots });
		Self::fill_earnings(&who, amount)?;
		let block = System::<T>::block_number().saturated_into();
		let stipend = PaidReceipt::of_stipend(block, amount);
		Self::deposit_event(Event::StipendAccrued {
			who: who.clone(),
			amount,
		});
		Self::mature(&who, stipend)
	}
}
