//! The one place in which a job changes state, and with it the place it is kept in.

use one_primitives::{
	jobs::{JobId, OnFinal},
	models::ModelId,
	ProtocolTime,
};
use polkadot_sdk::{frame_support::ensure, sp_runtime::DispatchResult};

use crate::{
	queue::End, types::*, Assignments, Config, Error, JobOf, Jobs, OpenJobs, Pallet, Payloads,
	Slots, StateOf, BUCKET,
};

/// The bucket in which a deadline is kept.
pub(crate) fn bucket(due: ProtocolTime) -> u64 {
	due / BUCKET
}

/// Counts one less; nothing is kept of none.
pub(crate) fn one_less(count: &mut Option<u32>) {
	let left = count.unwrap_or_default().saturating_sub(1);
	*count = (left > 0).then_some(left);
}

impl<T: Config> Pallet<T> {
	/// Moves `job` to `next`: out of the queue, the worker's assignments and the deadlines it was
	/// in, into those of the new state. Money and workers' slots are the caller's.
	pub(crate) fn transition(id: JobId, mut job: JobOf<T>, next: StateOf<T>) -> DispatchResult {
		ensure!(job.state.may_become(&next), Error::<T>::WrongState);
		Self::leave(id, &job);
		let left_market = job.state.is_open() && !next.is_open();
		job.state = next;
		if left_market {
			Slots::<T>::remove(&job.owner, job.slot);
			Self::count_out(&job.model);
		}
		if job.state.is_terminal() {
			Self::forget(id);
			if let Some(result) = job.state.unserved() {
				Self::tell(id, result);
			}
			return Ok(());
		}
		Self::enter(id, job)
	}

	/// Puts a new job into the market.
	pub(crate) fn open(id: JobId, job: JobOf<T>, payload: Payload) -> DispatchResult {
		Slots::<T>::insert(&job.owner, job.slot, id);
		OpenJobs::<T>::mutate(job.model, |open| *open = open.saturating_add(1));
		Payloads::<T>::insert(id, payload);
		Self::enter(id, job)
	}

	/// One job less is open for `model`.
	fn count_out(model: &ModelId) {
		OpenJobs::<T>::mutate_exists(model, one_less);
	}

	fn enter(id: JobId, job: JobOf<T>) -> DispatchResult {
		if let Some(due) = job.state.due() {
			Self::note_deadline(bucket(due), id);
		}
		match &job.state {
			State::Queued { .. } => {
				Self::enqueue(&job.line(), job.lane(), id, End::of_attempt(job.attempts))?
			}
			State::Assigned { worker, .. } | State::Accepted { worker, .. } => {
				Assignments::<T>::insert(worker, id, ())
			}
			_ => {}
		}
		Jobs::<T>::insert(id, job);
		Ok(())
	}

	fn leave(id: JobId, job: &JobOf<T>) {
		if let Some(due) = job.state.due() {
			Self::forget_deadline(bucket(due), id);
		}
		match &job.state {
			State::Queued { .. } => Self::dequeue(&job.line(), job.lane(), id),
			State::Assigned { worker, .. } | State::Accepted { worker, .. } => {
				Assignments::<T>::remove(worker, id)
			}
			_ => {}
		}
	}

	fn forget(id: JobId) {
		Jobs::<T>::remove(id);
		Payloads::<T>::remove(id);
		T::OnFinal::on_final(id);
	}
}
