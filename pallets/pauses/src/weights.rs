//! Weights of the pallet, counted in database accesses.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};
use polkadot_sdk::*;

/// Weights that the pallet needs.
pub trait WeightInfo {
	/// [`pause`](crate::Pallet::pause).
	fn pause() -> Weight;
	/// [`resume`](crate::Pallet::resume).
	fn resume() -> Weight;
}

/// Execution beside storage, with room to spare for the list.
const BASE: Weight = Weight::from_parts(15_000_000, 4_096);

/// The time, the model's record and the list; the list is written.
fn pause(db: RuntimeDbWeight) -> Weight {
	BASE.saturating_add(db.reads_writes(5, 1))
}

/// The time and the list; the list is written.
fn resume(db: RuntimeDbWeight) -> Weight {
	BASE.saturating_add(db.reads_writes(2, 1))
}

/// Weights by the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn pause() -> Weight {
		pause(T::DbWeight::get())
	}
	fn resume() -> Weight {
		resume(T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn pause() -> Weight {
		pause(ParityDbWeight::get())
	}
	fn resume() -> Weight {
		resume(ParityDbWeight::get())
	}
}
