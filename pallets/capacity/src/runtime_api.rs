//! What clients ask of capacity.

use alloc::vec::Vec;

use codec::Codec;
use one_primitives::{
	capacity::{BookingId, ClassId},
	models::ModelId,
	Cu, ProtocolTime,
};
use polkadot_sdk::*;
use sp_runtime::DispatchError;

use crate::{Booking, ClassStatus, PriceStatus, Purchase, Spendable, ThroughputQuote};

sp_api::decl_runtime_apis! {
	/// Vouchers: their price, their classes, and what an account may spend.
	pub trait CapacityApi<AccountId>
	where
		AccountId: Codec,
	{
		/// At what price vouchers are sold, and how many are.
		fn price() -> PriceStatus;
		/// What a purchase of `cu` costs `who` now.
		fn quote_purchase(who: AccountId, cu: Cu) -> Purchase;
		/// The classes that pay for jobs, oldest first.
		fn open_classes() -> Vec<ClassStatus<AccountId>>;
		/// A class, open or closed.
		fn class(class: ClassId) -> Option<ClassStatus<AccountId>>;
		/// What `who` may spend on the Dedicated lane: own vouchers, and those of its sponsor.
		fn spendable(who: AccountId) -> Spendable<AccountId>;
		/// What it would take `sponsor` to reserve throughput now.
		fn quote_throughput(
			sponsor: AccountId,
			model: ModelId,
			cu_per_minute: Cu,
			period: ProtocolTime,
		) -> Result<ThroughputQuote, DispatchError>;
		/// The bookings of `sponsor`, by number.
		fn bookings(sponsor: AccountId) -> Vec<(BookingId, Booking<AccountId>)>;
	}
}
