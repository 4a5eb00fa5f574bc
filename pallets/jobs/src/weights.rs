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
	/// Weight of `submit_included`, `b` from 0 to 2048.
	fn submit_included(b: u32) -> Weight;
	/// Weight of `submit_dedicated`, `b` from 0 to 2048.
	fn submit_dedicated(b: u32) -> Weight;
	/// Weight of `submit_for_pallet`, `b` from 0 to 2048.
	fn submit_for_pallet(b: u32) -> Weight;
	/// Weight of `cancel_job`.
	fn cancel_job() -> Weight;
	/// Weight of `match_base`.
	fn match_base() -> Weight;
	/// Weight of `match_line`.
	fn match_line() -> Weight;
	/// Weight of `match_job`.
	fn match_job() -> Weight;
	/// Weight of `deadline_base`.
	fn deadline_base() -> Weight;
	/// Weight of `deadline_bucket`.
	fn deadline_bucket() -> Weight;
	/// Weight of `deadline`.
	fn deadline() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn submit_included(_b: u32) -> Weight {
		Weight::from_parts(223_793_282, 0)
			.saturating_add(T::DbWeight::get().reads(25))
			.saturating_add(T::DbWeight::get().writes(12))
	}
	fn submit_dedicated(_b: u32) -> Weight {
		Weight::from_parts(918_471_900, 0)
			.saturating_add(T::DbWeight::get().reads(76))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn submit_for_pallet(b: u32) -> Weight {
		Weight::from_parts(865_487_211, 0)
			.saturating_add(Weight::from_parts(6_233, 0).saturating_mul(b.into()))
			.saturating_add(T::DbWeight::get().reads(81))
			.saturating_add(T::DbWeight::get().writes(21))
	}
	fn cancel_job() -> Weight {
		Weight::from_parts(473_293_000, 0)
			.saturating_add(T::DbWeight::get().reads(25))
			.saturating_add(T::DbWeight::get().writes(23))
	}
	fn match_base() -> Weight {
		Weight::from_parts(36_334_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn match_line() -> Weight {
		Weight::from_parts(80_209_000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn match_job() -> Weight {
		Weight::from_parts(664_386_000, 0)
			.saturating_add(T::DbWeight::get().reads(49))
			.saturating_add(T::DbWeight::get().writes(30))
	}
	fn deadline_base() -> Weight {
		Weight::from_parts(14_021_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn deadline_bucket() -> Weight {
		Weight::from_parts(6_770_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn deadline() -> Weight {
		Weight::from_parts(376_889_000, 0)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(22))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn submit_included(_b: u32) -> Weight {
		Weight::from_parts(223_793_282, 0)
			.saturating_add(ParityDbWeight::get().reads(25))
			.saturating_add(ParityDbWeight::get().writes(12))
	}
	fn submit_dedicated(_b: u32) -> Weight {
		Weight::from_parts(918_471_900, 0)
			.saturating_add(ParityDbWeight::get().reads(76))
			.saturating_add(ParityDbWeight::get().writes(20))
	}
	fn submit_for_pallet(b: u32) -> Weight {
		Weight::from_parts(865_487_211, 0)
			.saturating_add(Weight::from_parts(6_233, 0).saturating_mul(b.into()))
			.saturating_add(ParityDbWeight::get().reads(81))
			.saturating_add(ParityDbWeight::get().writes(21))
	}
	fn cancel_job() -> Weight {
		Weight::from_parts(473_293_000, 0)
			.saturating_add(ParityDbWeight::get().reads(25))
			.saturating_add(ParityDbWeight::get().writes(23))
	}
	fn match_base() -> Weight {
		Weight::from_parts(36_334_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn match_line() -> Weight {
		Weight::from_parts(80_209_000, 0)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn match_job() -> Weight {
		Weight::from_parts(664_386_000, 0)
			.saturating_add(ParityDbWeight::get().reads(49))
			.saturating_add(ParityDbWeight::get().writes(30))
	}
	fn deadline_base() -> Weight {
		Weight::from_parts(14_021_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn deadline_bucket() -> Weight {
		Weight::from_parts(6_770_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn deadline() -> Weight {
		Weight::from_parts(376_889_000, 0)
			.saturating_add(ParityDbWeight::get().reads(22))
			.saturating_add(ParityDbWeight::get().writes(22))
	}
}
