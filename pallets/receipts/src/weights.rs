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
	/// Weight of `prune_base`.
	fn prune_base() -> Weight;
	/// Weight of `prune_bucket`.
	fn prune_bucket() -> Weight;
	/// Weight of `prune_stub`.
	fn prune_stub() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn prune_base() -> Weight {
		Weight::from_parts(16_614_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn prune_bucket() -> Weight {
		Weight::from_parts(7_371_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn prune_stub() -> Weight {
		Weight::from_parts(14_492_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn prune_base() -> Weight {
		Weight::from_parts(16_614_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn prune_bucket() -> Weight {
		Weight::from_parts(7_371_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn prune_stub() -> Weight {
		Weight::from_parts(14_492_000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
}
