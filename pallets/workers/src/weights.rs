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
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn register() -> Weight {
		Weight::from_parts(643_867_000, 0)
			.saturating_add(T::DbWeight::get().reads(76))
			.saturating_add(T::DbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(1_020_433_000, 0)
			.saturating_add(T::DbWeight::get().reads(121))
			.saturating_add(T::DbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(122_819_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(40_341_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(437_806_000, 0)
			.saturating_add(T::DbWeight::get().reads(54))
			.saturating_add(T::DbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(102_382_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(75_893_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(137_832_000, 0)
			.saturating_add(T::DbWeight::get().reads(13))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(314_575_000, 0)
			.saturating_add(T::DbWeight::get().reads(18))
			.saturating_add(T::DbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(216_876_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(114_662_000, 0)
			.saturating_add(T::DbWeight::get().reads(9))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn report(n: u32) -> Weight {
		Weight::from_parts(188_728_223, 0)
			.saturating_add(Weight::from_parts(91_343_534, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(433_043_675, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(85))
			.saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().reads(7_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(67))
			.saturating_add(T::DbWeight::get().writes(4_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(12_u64.saturating_mul(n.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(87_500_518, 0)
			.saturating_add(Weight::from_parts(7_934_314, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(13_516_483, 0).saturating_mul(r.into()))
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(T::DbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(4_252_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(157_702_000, 0)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(7))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn register() -> Weight {
		Weight::from_parts(643_867_000, 0)
			.saturating_add(ParityDbWeight::get().reads(76))
			.saturating_add(ParityDbWeight::get().writes(52))
	}
	fn update() -> Weight {
		Weight::from_parts(1_020_433_000, 0)
			.saturating_add(ParityDbWeight::get().reads(121))
			.saturating_add(ParityDbWeight::get().writes(99))
	}
	fn rotate_key() -> Weight {
		Weight::from_parts(122_819_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn drain() -> Weight {
		Weight::from_parts(40_341_000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn leave() -> Weight {
		Weight::from_parts(437_806_000, 0)
			.saturating_add(ParityDbWeight::get().reads(54))
			.saturating_add(ParityDbWeight::get().writes(49))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(102_382_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn start_maintenance() -> Weight {
		Weight::from_parts(75_893_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn resume() -> Weight {
		Weight::from_parts(137_832_000, 0)
			.saturating_add(ParityDbWeight::get().reads(13))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn convict() -> Weight {
		Weight::from_parts(314_575_000, 0)
			.saturating_add(ParityDbWeight::get().reads(18))
			.saturating_add(ParityDbWeight::get().writes(9))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(216_876_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn exclude() -> Weight {
		Weight::from_parts(114_662_000, 0)
			.saturating_add(ParityDbWeight::get().reads(9))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn report(n: u32) -> Weight {
		Weight::from_parts(188_728_223, 0)
			.saturating_add(Weight::from_parts(91_343_534, 0).saturating_mul(n.into()))
			.saturating_add(Weight::from_parts(433_043_675, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(85))
			.saturating_add(ParityDbWeight::get().reads(2_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().reads(7_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(67))
			.saturating_add(ParityDbWeight::get().writes(4_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(12_u64.saturating_mul(n.into())))
	}
	fn authorize_report(a: u32, r: u32) -> Weight {
		Weight::from_parts(87_500_518, 0)
			.saturating_add(Weight::from_parts(7_934_314, 0).saturating_mul(a.into()))
			.saturating_add(Weight::from_parts(13_516_483, 0).saturating_mul(r.into()))
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(a.into())))
			.saturating_add(ParityDbWeight::get().reads(1_u64.saturating_mul(r.into())))
	}
	fn slashes_base() -> Weight {
		Weight::from_parts(4_252_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(157_702_000, 0)
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().writes(7))
	}
}
