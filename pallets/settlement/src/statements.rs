//! Statements of what was paid: the tree of receipts behind each payment, and thirty days of history.

extern crate alloc;

use alloc::vec::Vec;

use one_primitives::{settlement::PaidReceipt, Usdc};
use polkadot_sdk::{
	frame_support::{traits::Get, weights::WeightMeter},
	sp_runtime::ArithmeticError,
};

use crate::{
	pallet::*,
	types::{Payment, PaymentStatement},
	weights::WeightInfo,
};

/// Statements, and empty windows, that a block drops at the most.
pub const MAX_PRUNED: u64 = 100;

impl<T: Config> Pallet<T> {
	/// Puts `paid` under the next payment of `worker`.
	pub(crate) fn attach(worker: &T::AccountId, paid: PaidReceipt) -> Result<(), ArithmeticError> {
		Receipts::<T>::try_mutate(worker, |tree| tree.push(paid.leaf()))?;
		let PaidReceipt {
			job,
			receipt,
			amount,
		} = paid;
		Self::deposit_event(Event::Matured {
			who: worker.clone(),
			job,
			receipt,
			amount,
		});
		Ok(())
	}

	/// Closes the tree of `who`, and keeps its root with the `amount` that is paid in `window`.
	pub(crate) fn state_payment(who: &T::AccountId, window: u32, amount: Usdc) -> Payment {
		let tree = Receipts::<T>::take(who);
		let payment = Payment {
			amount,
			receipts: tree.leaves,
			root: tree.root(),
		};
		Payments::<T>::insert(window, who, payment);
		payment
	}

	/// Statements of what `payee` was paid in the last [`Config::StatementWindows`], the oldest first.
	pub fn payments(payee: &T::AccountId) -> Vec<PaymentStatement<T::AccountId>> {
		let Some(last) = LastWindow::<T>::get() else {
			return Vec::new();
		};
		let first = last
			.saturating_add(1)
			.saturating_sub(T::StatementWindows::get());
		let statement = |window| {
			Payments::<T>::get(window, payee).map(|payment| PaymentStatement {
				window,
				payee: payee.clone(),
				amount: payment.amount,
				receipts: payment.receipts,
				root: payment.root,
			})
		};
		(first..=last).filter_map(statement).collect()
	}

	/// Drops statements of windows that are over for too long, a bounded number of them.
	pub(crate) fn prune_statements(meter: &mut WeightMeter) {
		let Some(last) = LastWindow::<T>::get() else {
			return;
		};
		let limit = T::WeightInfo::prune().saturating_mul(MAX_PRUNED);
		let mut budget = WeightMeter::with_limit(limit.min(meter.remaining()));
		let (start, kept) = (OldestPayment::<T>::get(), T::StatementWindows::get());
		let mut oldest = start;
		while oldest.saturating_add(kept) <= last && Self::prune_window(oldest, &mut budget) {
			oldest = oldest.saturating_add(1);
		}
		if oldest != start {
			OldestPayment::<T>::put(oldest);
		}
		meter.consume(budget.consumed());
	}

	/// Drops the statements of one window; false if weight ran out before its end.
	pub(crate) fn prune_window(window: u32, meter: &mut WeightMeter) -> bool {
		let mut step = || meter.try_consume(T::WeightInfo::prune()).is_ok();
		for payee in Payments::<T>::iter_key_prefix(window) {
			if !step() {
				return false;
			}
			Payments::<T>::remove(window, payee);
		}
		step()
	}
}
