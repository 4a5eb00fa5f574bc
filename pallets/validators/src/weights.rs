//! Weights of the pallet, counted in database accesses.

use polkadot_sdk::frame_support::weights::{constants::ParityDbWeight, Weight};

/// Weights that the pallet needs.
pub trait WeightInfo {
	/// The call `bond`.
	fn bond() -> Weight;
	/// The call `bond_more`.
	fn bond_more() -> Weight;
	/// The call `unbond`.
	fn unbond() -> Weight;
	/// The call `withdraw`.
	fn withdraw() -> Weight;
	/// The call `validate`.
	fn validate() -> Weight;
	/// The call `chill`.
	fn chill() -> Weight;
	/// The call `cancel_slash`.
	fn cancel_slash() -> Weight;
	/// A report that names `offenders`.
	fn on_offence(offenders: u32) -> Weight;
	/// Counting a block for its author.
	fn note_author() -> Weight;
	/// A look at the oldest pending slash.
	fn poll() -> Weight;
	/// Paying a slash out.
	fn pay_slash() -> Weight;
}

impl WeightInfo for () {
	// Ledger, account, its holds, a parameter, the clock and the candidates, a list that is decoded
	// and encoded as a whole.
	fn bond() -> Weight {
		step(120, 8, 5)
	}
	fn bond_more() -> Weight {
		step(120, 8, 5)
	}
	fn unbond() -> Weight {
		step(90, 6, 3)
	}
	fn withdraw() -> Weight {
		step(120, 8, 5)
	}
	// Session keys, the session, and the ledger of one that makes room.
	fn validate() -> Weight {
		step(90, 8, 4)
	}
	fn chill() -> Weight {
		step(90, 6, 3)
	}
	fn cancel_slash() -> Weight {
		step(120, 8, 5)
	}
	// Conviction, ledger, account, holds, candidates, clock, parameters, slash and its id; the
	// validators, who of them is disabled.
	fn on_offence(offenders: u32) -> Weight {
		step(200, 16, 9).saturating_mul(offenders.into())
	}
	fn note_author() -> Weight {
		step(5, 1, 1)
	}
	fn poll() -> Weight {
		step(5, 1, 1)
	}
	// Slash, clock, ledger, candidates, account, holds, and where it goes.
	fn pay_slash() -> Weight {
		step(120, 7, 6)
	}
}

fn step(microseconds: u64, reads: u64, writes: u64) -> Weight {
	let time = Weight::from_parts(microseconds * 1_000_000, 0);
	time.saturating_add(ParityDbWeight::get().reads_writes(reads, writes))
}
