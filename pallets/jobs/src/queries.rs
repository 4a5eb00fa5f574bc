//! What clients ask.

use alloc::vec::Vec;

use one_primitives::{
	credits::{Refusal, SubmitTerms},
	jobs::{JobId, Lane, MAX_SLOTS},
};

use crate::{funds::Funds, types::*, Config, Jobs, Pallet, Slots};

impl<T: Config> Pallet<T> {
	/// What a job of this size would cost `who` now; for [`JobsApi`](crate::runtime_api::JobsApi).
	///
	/// # Errors
	/// What is missing, as the submission would be refused; slots aside, for none is named.
	pub fn quote(who: &T::AccountId, request: &SubmitTerms) -> Result<Quote, Refusal> {
		let (model, terms) = Self::sized(request)?;
		let admits = |lane| Self::check_lane(who, request, lane, &model, &terms);
		let lane = request.lane.resolve(admits)?;
		let terms = Self::on_lane(who, request, lane, &terms);
		let (cu, owner) = (terms.max_cu(), Funds::<T>::owner(lane, who));
		Ok(Quote {
			lane,
			cu,
			percent: terms.percent,
			price_usdc: Funds::<T>::price(lane, &owner, cu),
			available: Funds::<T>::available(lane, &owner),
			max_input: terms.max_input,
			resets_at: Funds::<T>::resets_at(lane),
		})
	}

	/// Where a job stands, until it is final; for [`JobsApi`](crate::runtime_api::JobsApi).
	pub fn job(id: JobId) -> Option<JobStatus<T::AccountId>> {
		Jobs::<T>::get(id).map(|job| JobStatus {
			job: id,
			lane: job.lane(),
			owner: job.owner,
			slot: job.slot,
			model: job.model,
			max_input: job.terms.max_input,
			max_output: job.terms.max_output,
			reserved: job.reserved,
			booking: job.booking,
			attempts: job.attempts,
			state: job.state,
		})
	}

	/// Open jobs of `who`, and of the holder whose delegate it is, by slot; for
	/// [`JobsApi`](crate::runtime_api::JobsApi).
	pub fn open_jobs(who: &T::AccountId) -> Vec<JobStatus<T::AccountId>> {
		let holder = Funds::<T>::owner(Lane::Included, who);
		let holder = Some(holder).filter(|holder| holder != who);
		let owners = holder.into_iter().chain([who.clone()]);
		owners
			.flat_map(|owner| (0..MAX_SLOTS).filter_map(move |slot| Slots::<T>::get(&owner, slot)))
			.filter_map(Self::job)
			.collect()
	}
}
