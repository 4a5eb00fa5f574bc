//! What clients ask of capacity.

use alloc::vec::Vec;

use codec::Codec;
use one_primitives::{capacity::ClassId, Cu};
use polkadot_sdk::*;

use crate::{ClassStatus, PriceStatus, Purchase, Spendable};

sp_api::decl_runtime_apis! {
	/// Vouchers: their price, their classes, and what an account may spend.
	pub trait CapacityApi<AccountId>
	where
		AccountId: Codec,
	{
		/// At what price vouchers are sold, and how many are.
		fn price() -> PriceStatus;
		/// What a purchase of `cu` costs now.
		fn quote_purchase(cu: Cu) -> Purchase;
		/// The classes that pay for jobs, oldest first.
		fn open_classes() -> Vec<ClassStatus<AccountId>>;
		/// A class, open or closed.
		fn class(class: ClassId) -> Option<ClassStatus<AccountId>>;
		/// What `who` may spend on the Dedicated lane: own vouchers, and those of its sponsor.
		fn spendable(who: AccountId) -> Spendable<AccountId>;
	}
}
