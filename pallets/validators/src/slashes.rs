//! Slashes between the offence and their payment.

use frame_support::{
	traits::{
		fungible::{BalancedHold, MutateHold},
		tokens::Precision,
		Get, OnUnbalanced,
	},
	weights::WeightMeter,
};
use one_primitives::clock::Clock;
use polkadot_sdk::*;
use sp_runtime::{
	traits::{CheckedAdd, Saturating, Zero},
	ArithmeticError, DispatchResult,
};
use sp_staking::SessionIndex;

use crate::{
	BalanceOf, Config, Error, Event, HoldReason, LedgerOf, Ledgers, Offence, Pallet, PendingSlash,
	SlashIds, Slashes, WeightInfo,
};

/// Slashes paid out in a block at the most.
pub const MAX_PAID: u32 = 10;

impl<T: Config> Pallet<T> {
	/// Sets `amount` of what `who` has at stake aside, or all of it where that is less. The caller
	/// stores the ledger.
	pub(crate) fn defer_slash(
		who: &T::AccountId,
		ledger: &mut LedgerOf<T>,
		amount: BalanceOf<T>,
		offence: Offence,
		session: SessionIndex,
	) -> DispatchResult {
		let amount = amount.min(ledger.at_stake());
		if amount.is_zero() {
			return Ok(());
		}
		Self::move_hold(HoldReason::Bond, HoldReason::Slashed, who, amount)?;
		ledger.take(amount);
		ledger.slashed = ledger
			.slashed
			.checked_add(&amount)
			.ok_or(ArithmeticError::Overflow)?;
		let payable_at = T::Clock::protocol().saturating_add(T::SlashDeferral::get());
		let slash = Self::enqueue(PendingSlash {
			who: who.clone(),
			amount,
			offence,
			session,
			payable_at,
		})?;
		Self::deposit_event(Event::Slashed {
			who: who.clone(),
			slash,
			amount,
			payable_at,
		});
		Ok(())
	}

	fn enqueue(slash: PendingSlash<T::AccountId, BalanceOf<T>>) -> Result<u32, ArithmeticError> {
		SlashIds::<T>::try_mutate(|ids| {
			let id = ids.next;
			ids.next = id.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Slashes::<T>::insert(id, slash);
			Ok(id)
		})
	}

	pub(crate) fn do_cancel_slash(slash: u32) -> DispatchResult {
		let PendingSlash { who, amount, .. } =
			Slashes::<T>::take(slash).ok_or(Error::<T>::NoSuchSlash)?;
		let mut ledger = Ledgers::<T>::get(&who).unwrap_or_default();
		let bonded = ledger
			.bond
			.checked_add(&amount)
			.ok_or(ArithmeticError::Overflow)?;
		Self::move_hold(HoldReason::Slashed, HoldReason::Bond, &who, amount)?;
		ledger.bond = bonded;
		ledger.slashed.saturating_reduce(amount);
		Self::store(&who, &ledger);
		Self::deposit_event(Event::SlashCancelled {
			who,
			slash,
			amount,
			bonded,
		});
		Ok(())
	}

	/// Holds `amount` for another reason. Nothing else can take it in between.
	fn move_hold(
		from: HoldReason,
		to: HoldReason,
		who: &T::AccountId,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		T::Currency::release(&from.into(), who, amount, Precision::Exact)?;
		T::Currency::hold(&to.into(), who, amount)
	}

	/// Pays the oldest slashes out whose deferral is over.
	pub(crate) fn do_pay_slashes(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::poll()).is_err() {
			return;
		}
		let mut ids = SlashIds::<T>::get();
		let before = ids.first;
		let most = before.saturating_add(MAX_PAID).min(ids.next);
		while ids.first < most && meter.try_consume(T::WeightInfo::pay_slash()).is_ok() {
			if !Self::pay_if_due(ids.first) {
				break;
			}
			ids.first = ids.first.saturating_add(1);
		}
		if ids.first != before {
			SlashIds::<T>::put(ids);
		}
	}

	/// Pays a slash out; false if it is not due yet. A cancelled one needs nothing.
	fn pay_if_due(slash: u32) -> bool {
		let Some(pending) = Slashes::<T>::get(slash) else {
			return true;
		};
		if pending.payable_at > T::Clock::protocol() {
			return false;
		}
		Slashes::<T>::remove(slash);
		let PendingSlash { who, amount, .. } = pending;
		let (credit, _) = T::Currency::slash(&HoldReason::Slashed.into(), &who, amount);
		T::OnSlash::on_unbalanced(credit);
		let mut ledger = Ledgers::<T>::get(&who).unwrap_or_default();
		ledger.slashed.saturating_reduce(amount);
		Self::store(&who, &ledger);
		Self::deposit_event(Event::SlashPaid { who, slash, amount });
		true
	}
}
