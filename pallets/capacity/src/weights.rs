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
	/// Weight of `buy`.
	fn buy() -> Weight;
	/// Weight of `refund`.
	fn refund() -> Weight;
	/// Weight of `allow`.
	fn allow() -> Weight;
	/// Weight of `disallow`.
	fn disallow() -> Weight;
	/// Weight of `choose_sponsor`.
	fn choose_sponsor() -> Weight;
	/// Weight of `reserve_throughput`.
	fn reserve_throughput() -> Weight;
	/// Weight of `release_throughput`.
	fn release_throughput() -> Weight;
	/// Weight of `read_booking`.
	fn read_booking() -> Weight;
	/// Weight of `tend_booking`.
	fn tend_booking() -> Weight;
	/// Weight of `end_booking`.
	fn end_booking() -> Weight;
	/// Weight of `reap_record`.
	fn reap_record() -> Weight;
	/// Weight of `post_price`.
	fn post_price() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn buy() -> Weight {
		Weight::from_parts(606_870_000, 0)
			.saturating_add(T::DbWeight::get().reads(38))
			.saturating_add(T::DbWeight::get().writes(13))
	}
	fn refund() -> Weight {
		Weight::from_parts(162_451_000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn allow() -> Weight {
		Weight::from_parts(41_351_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn disallow() -> Weight {
		Weight::from_parts(44_416_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn choose_sponsor() -> Weight {
		Weight::from_parts(23_515_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn reserve_throughput() -> Weight {
		Weight::from_parts(3_699_670_000, 0)
			.saturating_add(T::DbWeight::get().reads(233))
			.saturating_add(T::DbWeight::get().writes(107))
	}
	fn release_throughput() -> Weight {
		Weight::from_parts(26_580_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn read_booking() -> Weight {
		Weight::from_parts(9_063_000, 0).saturating_add(T::DbWeight::get().reads(1))
	}
	fn tend_booking() -> Weight {
		Weight::from_parts(2_812_864_000, 0)
			.saturating_add(T::DbWeight::get().reads(148))
			.saturating_add(T::DbWeight::get().writes(110))
	}
	fn end_booking() -> Weight {
		Weight::from_parts(3_801_511_000, 0)
			.saturating_add(T::DbWeight::get().reads(86))
			.saturating_add(T::DbWeight::get().writes(113))
	}
	fn reap_record() -> Weight {
		Weight::from_parts(23_425_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn post_price() -> Weight {
		Weight::from_parts(24_817_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(1))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn buy() -> Weight {
		Weight::from_parts(606_870_000, 0)
			.saturating_add(ParityDbWeight::get().reads(38))
			.saturating_add(ParityDbWeight::get().writes(13))
	}
	fn refund() -> Weight {
		Weight::from_parts(162_451_000, 0)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
	fn allow() -> Weight {
		Weight::from_parts(41_351_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn disallow() -> Weight {
		Weight::from_parts(44_416_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn choose_sponsor() -> Weight {
		Weight::from_parts(23_515_000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn reserve_throughput() -> Weight {
		Weight::from_parts(3_699_670_000, 0)
			.saturating_add(ParityDbWeight::get().reads(233))
			.saturating_add(ParityDbWeight::get().writes(107))
	}
	fn release_throughput() -> Weight {
		Weight::from_parts(26_580_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn read_booking() -> Weight {
		Weight::from_parts(9_063_000, 0).saturating_add(ParityDbWeight::get().reads(1))
	}
	fn tend_booking() -> Weight {
		Weight::from_parts(2_812_864_000, 0)
			.saturating_add(ParityDbWeight::get().reads(148))
			.saturating_add(ParityDbWeight::get().writes(110))
	}
	fn end_booking() -> Weight {
		Weight::from_parts(3_801_511_000, 0)
			.saturating_add(ParityDbWeight::get().reads(86))
			.saturating_add(ParityDbWeight::get().writes(113))
	}
	fn reap_record() -> Weight {
		Weight::from_parts(23_425_000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn post_price() -> Weight {
		Weight::from_parts(24_817_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
}
