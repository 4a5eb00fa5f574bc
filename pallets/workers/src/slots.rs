//! The sets of free slots: per model an indexed list of tokens, one per free slot, each naming
//! its worker.
//!
//! A token that went stale, because its worker is silent, draining, full or gone, stays in the
//! list and is dropped when drawn; the worker's next report lists its free slots again. So taking,
//! returning and leaving cost the same however many workers there are.

use one_primitives::{
	clock::Clock,
	jobs::Lane,
	models::{ModelId, Models},
	reputation,
	workers::{SlotUse, Workers as Slots},
	Cu, ProtocolTime,
};
use polkadot_sdk::{
	frame_support::{defensive, traits::Get},
	sp_runtime::Permill,
};

use crate::{
	rate,
	state::Step,
	types::{Seat, WorkerState},
	Config, EarnedSlots, Event, FreeSlots, Operators, Pallet, PulseOf, RecordOf, Seats, Tokens,
	Workers,
};

/// Draws of one [`take_slot`](Slots::take_slot) at the most; one that finds
/// a stale token drops it.
pub const MAX_DRAWS: u32 = 8;

/// A token that was drawn.
struct Candidate<AccountId> {
	index: u32,
	who: AccountId,
	used: u8,
	reputation: Permill,
}

impl<T: Config> Slots<T::AccountId> for Pallet<T> {
	fn take_slot(
		model: &ModelId,
		requester: &T::AccountId,
		lane: Lane,
		random: u64,
	) -> Option<T::AccountId> {
		let excluded = Self::excluded(requester, model);
		let most = Self::most_used(model, lane);
		let may_take = |candidate: &Candidate<T::AccountId>| {
			u32::from(candidate.used) < most && !excluded.contains(&candidate.who)
		};
		let mut seed = random;
		for _ in 0..MAX_DRAWS {
			let free = FreeSlots::<T>::get(model);
			let first = draw(&mut seed, free)?;
			let second = draw(&mut seed, free)?;
			let drawn = (
				Self::candidate(model, first),
				Self::candidate(model, second),
			);
			match drawn {
				(Some(a), Some(b)) => {
					if let Some(better) = better_of(a, b, may_take) {
						return Self::take(model, better);
					}
				}
				(None, _) => Self::drop_token(model, first),
				(_, None) => Self::drop_token(model, second),
			}
		}
		None
	}

	fn return_slot(worker: &T::AccountId, model: &ModelId, slot_use: SlotUse) {
		let Some(record) = Self::use_slot(worker, model, slot_use, 1) else {
			return;
		};
		Self::list(worker, &record, model);
	}

	fn keep_slot(worker: &T::AccountId, model: &ModelId, slot_use: SlotUse) {
		Self::use_slot(worker, model, slot_use, 0);
	}

	fn is_ready(worker: &T::AccountId, model: &ModelId) -> bool {
		Workers::<T>::get(worker).is_some_and(|record| Self::counts(&record, model))
	}

	fn proven_slots(model: &ModelId) -> u32 {
		EarnedSlots::<T>::get(model)
	}

	fn operators(model: &ModelId) -> u32 {
		Operators::<T>::get(model)
	}

	fn free_slots(model: &ModelId) -> u32 {
		FreeSlots::<T>::get(model)
	}

	fn note_rate(worker: &T::AccountId, model: &ModelId, work: Cu, time: ProtocolTime) {
		Self::mutate_seat(worker, model, |seat| {
			seat.rate = rate::after(seat.rate, work, time);
		});
	}

	fn shown_rate(worker: &T::AccountId, model: &ModelId) -> Option<Cu> {
		let seat = Seats::<T>::get(worker, model)?;
		Some(seat.rate).filter(|rate| *rate > 0)
	}

	fn expected_rate() -> u32 {
		T::ProvenRate::get().max(1)
	}
}

impl<T: Config> Pallet<T> {
	/// Whether `record` was heard of lately, with a service that serves.
	pub fn is_alive(record: &RecordOf<T>) -> bool {
		let serves = |pulse: &PulseOf<T>| pulse.mailbox == one_mailbox::VERSION;
		Self::was_there(record) && record.pulse.as_ref().is_some_and(serves)
	}

	/// Whether `record` was heard of lately.
	pub(crate) fn was_there(record: &RecordOf<T>) -> bool {
		let silence = |pulse: &PulseOf<T>| T::Clock::protocol().saturating_sub(pulse.at);
		let timeout = T::LivenessTimeout::get();
		record
			.pulse
			.as_ref()
			.is_some_and(|pulse| silence(pulse) <= timeout)
	}

	/// Records how a slot was used, of which so many are not taken any more; returns the worker's
	/// record.
	fn use_slot(
		who: &T::AccountId,
		model: &ModelId,
		slot_use: SlotUse,
		returned: u8,
	) -> Option<RecordOf<T>> {
		let mut record = Workers::<T>::get(who)?;
		// One that is on probation does not grow, and the last job of it is a part of it.
		let most = match record.probation {
			0 => record.offer.slots,
			_ => 1,
		};
		record.used = record.used.saturating_sub(returned);
		Self::note_use(who, &mut record, slot_use);
		Workers::<T>::insert(who, &record);
		Self::mutate_seat(who, model, |seat| {
			seat.used = seat.used.saturating_sub(returned);
			seat.earned = earned(seat.earned, most, slot_use);
		});
		Some(record)
	}

	/// Records how a slot was used.
	fn note_use(who: &T::AccountId, record: &mut RecordOf<T>, slot_use: SlotUse) {
		record.reputation = reputation_after(record.reputation, slot_use);
		record.late |= slot_use == SlotUse::Late;
		if slot_use == SlotUse::Served && record.probation > 0 {
			record.probation = record.probation.saturating_sub(1);
			Self::prove(who, record);
		}
	}

	/// Makes a worker that has served its probation an active one.
	fn prove(who: &T::AccountId, record: &mut RecordOf<T>) {
		if record.probation > 0 || record.state != WorkerState::Joining {
			return;
		}
		match Self::transition(record, Step::Prove) {
			Ok(()) => Self::deposit_event(Event::WorkerProven { who: who.clone() }),
			Err(_) => {
				defensive!("a joining worker can prove itself");
			}
		}
	}

	/// Lists one more free slot for each model that `who` can serve, and counts what it has earned;
	/// false if all of that was counted.
	pub(crate) fn relist(who: &T::AccountId) -> bool {
		let Some(record) = Workers::<T>::get(who) else {
			return false;
		};
		let has_changed = Self::recount(who, &record);
		for model in &record.offer.models {
			Self::list(who, &record, model);
		}
		has_changed
	}

	/// Lists one more free slot of `who` for `model`, if it has one to give.
	fn list(who: &T::AccountId, record: &RecordOf<T>, model: &ModelId) {
		if !Self::can_take(record) || !Self::can_serve(record, model) {
			return;
		}
		let Some(mut seat) = Seats::<T>::get(who, model).filter(Seat::is_underlisted) else {
			return;
		};
		let free = FreeSlots::<T>::get(model);
		Tokens::<T>::insert(model, free, who);
		FreeSlots::<T>::insert(model, free.saturating_add(1));
		seat.listed = seat.listed.saturating_add(1);
		Seats::<T>::insert(who, model, seat);
	}

	/// Whether a worker would be given jobs for `model`, and what it has earned for it counts.
	pub(crate) fn counts(record: &RecordOf<T>, model: &ModelId) -> bool {
		Self::is_there(record) && Self::can_serve(record, model)
	}

	/// Whether a worker takes jobs, and can be expected to answer.
	fn is_there(record: &RecordOf<T>) -> bool {
		record.state.takes_jobs() && Self::is_alive(record)
	}

	/// Whether a worker may be given a job now.
	fn can_take(record: &RecordOf<T>) -> bool {
		record.used < record.offer.slots && Self::is_there(record)
	}

	/// Whether a worker's device and service are up to `model`.
	fn can_serve(record: &RecordOf<T>, model: &ModelId) -> bool {
		let Some(terms) = T::Models::terms(model) else {
			return false;
		};
		let computes = |arithmetic| {
			record
				.pulse
				.as_ref()
				.is_some_and(|pulse| pulse.arithmetics.contains(&arithmetic))
		};
		record.offer.vram >= terms.min_vram && computes(terms.arithmetic)
	}

	/// Slots for `model` of which a worker that has as many in use gets no more jobs of `lane`: its
	/// share on the Included lane, whatever its jobs are, and one at the least.
	fn most_used(model: &ModelId, lane: Lane) -> u32 {
		match lane {
			Lane::Included => {
				let share = T::OperatorShare::get().mul_floor(EarnedSlots::<T>::get(model));
				share.max(1)
			}
			Lane::Dedicated => u32::MAX,
		}
	}

	/// The token at `index`, if it is not stale.
	fn candidate(model: &ModelId, index: u32) -> Option<Candidate<T::AccountId>> {
		let who = Tokens::<T>::get(model, index)?;
		let record = Workers::<T>::get(&who).filter(Self::can_take)?;
		let seat = Seats::<T>::get(&who, model).filter(Seat::has_room)?;
		Some(Candidate {
			index,
			who,
			used: seat.used,
			reputation: record.reputation,
		})
	}

	fn take(model: &ModelId, index: u32) -> Option<T::AccountId> {
		let who = Self::swap_remove(model, index)?;
		Self::mutate_seat(&who, model, |seat| {
			seat.listed = seat.listed.saturating_sub(1);
			seat.used = seat.used.saturating_add(1);
		});
		Workers::<T>::mutate(&who, |entry| {
			if let Some(record) = entry {
				record.used = record.used.saturating_add(1);
			}
		});
		Some(who)
	}

	fn drop_token(model: &ModelId, index: u32) {
		if let Some(who) = Self::swap_remove(model, index) {
			Self::mutate_seat(&who, model, |seat| {
				seat.listed = seat.listed.saturating_sub(1)
			});
		}
	}

	fn swap_remove(model: &ModelId, index: u32) -> Option<T::AccountId> {
		let last = FreeSlots::<T>::get(model).checked_sub(1)?;
		let moved = Tokens::<T>::take(model, last)?;
		FreeSlots::<T>::insert(model, last);
		if index == last {
			return Some(moved);
		}
		let removed = Tokens::<T>::get(model, index)?;
		Tokens::<T>::insert(model, index, moved);
		Some(removed)
	}

	/// Changes a seat, keeps the model's sums, and forgets a seat to which nothing refers any more.
	pub(crate) fn mutate_seat(who: &T::AccountId, model: &ModelId, change: impl FnOnce(&mut Seat)) {
		let mut seat = Seats::<T>::get(who, model).unwrap_or_default();
		let before = seat.counted();
		change(&mut seat);
		let after = seat.counted();
		if after != before {
			EarnedSlots::<T>::mutate(model, |earned| {
				*earned = earned.saturating_sub(before).saturating_add(after);
			});
		}
		if (after > 0) != (before > 0) {
			Operators::<T>::mutate(model, |operators| {
				let others = operators.saturating_sub((before > 0).into());
				*operators = others.saturating_add((after > 0).into());
			});
		}
		Seats::<T>::set(who, model, Some(seat).filter(|seat| !seat.is_empty()));
	}
}

/// The better reputed of two that may take the job; the first of equals.
fn better_of<AccountId>(
	first: Candidate<AccountId>,
	second: Candidate<AccountId>,
	may_take: impl Fn(&Candidate<AccountId>) -> bool,
) -> Option<u32> {
	[second, first]
		.into_iter()
		.filter(may_take)
		.max_by_key(|candidate| candidate.reputation)
		.map(|candidate| candidate.index)
}

/// The next index below `len`, by splitmix64; `None` of an empty list.
fn draw(seed: &mut u64, len: u32) -> Option<u32> {
	*seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
	let mut mixed = *seed;
	mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
	mixed ^= mixed >> 31;
	u32::try_from(mixed.checked_rem(u64::from(len))?).ok()
}

/// Moves `before` one step towards 1 when a job was served, towards 0 when it was not.
fn reputation_after(before: Permill, slot_use: SlotUse) -> Permill {
	match slot_use {
		SlotUse::Served => reputation::after(before, true),
		SlotUse::Late | SlotUse::Failed => reputation::after(before, false),
		SlotUse::Unused => before,
	}
}

/// Slots after one use: one more when served, up to `most`, half when not; a closed seat stays
/// closed.
fn earned(earned: u8, most: u8, slot_use: SlotUse) -> u8 {
	match (earned, slot_use) {
		(0, _) => 0,
		(_, SlotUse::Served) => earned.saturating_add(1).min(most.max(earned)),
		(_, SlotUse::Late | SlotUse::Failed) => (earned / 2).max(1),
		(_, SlotUse::Unused) => earned,
	}
}
