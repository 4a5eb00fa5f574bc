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
	/// Weight of `recount`.
	fn recount() -> Weight;
	/// Weight of `patrol`.
	fn patrol() -> Weight;
	/// Weight of `slashes_base`.
	fn slashes_base() -> Weight;
	/// Weight of `pay_slash`.
	fn pay_slash() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(604_748_000, 0)
			.saturating_add(T::DbWeight::get().reads(45))
			.saturating_add(T::DbWeight::get().writes(20))
	}
	fn update() -> Weight {
		Weight::from_parts(1_072_472_000, 0)
			.saturating_add(T::DbWeight::get().reads(122))
			.saturating_add(T::DbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(119_477_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(390_990_000, 0)
			.saturating_add(T::DbWeight::get().reads(49))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn leave() -> Weight {
		Weight::from_parts(445_181_000, 0)
			.saturating_add(T::DbWeight::get().reads(54))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(113_549_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(431_551_000, 0)
			.saturating_add(T::DbWeight::get().reads(52))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn resume() -> Weight {
		Weight::from_parts(647_841_000, 0)
			.saturating_add(T::DbWeight::get().reads(78))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn convict() -> Weight {
		Weight::from_parts(712_668_000, 0)
			.saturating_add(T::DbWeight::get().reads(66))
			.saturating_add(T::DbWeight::get().writes(57))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(214_859_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(103_944_000, 0)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn report(n: u32) -> Weight {
		Weight::from_parts(1_234_685_664, 0)
			.saturating_add(Weight::from_parts(539_884_123, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(85))
			.saturating_add(T::DbWeight::get().reads(11_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(66))
			.saturating_add(T::DbWeight::get().writes(18_u64.saturating_mul(n.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(126_645_478, 0)
			.saturating_add(Weight::from_parts(8_795_738, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(17_681_156, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn recount() -> Weight {
		Weight::from_parts(431_971_000, 0)
			.saturating_add(T::DbWeight::get().reads(50))
			.saturating_add(T::DbWeight::get().writes(48))
	}
	fn patrol() -> Weight {
		Weight::from_parts(139_407_000, 0)
			.saturating_add(T::DbWeight::get().reads(12))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(3_745_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(150_052_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(604_748_000, 0)
			.saturating_add(ParityDbWeight::get().reads(45))
			.saturating_add(ParityDbWeight::get().writes(20))
	}
	fn update() -> Weight {
		Weight::from_parts(1_072_472_000, 0)
			.saturating_add(ParityDbWeight::get().reads(122))
			.saturating_add(ParityDbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(119_477_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(390_990_000, 0)
			.saturating_add(ParityDbWeight::get().reads(49))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn leave() -> Weight {
		Weight::from_parts(445_181_000, 0)
			.saturating_add(ParityDbWeight::get().reads(54))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(113_549_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(431_551_000, 0)
			.saturating_add(ParityDbWeight::get().reads(52))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn resume() -> Weight {
		Weight::from_parts(647_841_000, 0)
			.saturating_add(ParityDbWeight::get().reads(78))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn convict() -> Weight {
		Weight::from_parts(712_668_000, 0)
			.saturating_add(ParityDbWeight::get().reads(66))
			.saturating_add(ParityDbWeight::get().writes(57))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(214_859_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(103_944_000, 0)
			.saturating_add(ParityDbWeight::get().reads(9))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn report(n: u32) -> Weight {
		Weight::from_parts(1_234_685_664, 0)
			.saturating_add(Weight::from_parts(539_884_123, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(85))
			.saturating_add(ParityDbWeight::get().reads(11_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(66))
			.saturating_add(ParityDbWeight::get().writes(18_u64.saturating_mul(n.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(126_645_478, 0)
			.saturating_add(Weight::from_parts(8_795_738, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(17_681_156, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn recount() -> Weight {
		Weight::from_parts(431_971_000, 0)
			.saturating_add(ParityDbWeight::get().reads(50))
			.saturating_add(ParityDbWeight::get().writes(48))
	}
	fn patrol() -> Weight {
		Weight::from_parts(139_407_000, 0)
			.saturating_add(ParityDbWeight::get().reads(12))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(3_745_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(150_052_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(7))
	}
}
