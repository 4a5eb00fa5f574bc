//! What a client asks of the workers.

use codec::Codec;
use one_primitives::workers::{crypto::WorkerKey, Offence};
use polkadot_sdk::{sp_api, sp_runtime::DispatchError};

use crate::{
	types::{Offer, WorkerStatus},
	BondQuote, Penalty,
};

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
		/// What registering with `offer`, or updating to it, would do to the bond of `who`; or
		/// why the offer would be refused.
		fn bond_quote(who: AccountId, offer: Offer) -> Result<BondQuote<Balance>, DispatchError>;
		/// What `offence` would cost the worker `who` now.
		fn penalty_preview(who: AccountId, offence: Offence) -> Option<Penalty<Balance>>;
	}
}
