//! Weights of the hook's steps: reads and writes of each, plus the time of its arithmetic.

use polkadot_sdk::frame_support::weights::constants::ParityDbWeight;
pub use polkadot_sdk::frame_support::weights::Weight;

/// Weight of each step of a block's work.
pub trait WeightInfo {
	/// A look at the pool, and a sale.
	fn sell() -> Weight;
	/// Start and end of a settlement.
	fn settle() -> Weight;
	/// One payee.
	fn pay() -> Weight;
	/// One statement dropped, or the end of a window.
	fn prune() -> Weight;
}

impl WeightInfo for () {
	// Reads: price, halt, clock, parameters (6), reserves (4), fee pot, quote (5), swap (9),
	// USDC account, pots, flows. Writes: price, halt, swap (6), pots, flows.
	fn sell() -> Weight {
		step(200_000_000, 30, 10)
	}

	// Reads: round, window (2), USDC account (2), pots, flows, queue, oldest statement. Writes: round,
	// window, pots, flows, queue, oldest statement.
	fn settle() -> Weight {
		step(30_000_000, 10, 6)
	}

	// Reads: payee, earnings, receipts, asset, both accounts, the payee's system account. Writes: the
	// same, and the statement, or the payee's new place in the queue if it cannot be paid.
	fn pay() -> Weight {
		step(80_000_000, 7, 8)
	}

	fn prune() -> Weight {
		step(10_000_000, 1, 1)
	}
}

fn step(picoseconds: u64, reads: u64, writes: u64) -> Weight {
	let time = Weight::from_parts(picoseconds, 0);
	time.saturating_add(ParityDbWeight::get().reads_writes(reads, writes))
}
