//! Weights of the pallet, as its benchmarks measured them on Intel(R) Xeon(R) Processor; `scripts/weights` writes this file.
//!
//! 2026-11-20; 10 steps, 20 repeats. What the database takes is added by the runtime's figures.

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
	/// Weight of `register`.
	fn register() -> Weight;
	/// Weight of `update`.
	fn update() -> Weight;
	/// Weight of `rotate_key`.
	fn rotate_key() -> Weight;
	/// Weight of `drain`.
	fn drain() -> Weight;
	/// Weight of `leave`.
	fn leave() -> Weight;
	/// Weight of `withdraw`.
	fn withdraw() -> Weight;
	/// Weight of `start_maintenance`.
	fn start_maintenance() -> Weight;
	/// Weight of `resume`.
	fn resume() -> Weight;
	/// Weight of `convict`.
	fn convict() -> Weight;
	/// Weight of `cancel_slash`.
	fn cancel_slash() -> Weight;
	/// Weight of `exclude`.
	fn exclude() -> Weight;
	/// Weight of `report`, `a` from 0 to 16, `r` from 0 to 16.
	fn report(a: u32, r: u32) -> Weight;
	/// Weight of `authorize_report`, `a` from 0 to 16, `r` from 0 to 16.
	fn authorize_report(a: u32, r: u32) -> Weight;
	/// Weight of `slashes_base`.
	fn slashes_base() -> Weight;
	/// Weight of `pay_slash`.
	fn pay_slash() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(639_399_000, 0)
			.saturating_add(T::DbWeight::get().reads(76))
			.saturating_add(T::DbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(935_145_000, 0)
			.saturating_add(T::DbWeight::get().reads(121))
			.saturating_add(T::DbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(112_631_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(43_859_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(441_419_000, 0)
			.saturating_add(T::DbWeight::get().reads(54))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(113_016_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(55_096_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(110_290_000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(304_432_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(216_657_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(67_795_000, 0)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn report(a: u32, r: u32) -> Weight {
		Weight::from_parts(1_486_496_000, 0)
			.saturating_add(Weight::from_parts(22_304_781, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(507_839_125, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(101))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().reads(7_u64.saturating_mul(r.into())))
			.saturating_add(T::DbWeight::get().writes(80))
			.saturating_add(T::DbWeight::get().writes(4_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().writes(12_u64.saturating_mul(r.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(75_677_000, 0)
			.saturating_add(Weight::from_parts(6_306_500, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(10_906_375, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(1_900_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(200_628_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(639_399_000, 0)
			.saturating_add(ParityDbWeight::get().reads(76))
			.saturating_add(ParityDbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(935_145_000, 0)
			.saturating_add(ParityDbWeight::get().reads(121))
			.saturating_add(ParityDbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(112_631_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(43_859_000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(441_419_000, 0)
			.saturating_add(ParityDbWeight::get().reads(54))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(113_016_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(55_096_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(110_290_000, 0)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(304_432_000, 0)
			.saturating_add(ParityDbWeight::get().reads(18))
			.saturating_add(ParityDbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(216_657_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(67_795_000, 0)
			.saturating_add(ParityDbWeight::get().reads(9))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn report(a: u32, r: u32) -> Weight {
		Weight::from_parts(1_486_496_000, 0)
			.saturating_add(Weight::from_parts(22_304_781, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(507_839_125, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(101))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().reads(7_u64.saturating_mul(r.into())))
			.saturating_add(ParityDbWeight::get().writes(80))
			.saturating_add(ParityDbWeight::get().writes(4_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().writes(12_u64.saturating_mul(r.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(75_677_000, 0)
			.saturating_add(Weight::from_parts(6_306_500, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(10_906_375, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(1_900_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(200_628_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(7))
	}
}
