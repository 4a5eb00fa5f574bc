//! Runtime API of the settlement.

use codec::Codec;
use polkadot_sdk::sp_api;

use crate::types::{PotsStatus, Statement};

sp_api::decl_runtime_apis! {
	/// What workers are owed, and what is in the pots.
	pub trait SettlementApi<AccountId>
	where
		AccountId: Codec,
	{
		/// What `worker` is owed and was paid, in micro-USDC; all zero for one never heard of.
		fn statement(worker: AccountId) -> Statement;
		/// What is in the pots.
		fn pots() -> PotsStatus;
	}
}
