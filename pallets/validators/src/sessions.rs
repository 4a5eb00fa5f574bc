//! What the session pallet and the authors of blocks tell.

use alloc::vec::Vec;
use core::marker::PhantomData;
use frame_support::traits::{Get, ValidatorSet};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::{historical, SessionInterface};
use polkadot_sdk::*;
use sp_runtime::traits::Convert;
use sp_staking::{offence::OffenceSeverity, SessionIndex};

use crate::{
	Authored, BalanceOf, Config, Convictions, Ledgers, Offence, Pallet, SeatOf, Sets, Status,
};

impl<T: Config> historical::SessionManager<T::AccountId, BalanceOf<T>> for Pallet<T> {
	fn new_session(session: SessionIndex) -> Option<Vec<(T::AccountId, BalanceOf<T>)>> {
		let seats = Self::plan(session).into_iter();
		let set: Vec<_> = seats.map(|seat| (seat.who, seat.exposure)).collect();
		(!set.is_empty()).then_some(set)
	}

	fn start_session(session: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::start_session(session)
	}

	fn end_session(session: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::end_session(session)
	}
}

impl<T: Config> pallet_session::SessionManager<T::AccountId> for Pallet<T> {
	fn new_session(session: SessionIndex) -> Option<Vec<T::AccountId>> {
		let set = <Self as historical::SessionManager<_, _>>::new_session(session)?;
		Some(set.into_iter().map(|(who, _)| who).collect())
	}

	/// Disables equivocators that were planned for this session before they were convicted.
	fn start_session(session: SessionIndex) {
		for seat in Sets::<T>::get(session) {
			if Self::is_equivocator(&seat.who) {
				T::Sessions::report_offence(seat.who, OffenceSeverity::max_severity());
			}
		}
	}

	/// Judges who was offline, and forgets what can no longer be reported.
	fn end_session(session: SessionIndex) {
		let seats: Vec<SeatOf<T>> = Sets::<T>::take(session).into();
		Self::judge(session, &seats);
		let reportable = session.saturating_sub(T::ReportSessions::get());
		T::Sessions::prune_up_to(reportable);
		if let Some(forgotten) = reportable.checked_sub(1) {
			let _ = Convictions::<T>::clear_prefix(forgotten, T::MaxSeats::get(), None);
		}
	}
}

impl<T: Config> Pallet<T> {
	fn is_equivocator(who: &T::AccountId) -> bool {
		let status = Ledgers::<T>::get(who).map(|ledger| ledger.status);
		matches!(
			status,
			Some(Status::Convicted {
				offence: Offence::Equivocation,
				..
			})
		)
	}
}

impl<T: Config> pallet_authorship::EventHandler<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
	fn note_author(author: T::AccountId) {
		Authored::<T>::mutate(author, |blocks| *blocks = blocks.saturating_add(1));
	}
}

/// What a validator of this session has at stake in it: its identification in proofs of offences.
pub struct ExposureOf<T>(PhantomData<T>);

impl<T: Config> Convert<T::AccountId, Option<BalanceOf<T>>> for ExposureOf<T> {
	fn convert(who: T::AccountId) -> Option<BalanceOf<T>> {
		let seats = Sets::<T>::get(T::Sessions::session_index());
		let seat = seats.into_iter().find(|seat| seat.who == who)?;
		Some(seat.exposure)
	}
}
