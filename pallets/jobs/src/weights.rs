//! Weights, counted in reads and writes of storage.

use one_primitives::jobs::MAX_SLOTS;
use polkadot_sdk::frame_support::weights::{
	constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MICROS},
	Weight,
};

/// Weights of the calls and of each step of the hook.
pub trait WeightInfo {
	/// `submit_job` on the Included lane with a prompt of `bytes`.
	fn submit_included(bytes: u32) -> Weight;
	/// `submit_job` on any other lane with a prompt of `bytes`.
	fn submit_dedicated(bytes: u32) -> Weight;
	/// A pallet's submission of a prompt of `bytes`.
	fn submit_for_pallet(bytes: u32) -> Weight;
	/// `cancel_job` of a job that a worker holds.
	fn cancel_job() -> Weight;
	/// Start of matching.
	fn match_base() -> Weight;
	/// Turn of one line, without a match.
	fn match_line() -> Weight;
	/// One match, two draws included.
	fn match_job() -> Weight;
	/// Start of deadlines.
	fn deadline_base() -> Weight;
	/// An empty bucket.
	fn deadline_bucket() -> Weight;
	/// One deadline.
	fn deadline() -> Weight;
}

/// Time outside of storage, in microseconds, and storage accesses on ParityDB.
fn cost(micros: u64, reads: u64, writes: u64) -> Weight {
	Weight::from_parts(micros.saturating_mul(WEIGHT_REF_TIME_PER_MICROS), 0)
		.saturating_add(ParityDbWeight::get().reads_writes(reads, writes))
}

/// Copying and hashing a prompt.
fn prompt(bytes: u32) -> Weight {
	Weight::from_parts(u64::from(bytes).saturating_mul(500), 0)
}

impl WeightInfo for () {
	// Registry, pauses, operators and slots, open jobs, delegation, stake, ledger, day, slot, queue; job,
	// payload, slot, open jobs, deadline, links, ledger, day.
	fn submit_included(bytes: u32) -> Weight {
		cost(40, 23, 14).saturating_add(prompt(bytes))
	}
	// What the Included lane reads before it refuses; the sponsor, and the balances of both in all
	// classes, twice; two transfers of vouchers; the bookings of both.
	fn submit_dedicated(bytes: u32) -> Weight {
		cost(140, 93, 20).saturating_add(prompt(bytes))
	}
	// All job slots, and who asks.
	fn submit_for_pallet(bytes: u32) -> Weight {
		cost(20, MAX_SLOTS.into(), 1).saturating_add(Self::submit_dedicated(bytes))
	}
	// The delegation; two lots: burnt, paid out of escrow, booked, and the rest given back; the sponsor's
	// record; open jobs; who asked.
	fn cancel_job() -> Weight {
		cost(150, 43, 35)
	}
	fn match_base() -> Weight {
		cost(10, 4, 1)
	}
	fn match_line() -> Weight {
		cost(5, 3, 0)
	}
	// Two draws, or the record of a booking and the workers of all its slots.
	fn match_job() -> Weight {
		cost(60, 50, 20)
	}
	fn deadline_base() -> Weight {
		cost(5, 2, 1)
	}
	fn deadline_bucket() -> Weight {
		cost(5, 1, 0)
	}
	// A Dedicated job that failed: the vouchers of both lots go back; open jobs; who asked.
	fn deadline() -> Weight {
		cost(80, 26, 26)
	}
}
