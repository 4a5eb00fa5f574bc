//! Weights of the pallet, as its benchmarks measured them on Intel(R) Xeon(R) Processor; `scripts/weights` writes this file.
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
	/// Weight of `report`, `n` from 0 to 16.
	fn report(n: u32) -> Weight;
	/// Weight of `authorize_report`, `a` from 0 to 16, `r` from 0 to 16.
	fn authorize_report(a: u32, r: u32) -> Weight;
	/// Weight of `slashes_base`.
	fn slashes_base() -> Weight;
	/// Weight of `pay_slash`.
	fn pay_slash() -> Weight;
	/// Weight of `recount`.
	fn recount() -> Weight;
	/// Weight of `patrol`.
	fn patrol() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(577_052_000, 0)
			.saturating_add(T::DbWeight::get().reads(76))
			.saturating_add(T::DbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(855_671_000, 0)
			.saturating_add(T::DbWeight::get().reads(121))
			.saturating_add(T::DbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(110_683_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(36_046_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(400_478_000, 0)
			.saturating_add(T::DbWeight::get().reads(54))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(94_633_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(72_716_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(113_806_000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(287_520_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(197_730_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(99_272_000, 0)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn report(n: u32) -> Weight {
		Weight::from_parts(978_110_583, 0)
			.saturating_add(Weight::from_parts(437_284_085, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(84))
			.saturating_add(T::DbWeight::get().reads(9_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(65))
			.saturating_add(T::DbWeight::get().writes(16_u64.saturating_mul(n.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(92_748_138, 0)
			.saturating_add(Weight::from_parts(7_389_654, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(13_496_578, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(3_340_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(129_377_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
	fn recount() -> Weight {
		Weight::from_parts(100_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(32))
			.saturating_add(T::DbWeight::get().writes(24))
	}
	fn patrol() -> Weight {
		Weight::from_parts(100_000_000, 0)
			.saturating_add(T::DbWeight::get().reads(22))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(577_052_000, 0)
			.saturating_add(ParityDbWeight::get().reads(76))
			.saturating_add(ParityDbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(855_671_000, 0)
			.saturating_add(ParityDbWeight::get().reads(121))
			.saturating_add(ParityDbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(110_683_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(36_046_000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(400_478_000, 0)
			.saturating_add(ParityDbWeight::get().reads(54))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(94_633_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(72_716_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(113_806_000, 0)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(287_520_000, 0)
			.saturating_add(ParityDbWeight::get().reads(18))
			.saturating_add(ParityDbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(197_730_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(99_272_000, 0)
			.saturating_add(ParityDbWeight::get().reads(9))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn report(n: u32) -> Weight {
		Weight::from_parts(978_110_583, 0)
			.saturating_add(Weight::from_parts(437_284_085, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(84))
			.saturating_add(ParityDbWeight::get().reads(9_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(65))
			.saturating_add(ParityDbWeight::get().writes(16_u64.saturating_mul(n.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(92_748_138, 0)
			.saturating_add(Weight::from_parts(7_389_654, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(13_496_578, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(3_340_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(129_377_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(7))
	}
	fn recount() -> Weight {
		Weight::from_parts(100_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(32))
			.saturating_add(ParityDbWeight::get().writes(24))
	}
	fn patrol() -> Weight {
		Weight::from_parts(100_000_000, 0)
			.saturating_add(ParityDbWeight::get().reads(22))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
}
