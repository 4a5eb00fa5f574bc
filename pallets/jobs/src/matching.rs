//! Matching: waiting jobs meet free slots, in a block later than the one that queued them.

extern crate alloc;

use alloc::vec::Vec;

use one_primitives::{
	clock::Clock,
	jobs::JobId,
	models::ModelId,
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
	sp_runtime::{
		traits::{BlakeTwo256, Hash, SaturatedConversion},
		DispatchResult,
	},
};

use crate::{
	types::*, Config, Event, JobOf, Jobs, Pallet, Queues, StateOf, Waiting, WeightInfo, LOG_TARGET,
};

impl<T: Config> Pallet<T> {
	/// Matches the waiting models in turn until slots, jobs or weight run out. Models that had
	/// their turn go to the end of the line.
	pub(crate) fn match_jobs(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::match_base()).is_err() {
			return;
		}
		let waiting = Waiting::<T>::get();
		let seed = Self::seed();
		let mut turns = Vec::new();
		for model in &waiting {
			if meter.try_consume(T::WeightInfo::match_model()).is_err() {
				break;
			}
			turns.push(*model);
			while Self::match_next(model, seed, meter) {}
		}
		if turns.len() < waiting.len() {
			Self::send_back(&turns);
		}
	}

	/// Matches the next job of `model`; false if there is nothing more to match.
	fn match_next(model: &ModelId, seed: H256, meter: &mut WeightMeter) -> bool {
		let queues = Queues::<T>::get(model);
		let mut lanes = queues.order(T::IncludedFloor::get()).into_iter();
		let next = lanes.find_map(|lane| queues.lane(lane).head.and_then(Self::matchable));
		let Some((id, job)) = next else {
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

	/// Takes a slot for the job; one of the worker to avoid only when no other is free.
	fn draw(id: JobId, job: &JobOf<T>, seed: H256) -> Option<T::AccountId> {
		let first = T::Workers::take_slot(&job.model, &job.owner, random(seed, id, 0))?;
		if job.avoid.as_ref() != Some(&first) {
			return Some(first);
		}
		let second = T::Workers::take_slot(&job.model, &job.owner, random(seed, id, 1));
		let Some(second) = second else {
			return Some(first);
		};
		T::Workers::return_slot(&first, &job.model, SlotUse::Unused);
		Some(second)
	}

	fn try_assign(id: JobId, job: JobOf<T>, worker: T::AccountId) -> bool {
		let model = job.model;
		let assigned = with_storage_layer(|| Self::assign(id, job, worker.clone()));
		if let Err(error) = assigned {
			log::error!(target: LOG_TARGET, "job {id} cannot be assigned: {error:?}");
			T::Workers::return_slot(&worker, &model, SlotUse::Unused);
		}
		assigned.is_ok()
	}

	fn assign(id: JobId, mut job: JobOf<T>, worker: T::AccountId) -> DispatchResult {
		Self::note_match(&job.model, job.lane(), T::IncludedFloor::get());
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

	/// Lets the models that had no turn go first in the next block.
	fn send_back(turns: &[ModelId]) {
		Waiting::<T>::mutate(|waiting| waiting.sort_by_key(|model| turns.contains(model)));
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
	let mut low = [0; 8];
	low.copy_from_slice(&BlakeTwo256::hash_of(&(seed, id, draw)).as_fixed_bytes()[..8]);
	u64::from_le_bytes(low)
}
