//! Runtime API of the settlement.

extern crate alloc;

use alloc::vec::Vec;

use codec::Codec;
use polkadot_sdk::sp_api;

use crate::types::{PaymentStatement, PotsStatus, Statement};

sp_api::decl_runtime_apis! {
	/// What workers are owed, and what is in the pots.
	pub trait SettlementApi<AccountId>
	where
		AccountId: Codec,
	{
		/// What `worker` is owed and was paid, in micro-USDC; all zero for one never heard of.
		fn statement(worker: AccountId) -> Statement;
		/// What `worker` was paid in the last 30 days, the oldest payment first.
		fn payments(worker: AccountId) -> Vec<PaymentStatement<AccountId>>;
		/// What is in the pots.
		fn pots() -> PotsStatus;
	}
}
