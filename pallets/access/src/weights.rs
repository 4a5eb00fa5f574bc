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
	/// The call `delegate`.
	fn delegate() -> Weight;
	/// The call `undelegate`.
	fn undelegate() -> Weight;
	/// Paying a fee out of a stake.
	fn pay() -> Weight;
}

/// Weights by the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// An account, its holds, its record, the population, the tiers, the clock and its delegation.
const READS: u64 = 9;
/// An account, its holds, its record and the population.
const WRITES: u64 = 4;

fn change(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(60_000_000, 0).saturating_add(db.reads_writes(READS, WRITES))
}

/// A change of the record alone.
fn mark(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(30_000_000, 0).saturating_add(db.reads_writes(READS - 2, WRITES - 2))
}

/// Both ends of a delegation, the delegate's account, and the record.
fn redelegate(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(20_000_000, 0).saturating_add(db.reads_writes(5, 3))
}

/// The check of a signature.
const SIGNATURE: Weight = Weight::from_parts(60_000_000, 0);

/// A change that may end the stake, and with it a delegation.
fn reduce(change: Weight, db: RuntimeDbWeight) -> Weight {
	change.saturating_add(redelegate(db))
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn stake() -> Weight {
		change(T::DbWeight::get())
	}
	fn unstake() -> Weight {
		reduce(mark(T::DbWeight::get()), T::DbWeight::get())
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
	fn delegate() -> Weight {
		redelegate(T::DbWeight::get()).saturating_add(SIGNATURE)
	}
	fn undelegate() -> Weight {
		redelegate(T::DbWeight::get())
	}
	fn pay() -> Weight {
		reduce(change(T::DbWeight::get()), T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn stake() -> Weight {
		change(ParityDbWeight::get())
	}
	fn unstake() -> Weight {
		reduce(mark(ParityDbWeight::get()), ParityDbWeight::get())
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
	fn delegate() -> Weight {
		redelegate(ParityDbWeight::get()).saturating_add(SIGNATURE)
	}
	fn undelegate() -> Weight {
		redelegate(ParityDbWeight::get())
	}
	fn pay() -> Weight {
		reduce(change(ParityDbWeight::get()), ParityDbWeight::get())
	}
}
