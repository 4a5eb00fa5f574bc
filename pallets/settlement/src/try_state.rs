//! The invariants of the README, checked over the whole state.

extern crate alloc;

use alloc::collections::{BTreeMap, BTreeSet};

use one_primitives::Usdc;
use polkadot_sdk::{
	frame_support::{ensure, traits::fungible::Inspect},
	sp_runtime::TryRuntimeError,
};

use crate::{pallet::*, types::add};

impl<T: Config> Pallet<T> {
	/// Checks every numbered invariant of the README.
	///
	/// # Errors
	/// Names the first that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_backing()?;
		Self::check_flows()?;
		Self::check_days()?;
		Self::check_earnings()?;
		Self::check_queue()?;
		Self::check_round()?;
		Self::check_fee_pot()?;
		Self::check_receipts()?;
		Self::check_payments()
	}

	fn check_backing() -> Result<(), TryRuntimeError> {
		let promised = Pots::<T>::get().total()?;
		let held = T::UsdcAsset::balance(&Self::usdc_account());
		let free = held.saturating_sub(T::UsdcAsset::minimum_balance());
		ensure!(promised <= free, "1: pots exceed the account");
		Ok(())
	}

	fn check_flows() -> Result<(), TryRuntimeError> {
		let flows = Flows::<T>::get();
		let came = flows.received()?;
		let went = add(flows.paid, Pots::<T>::get().total()?)?;
		ensure!(came == went, "2: USDC in differs from USDC out and pots");
		Ok(())
	}

	fn check_days() -> Result<(), TryRuntimeError> {
		let mut sum: Usdc = 0;
		for (_, pot) in DayPots::<T>::iter() {
			ensure!(pot > 0, "3: an empty day pot is kept");
			sum = add(sum, pot)?;
		}
		ensure!(
			sum == Pots::<T>::get().days,
			"3: day pots do not sum up to the days' pot"
		);
		Ok(())
	}

	fn check_earnings() -> Result<(), TryRuntimeError> {
		let (mut owed, mut paid): (Usdc, Usdc) = (0, 0);
		for (_, record) in Earnings::<T>::iter() {
			owed = add(owed, add(record.accrued, record.payable)?)?;
			paid = add(paid, record.paid)?;
		}
		ensure!(
			owed == Pots::<T>::get().earnings,
			"4: debts to workers differ from the earnings pot"
		);
		ensure!(
			paid == Flows::<T>::get().paid,
			"5: payments to workers differ from what was paid"
		);
		Ok(())
	}

	fn check_queue() -> Result<(), TryRuntimeError> {
		let queue = Queue::<T>::get();
		let mut seen = BTreeSet::new();
		for (index, who) in Payees::<T>::iter() {
			let is_inside = index >= queue.head && index < queue.tail;
			ensure!(is_inside, "6: a payee waits outside of the queue");
			let knows = Earnings::<T>::get(&who).waiting;
			ensure!(knows, "6: a payee does not know that it waits");
			ensure!(seen.insert(who), "6: a payee waits twice");
		}
		for (who, record) in Earnings::<T>::iter() {
			ensure!(
				record.waiting == seen.contains(&who),
				"6: a worker waits without a place"
			);
			ensure!(
				record.waiting || record.payable == 0,
				"6: not everyone who is owed waits"
			);
		}
		let length = queue.tail.checked_sub(queue.head);
		ensure!(length == Some(seen.len() as u64), "6: the queue has a hole");
		Ok(())
	}

	fn check_round() -> Result<(), TryRuntimeError> {
		let queue = Queue::<T>::get();
		if let Some(round) = Round::<T>::get() {
			let is_open = queue.head < round.end && round.end <= queue.tail;
			ensure!(is_open, "7: the round ends outside of the queue");
			let is_last = LastWindow::<T>::get() == Some(round.window);
			ensure!(is_last, "7: the round is not of the last window");
		}
		Ok(())
	}

	fn check_fee_pot() -> Result<(), TryRuntimeError> {
		let held = T::Currency::balance(&Self::fee_account());
		ensure!(
			held >= T::Currency::minimum_balance(),
			"8: the fee pot's account is dead"
		);
		Ok(())
	}

	fn check_receipts() -> Result<(), TryRuntimeError> {
		for (who, tree) in Receipts::<T>::iter() {
			let is_sound = tree.leaves > 0 && tree.is_sound();
			ensure!(is_sound, "9: peaks differ from the receipts' number");
			let is_due = Earnings::<T>::get(&who).payable > 0;
			ensure!(is_due, "9: receipts are kept that nothing is paid for");
		}
		let mut due = Earnings::<T>::iter().filter(|(_, record)| record.payable > 0);
		let have_receipts = due.all(|(who, _)| Receipts::<T>::contains_key(who));
		ensure!(have_receipts, "9: something is payable without a receipt");
		Ok(())
	}

	fn check_payments() -> Result<(), TryRuntimeError> {
		let oldest = OldestPayment::<T>::get();
		let mut sums = BTreeMap::<T::AccountId, Usdc>::new();
		for (window, who, payment) in Payments::<T>::iter() {
			let is_readable = window >= oldest && Some(window) <= LastWindow::<T>::get();
			ensure!(is_readable, "10: a statement is out of reach");
			let is_paid = payment.amount > 0 && payment.receipts > 0;
			ensure!(is_paid, "10: a statement is of no payment");
			let sum = sums.entry(who).or_default();
			*sum = add(*sum, payment.amount)?;
		}
		for (who, sum) in sums {
			let paid = Earnings::<T>::get(&who).paid;
			ensure!(sum <= paid, "10: statements are of more than was paid");
		}
		Self::check_last_payments(oldest)
	}

	fn check_last_payments(oldest: u32) -> Result<(), TryRuntimeError> {
		for (who, record) in Earnings::<T>::iter() {
			let Some(window) = record.last_window.filter(|window| *window >= oldest) else {
				continue;
			};
			let stated = Payments::<T>::get(window, &who).map(|payment| payment.amount);
			// A window is half gone while it is being pruned.
			let is_pruned = window == oldest && stated.is_none();
			ensure!(
				is_pruned || stated == Some(record.last_paid),
				"10: the last payment has another statement"
			);
		}
		Ok(())
	}
}
