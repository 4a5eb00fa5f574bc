//! What clients ask the market.

// The macro writes functions that it does not document.
#![allow(missing_docs)]

use alloc::vec::Vec;

use codec::Codec;
use one_primitives::{
	credits::Refusal,
	jobs::{JobId, LaneChoice},
	models::ModelId,
};
use polkadot_sdk::*;

use crate::{JobStatus, Quote};

sp_api::decl_runtime_apis! {
	/// Quotes and states of jobs.
	pub trait JobsApi<AccountId>
	where
		AccountId: Codec,
	{
		/// What a job of `who` would cost at the most, or what it is missing.
		fn quote(
			who: AccountId,
			model: ModelId,
			lane: LaneChoice,
			prompt_len: u32,
			max_output: u32,
		) -> Result<Quote, Refusal>;
		/// Where `job` stands; none once it is final or came to nothing: events and its receipt
		/// tell the rest.
		fn job(job: JobId) -> Option<JobStatus<AccountId>>;
		/// Open jobs of `who`, by slot.
		fn open_jobs(who: AccountId) -> Vec<JobStatus<AccountId>>;
	}
}
