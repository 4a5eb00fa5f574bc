//! Matching: waiting jobs meet free slots, in a block later than the one that queued them.

extern crate alloc;

use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};

use one_primitives::{
	capacity::Bookings,
	clock::Clock,
	jobs::{JobId, Lane},
	low_bits,
	workers::{SlotUse, Workers},
	ProtocolTime,
};
use polkadot_sdk::{
	frame_support::{
		storage::with_storage_layer,
		traits::{Get, Randomness},
		weights::WeightMeter,
	},
	frame_system,
	sp_core::H256,
	sp_runtime::{traits::SaturatedConversion, DispatchResult},
};

use crate::{
	queue::Round, types::*, Config, Event, JobOf, Jobs, Pallet, Queues, StateOf, Waiting,
	WeightInfo, LOG_TARGET,
};

impl<T: Config> Pallet<T> {
	/// Matches the waiting lines in turn until slots, jobs or weight run out: those of bookings
	/// first, then what is urgent in the lines of models, then their Included jobs.
	pub(crate) fn match_jobs(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::match_base()).is_err() {
			return;
		}
		let mut lines = Waiting::<T>::get().into_inner();
		lines.sort_by_key(|line| !line.is_booked());
		lines.retain(|_| meter.try_consume(T::WeightInfo::match_line()).is_ok());
		let (booked, models): (Vec<_>, Vec<_>) = lines.iter().copied().partition(Line::is_booked);
		let alone = Self::included_alone(&models);
		let (seed, mut matched) = (Self::seed(), Vec::new());
		Self::take_turns(booked, Round::Urgent, seed, &mut matched, meter);
		Self::take_turns(models.clone(), Round::Urgent, seed, &mut matched, meter);
		Self::take_turns(models, Round::Rest, seed, &mut matched, meter);
		Self::note_passed(&alone, &matched);
		Self::send_back(&lines, &matched);
	}

	/// Matches a job of each of `lines` in turn, until none has one to match; adds what was matched
	/// to `matched`.
	fn take_turns(
		mut lines: Vec<Line>,
		round: Round,
		seed: H256,
		matched: &mut Vec<(Line, Lane)>,
		meter: &mut WeightMeter,
	) {
		while !lines.is_empty() {
			lines.retain(|line| {
				let lane = Self::match_next(line, round, seed, meter);
				matched.extend(lane.map(|lane| (*line, lane)));
				lane.is_some()
			});
		}
	}

	/// Matches the next job of `line` in its turn: of the other lane, if the first has none that
	/// anybody takes. Tells the lane, if a job was matched.
	pub(crate) fn match_next(
		line: &Line,
		round: Round,
		seed: H256,
		meter: &mut WeightMeter,
	) -> Option<Lane> {
		if !Self::may_have_slots(line) {
			return None;
		}
		let queues = Queues::<T>::get(line);
		let mut lanes = queues.lanes(round, T::IncludedFloor::get()).iter().copied();
		lanes.find(|lane| {
			let head = queues.lane(*lane).head;
			head.is_some_and(|head| Self::match_head(head, seed, meter))
		})
	}

	/// Whether a draw for `line` may find a slot; what a draw takes is not spent on a line without.
	fn may_have_slots(line: &Line) -> bool {
		match line {
			Line::Booking(_) => true,
			Line::Model(model) => T::Workers::free_slots(model) > 0,
		}
	}

	/// Gives the job at the head of a queue to a worker, if it can be matched and one takes it.
	pub(crate) fn match_head(head: JobId, seed: H256, meter: &mut WeightMeter) -> bool {
		let Some((id, job)) = Self::matchable(head) else {
			return false;
		};
		if meter.try_consume(T::WeightInfo::match_job()).is_err() {
			return false;
		}
		let Some(worker) = Self::draw(id, &job, seed) else {
			return false;
		};
		Self::try_assign(id, job, worker)
	}

	/// The job, if it was queued before this block.
	fn matchable(id: JobId) -> Option<(JobId, JobOf<T>)> {
		let now = Self::block_number();
		let job = Jobs::<T>::get(id)?;
		matches!(job.state, State::Queued { since, .. } if since < now).then_some((id, job))
	}

	/// Takes a slot for the job: of its booking, if it has one.
	pub(crate) fn draw(id: JobId, job: &JobOf<T>, seed: H256) -> Option<T::AccountId> {
		match job.booking {
			Some(booking) => T::Bookings::take_slot(booking, random(seed, id, 0)),
			None => Self::draw_free(id, job, seed),
		}
	}

	/// Takes a free slot for the job; one of a worker to avoid only when no other is free.
	fn draw_free(id: JobId, job: &JobOf<T>, seed: H256) -> Option<T::AccountId> {
		let first = T::Workers::take_slot(&job.model, &job.owner, job.lane(), random(seed, id, 0))?;
		if !job.avoids(&first) {
			return Some(first);
		}
		let second = T::Workers::take_slot(&job.model, &job.owner, job.lane(), random(seed, id, 1));
		let Some(second) = second else {
			return Some(first);
		};
		T::Workers::return_slot(&first, &job.model, SlotUse::Unused);
		Some(second)
	}

	fn try_assign(id: JobId, job: JobOf<T>, worker: T::AccountId) -> bool {
		let assigned = with_storage_layer(|| Self::assign(id, job.clone(), worker.clone()));
		if let Err(error) = assigned {
			log::error!(target: LOG_TARGET, "job {id} cannot be assigned: {error:?}");
			Self::return_slot(&job, &worker, SlotUse::Unused);
		}
		assigned.is_ok()
	}

	fn assign(id: JobId, mut job: JobOf<T>, worker: T::AccountId) -> DispatchResult {
		Self::note_match(&job.line(), job.lane(), T::IncludedFloor::get());
		job.attempts = job.attempts.saturating_add(1);
		let attempt = job.attempts;
		let due = Self::after(T::AcceptPeriod::get());
		let assigned = frame_system::Pallet::<T>::parent_hash();
		let next = StateOf::<T>::Assigned {
			worker: worker.clone(),
			assigned,
			due,
		};
		Self::transition(id, job, next)?;
		Self::deposit_event(Event::JobAssigned {
			worker,
			job: id,
			attempt,
			assigned,
		});
		Ok(())
	}

	/// Those of `lines` in which only Included jobs wait.
	pub(crate) fn included_alone(lines: &[Line]) -> Vec<Line> {
		let lines = lines.iter().copied();
		lines
			.filter(|line| Queues::<T>::get(line).is_included_alone())
			.collect()
	}

	/// Owes the lines in which only Included jobs wait, all together, the Included share of the
	/// Dedicated jobs that went before them.
	pub(crate) fn note_passed(alone: &[Line], matched: &[(Line, Lane)]) {
		let passed = matched
			.iter()
			.filter(|(line, lane)| !line.is_booked() && *lane == Lane::Dedicated)
			.count();
		let owed = passed.saturating_mul(T::IncludedFloor::get().deconstruct() as usize);
		let Some(share) = owed.checked_div(alone.len()).filter(|share| *share > 0) else {
			return;
		};
		for line in alone {
			Queues::<T>::mutate_extant(line, |queues| queues.note_passed(share.saturated_into()));
		}
	}

	/// Lets the lines for which weight was lacking go first in the next block, and those that had a
	/// match last: who was matched last of all at the end.
	fn send_back(seen: &[Line], matched: &[(Line, Lane)]) {
		let seen: BTreeSet<_> = seen.iter().collect();
		let matches = matched.iter().enumerate();
		let last: BTreeMap<_, _> = matches.map(|(at, (line, _))| (line, at)).collect();
		Waiting::<T>::mutate(|waiting| {
			waiting.sort_by_key(|line| (seen.contains(line), last.get(line).copied()));
		});
	}

	/// Returns the slot of `worker` that `job` had to where it came from.
	pub(crate) fn return_slot(job: &JobOf<T>, worker: &T::AccountId, slot_use: SlotUse) {
		match job.booking {
			Some(booking) => T::Bookings::return_slot(booking, worker, slot_use),
			None => T::Workers::return_slot(worker, &job.model, slot_use),
		}
	}

	/// Randomness of the parent block; its hash where the parent has none, as the first has.
	fn seed() -> H256 {
		let (seed, _) = T::Randomness::random(b"one/jobs");
		seed.unwrap_or_else(frame_system::Pallet::<T>::parent_hash)
	}

	/// Number of this block.
	pub(crate) fn block_number() -> u64 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Protocol time in `period` from now.
	pub(crate) fn after(period: ProtocolTime) -> ProtocolTime {
		T::Clock::protocol().saturating_add(period)
	}
}

/// The `draw`-th number drawn for a job.
fn random(seed: H256, id: JobId, draw: u8) -> u64 {
	low_bits(&(seed, id, draw))
}
