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
		Weight::from_parts(681_204_000, 0)
			.saturating_add(T::DbWeight::get().reads(76))
			.saturating_add(T::DbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(959_241_000, 0)
			.saturating_add(T::DbWeight::get().reads(121))
			.saturating_add(T::DbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(118_290_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(39_747_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(373_843_000, 0)
			.saturating_add(T::DbWeight::get().reads(54))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(115_304_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(55_664_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(102_465_000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(341_487_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(220_824_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(71_849_000, 0)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn report(a: u32, r: u32) -> Weight {
		Weight::from_parts(1_003_636_000, 0)
			.saturating_add(Weight::from_parts(49_157_125, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(472_227_938, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(98))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().reads(5_u64.saturating_mul(r.into())))
			.saturating_add(T::DbWeight::get().writes(77))
			.saturating_add(T::DbWeight::get().writes(4_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().writes(11_u64.saturating_mul(r.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(75_750_667, 0)
			.saturating_add(Weight::from_parts(5_650_333, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(10_408_604, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(1_911_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(196_339_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(681_204_000, 0)
			.saturating_add(ParityDbWeight::get().reads(76))
			.saturating_add(ParityDbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(959_241_000, 0)
			.saturating_add(ParityDbWeight::get().reads(121))
			.saturating_add(ParityDbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(118_290_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(39_747_000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(373_843_000, 0)
			.saturating_add(ParityDbWeight::get().reads(54))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(115_304_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(55_664_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(102_465_000, 0)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(341_487_000, 0)
			.saturating_add(ParityDbWeight::get().reads(18))
			.saturating_add(ParityDbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(220_824_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(71_849_000, 0)
			.saturating_add(ParityDbWeight::get().reads(9))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn report(a: u32, r: u32) -> Weight {
		Weight::from_parts(1_003_636_000, 0)
			.saturating_add(Weight::from_parts(49_157_125, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(472_227_938, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(98))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().reads(5_u64.saturating_mul(r.into())))
			.saturating_add(ParityDbWeight::get().writes(77))
			.saturating_add(ParityDbWeight::get().writes(4_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().writes(11_u64.saturating_mul(r.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(75_750_667, 0)
			.saturating_add(Weight::from_parts(5_650_333, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(10_408_604, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(1_911_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(196_339_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(7))
	}
}
