//! Weights, counted in reads and writes of storage.

use polkadot_sdk::frame_support::weights::{
	constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MICROS},
	Weight,
};

/// Weights of the steps of this pallet.
pub trait WeightInfo {
	/// Start of pruning.
	fn prune_base() -> Weight;
	/// An empty bucket.
	fn prune_bucket() -> Weight;
	/// One stub.
	fn prune_stub() -> Weight;
}

/// Time outside of storage, in microseconds, and storage accesses on ParityDB.
fn cost(micros: u64, reads: u64, writes: u64) -> Weight {
	Weight::from_parts(micros.saturating_mul(WEIGHT_REF_TIME_PER_MICROS), 0)
		.saturating_add(ParityDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	fn prune_base() -> Weight {
		cost(5, 2, 1)
	}
	fn prune_bucket() -> Weight {
		cost(5, 1, 0)
	}
	fn prune_stub() -> Weight {
		cost(10, 1, 2)
	}
}
