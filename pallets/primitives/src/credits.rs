//! How a job is paid for: reserved before it starts, charged by its receipt.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_runtime::{DispatchError, DispatchResult};
use scale_info::TypeInfo;

use crate::{access::TierId, clock::Day, Cu, Usdc};

/// What was set aside for one job.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Reservation {
	/// Credit day out of whose pot the job is paid.
	pub day: Day,
	/// CU set aside.
	pub reserved: Cu,
}

/// A lane's money: [`reserve`](LaneFunds::reserve) before the job, then exactly one of
/// [`charge`](LaneFunds::charge) and [`release`](LaneFunds::release).
pub trait LaneFunds<AccountId> {
	/// Sets `cu` of `who` aside; from here on the job's whole price is in a pot.
	///
	/// # Errors
	/// Naming what is missing: stake, tier, credits, or a size within the tier's limit.
	fn reserve(who: &AccountId, min_tier: TierId, cu: Cu) -> Result<Reservation, DispatchError>;
	/// Takes `charged <= reserved`, frees the rest for `who`, and moves the price of the charge
	/// to the earnings of `worker`; returns that price.
	///
	/// # Errors
	/// If the books do not hold what was reserved.
	fn charge(
		who: &AccountId,
		reservation: &Reservation,
		charged: Cu,
		worker: &AccountId,
	) -> Result<Usdc, DispatchError>;
	/// Frees all of a job that came to nothing, across a day change too.
	///
	/// # Errors
	/// If the books do not hold what was reserved.
	fn release(who: &AccountId, reservation: &Reservation) -> DispatchResult;
	/// Price of `cu` in micro-USDC today, rounded down.
	fn price(cu: Cu) -> Usdc;
	/// CU that `who` could reserve now.
	fn available(who: &AccountId) -> Cu;
}
