//! What workers report: acceptances and receipts.

use alloc::vec::Vec;

use one_primitives::{
	clock::Clock,
	inference::{Callbacks, JobResult, ResultIds},
	jobs::{Acceptance, Assignment, JobId, Market},
	models::ModelId,
	receipts::{Finish, Outcome, Receipt},
	workers::{SlotUse, Workers},
	Cu, ProtocolTime, Usdc,
};
use polkadot_sdk::{
	frame_support::{ensure, storage::with_storage_layer, traits::Get, weights::Weight},
	sp_core::H256,
	sp_runtime::{DispatchError, DispatchResult},
};

use crate::{
	funds::Funds, types::*, Askers, Assignments, Config, Error, Event, JobOf, Jobs, Pallet,
	Payloads, StateOf,
};

/// How often the time that the quoted tokens take at the expected rate a worker is given.
const PATIENCE: u64 = 3;

impl<T: Config> Pallet<T> {
	fn do_accept(worker: &T::AccountId, acceptance: &Acceptance) -> DispatchResult {
		let job = Self::acceptable(worker, acceptance).ok_or(Error::<T>::StaleAttempt)?;
		let (id, attempt) = (acceptance.job, acceptance.attempt);
		let next = StateOf::<T>::Accepted {
			worker: worker.clone(),
			assigned: acceptance.assigned,
			since: T::Clock::protocol(),
			due: Self::after(Self::patience(&job)),
		};
		Self::transition(id, job, next)?;
		Self::deposit_event(Event::JobAccepted {
			worker: worker.clone(),
			job: id,
			attempt,
		});
		Ok(())
	}

	fn acceptable(worker: &T::AccountId, acceptance: &Acceptance) -> Option<JobOf<T>> {
		let job = Jobs::<T>::get(acceptance.job)?;
		let State::Assigned {
			worker: assignee,
			assigned,
			..
		} = &job.state
		else {
			return None;
		};
		let current = assignee == worker
			&& *assigned == acceptance.assigned
			&& job.attempts == acceptance.attempt;
		current.then_some(job)
	}

	/// Time for the job at the rate that every worker is counted on for, several times over: who
	/// has shown a lower one gets no more of it.
	fn patience(job: &JobOf<T>) -> ProtocolTime {
		let rate = u64::from(T::Workers::expected_rate().max(1));
		let quoted = job.terms.max_tokens().saturating_mul(1_000).div_ceil(rate);
		quoted
			.saturating_mul(PATIENCE)
			.max(T::CompletionFloor::get())
	}

	/// The job and fork of the attempt that `receipt` is of.
	fn current(receipt: &Receipt<T::AccountId>) -> Option<(JobOf<T>, H256)> {
		let job = Jobs::<T>::get(receipt.job)?;
		let (worker, assigned) = job.state.attempt()?;
		let current = *worker == receipt.worker
			&& job.attempts == receipt.attempt
			&& job.model == receipt.model;
		current.then_some((job, assigned))
	}

	fn do_complete(receipt: &Receipt<T::AccountId>) -> Result<(Cu, Usdc), DispatchError> {
		let (job, _) = Self::current(receipt).ok_or(Error::<T>::StaleAttempt)?;
		match receipt.outcome {
			Outcome::Served => Self::serve(job, receipt),
			Outcome::Refused => Self::refuse(job, receipt).map(|()| (0, 0)),
			// The prompt is in state and the owner has not cancelled: the worker could not.
			Outcome::NoPayload | Outcome::Cancelled | Outcome::Failed => {
				Self::retry(receipt.job, job, SlotUse::Failed).map(|()| (0, 0))
			}
		}
	}

	fn serve(job: JobOf<T>, receipt: &Receipt<T::AccountId>) -> Result<(Cu, Usdc), DispatchError> {
		ensure!(job.terms.allow(receipt), Error::<T>::ExcessiveReceipt);
		let (id, worker) = (receipt.job, receipt.worker.clone());
		let (input, output) = (receipt.input_tokens, receipt.output_tokens);
		let charged = job.terms.cu(input, output).min(job.reserved);
		let price = Funds::<T>::charge(&job, charged, &worker)?;
		Self::note_rate(&job, &worker, job.terms.inference(input, output));
		Self::return_slot(&job, &worker, SlotUse::Served);
		Self::charge_refuser(&job, &worker);
		Self::note_served(job.terms.work(input, output));
		let due = Self::after(T::ChallengeWindow::get());
		let who = job.owner.clone();
		let next = StateOf::<T>::Completed {
			worker: worker.clone(),
			charged,
			price,
			receipt: receipt.hash(),
			due,
		};
		Self::transition(id, job, next)?;
		Self::deposit_event(Event::JobCompleted {
			who,
			job: id,
			worker,
			charged,
			price,
		});
		Ok((charged, price))
	}

	/// Notes how long the job took the worker, if it accepted it before it had the answer.
	fn note_rate(job: &JobOf<T>, worker: &T::AccountId, work: Cu) {
		if let State::Accepted { since, .. } = job.state {
			let time = T::Clock::protocol().saturating_sub(since);
			T::Workers::note_rate(worker, &job.model, work, time);
		}
	}

	/// A worker that refused what another one serves was wrong: that counts as a failed job.
	fn charge_refuser(job: &JobOf<T>, server: &T::AccountId) {
		if let Some(refuser) = job.refuser.as_ref().filter(|refuser| *refuser != server) {
			T::Workers::keep_slot(refuser, &job.model, SlotUse::Failed);
		}
	}

	/// Ends an attempt whose worker says that nobody can answer. A second worker has to agree, as
	/// long as there are attempts left; its owner is to blame only if one does.
	fn refuse(mut job: JobOf<T>, receipt: &Receipt<T::AccountId>) -> DispatchResult {
		let (id, worker) = (receipt.job, receipt.worker.clone());
		let first = job.refuser.replace(worker.clone());
		let is_agreed = first.is_some_and(|first| first != worker);
		if !is_agreed && job.attempts < MAX_ATTEMPTS {
			return Self::retry(id, job, SlotUse::Unused);
		}
		match is_agreed {
			true => Funds::<T>::refuse(&job)?,
			false => Funds::<T>::release(&job)?,
		}
		Self::return_slot(&job, &worker, SlotUse::Unused);
		let who = job.owner.clone();
		Self::deposit_event(Event::JobRefused {
			who,
			job: id,
			worker,
		});
		Self::transition(id, job, State::Refused)
	}

	fn assignment(id: JobId) -> Option<Assignment> {
		let job = Jobs::<T>::get(id)?;
		let (_, assigned) = job.state.attempt()?;
		let Payload::Public(prompt) = Payloads::<T>::get(id)?;
		Some(Assignment {
			job: id,
			attempt: job.attempts,
			assigned,
			accepted: matches!(job.state, State::Accepted { .. }),
			model: job.model,
			prompt: prompt.into_inner(),
			max_input: job.terms.max_input,
			max_output: job.terms.max_output,
			wants_ids: Askers::<T>::contains_key(id),
		})
	}
}

impl<T: Config> Market<T::AccountId> for Pallet<T> {
	fn assignments(worker: &T::AccountId) -> Vec<Assignment> {
		let mut jobs: Vec<JobId> = Assignments::<T>::iter_key_prefix(worker).collect();
		jobs.sort_unstable();
		jobs.into_iter().filter_map(Self::assignment).collect()
	}

	fn is_acceptable(worker: &T::AccountId, acceptance: &Acceptance) -> bool {
		Self::acceptable(worker, acceptance).is_some()
	}

	fn accept(worker: &T::AccountId, acceptance: &Acceptance) -> DispatchResult {
		with_storage_layer(|| Self::do_accept(worker, acceptance))
	}

	fn assigned(receipt: &Receipt<T::AccountId>) -> Option<H256> {
		Self::current(receipt).map(|(_, assigned)| assigned)
	}

	fn failed_by(owner: &T::AccountId, job: JobId) -> Option<(ModelId, T::AccountId)> {
		let job = Jobs::<T>::get(job).filter(|job| job.owner == *owner)?;
		Some((job.model, job.avoid?))
	}

	fn complete(receipt: &Receipt<T::AccountId>) -> Result<(Cu, Usdc), DispatchError> {
		with_storage_layer(|| Self::do_complete(receipt))
	}

	fn wants_ids(job: JobId) -> bool {
		Askers::<T>::contains_key(job)
	}

	fn deliver(job: JobId, ids: ResultIds, finish: Finish) {
		Self::tell(job, JobResult::Served { ids, finish });
	}

	fn callback_weight() -> Weight {
		T::Callbacks::weight()
	}
}
