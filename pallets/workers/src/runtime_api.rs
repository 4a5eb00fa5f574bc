//! What a client asks of the workers.

use codec::Codec;
use one_primitives::workers::crypto::WorkerKey;
use polkadot_sdk::sp_api;

use crate::types::WorkerStatus;

sp_api::decl_runtime_apis! {
	/// The registered workers.
	pub trait WorkersApi<AccountId, Balance, BlockNumber>
	where
		AccountId: Codec,
		Balance: Codec,
		BlockNumber: Codec,
	{
		/// What is known of `who`.
		fn worker(who: AccountId) -> Option<WorkerStatus<Balance, BlockNumber>>;
		/// The worker whose node signs with `key`.
		fn worker_of_key(key: WorkerKey) -> Option<AccountId>;
	}
}
