//! Who stands for election.

use alloc::vec::Vec;
use frame_support::{
	ensure,
	traits::{Get, ValidatorRegistration, ValidatorSet},
	BoundedVec,
};
use polkadot_sdk::*;
use sp_runtime::DispatchResult;

use crate::{
	BalanceOf, Candidate, CandidateOf, Candidates, Config, Error, Event, LedgerOf, Ledgers, Pallet,
	Status,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_validate(who: &T::AccountId) -> DispatchResult {
		let ledger = Self::bonded(who)?;
		ensure!(ledger.bond >= T::MinBond::get(), Error::<T>::BondTooSmall);
		ensure!(T::Sessions::is_registered(who), Error::<T>::NoSessionKeys);
		Self::stand(who)
	}

	/// Makes a bonded account a candidate, whether or not it has session keys.
	pub(crate) fn stand(who: &T::AccountId) -> DispatchResult {
		let mut ledger = Self::bonded(who)?;
		Self::transition(who, &mut ledger, Status::Candidate)?;
		Self::store(who, &ledger);
		Ok(())
	}

	pub(crate) fn do_chill(who: &T::AccountId) -> DispatchResult {
		let mut ledger = Self::bonded(who)?;
		Self::transition(who, &mut ledger, Status::Chilled)?;
		Self::store(who, &ledger);
		Ok(())
	}

	/// Moves `who` from one status to another, and into or out of the candidates with it. The
	/// caller stores the ledger.
	pub(crate) fn transition(
		who: &T::AccountId,
		ledger: &mut LedgerOf<T>,
		to: Status,
	) -> DispatchResult {
		match (ledger.status, to) {
			(Status::Candidate, Status::Candidate) => {
				return Err(Error::<T>::AlreadyCandidate.into())
			}
			(Status::Convicted { until, .. }, Status::Candidate)
				if T::Sessions::session_index() < until =>
			{
				return Err(Error::<T>::ConvictedThisSession.into())
			}
			(_, Status::Candidate) => Self::enter(who, ledger.bond)?,
			(Status::Candidate, _) => Self::leave(who),
			(_, Status::Chilled) => return Err(Error::<T>::NotCandidate.into()),
			(_, Status::Convicted { .. }) => {}
		}
		ledger.status = to;
		Ok(())
	}

	fn enter(who: &T::AccountId, bond: BalanceOf<T>) -> DispatchResult {
		let mut list = Candidates::<T>::get();
		if list.is_full() {
			Self::displace_last(&mut list, who, bond)?;
		}
		let place = Self::place(&list, bond);
		let candidate = Candidate {
			who: who.clone(),
			bond,
		};
		list.try_insert(place, candidate)
			.map_err(|_| Error::<T>::TooManyCandidates)?;
		Candidates::<T>::put(list);
		Self::deposit_event(Event::CandidateAdded {
			who: who.clone(),
			bond,
		});
		Ok(())
	}

	/// Takes the last candidate off the list if `bond` is larger than its.
	fn displace_last(
		list: &mut BoundedVec<CandidateOf<T>, T::MaxCandidates>,
		by: &T::AccountId,
		bond: BalanceOf<T>,
	) -> DispatchResult {
		let last = list
			.pop()
			.filter(|last| last.bond < bond)
			.ok_or(Error::<T>::TooManyCandidates)?;
		Ledgers::<T>::mutate_extant(&last.who, |ledger| ledger.status = Status::Chilled);
		Self::deposit_event(Event::CandidateDisplaced {
			who: last.who,
			by: by.clone(),
		});
		Ok(())
	}

	fn leave(who: &T::AccountId) {
		Candidates::<T>::mutate(|list| list.retain(|candidate| candidate.who != *who));
		Self::deposit_event(Event::Chilled { who: who.clone() });
	}

	/// Gives a candidate whose bond is now `bond` its place.
	pub(crate) fn rerank(who: &T::AccountId, bond: BalanceOf<T>) {
		let mut list: Vec<_> = Candidates::<T>::get().into();
		let Some(at) = list.iter().position(|candidate| candidate.who == *who) else {
			return;
		};
		if list[at].bond == bond {
			return;
		}
		let mut candidate = list.remove(at);
		candidate.bond = bond;
		list.insert(Self::place(&list, bond), candidate);
		// As many as before.
		Candidates::<T>::put(BoundedVec::truncate_from(list));
	}

	/// Place of a bond among the candidates: behind the equal ones, which were there earlier.
	fn place(list: &[CandidateOf<T>], bond: BalanceOf<T>) -> usize {
		list.partition_point(|candidate| candidate.bond >= bond)
	}
}
