//! How bonds grow, shrink and end.

use frame_support::{
	ensure,
	traits::{fungible::MutateHold, tokens::Precision, Get},
};
use one_primitives::{clock::Clock, ProtocolTime};
use polkadot_sdk::*;
use sp_runtime::{
	traits::{CheckedAdd, CheckedSub, Saturating, Zero},
	ArithmeticError, DispatchError, DispatchResult,
};

use crate::{
	BalanceOf, Chunk, Config, Error, Event, HoldReason, LedgerOf, Ledgers, Pallet, Status,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_bond(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		let ledger = Ledgers::<T>::get(who).unwrap_or_default();
		ensure!(ledger.bond.is_zero(), Error::<T>::AlreadyBonded);
		ensure!(amount >= T::MinBond::get(), Error::<T>::BondTooSmall);
		Self::add_to_bond(who, ledger, amount)
	}

	pub(crate) fn do_bond_more(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		Self::add_to_bond(who, Self::bonded(who)?, amount)
	}

	fn add_to_bond(
		who: &T::AccountId,
		mut ledger: LedgerOf<T>,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		let bonded = ledger
			.bond
			.checked_add(&amount)
			.ok_or(ArithmeticError::Overflow)?;
		T::Currency::hold(&HoldReason::Bond.into(), who, amount)?;
		ledger.bond = bonded;
		Self::store(who, &ledger);
		Self::deposit_event(Event::Bonded {
			who: who.clone(),
			amount,
			bonded,
		});
		Ok(())
	}

	pub(crate) fn do_unbond(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		let mut ledger = Self::bonded(who)?;
		let bonded = ledger
			.bond
			.checked_sub(&amount)
			.ok_or(Error::<T>::NotEnoughBonded)?;
		Self::ensure_rest(&ledger, bonded)?;
		let until = Self::unbonded_at();
		ledger
			.unbonding
			.try_push(Chunk { amount, until })
			.map_err(|_| Error::<T>::TooManyChunks)?;
		ledger.bond = bonded;
		Self::store(who, &ledger);
		Self::deposit_event(Event::Unbonded {
			who: who.clone(),
			amount,
			bonded,
			until,
		});
		Ok(())
	}

	/// Whether `rest` may stay of the bond of `ledger`.
	fn ensure_rest(ledger: &LedgerOf<T>, rest: BalanceOf<T>) -> DispatchResult {
		if rest >= T::MinBond::get() {
			return Ok(());
		}
		let is_candidate = ledger.status == Status::Candidate;
		ensure!(!is_candidate, Error::<T>::StillCandidate);
		ensure!(rest.is_zero(), Error::<T>::RestTooSmall);
		Ok(())
	}

	/// Protocol time at which what unbonds now is safe from every slash: an offence of the last
	/// session it answers for has been reported by then, and that report decided on.
	pub(crate) fn unbonded_at() -> ProtocolTime {
		T::Clock::protocol()
			.saturating_add(T::ReportWindow::get())
			.saturating_add(T::SlashDeferral::get())
	}

	pub(crate) fn do_withdraw(who: &T::AccountId) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		let held = ledger.unbonding_total();
		let now = T::Clock::protocol();
		ledger.unbonding.retain(|chunk| chunk.until > now);
		let unbonding = ledger.unbonding_total();
		let amount = held.saturating_sub(unbonding);
		ensure!(!amount.is_zero(), Error::<T>::NothingToWithdraw);
		T::Currency::release(&HoldReason::Bond.into(), who, amount, Precision::Exact)?;
		Self::store(who, &ledger);
		Self::deposit_event(Event::Withdrawn {
			who: who.clone(),
			amount,
			unbonding,
		});
		Ok(())
	}

	/// The ledger of an account that has a bond.
	pub(crate) fn bonded(who: &T::AccountId) -> Result<LedgerOf<T>, DispatchError> {
		Ledgers::<T>::get(who)
			.filter(|ledger| !ledger.bond.is_zero())
			.ok_or_else(|| Error::<T>::NotBonded.into())
	}

	/// Writes the ledger back, and with it a candidate's place; forgets an empty one.
	pub(crate) fn store(who: &T::AccountId, ledger: &LedgerOf<T>) {
		if ledger.status == Status::Candidate {
			Self::rerank(who, ledger.bond);
		}
		if ledger.is_empty() {
			Ledgers::<T>::remove(who);
		} else {
			Ledgers::<T>::insert(who, ledger);
		}
	}
}
