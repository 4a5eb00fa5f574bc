//! Weights of the pallet, counted in database accesses.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};
use polkadot_sdk::*;

/// Weights that the pallet needs.
pub trait WeightInfo {
	/// The call `stake`.
	fn stake() -> Weight;
	/// The calls `unstake` and `exit`.
	fn unstake() -> Weight;
	/// The call `withdraw`.
	fn withdraw() -> Weight;
	/// The call `retier`.
	fn retier() -> Weight;
	/// The call `lock`.
	fn lock() -> Weight;
	/// Paying a fee out of a stake.
	fn pay() -> Weight;
}

/// Weights by the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// An account, its holds, its record, the population, the tiers and the clock.
const READS: u64 = 8;
/// An account, its holds, its record and the population.
const WRITES: u64 = 4;

fn change(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(60_000_000, 0).saturating_add(db.reads_writes(READS, WRITES))
}

/// A change of the record alone.
fn mark(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(30_000_000, 0).saturating_add(db.reads_writes(READS - 2, WRITES - 2))
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn stake() -> Weight {
		change(T::DbWeight::get())
	}
	fn unstake() -> Weight {
		mark(T::DbWeight::get())
	}
	fn withdraw() -> Weight {
		change(T::DbWeight::get())
	}
	fn retier() -> Weight {
		mark(T::DbWeight::get())
	}
	fn lock() -> Weight {
		mark(T::DbWeight::get())
	}
	fn pay() -> Weight {
		change(T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn stake() -> Weight {
		change(ParityDbWeight::get())
	}
	fn unstake() -> Weight {
		mark(ParityDbWeight::get())
	}
	fn withdraw() -> Weight {
		change(ParityDbWeight::get())
	}
	fn retier() -> Weight {
		mark(ParityDbWeight::get())
	}
	fn lock() -> Weight {
		mark(ParityDbWeight::get())
	}
	fn pay() -> Weight {
		change(ParityDbWeight::get())
	}
}
