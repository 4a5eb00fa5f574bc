//! Weights of the calls.

use polkadot_sdk::frame_support::weights::{constants::ParityDbWeight, Weight};

/// Cost of each call.
pub trait WeightInfo {
	/// [`register`](crate::Pallet::register).
	fn register() -> Weight;
	/// [`stage`](crate::Pallet::stage).
	fn stage() -> Weight;
	/// [`activate`](crate::Pallet::activate).
	fn activate() -> Weight;
	/// [`retire`](crate::Pallet::retire).
	fn retire() -> Weight;
	/// [`remove`](crate::Pallet::remove).
	fn remove() -> Weight;
	/// [`propose`](crate::Pallet::propose).
	fn propose() -> Weight;
	/// [`withdraw_proposal`](crate::Pallet::withdraw_proposal).
	fn withdraw_proposal() -> Weight;
	/// [`reject`](crate::Pallet::reject).
	fn reject() -> Weight;
}

/// Execution beside storage, with room to spare.
const BASE: Weight = Weight::from_parts(15_000_000, 4_096);

fn storage(reads: u64, writes: u64) -> Weight {
	BASE.saturating_add(ParityDbWeight::get().reads_writes(reads, writes))
}

/// Counted from the storage that each call touches.
impl WeightInfo for () {
	// The model, the counter, the proposals.
	fn register() -> Weight {
		storage(3, 3)
	}
	fn stage() -> Weight {
		storage(2, 1)
	}
	fn activate() -> Weight {
		storage(2, 1)
	}
	fn retire() -> Weight {
		storage(1, 1)
	}
	// The model, the counter; the proposer's account and holds.
	fn remove() -> Weight {
		storage(4, 4)
	}
	// The model, the counter, the proposals, the deposit; account and holds.
	fn propose() -> Weight {
		storage(6, 5)
	}
	fn withdraw_proposal() -> Weight {
		storage(5, 5)
	}
	// The fee pot's account, too.
	fn reject() -> Weight {
		storage(6, 6)
	}
}
