//! Capacity that sponsors buy: vouchers in classes of one price each, and bookings of throughput.

use crate::{workers::SlotUse, Cu};

/// Number of a class of vouchers: all that were sold at one price.
pub type ClassId = u32;

/// Number of a booking: throughput that a sponsor has reserved for a while.
pub type BookingId = u32;

/// What the workers have shown that they can serve.
pub trait ProvenCapacity {
	/// CU in a credit day.
	fn cu_per_day() -> Cu;
}

/// Slots bound to bookings, as the market takes and returns them.
pub trait Bookings<AccountId> {
	/// Takes an idle slot of `booking`; a free one, drawn by `random`, in place of one it has lost.
	fn take_slot(booking: BookingId, random: u64) -> Option<AccountId>;
	/// Returns a slot of `worker` that was taken from `booking`; it stays bound unless the worker
	/// is to blame.
	fn return_slot(booking: BookingId, worker: &AccountId, slot_use: SlotUse);
}
