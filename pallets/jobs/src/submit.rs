//! Submitting and cancelling: what the calls and the check before them do.

use alloc::vec::Vec;

use one_primitives::{
	credits::{Refusal, Submissions, SubmitTerms},
	inference::{ID_BYTES, MAX_IDS},
	jobs::{JobId, Lane, MAX_PROMPT, MAX_SLOTS},
	models::{ModelId, ModelTerms, Models},
	pauses::Pauses,
	workers::{SlotUse, Workers},
	Cu,
};
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	sp_runtime::{DispatchError, DispatchResult},
};

use crate::{
	funds::Funds, types::*, Config, Error, Event, JobOf, Jobs, NextJob, OpenJobs, Pallet, Queues,
	Slots,
};

impl<T: Config> Pallet<T> {
	/// Reserves the most that the job can cost and queues it, for whom `who` acts on its lane.
	pub(crate) fn do_submit(
		who: T::AccountId,
		submission: SubmitTerms,
		prompt: Vec<u8>,
	) -> Result<JobId, DispatchError> {
		let (lane, model, terms) = Self::checked(&who, &submission).map_err(Error::<T>::from)?;
		let prompt = prompt.try_into().map_err(|_| Error::<T>::PromptTooLong)?;
		let reserved = terms.max_cu();
		let owner = Funds::<T>::owner(lane, &who);
		let mut reservation = Funds::<T>::reserve(lane, &owner, model.min_tier, reserved)?;
		let booking = Funds::<T>::book(&mut reservation, &submission.model);
		let job = Job {
			owner,
			slot: submission.slot,
			model: submission.model,
			terms,
			reserved,
			reservation,
			booking,
			attempts: 0,
			avoid: None,
			refuser: None,
			state: Self::queued(),
		};
		let id = NextJob::<T>::mutate(|next| core::mem::replace(next, next.saturating_add(1)));
		Self::deposit_event(Self::submitted(id, &job));
		Self::open(id, job, Payload::Public(prompt))?;
		Ok(id)
	}

	fn submitted(id: JobId, job: &JobOf<T>) -> Event<T> {
		Event::JobSubmitted {
			who: job.owner.clone(),
			job: id,
			slot: job.slot,
			model: job.model,
			lane: job.lane(),
			max_input: job.terms.max_input,
			max_output: job.terms.max_output,
			reserved: job.reserved,
			booking: job.booking,
		}
	}

	/// Takes an open job out of the market; a worker's slot that it held is paid for.
	pub(crate) fn do_cancel(who: T::AccountId, id: JobId) -> DispatchResult {
		let job = Self::cancellable(&who, id).map_err(Error::<T>::from)?;
		let forfeited = Self::slot_charge(&job);
		if forfeited == 0 {
			Funds::<T>::release(&job)?;
		} else {
			Funds::<T>::forfeit(&job, forfeited)?;
		}
		if let Some((worker, _)) = job.state.attempt() {
			Self::return_slot(&job, worker, SlotUse::Unused);
		}
		Self::deposit_event(Event::JobCancelled {
			who: job.owner.clone(),
			job: id,
			forfeited,
		});
		Self::transition(id, job, State::Cancelled)
	}

	/// What cancelling costs: nothing in the queue, the floor once a slot is held, and all of it
	/// once the worker is at it, for its answer may have been read.
	fn slot_charge(job: &JobOf<T>) -> Cu {
		match job.state {
			State::Assigned { .. } => job.terms.floor.min(job.reserved),
			State::Accepted { .. } => job.reserved,
			_ => 0,
		}
	}

	fn cancellable(who: &T::AccountId, id: JobId) -> Result<JobOf<T>, Refusal> {
		let job = Jobs::<T>::get(id).ok_or(Refusal::UnknownJob)?;
		let acts_for_owner = || Funds::<T>::owner(job.lane(), who) == job.owner;
		ensure!(job.owner == *who || acts_for_owner(), Refusal::NotOwner);
		ensure!(job.state.is_open(), Refusal::NotCancellable);
		Ok(job)
	}

	/// Everything a submission must fulfil, in one place: the pool's check, the quote and the
	/// dispatch cannot disagree.
	fn checked(
		who: &T::AccountId,
		submission: &SubmitTerms,
	) -> Result<(Lane, ModelTerms, Terms), Refusal> {
		let (model, terms) = Self::sized(submission)?;
		let lane = submission.lane.resolve(|lane| {
			Self::check_lane(who, submission, lane, &model, &terms)?;
			Self::check_slot(who, submission.slot, lane)
		})?;
		let terms = Self::on_lane(who, submission, lane, &terms);
		Ok((lane, model, terms))
	}

	/// Whether `lane` would take the job at its price now, slots aside.
	pub(crate) fn check_lane(
		who: &T::AccountId,
		submission: &SubmitTerms,
		lane: Lane,
		model: &ModelTerms,
		terms: &Terms,
	) -> Result<(), Refusal> {
		if let Some(until) = T::Pauses::lane(lane) {
			return Err(Refusal::LanePaused { until });
		}
		let cu = Self::on_lane(who, submission, lane, terms).max_cu();
		let id = submission.model;
		if lane == Lane::Included {
			Self::check_operators(&id)?;
		}
		let owner = Funds::<T>::owner(lane, who);
		Funds::<T>::check(lane, &owner, model.min_tier, cu)?;
		let waiting = Queues::<T>::get(Line::Model(id)).lane(lane).len;
		// A booking has a short line of its own.
		let has_room = waiting < T::MaxQueue::get() || Funds::<T>::is_covered(lane, who, &id, cu);
		ensure!(has_room, Refusal::QueueFull { waiting });
		Ok(())
	}

	/// Terms of a job of this size, if the model can take it.
	pub(crate) fn sized(submission: &SubmitTerms) -> Result<(ModelTerms, Terms), Refusal> {
		let (bytes, limit) = (submission.prompt_len, MAX_PROMPT);
		ensure!(bytes <= limit, Refusal::PromptTooLong { bytes, limit });
		Self::check_output(submission)?;
		let model = T::Models::terms(&submission.model).ok_or(Refusal::UnknownModel)?;
		Self::check_model(&submission.model)?;
		Self::check_canary(&submission.model, &model)?;
		// No token is shorter than a byte.
		let max_input = bytes.saturating_add(model.template_tokens);
		let (tokens, limit) = (
			max_input.saturating_add(submission.max_output),
			model.context,
		);
		ensure!(tokens <= limit, Refusal::ContextExceeded { tokens, limit });
		Ok((model, Self::terms(&model, submission, max_input)))
	}

	fn check_output(submission: &SubmitTerms) -> Result<(), Refusal> {
		let (tokens, limit) = (submission.max_output, MAX_IDS);
		ensure!(tokens > 0, Refusal::NoOutput);
		ensure!(
			!submission.wants_ids || tokens <= limit,
			Refusal::ResultTooLong { tokens, limit }
		);
		Ok(())
	}

	fn terms(model: &ModelTerms, submission: &SubmitTerms, max_input: u32) -> Terms {
		// The ids of the result take room in a block as the prompt does.
		let ids = u32::from(submission.wants_ids).saturating_mul(submission.max_output);
		let bytes = ids
			.saturating_mul(ID_BYTES)
			.saturating_add(submission.prompt_len);
		Terms {
			max_input,
			max_output: submission.max_output,
			cost: model.cost,
			input_ratio: T::InputRatio::get(),
			floor: T::JobFloor::get(),
			payload: T::CuPerByte::get().saturating_mul(bytes.into()),
			percent: 100,
		}
	}

	/// The guardians have not paused the model.
	fn check_model(model: &ModelId) -> Result<(), Refusal> {
		match T::Pauses::model(model) {
			Some(until) => Err(Refusal::ModelPaused { until }),
			None => Ok(()),
		}
	}

	/// A model on trial has room within its share of the slots that workers offer for it: rounded
	/// down, and one job at the least.
	fn check_canary(id: &ModelId, model: &ModelTerms) -> Result<(), Refusal> {
		let Some(share) = model.canary else {
			return Ok(());
		};
		let limit = share.mul_floor(T::Workers::proven_slots(id)).max(1);
		let open = OpenJobs::<T>::get(id);
		ensure!(open < limit, Refusal::CanaryFull { open, limit });
		Ok(())
	}

	/// Enough workers serve the model that none of them can turn credits into its own pay alone.
	fn check_operators(model: &ModelId) -> Result<(), Refusal> {
		let (operators, needed) = (T::Workers::operators(model), T::MinOperators::get());
		ensure!(
			operators >= needed,
			Refusal::TooFewOperators { operators, needed }
		);
		Ok(())
	}

	fn check_slot(who: &T::AccountId, slot: u8, lane: Lane) -> Result<(), Refusal> {
		let owner = Funds::<T>::owner(lane, who);
		let slots = Funds::<T>::slots(lane, &owner).min(MAX_SLOTS);
		ensure!(slot < slots, Refusal::NoSuchSlot { slot, slots });
		match Slots::<T>::get(owner, slot) {
			Some(job) => Err(Refusal::SlotTaken { slot, job }),
			None => Ok(()),
		}
	}
}

impl<T: Config> Submissions<T::AccountId> for Pallet<T> {
	fn check_submit(who: &T::AccountId, terms: &SubmitTerms) -> Result<Cu, Refusal> {
		Self::checked(who, terms).map(|(_, _, terms)| terms.max_cu())
	}

	fn check_cancel(who: &T::AccountId, job: JobId) -> Result<(), Refusal> {
		Self::cancellable(who, job).map(|_| ())
	}
}
