//! The books: what the one USDC account holds, and for whom.

use one_primitives::{
	clock::{Clock, Day},
	settlement::{Earnings as EarningsBook, Inflow, PaidReceipt, Treasury},
	Usdc,
};
use polkadot_sdk::{
	frame_support::traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Preservation},
	},
	sp_runtime::{traits::AccountIdConversion, ArithmeticError, DispatchError, DispatchResult},
};

use crate::{
	pallet::*,
	types::{add, take, Balance, EarningsRecord, FlowsRecord, PotsRecord, PotsStatus, Statement},
	FEE_POT, USDC_POT,
};

impl<T: Config> Pallet<T> {
	/// The account that holds all USDC of the protocol.
	pub fn usdc_account() -> T::AccountId {
		USDC_POT.into_account_truncating()
	}

	/// The account that collects fees in ONE.
	pub fn fee_account() -> T::AccountId {
		FEE_POT.into_account_truncating()
	}

	/// 10^-12 ONE that can be sold; the existential deposit stays.
	pub fn fee_pot() -> Balance {
		T::Currency::reducible_balance(
			&Self::fee_account(),
			Preservation::Preserve,
			Fortitude::Polite,
		)
	}

	/// Micro-USDC that came into the account and that no pot holds yet. The asset's minimum
	/// balance keeps the account alive and is never in a pot.
	pub fn unbooked() -> Result<Usdc, ArithmeticError> {
		let held = T::UsdcAsset::balance(&Self::usdc_account());
		let promised = add(Pots::<T>::get().total()?, T::UsdcAsset::minimum_balance())?;
		Ok(held.saturating_sub(promised))
	}

	/// Books what of `received` is not needed to keep the account alive; returns it.
	pub(crate) fn book_fees(received: Usdc) -> Result<Usdc, DispatchError> {
		let booked = received.min(Self::unbooked()?);
		let flows = Flows::<T>::get();
		let from_fees = add(flows.from_fees, booked)?;
		Self::fill_credit(booked, FlowsRecord { from_fees, ..flows })?;
		Ok(booked)
	}

	/// Books what came into the account by plain transfers.
	pub(crate) fn book_transfers() -> DispatchResult {
		let amount = Self::unbooked()?;
		if amount == 0 {
			return Ok(());
		}
		let flows = Flows::<T>::get();
		let from_transfers = add(flows.from_transfers, amount)?;
		Self::fill_credit(
			amount,
			FlowsRecord {
				from_transfers,
				..flows
			},
		)?;
		Self::deposit_event(Event::TransfersBooked { amount });
		Ok(())
	}

	fn fill_credit(amount: Usdc, flows: FlowsRecord) -> DispatchResult {
		let pots = Pots::<T>::get();
		let credit = add(pots.credit, amount)?;
		Pots::<T>::put(PotsRecord { credit, ..pots });
		Flows::<T>::put(flows);
		Ok(())
	}

	/// Transfers `amount` of `from` to the account; returns what of it no pot holds yet.
	fn receive(from: &T::AccountId, amount: Usdc) -> Result<Usdc, DispatchError> {
		T::UsdcAsset::transfer(from, &Self::usdc_account(), amount, Preservation::Preserve)?;
		Ok(amount.min(Self::unbooked()?))
	}

	/// Books `amount` of `from`, which is in the account, in the credit pot.
	fn book_capacity(from: &T::AccountId, amount: Usdc) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		Self::fill_credit(amount, Self::flows_with(amount)?)?;
		let from = from.clone();
		Self::deposit_event(Event::Funded { from, amount });
		Ok(())
	}

	/// Books `amount` of `from`, which is in the account, in the earnings of `worker`.
	fn book_earned(from: &T::AccountId, worker: &T::AccountId, amount: Usdc) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		Flows::<T>::put(Self::flows_with(amount)?);
		Self::fill_earnings(worker, amount)?;
		let (who, from) = (worker.clone(), from.clone());
		Self::deposit_event(Event::Earned { who, from, amount });
		Ok(())
	}

	/// The flows after `amount` came of the capacity loop.
	fn flows_with(amount: Usdc) -> Result<FlowsRecord, ArithmeticError> {
		let flows = Flows::<T>::get();
		let from_capacity = add(flows.from_capacity, amount)?;
		Ok(FlowsRecord {
			from_capacity,
			..flows
		})
	}

	/// Adds `amount` to the earnings pot, for `worker`.
	pub(crate) fn fill_earnings(worker: &T::AccountId, amount: Usdc) -> DispatchResult {
		let (pots, record) = (Pots::<T>::get(), Earnings::<T>::get(worker));
		let earnings = add(pots.earnings, amount)?;
		let accrued = add(record.accrued, amount)?;
		Pots::<T>::put(PotsRecord { earnings, ..pots });
		Earnings::<T>::insert(worker, EarningsRecord { accrued, ..record });
		Ok(())
	}

	/// Takes `amount` out of the earnings pot and out of the books: it was paid.
	pub(crate) fn book_payment(amount: Usdc) -> DispatchResult {
		let (pots, flows) = (Pots::<T>::get(), Flows::<T>::get());
		let earnings = take(pots.earnings, amount, Error::<T>::EarningsPotTooSmall)?;
		let paid = add(flows.paid, amount)?;
		Pots::<T>::put(PotsRecord { earnings, ..pots });
		Flows::<T>::put(FlowsRecord { paid, ..flows });
		Ok(())
	}

	/// Takes `amount` out of the pot of `day`; an empty pot leaves no entry.
	fn shrink_day(day: Day, amount: Usdc) -> DispatchResult {
		let left = take(DayPots::<T>::get(day), amount, Error::<T>::DayPotTooSmall)?;
		if left == 0 {
			DayPots::<T>::remove(day);
		} else {
			DayPots::<T>::insert(day, left);
		}
		Ok(())
	}

	/// What `worker` is owed and was paid.
	pub fn statement(worker: &T::AccountId) -> Statement {
		let record = Earnings::<T>::get(worker);
		Statement {
			accrued: record.accrued,
			payable: record.payable,
			paid_total: record.paid,
			last_paid: record.last_paid,
			last_window: record.last_window,
			next_settlement: T::Clock::window_start(T::Clock::window().saturating_add(1)),
		}
	}

	/// What is in the pots.
	pub fn pots() -> PotsStatus {
		let pots = Pots::<T>::get();
		PotsStatus {
			fee_pot_one: Self::fee_pot(),
			credit: pots.credit,
			days: pots.days,
			earnings: pots.earnings,
			from_fees_total: Flows::<T>::get().from_fees,
		}
	}
}

impl<T: Config> Treasury for Pallet<T> {
	fn credit_pot() -> Usdc {
		Pots::<T>::get().credit
	}

	fn earmark(day: Day, amount: Usdc) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		let pots = Pots::<T>::get();
		let credit = take(pots.credit, amount, Error::<T>::CreditPotTooSmall)?;
		let days = add(pots.days, amount)?;
		let pot = add(DayPots::<T>::get(day), amount)?;
		Pots::<T>::put(PotsRecord {
			credit,
			days,
			..pots
		});
		DayPots::<T>::insert(day, pot);
		Self::deposit_event(Event::Earmarked { day, amount });
		Ok(())
	}

	fn release(day: Day, amount: Usdc) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		let pots = Pots::<T>::get();
		let days = take(pots.days, amount, Error::<T>::DayPotTooSmall)?;
		let credit = add(pots.credit, amount)?;
		Self::shrink_day(day, amount)?;
		Pots::<T>::put(PotsRecord {
			credit,
			days,
			..pots
		});
		Self::deposit_event(Event::Released { day, amount });
		Ok(())
	}
}

impl<T: Config> EarningsBook<T::AccountId> for Pallet<T> {
	fn accrue(day: Day, worker: &T::AccountId, amount: Usdc) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		let pots = Pots::<T>::get();
		let days = take(pots.days, amount, Error::<T>::DayPotTooSmall)?;
		Self::shrink_day(day, amount)?;
		Pots::<T>::put(PotsRecord { days, ..pots });
		Self::fill_earnings(worker, amount)?;
		let who = worker.clone();
		Self::deposit_event(Event::Accrued { who, day, amount });
		Ok(())
	}

	fn mature(worker: &T::AccountId, paid: PaidReceipt) -> DispatchResult {
		if paid.amount == 0 {
			return Ok(());
		}
		let mut record = Earnings::<T>::get(worker);
		let valid = record.take_accrued(paid.amount);
		let amount = valid.ok_or(Error::<T>::NotAccrued)?;
		record.payable = add(record.payable, amount)?;
		if amount > 0 {
			Self::wait(worker, &mut record);
			Self::attach(worker, PaidReceipt { amount, ..paid })?;
		}
		Earnings::<T>::insert(worker, record);
		Ok(())
	}
}

impl<T: Config> Inflow<T::AccountId> for Pallet<T> {
	fn fund(from: &T::AccountId, amount: Usdc) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		let received = Self::receive(from, amount)?;
		Self::book_capacity(from, received)
	}

	fn earn(
		from: &T::AccountId,
		worker: &T::AccountId,
		amount: Usdc,
		rest: Usdc,
	) -> DispatchResult {
		let sum = add(amount, rest)?;
		if sum == 0 {
			return Ok(());
		}
		let received = Self::receive(from, sum)?;
		let rest = take(received, amount, Error::<T>::NotReceived)?;
		Self::book_earned(from, worker, amount)?;
		Self::book_capacity(from, rest)
	}
}
