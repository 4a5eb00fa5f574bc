//! Weights, counted in reads and writes of storage.

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
	/// `cancel_job` of a job that a worker holds.
	fn cancel_job() -> Weight;
	/// Start of matching.
	fn match_base() -> Weight;
	/// Turn of one model, without a match.
	fn match_model() -> Weight;
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
	// Registry, pauses, delegation, stake, ledger, day, slot, queue; job, payload, slot, deadline, links,
	// ledger, day.
	fn submit_included(bytes: u32) -> Weight {
		cost(40, 19, 13).saturating_add(prompt(bytes))
	}
	// What the Included lane reads before it refuses; the sponsor, and the balances of both in all
	// classes, twice; two transfers of vouchers.
	fn submit_dedicated(bytes: u32) -> Weight {
		cost(120, 85, 18).saturating_add(prompt(bytes))
	}
	// The delegation; two lots: burnt, paid out of escrow, booked, and the rest given back.
	fn cancel_job() -> Weight {
		cost(150, 39, 32)
	}
	fn match_base() -> Weight {
		cost(10, 4, 1)
	}
	fn match_model() -> Weight {
		cost(5, 3, 0)
	}
	fn match_job() -> Weight {
		cost(40, 16, 16)
	}
	fn deadline_base() -> Weight {
		cost(5, 2, 1)
	}
	fn deadline_bucket() -> Weight {
		cost(5, 1, 0)
	}
	// A Dedicated job that failed: the vouchers of both lots go back.
	fn deadline() -> Weight {
		cost(80, 24, 24)
	}
}
