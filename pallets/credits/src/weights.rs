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
	/// Weight of `poll`.
	fn poll() -> Weight;
	/// Weight of `open_day`.
	fn open_day() -> Weight;
	/// Weight of `charge_credit`.
	fn charge_credit() -> Weight;
	/// Weight of `charge_stake`.
	fn charge_stake() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn poll() -> Weight {
		Weight::from_parts(22_243_000, 0).saturating_add(T::DbWeight::get().reads(4))
	}
	fn open_day() -> Weight {
		Weight::from_parts(140_789_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(6))
	}
	fn charge_credit() -> Weight {
		Weight::from_parts(190_102_000, 0)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn charge_stake() -> Weight {
		Weight::from_parts(216_161_000, 0)
			.saturating_add(T::DbWeight::get().reads(16))
			.saturating_add(T::DbWeight::get().writes(5))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn poll() -> Weight {
		Weight::from_parts(22_243_000, 0).saturating_add(ParityDbWeight::get().reads(4))
	}
	fn open_day() -> Weight {
		Weight::from_parts(140_789_000, 0)
			.saturating_add(ParityDbWeight::get().reads(18))
			.saturating_add(ParityDbWeight::get().writes(6))
	}
	fn charge_credit() -> Weight {
		Weight::from_parts(190_102_000, 0)
			.saturating_add(ParityDbWeight::get().reads(22))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn charge_stake() -> Weight {
		Weight::from_parts(216_161_000, 0)
			.saturating_add(ParityDbWeight::get().reads(16))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
}
