//! The invariants of the README, checked over the whole state.

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get, ValidatorSet},
};
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Saturating, Zero},
	TryRuntimeError,
};

use crate::{
	BalanceOf, Candidates, Config, Convictions, HoldReason, LedgerOf, Ledgers, Pallet, Sets,
	SlashIds, Slashes, Status,
};

impl<T: Config> Pallet<T> {
	/// Checks every numbered invariant of the README.
	///
	/// # Errors
	/// Names the first that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let pending = Self::check_slashes()?;
		for (who, ledger) in Ledgers::<T>::iter() {
			let slashed = pending.get(&who).copied().unwrap_or_default();
			Self::check_ledger(&who, &ledger, slashed)?;
		}
		Self::check_candidates()?;
		Self::check_sets()?;
		Self::check_convictions()
	}

	fn check_ledger(
		who: &T::AccountId,
		ledger: &LedgerOf<T>,
		slashed: BalanceOf<T>,
	) -> Result<(), TryRuntimeError> {
		let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), who);
		ensure!(
			held(HoldReason::Bond) == ledger.at_stake(),
			"1: the hold of a bond is the bond and what unbonds"
		);
		ensure!(
			held(HoldReason::Slashed) == ledger.slashed && ledger.slashed == slashed,
			"2: the hold of slashes is what is pending"
		);
		ensure!(!ledger.is_empty(), "3: no ledger is empty");
		let mut chunks = ledger.unbonding.iter();
		ensure!(
			chunks.all(|chunk| !chunk.amount.is_zero()),
			"3: no chunk is empty"
		);
		Ok(())
	}

	/// What is pending of each account.
	fn check_slashes() -> Result<BTreeMap<T::AccountId, BalanceOf<T>>, TryRuntimeError> {
		let ids = SlashIds::<T>::get();
		let mut pending = BTreeMap::new();
		for (id, slash) in Slashes::<T>::iter() {
			ensure!(
				(ids.first..ids.next).contains(&id),
				"4: a slash waits outside of the range"
			);
			ensure!(!slash.amount.is_zero(), "4: a slash is of nothing");
			ensure!(
				Ledgers::<T>::contains_key(&slash.who),
				"2: a slash is of no ledger"
			);
			let sum: &mut BalanceOf<T> = pending.entry(slash.who).or_default();
			*sum = sum.saturating_add(slash.amount);
		}
		Ok(pending)
	}

	fn check_candidates() -> Result<(), TryRuntimeError> {
		let list = Candidates::<T>::get();
		ensure!(
			list.windows(2).all(|pair| pair[0].bond >= pair[1].bond),
			"5: the candidates are sorted"
		);
		for candidate in &list {
			let ledger = Ledgers::<T>::get(&candidate.who);
			ensure!(
				ledger
					.is_some_and(|ledger| ledger.status == Status::Candidate
						&& ledger.bond == candidate.bond),
				"6: a candidate differs from its ledger"
			);
		}
		let standing =
			Ledgers::<T>::iter_values().filter(|ledger| ledger.status == Status::Candidate);
		ensure!(
			standing.count() == list.len(),
			"6: each that stands is on the list once"
		);
		Ok(())
	}

	fn check_sets() -> Result<(), TryRuntimeError> {
		let now = T::Sessions::session_index();
		for (session, seats) in Sets::<T>::iter() {
			ensure!(
				session == now || session == now.saturating_add(1),
				"7: only this session and the next have a set"
			);
			let names: BTreeSet<_> = seats.iter().map(|seat| &seat.who).collect();
			ensure!(names.len() == seats.len(), "7: a validator has one seat");
			for seat in &seats {
				ensure!(
					seat.exposure.is_zero() || Ledgers::<T>::contains_key(&seat.who),
					"8: what a validator answers with is held"
				);
			}
		}
		Ok(())
	}

	fn check_convictions() -> Result<(), TryRuntimeError> {
		let now = T::Sessions::session_index();
		let oldest = now.saturating_sub(T::ReportSessions::get().saturating_add(1));
		ensure!(
			Convictions::<T>::iter_keys().all(|(session, _)| session >= oldest),
			"9: convictions are forgotten with their session"
		);
		Ok(())
	}
}
