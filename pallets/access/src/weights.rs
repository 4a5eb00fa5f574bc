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
	/// Weight of `stake`.
	fn stake() -> Weight;
	/// Weight of `unstake`.
	fn unstake() -> Weight;
	/// Weight of `withdraw`.
	fn withdraw() -> Weight;
	/// Weight of `retier`.
	fn retier() -> Weight;
	/// Weight of `lock`.
	fn lock() -> Weight;
	/// Weight of `delegate`.
	fn delegate() -> Weight;
	/// Weight of `undelegate`.
	fn undelegate() -> Weight;
	/// Weight of `pay`.
	fn pay() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn stake() -> Weight {
		Weight::from_parts(201_699_000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn unstake() -> Weight {
		Weight::from_parts(137_705_000, 0)
			.saturating_add(T::DbWeight::get().reads(14))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(156_142_000, 0)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn retier() -> Weight {
		Weight::from_parts(116_082_000, 0)
			.saturating_add(T::DbWeight::get().reads(11))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn lock() -> Weight {
		Weight::from_parts(101_721_000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn delegate() -> Weight {
		Weight::from_parts(120_418_000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn undelegate() -> Weight {
		Weight::from_parts(86_879_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn pay() -> Weight {
		Weight::from_parts(246_846_000, 0)
			.saturating_add(T::DbWeight::get().reads(17))
			.saturating_add(T::DbWeight::get().writes(8))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn stake() -> Weight {
		Weight::from_parts(201_699_000, 0)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn unstake() -> Weight {
		Weight::from_parts(137_705_000, 0)
			.saturating_add(ParityDbWeight::get().reads(14))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(156_142_000, 0)
			.saturating_add(ParityDbWeight::get().reads(12))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn retier() -> Weight {
		Weight::from_parts(116_082_000, 0)
			.saturating_add(ParityDbWeight::get().reads(11))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn lock() -> Weight {
		Weight::from_parts(101_721_000, 0)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn delegate() -> Weight {
		Weight::from_parts(120_418_000, 0)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn undelegate() -> Weight {
		Weight::from_parts(86_879_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn pay() -> Weight {
		Weight::from_parts(246_846_000, 0)
			.saturating_add(ParityDbWeight::get().reads(17))
			.saturating_add(ParityDbWeight::get().writes(8))
	}
}
