//! Weights of the pallet, counted in database accesses.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};
use polkadot_sdk::*;

/// Weights that the pallet needs.
pub trait WeightInfo {
	/// Looking in a block whether a day begins.
	fn poll() -> Weight;
	/// Opening a day and closing the one before; the same for any number of holders.
	fn open_day() -> Weight;
	/// Admitting a submission without a fee.
	fn charge_credit() -> Weight;
	/// Taking a fee out of a stake.
	fn charge_stake() -> Weight;
}

/// Weights by the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

fn poll(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(5_000_000, 0).saturating_add(db.reads(3))
}

/// Two days' books, both pots, the population, the tiers and the parameters.
fn open_day(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(100_000_000, 0).saturating_add(db.reads_writes(16, 8))
}

/// The day, whose delegate it is, the stake, the ledger, the block's share, the model, the slot and
/// the queue.
fn charge_credit(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(60_000_000, 0).saturating_add(db.reads_writes(17, 2))
}

/// The stake, the account, its holds, the population, where fees go, and a delegation that ends.
fn charge_stake(db: RuntimeDbWeight) -> Weight {
	Weight::from_parts(80_000_000, 0).saturating_add(db.reads_writes(13, 9))
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn poll() -> Weight {
		poll(T::DbWeight::get())
	}
	fn open_day() -> Weight {
		open_day(T::DbWeight::get())
	}
	fn charge_credit() -> Weight {
		charge_credit(T::DbWeight::get())
	}
	fn charge_stake() -> Weight {
		charge_stake(T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn poll() -> Weight {
		poll(ParityDbWeight::get())
	}
	fn open_day() -> Weight {
		open_day(ParityDbWeight::get())
	}
	fn charge_credit() -> Weight {
		charge_credit(ParityDbWeight::get())
	}
	fn charge_stake() -> Weight {
		charge_stake(ParityDbWeight::get())
	}
}
