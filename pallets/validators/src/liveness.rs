//! Who is offline, by the blocks it did not make.
//!
//! Every validator is as likely as any other to make a block of a session, so of `b` blocks a set
//! of `n` each is due `b / n`. One that made none may have had bad luck; the more blocks were due
//! from it since its last, the less: with 20 due, less than one time in 10^8.

use alloc::vec::Vec;
use frame_support::{
	traits::{DisabledValidators, Get},
	BoundedVec,
};
use polkadot_sdk::*;
use sp_runtime::SaturatedConversion;
use sp_staking::SessionIndex;

use crate::{
	Authored, BalanceOf, Config, Conviction, Event, Ledgers, Offence, Pallet, SeatOf, Silent,
	Status,
};

/// A block, in the unit of [`Silent`].
const BLOCK: u32 = 1_000;

/// A validator without a block in this session.
struct Absentee<T: Config> {
	who: T::AccountId,
	exposure: BalanceOf<T>,
	/// Thousandths of blocks that were due from it since its last.
	due: u32,
	status: Status,
}

impl<T: Config> Absentee<T> {
	/// Whether it is offline beyond doubt; one that was convicted of it stays so until it returns.
	fn is_offline(&self) -> bool {
		match self.status {
			Status::Convicted { offence, .. } => offence == Offence::Offline,
			_ => self.due >= T::OfflineBlocks::get().saturating_mul(BLOCK),
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Punishes those of `session` that were offline, unless so many were that it is not they who
	/// are to blame, or the chain itself stood still. Then nothing from before counts either.
	pub(crate) fn judge(session: SessionIndex, seats: &[SeatOf<T>]) {
		let counts: Vec<u32> = seats
			.iter()
			.map(|seat| Authored::<T>::take(&seat.who))
			.collect();
		let blocks = counts.iter().copied().fold(0, u32::saturating_add);
		if blocks < T::MinActivity::get().mul_ceil(T::SessionLength::get()) {
			Silent::<T>::kill();
			return Self::deposit_event(Event::SessionDiscarded { session, blocks });
		}
		let mut absentees = Self::absentees(seats, &counts, blocks);
		let offline = absentees.iter().filter(|who| who.is_offline()).count();
		if offline > Self::most_offline(seats.len()) {
			Silent::<T>::kill();
			let offline = offline.saturated_into();
			return Self::deposit_event(Event::OfflinePardoned { session, offline });
		}
		absentees
			.iter_mut()
			.for_each(|absentee| Self::punish_offline(session, absentee));
		let silent = absentees
			.into_iter()
			.map(|one| (one.who, one.due))
			.collect();
		Silent::<T>::put(BoundedVec::truncate_from(silent));
	}

	fn most_offline(validators: usize) -> usize {
		let validators: u32 = validators.saturated_into();
		T::MaxOffline::get().mul_floor(validators).saturated_into()
	}

	/// Who made none of the `blocks` of a session, though it was not kept from it.
	fn absentees(seats: &[SeatOf<T>], counts: &[u32], blocks: u32) -> Vec<Absentee<T>> {
		let validators: u32 = seats.len().max(1).saturated_into();
		let share = blocks.saturating_mul(BLOCK) / validators;
		let before = Silent::<T>::get();
		let disabled = T::Sessions::disabled_validators();
		let is_disabled = |index: usize| disabled.contains(&index.saturated_into());
		seats
			.iter()
			.zip(counts)
			.enumerate()
			.filter(|(index, (_, count))| **count == 0 && !is_disabled(*index))
			.map(|(_, (seat, _))| {
				let due = before.iter().find(|(who, _)| *who == seat.who);
				Absentee {
					who: seat.who.clone(),
					exposure: seat.exposure,
					due: due.map_or(share, |(_, due)| due.saturating_add(share)),
					status: Self::status(&seat.who),
				}
			})
			.collect()
	}

	fn status(who: &T::AccountId) -> Status {
		Ledgers::<T>::get(who)
			.map(|ledger| ledger.status)
			.unwrap_or_default()
	}

	/// Convicts an absentee that is offline and was not convicted before; it starts anew.
	fn punish_offline(session: SessionIndex, absentee: &mut Absentee<T>) {
		let is_convict = matches!(absentee.status, Status::Convicted { .. });
		if absentee.is_offline() && !is_convict {
			let conviction = Conviction {
				offence: Offence::Offline,
				fraction: T::OfflineSlash::get(),
			};
			Self::convict(&absentee.who, absentee.exposure, session, conviction);
			absentee.due = 0;
		}
	}
}
