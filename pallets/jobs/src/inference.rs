//! Jobs of other pallets: how they come in, and how their results go out.

use one_primitives::{
	credits::{Refusal, Submissions, SubmitTerms},
	inference::{AskerId, Callbacks, Inference, JobPrice, JobResult, Request},
	jobs::{JobId, Lane, LaneChoice, MAX_SLOTS},
};
use polkadot_sdk::{
	frame_support::{ensure, storage::with_storage_layer, weights::Weight},
	sp_runtime::{DispatchError, DispatchResult},
};

use crate::{funds::Funds, Askers, Config, Error, Event, Pallet, Slots, WeightInfo};

impl<T: Config> Pallet<T> {
	/// Tells the pallet that waits for `job`, if there is one. This is the last step of whatever
	/// ended the job; a pallet that fails undoes its own work alone.
	pub(crate) fn tell(job: JobId, result: JobResult) {
		let Some(asker) = Askers::<T>::take(job) else {
			return;
		};
		let told = with_storage_layer(|| T::Callbacks::on_result(&asker, job, result));
		Self::deposit_event(match told {
			Ok(()) => Event::ResultDelivered { asker, job },
			Err(error) => Event::ResultRejected { asker, job, error },
		});
	}

	/// The terms of a pallet's request.
	fn asked(payer: &T::AccountId, request: &Request) -> SubmitTerms {
		SubmitTerms {
			slot: Self::first_slot(payer),
			lane: LaneChoice::Dedicated,
			model: request.model,
			prompt_len: u32::try_from(request.prompt.len()).unwrap_or(u32::MAX),
			max_output: request.max_output,
			wants_ids: true,
		}
	}

	/// The first free job slot; a taken one where none is free, so that the check says so.
	fn first_slot(payer: &T::AccountId) -> u8 {
		(0..Funds::<T>::slots(Lane::Dedicated, payer).min(MAX_SLOTS))
			.find(|slot| !Slots::<T>::contains_key(payer, slot))
			.unwrap_or_default()
	}

	/// Submits a job of which `asker` is told.
	pub(crate) fn ask(
		asker: AskerId,
		payer: &T::AccountId,
		request: Request,
	) -> Result<JobId, DispatchError> {
		let terms = Self::asked(payer, &request);
		let job = Self::do_submit(payer.clone(), terms, request.prompt)?;
		Askers::<T>::insert(job, asker);
		Ok(job)
	}
}

impl<T: Config> Inference<T::AccountId> for Pallet<T> {
	fn quote(payer: &T::AccountId, request: &Request) -> Result<JobPrice, Refusal> {
		let cu = Self::check_submit(payer, &Self::asked(payer, request))?;
		let usdc = Funds::<T>::price(Lane::Dedicated, payer, cu);
		Ok(JobPrice { cu, usdc })
	}

	fn submit(
		asker: AskerId,
		payer: &T::AccountId,
		request: Request,
	) -> Result<JobId, DispatchError> {
		ensure!(T::Callbacks::knows(&asker), Error::<T>::UnknownAsker);
		with_storage_layer(|| Self::ask(asker, payer, request))
	}

	fn cancel(payer: &T::AccountId, job: JobId) -> DispatchResult {
		with_storage_layer(|| Self::do_cancel(payer.clone(), job))
	}

	fn submit_weight(prompt_len: u32) -> Weight {
		T::WeightInfo::submit_for_pallet(prompt_len)
	}

	fn cancel_weight() -> Weight {
		T::WeightInfo::cancel_job().saturating_add(T::Callbacks::weight())
	}
}
