//! Deadlines: every stored job has one, kept in buckets of protocol time.

use one_primitives::{
	clock::Clock,
	inference::Callbacks,
	jobs::JobId,
	settlement::{Earnings, PaidReceipt},
	workers::SlotUse,
	Usdc,
};
use polkadot_sdk::{
	frame_support::{
		defensive,
		storage::with_storage_layer,
		traits::Get,
		weights::{Weight, WeightMeter},
	},
	sp_core::H256,
	sp_runtime::DispatchResult,
};

use crate::{
	funds::Funds,
	state::{bucket, one_less},
	types::*,
	Askers, Config, DeadlineCounts, DeadlineCursor, Deadlines, Event, JobOf, Jobs, Pallet, StateOf,
	WeightInfo,
};

impl<T: Config> Pallet<T> {
	/// Acts on the deadlines of all buckets that are over, oldest first, as weight allows.
	pub(crate) fn meet_deadlines(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::deadline_base()).is_err() {
			return;
		}
		let current = bucket(T::Clock::protocol());
		let start = DeadlineCursor::<T>::get();
		let mut cursor = start;
		while cursor < current && Self::empty_bucket(cursor, meter) {
			cursor = cursor.saturating_add(1);
		}
		if cursor != start {
			DeadlineCursor::<T>::put(cursor);
		}
	}

	/// Acts on the deadlines of one bucket; false if weight ran out before its end.
	pub(crate) fn empty_bucket(number: u64, meter: &mut WeightMeter) -> bool {
		if meter.try_consume(T::WeightInfo::deadline_bucket()).is_err() {
			return false;
		}
		if !DeadlineCounts::<T>::contains_key(number) {
			return true;
		}
		for id in Deadlines::<T>::iter_key_prefix(number) {
			if meter.try_consume(Self::deadline_weight(id)).is_err() {
				return false;
			}
			Self::meet_deadline(number, id);
		}
		true
	}

	pub(crate) fn note_deadline(number: u64, id: JobId) {
		Deadlines::<T>::insert(number, id, ());
		DeadlineCounts::<T>::mutate(number, |count| *count = count.saturating_add(1));
	}

	pub(crate) fn forget_deadline(number: u64, id: JobId) {
		if Deadlines::<T>::take(number, id).is_some() {
			DeadlineCounts::<T>::mutate_exists(number, one_less);
		}
	}

	/// What acting on the deadline of a job takes, with a pallet that waits for it.
	fn deadline_weight(id: JobId) -> Weight {
		let callback = match Askers::<T>::contains_key(id) {
			true => T::Callbacks::weight(),
			false => Weight::zero(),
		};
		T::WeightInfo::deadline().saturating_add(callback)
	}

	pub(crate) fn meet_deadline(number: u64, id: JobId) {
		let Some(job) = Jobs::<T>::get(id) else {
			defensive!("a deadline is of a stored job");
			Self::forget_deadline(number, id);
			return;
		};
		let met = match job.state.clone() {
			State::Queued { .. } => Self::expire(id, job),
			State::Completed {
				worker,
				price,
				receipt,
				..
			} => Self::finalise(id, job, worker, receipt, price),
			_ => Self::retry(id, job, SlotUse::Late),
		};
		if let Err(error) = met {
			defensive!("a deadline can be met", error);
			Self::forget_deadline(number, id);
		}
	}

	fn expire(id: JobId, job: JobOf<T>) -> DispatchResult {
		Self::release(id, &job);
		Self::deposit_event(Event::JobExpired {
			who: job.owner.clone(),
			job: id,
		});
		Self::transition(id, job, State::Expired)
	}

	fn finalise(
		id: JobId,
		job: JobOf<T>,
		worker: T::AccountId,
		receipt: H256,
		price: Usdc,
	) -> DispatchResult {
		let paid = PaidReceipt {
			job: id,
			receipt,
			amount: price,
		};
		let matured = with_storage_layer(|| T::Earnings::mature(&worker, paid));
		Self::report_unsettled(id, &worker, matured);
		Self::deposit_event(Event::JobFinalized {
			worker,
			job: id,
			price,
		});
		Self::transition(id, job, State::Final)
	}

	/// Ends an attempt that came to nothing: back to the queue, or failed for good.
	pub(crate) fn retry(id: JobId, job: JobOf<T>, slot_use: SlotUse) -> DispatchResult {
		let Some((worker, _)) = job.state.attempt() else {
			return Err(crate::Error::<T>::WrongState.into());
		};
		let worker = worker.clone();
		Self::return_slot(&job, &worker, slot_use);
		if job.attempts < MAX_ATTEMPTS
			&& with_storage_layer(|| Self::requeue(id, job.clone(), worker)).is_ok()
		{
			return Ok(());
		}
		Self::fail(id, job)
	}

	fn requeue(id: JobId, mut job: JobOf<T>, worker: T::AccountId) -> DispatchResult {
		let attempt = job.attempts;
		job.avoid = Some(worker.clone());
		Self::transition(id, job, Self::queued())?;
		Self::deposit_event(Event::JobRequeued {
			worker,
			job: id,
			attempt,
		});
		Ok(())
	}

	fn fail(id: JobId, job: JobOf<T>) -> DispatchResult {
		Self::release(id, &job);
		let (who, attempts) = (job.owner.clone(), job.attempts);
		Self::deposit_event(Event::JobFailed {
			who,
			job: id,
			attempts,
		});
		Self::transition(id, job, State::Failed)
	}

	/// The state of a job that joins its queue now.
	pub(crate) fn queued() -> StateOf<T> {
		State::Queued {
			since: Self::block_number(),
			due: Self::after(T::QueuePeriod::get()),
		}
	}

	/// Frees all that was set aside. The job leaves the market even if the books object, which
	/// is told by an event.
	pub(crate) fn release(id: JobId, job: &JobOf<T>) {
		let released = with_storage_layer(|| Funds::<T>::release(job));
		Self::report_unsettled(id, &job.owner, released);
	}

	fn report_unsettled(id: JobId, who: &T::AccountId, result: DispatchResult) {
		if let Err(error) = result {
			Self::deposit_event(Event::FundsUnsettled {
				who: who.clone(),
				job: id,
				error,
			});
		}
	}
}
