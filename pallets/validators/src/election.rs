//! Who the validators of a session are.

use alloc::vec::Vec;
use core::cmp::Reverse;
use frame_support::{
	traits::{Get, ValidatorRegistration},
	BoundedVec,
};
use one_primitives::ProtocolTime;
use polkadot_sdk::*;
use sp_runtime::SaturatedConversion;
use sp_staking::SessionIndex;

use crate::{Candidate, Candidates, Config, Event, Ledgers, Pallet, Seat, SeatOf, Sets, Status};

impl<T: Config> Pallet<T> {
	/// Plans the validators of `session`: the candidates with the largest bonds, and as many of the
	/// session before as it takes for the set not to shrink by more than a third, nor below its
	/// least size.
	pub(crate) fn plan(session: SessionIndex) -> Vec<SeatOf<T>> {
		let before: Vec<_> = session
			.checked_sub(1)
			.map(|previous| Sets::<T>::get(previous).into())
			.unwrap_or_default();
		let mut seats = Self::elected();
		let missing = Self::least_size(before.len()).saturating_sub(seats.len());
		let retained = Self::retained(before, &seats, missing);
		Self::deposit_event(Event::SetPlanned {
			session,
			validators: seats.len().saturating_add(retained.len()).saturated_into(),
			retained: retained.len().saturated_into(),
		});
		seats.extend(retained);
		let seats = BoundedVec::truncate_from(seats);
		Sets::<T>::insert(session, &seats);
		seats.into()
	}

	/// The candidates with the largest bonds that have session keys, in their order.
	fn elected() -> Vec<SeatOf<T>> {
		let most = T::MaxValidators::get().min(T::MaxSeats::get());
		let least_bond = T::MinBond::get();
		Candidates::<T>::get()
			.into_iter()
			.take_while(|candidate| candidate.bond >= least_bond)
			.filter(|candidate| T::Sessions::is_registered(&candidate.who))
			.take(most.saturated_into())
			.map(|Candidate { who, bond }| Seat {
				who,
				exposure: bond,
			})
			.collect()
	}

	/// Validators that must follow a set of `size`: two thirds of it, rounded up, and the least.
	fn least_size(size: usize) -> usize {
		let two_thirds = size.saturating_sub(size / 3);
		two_thirds.max(
			T::MinValidators::get()
				.min(T::MaxSeats::get())
				.saturated_into(),
		)
	}

	/// At most `missing` of those `before` that were not elected: convicts last, otherwise by what
	/// they have at stake.
	fn retained(before: Vec<SeatOf<T>>, elected: &[SeatOf<T>], missing: usize) -> Vec<SeatOf<T>> {
		if missing == 0 {
			return Vec::new();
		}
		let mut rest: Vec<_> = before
			.into_iter()
			.map(|seat| seat.who)
			.filter(|who| !elected.iter().any(|seat| seat.who == *who))
			.filter(T::Sessions::is_registered)
			.map(Self::seat_of_retained)
			.collect();
		rest.sort_by_cached_key(|seat| (Self::is_convict(&seat.who), Reverse(seat.exposure)));
		rest.truncate(missing);
		let until = Self::unbonded_at();
		rest.iter()
			.for_each(|seat| Self::hold_back(&seat.who, until));
		rest
	}

	/// The seat of one that may be leaving: it answers with what unbonds too.
	fn seat_of_retained(who: T::AccountId) -> SeatOf<T> {
		let exposure = Ledgers::<T>::get(&who)
			.map(|ledger| ledger.at_stake())
			.unwrap_or_default();
		Seat { who, exposure }
	}

	fn is_convict(who: &T::AccountId) -> bool {
		Ledgers::<T>::get(who)
			.is_some_and(|ledger| matches!(ledger.status, Status::Convicted { .. }))
	}

	/// Lets nothing of `who` unbond before `until`: it answers for one more session.
	fn hold_back(who: &T::AccountId, until: ProtocolTime) {
		Ledgers::<T>::mutate_extant(who, |ledger| {
			for chunk in &mut ledger.unbonding {
				chunk.until = chunk.until.max(until);
			}
		});
		Self::deposit_event(Event::Retained {
			who: who.clone(),
			until,
		});
	}
}
