//! Convictions: what an offence costs, takes, and how it is undone.

use one_primitives::{
	clock::Clock,
	settlement::VoidPay,
	workers::{Challenger, Convict, Offence},
};
use polkadot_sdk::{
	frame_support::{defensive, ensure, storage::with_storage_layer, traits::Get},
	sp_core::H256,
	sp_runtime::{traits::Zero, DispatchError, DispatchResult},
};

use crate::{
	ladder::{OffenceId, OffenceRecord, Penalty, Rung},
	slashes::Slash,
	state::Step,
	types::WorkerState,
	BondOf, Config, Error, Event, LadderOf, Ladders, Numbers, Pallet, PenaltyOf, RecordOf, Slashes,
	Workers,
};

impl<T: Config> Convict<T::AccountId> for Pallet<T> {
	fn convict(
		worker: &T::AccountId,
		offence: Offence,
		evidence: H256,
		challenger: Option<Challenger<T::AccountId>>,
	) -> DispatchResult {
		with_storage_layer(|| Self::do_convict(worker, offence, evidence, challenger))
	}
}

impl<T: Config> Pallet<T> {
	/// What `offence` would cost `who` now, by the sums of a conviction.
	pub fn penalty_preview(who: &T::AccountId, offence: Offence) -> Option<PenaltyOf<T>> {
		let record = Workers::<T>::get(who)?;
		Some(Self::penalty(&record.bond, &Self::ladder(who), offence))
	}

	fn penalty(bond: &BondOf<T>, ladder: &LadderOf<T>, offence: Offence) -> PenaltyOf<T> {
		let terms = T::Ladder::get();
		let (rung, amount) = ladder.assess(&terms, bond.held, offence);
		Penalty {
			rung,
			amount,
			suspends: rung == Rung::Removal || bond.falls_short(amount, terms.floor),
			voids_pay: offence != Offence::Late,
		}
	}

	/// The offences of `who` within the window.
	pub(crate) fn ladder(who: &T::AccountId) -> LadderOf<T> {
		let mut ladder = Ladders::<T>::get(who);
		let window = T::OffenceWindow::get();
		ladder.forget_before(T::Clock::protocol().saturating_sub(window));
		ladder
	}

	fn put_ladder(who: &T::AccountId, ladder: LadderOf<T>) {
		if ladder.is_empty() {
			Ladders::<T>::remove(who);
		} else {
			Ladders::<T>::insert(who, ladder);
		}
	}

	pub(crate) fn do_convict(
		who: &T::AccountId,
		offence: Offence,
		evidence: H256,
		challenger: Option<Challenger<T::AccountId>>,
	) -> DispatchResult {
		let mut record = Self::record(who)?;
		let penalty = Self::penalty(&record.bond, &Self::ladder(who), offence);
		Self::seize(who, &mut record.bond, penalty.amount)?;
		Self::book(who, offence, penalty, evidence, challenger);
		if penalty.voids_pay {
			T::Pay::void_pay(who)?;
		}
		if penalty.suspends {
			Self::suspend(who, &mut record)?;
		}
		Workers::<T>::insert(who, record);
		Ok(())
	}

	/// Puts an offence on the ladder, and what it took in line for its payout.
	fn book(
		who: &T::AccountId,
		offence: Offence,
		penalty: PenaltyOf<T>,
		evidence: H256,
		challenger: Option<Challenger<T::AccountId>>,
	) {
		let (who, Penalty { rung, amount, .. }) = (who.clone(), penalty);
		let (id, at) = (Self::next_offence(), T::Clock::protocol());
		let due = at.saturating_add(T::AppealWindow::get());
		let mut ladder = Self::ladder(&who);
		let remembered = ladder.remember(OffenceRecord {
			id,
			offence,
			at,
			amount,
		});
		Self::put_ladder(&who, ladder);
		if remembered && !amount.is_zero() {
			let slash = Slash {
				who: who.clone(),
				amount,
				challenger,
				due,
			};
			Slashes::<T>::insert(id, slash);
		}
		Self::deposit_event(Event::WorkerConvicted {
			who,
			id,
			offence,
			rung,
			amount,
			due,
			evidence,
		});
	}

	fn next_offence() -> OffenceId {
		Numbers::<T>::mutate(|numbers| {
			let next = numbers.next.saturating_add(1);
			core::mem::replace(&mut numbers.next, next)
		})
	}

	/// Gives the worker no more jobs; one that takes no more anyway stays where it is.
	fn suspend(who: &T::AccountId, record: &mut RecordOf<T>) -> Result<(), Error<T>> {
		let is_on_its_way_out = matches!(record.state, WorkerState::Draining | WorkerState::Left);
		if is_on_its_way_out || record.state == WorkerState::Suspended {
			return Ok(());
		}
		Self::transition(record, Step::Suspend)?;
		Self::recount(who, record);
		Self::deposit_event(Event::WorkerSuspended { who: who.clone() });
		Ok(())
	}

	/// Undoes a conviction: what it took goes back to the bond, and the ladder forgets it.
	pub(crate) fn do_cancel_slash(who: T::AccountId, id: OffenceId) -> DispatchResult {
		let mut ladder = Self::ladder(&who);
		let forgotten = ladder.forget(id);
		let slash = Slashes::<T>::get(id).filter(|slash| slash.who == who);
		ensure!(forgotten || slash.is_some(), Error::<T>::UnknownOffence);
		Self::put_ladder(&who, ladder);
		let amount = slash.map(|slash| slash.amount).unwrap_or_default();
		if !amount.is_zero() {
			let mut record = Self::record(&who)?;
			Self::restore(&who, &mut record.bond, amount)?;
			Workers::<T>::insert(&who, record);
			Slashes::<T>::remove(id);
		}
		Self::deposit_event(Event::SlashCancelled { who, id, amount });
		Ok(())
	}

	/// Convicts a worker that was there while a deadline of its passed.
	pub(crate) fn convict_late(who: &T::AccountId) {
		let convicted: Result<(), DispatchError> =
			<Self as Convict<_>>::convict(who, Offence::Late, H256::zero(), None);
		if let Err(error) = convicted {
			defensive!("the bond in the record is what is held", error);
		}
	}
}
