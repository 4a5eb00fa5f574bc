//! Pays workers at the start of each settlement window, over as many blocks as it takes.

use one_primitives::{clock::Clock, Usdc};
use polkadot_sdk::{
	frame_support::{
		defensive,
		storage::with_storage_layer,
		traits::{fungible::Mutate, tokens::Preservation, Get},
		weights::WeightMeter,
	},
	sp_runtime::{DispatchError, DispatchResult},
};

use crate::{
	pallet::*,
	types::{add, EarningsRecord, QueueRecord, RoundRecord},
	weights::WeightInfo,
	LOG_TARGET,
};

impl<T: Config> Pallet<T> {
	/// The work of one block: sell, give the author its stipend, start a settlement if it is time, pay
	/// whom it still owes.
	pub(crate) fn do_tick(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::sell()).is_ok() {
			Self::do_sell();
		}
		if meter.try_consume(T::WeightInfo::stipend()).is_ok() {
			Self::accrue_stipend();
		}
		if meter.try_consume(T::WeightInfo::settle()).is_ok() {
			Self::do_settle(meter);
		}
	}

	/// Starts a settlement if it is time, pays whom it still owes, and drops old statements.
	pub(crate) fn do_settle(meter: &mut WeightMeter) {
		Self::open_round();
		Self::pay_round(meter);
		Self::prune_statements(meter);
	}

	/// Gives `who` a place in the queue, if it has none.
	pub(crate) fn wait(who: &T::AccountId, record: &mut EarningsRecord) {
		if !record.waiting {
			Queue::<T>::mutate(|queue| Self::push(queue, who));
			record.waiting = true;
		}
	}

	/// Puts `who` at the end of the queue; 2^64 entries are never reached.
	fn push(queue: &mut QueueRecord, who: &T::AccountId) {
		Payees::<T>::insert(queue.tail, who);
		queue.tail = queue.tail.saturating_add(1);
	}

	/// Opens a round if a window has begun since the last one; a round still going comes first.
	fn open_round() {
		let window = T::Clock::window();
		if Round::<T>::exists() || LastWindow::<T>::get() == Some(window) {
			return;
		}
		// The window in which the chain began has nothing to settle.
		let is_first = LastWindow::<T>::get().is_none();
		LastWindow::<T>::put(window);
		if is_first {
			OldestPayment::<T>::put(window);
			return;
		}
		if let Err(error) = Self::book_transfers() {
			log::error!(target: LOG_TARGET, "transfers cannot be booked: {error:?}");
		}
		Round::<T>::put(RoundRecord {
			window,
			end: Queue::<T>::get().tail,
			..Default::default()
		});
	}

	/// Pays on from where the last block stopped, and closes the round at its end.
	fn pay_round(meter: &mut WeightMeter) {
		let Some(mut round) = Round::<T>::get() else {
			return;
		};
		let mut queue = Queue::<T>::get();
		for _ in 0..T::MaxPayouts::get() {
			if queue.head >= round.end || meter.try_consume(T::WeightInfo::pay()).is_err() {
				break;
			}
			Self::pay_next(&mut queue, &mut round);
		}
		Queue::<T>::put(queue);
		if queue.head >= round.end {
			Self::close_round(round);
		} else {
			Round::<T>::put(round);
		}
	}

	fn close_round(round: RoundRecord) {
		Round::<T>::kill();
		Self::deposit_event(Event::WindowSettled {
			window: round.window,
			paid: round.paid,
			payees: round.payees,
			carried: round.carried,
		});
	}

	/// Pays the head of the queue; who cannot be paid goes to its end, behind the round.
	pub(crate) fn pay_next(queue: &mut QueueRecord, round: &mut RoundRecord) {
		let payee = Payees::<T>::take(queue.head);
		queue.head = queue.head.saturating_add(1);
		let Some(who) = payee else {
			defensive!("every index of the queue has an entry");
			return;
		};
		let amount = Earnings::<T>::get(&who).payable;
		if amount == 0 {
			// Its pay was voided while it waited.
			return Earnings::<T>::mutate(&who, |record| record.waiting = false);
		}
		match with_storage_layer(|| Self::pay(&who, round.window)) {
			Ok(()) => {
				// Neither can overflow: the sum is in the earnings pot, the count in the queue.
				round.paid = round.paid.saturating_add(amount);
				round.payees = round.payees.saturating_add(1);
			}
			Err(error) => {
				Self::push(queue, &who);
				round.carried = round.carried.saturating_add(1);
				Self::skip(who, round.window, amount, error);
			}
		}
	}

	fn skip(who: T::AccountId, window: u32, amount: Usdc, error: DispatchError) {
		Self::deposit_event(Event::PayoutSkipped {
			who,
			window,
			amount,
			error,
		});
	}

	/// Pays `who` all that is payable.
	fn pay(who: &T::AccountId, window: u32) -> DispatchResult {
		let record = Earnings::<T>::get(who);
		let amount = record.payable;
		let from = Self::usdc_account();
		T::UsdcAsset::transfer(&from, who, amount, Preservation::Preserve)?;
		Self::book_payment(amount)?;
		Earnings::<T>::insert(
			who,
			EarningsRecord {
				payable: 0,
				waiting: false,
				paid: add(record.paid, amount)?,
				last_paid: amount,
				last_window: Some(window),
				..record
			},
		);
		let payment = Self::state_payment(who, window, amount);
		Self::deposit_event(Event::Paid {
			who: who.clone(),
			window,
			amount,
			receipts: payment.receipts,
			root: payment.root,
		});
		Ok(())
	}
}
