//! What clients ask of receipts.

// The macro writes functions that it does not document.
#![allow(missing_docs)]

use codec::Codec;
use one_primitives::jobs::JobId;
use polkadot_sdk::*;

use crate::ReceiptStatus;

sp_api::decl_runtime_apis! {
	/// Receipts of served jobs.
	pub trait ReceiptsApi<AccountId>
	where
		AccountId: Codec,
	{
		/// The receipt of `job`: all of it until the job is final, then a stub, in time nothing.
		fn receipt(job: JobId) -> Option<ReceiptStatus<AccountId>>;
	}
}
