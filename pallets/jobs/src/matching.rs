//! Matching: waiting jobs meet free slots, in a block later than the one that queued them.

extern crate alloc;

use alloc::vec::Vec;

use one_primitives::{
	capacity::Bookings,
	clock::Clock,
	jobs::JobId,
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
	types::*, Config, Event, JobOf, Jobs, Pallet, Queues, StateOf, Waiting, WeightInfo, LOG_TARGET,
};

impl<T: Config> Pallet<T> {
	/// Matches the waiting lines in turn until slots, jobs or weight run out: those of bookings
	/// first. Lines that had their turn go to the end.
	pub(crate) fn match_jobs(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::match_base()).is_err() {
			return;
		}
		let mut waiting = Waiting::<T>::get().into_inner();
		waiting.sort_by_key(|line| !line.is_booked());
		let seed = Self::seed();
		let mut turns = Vec::new();
		for line in &waiting {
			if meter.try_consume(T::WeightInfo::match_line()).is_err() {
				break;
			}
			turns.push(*line);
			while Self::match_next(line, seed, meter) {}
		}
		if turns.len() < waiting.len() {
			Self::send_back(&turns);
		}
	}

	/// Matches the next job of `line`: of the other lane, if the first has none that anybody takes;
	/// false if there is nothing more to match.
	pub(crate) fn match_next(line: &Line, seed: H256, meter: &mut WeightMeter) -> bool {
		let queues = Queues::<T>::get(line);
		let lanes = queues.order(T::IncludedFloor::get()).into_iter();
		let mut heads = lanes.filter_map(|lane| queues.lane(lane).head);
		heads.any(|head| Self::match_head(head, seed, meter))
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

	/// Takes a free slot for the job; one of the worker to avoid only when no other is free.
	fn draw_free(id: JobId, job: &JobOf<T>, seed: H256) -> Option<T::AccountId> {
		let first = T::Workers::take_slot(&job.model, &job.owner, job.lane(), random(seed, id, 0))?;
		if job.avoid.as_ref() != Some(&first) {
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

	/// Lets the lines that had no turn go first in the next block.
	fn send_back(turns: &[Line]) {
		Waiting::<T>::mutate(|waiting| waiting.sort_by_key(|line| turns.contains(line)));
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
