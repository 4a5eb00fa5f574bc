//! Takes back what a convicted worker is owed.

use one_primitives::{settlement::VoidPay, Usdc};
use polkadot_sdk::sp_runtime::{ArithmeticError, DispatchError};

use crate::{
	pallet::*,
	types::{add, take, EarningsRecord, PotsRecord},
};

impl EarningsRecord {
	/// Takes the price of a job that is final off what has accrued; returns the part of it that
	/// was not voided. Voided jobs were completed first, so they are final first: whatever the
	/// order, the worker gets in the end what accrued after the last conviction.
	pub(crate) fn take_accrued(&mut self, price: Usdc) -> Option<Usdc> {
		let voided = price.min(self.voided);
		let valid = price - voided;
		self.accrued = self.accrued.checked_sub(valid)?;
		self.voided -= voided;
		Some(valid)
	}

	/// Takes all that is owed off; returns it.
	fn void(&mut self) -> Result<Usdc, ArithmeticError> {
		let amount = add(self.accrued, self.payable)?;
		self.voided = add(self.voided, self.accrued)?;
		(self.accrued, self.payable) = (0, 0);
		Ok(amount)
	}
}

impl<T: Config> VoidPay<T::AccountId> for Pallet<T> {
	fn void_pay(worker: &T::AccountId) -> Result<Usdc, DispatchError> {
		let (pots, mut record) = (Pots::<T>::get(), Earnings::<T>::get(worker));
		let amount = record.void()?;
		if amount == 0 {
			return Ok(0);
		}
		let earnings = take(pots.earnings, amount, Error::<T>::EarningsPotTooSmall)?;
		let credit = add(pots.credit, amount)?;
		Pots::<T>::put(PotsRecord {
			credit,
			earnings,
			..pots
		});
		Earnings::<T>::insert(worker, record);
		Receipts::<T>::remove(worker);
		let who = worker.clone();
		Self::deposit_event(Event::PayVoided { who, amount });
		Ok(amount)
	}
}
