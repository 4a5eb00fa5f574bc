//! Weights of the pallet, as its benchmarks measured them on AMD EPYC; `scripts/weights` writes this file.
//!
//! 2026-11-21; 20 steps, 10 repeats. What the database takes is added by the runtime's figures.

use core::marker::PhantomData;

use polkadot_sdk::{
	frame_support::{
		traits::Get,
		weights::{constants::ParityDbWeight, Weight},
	},
	frame_system,
};

/// What the calls of the pallet and the steps of its hook take at the most, each by the benchmark of its name.
pub trait WeightInfo {
	/// Weight of `sell`.
	fn sell() -> Weight;
	/// Weight of `stipend`.
	fn stipend() -> Weight;
	/// Weight of `settle`.
	fn settle() -> Weight;
	/// Weight of `pay`.
	fn pay() -> Weight;
	/// Weight of `prune`.
	fn prune() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn sell() -> Weight {
		Weight::from_parts(328_517_000, 0)
			.saturating_add(T::DbWeight::get().reads(15))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn stipend() -> Weight {
		Weight::from_parts(107_450_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn settle() -> Weight {
		Weight::from_parts(81_712_000, 0)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn pay() -> Weight {
		Weight::from_parts(163_072_000, 0)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(10))
	}
	fn prune() -> Weight {
		Weight::from_parts(13_130_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn sell() -> Weight {
		Weight::from_parts(328_517_000, 0)
			.saturating_add(ParityDbWeight::get().reads(15))
			.saturating_add(ParityDbWeight::get().writes(9))
	}
	fn stipend() -> Weight {
		Weight::from_parts(107_450_000, 0)
			.saturating_add(ParityDbWeight::get().reads(5))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn settle() -> Weight {
		Weight::from_parts(81_712_000, 0)
			.saturating_add(ParityDbWeight::get().reads(12))
			.saturating_add(ParityDbWeight::get().writes(6))
	}
	fn pay() -> Weight {
		Weight::from_parts(163_072_000, 0)
			.saturating_add(ParityDbWeight::get().reads(9))
			.saturating_add(ParityDbWeight::get().writes(10))
	}
	fn prune() -> Weight {
		Weight::from_parts(13_130_000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
}
