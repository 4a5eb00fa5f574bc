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
	/// Weight of `bond`.
	fn bond() -> Weight;
	/// Weight of `bond_more`.
	fn bond_more() -> Weight;
	/// Weight of `unbond`.
	fn unbond() -> Weight;
	/// Weight of `withdraw`.
	fn withdraw() -> Weight;
	/// Weight of `validate`.
	fn validate() -> Weight;
	/// Weight of `chill`.
	fn chill() -> Weight;
	/// Weight of `cancel_slash`.
	fn cancel_slash() -> Weight;
	/// Weight of `on_offence`, `n` from 1 to 100.
	fn on_offence(n: u32) -> Weight;
	/// Weight of `note_author`.
	fn note_author() -> Weight;
	/// Weight of `poll`.
	fn poll() -> Weight;
	/// Weight of `pay_slash`.
	fn pay_slash() -> Weight;
}

/// Weights on the database of the runtime `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn bond() -> Weight {
		Weight::from_parts(111_396_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(175_941_000, 0)
			.saturating_add(T::DbWeight::get().reads(3))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn unbond() -> Weight {
		Weight::from_parts(115_992_000, 0)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(159_937_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn validate() -> Weight {
		Weight::from_parts(146_658_000, 0)
			.saturating_add(T::DbWeight::get().reads(6))
			.saturating_add(T::DbWeight::get().writes(3))
	}
	fn chill() -> Weight {
		Weight::from_parts(90_624_000, 0)
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(223_221_000, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn on_offence(n: u32) -> Weight {
		Weight::from_parts(330_210_011, 0)
			.saturating_add(Weight::from_parts(187_301_220, 0).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().reads(4_u64.saturating_mul(n.into())))
			.saturating_add(T::DbWeight::get().writes(3))
			.saturating_add(T::DbWeight::get().writes(5_u64.saturating_mul(n.into())))
	}
	fn note_author() -> Weight {
		Weight::from_parts(7_821_000, 0)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn poll() -> Weight {
		Weight::from_parts(30_645_000, 0).saturating_add(T::DbWeight::get().reads(3))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(169_532_000, 0)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(5))
	}
}

/// Weights on ParityDB.
impl WeightInfo for () {
	fn bond() -> Weight {
		Weight::from_parts(111_396_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn bond_more() -> Weight {
		Weight::from_parts(175_941_000, 0)
			.saturating_add(ParityDbWeight::get().reads(3))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn unbond() -> Weight {
		Weight::from_parts(115_992_000, 0)
			.saturating_add(ParityDbWeight::get().reads(5))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn withdraw() -> Weight {
		Weight::from_parts(159_937_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn validate() -> Weight {
		Weight::from_parts(146_658_000, 0)
			.saturating_add(ParityDbWeight::get().reads(6))
			.saturating_add(ParityDbWeight::get().writes(3))
	}
	fn chill() -> Weight {
		Weight::from_parts(90_624_000, 0)
			.saturating_add(ParityDbWeight::get().reads(2))
			.saturating_add(ParityDbWeight::get().writes(2))
	}
	fn cancel_slash() -> Weight {
		Weight::from_parts(223_221_000, 0)
			.saturating_add(ParityDbWeight::get().reads(4))
			.saturating_add(ParityDbWeight::get().writes(4))
	}
	fn on_offence(n: u32) -> Weight {
		Weight::from_parts(330_210_011, 0)
			.saturating_add(Weight::from_parts(187_301_220, 0).saturating_mul(n.into()))
			.saturating_add(ParityDbWeight::get().reads(8))
			.saturating_add(ParityDbWeight::get().reads(4_u64.saturating_mul(n.into())))
			.saturating_add(ParityDbWeight::get().writes(3))
			.saturating_add(ParityDbWeight::get().writes(5_u64.saturating_mul(n.into())))
	}
	fn note_author() -> Weight {
		Weight::from_parts(7_821_000, 0)
			.saturating_add(ParityDbWeight::get().reads(1))
			.saturating_add(ParityDbWeight::get().writes(1))
	}
	fn poll() -> Weight {
		Weight::from_parts(30_645_000, 0).saturating_add(ParityDbWeight::get().reads(3))
	}
	fn pay_slash() -> Weight {
		Weight::from_parts(169_532_000, 0)
			.saturating_add(ParityDbWeight::get().reads(7))
			.saturating_add(ParityDbWeight::get().writes(5))
	}
}
