//! Weights of the pallet, counted in database accesses.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};
use polkadot_sdk::*;

use crate::MAX_CLASSES;

/// Weights that the pallet needs.
pub trait WeightInfo {
	/// The call `buy`, of the first vouchers of a class.
	fn buy() -> Weight;
	/// The call `refund`.
	fn refund() -> Weight;
	/// The call `allow`.
	fn allow() -> Weight;
	/// The call `disallow`.
	fn disallow() -> Weight;
	/// The call `choose_sponsor`.
	fn choose_sponsor() -> Weight;
	/// A look at the price, and a step of it.
	fn post_price() -> Weight;
}

/// Weights by the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

fn cost(db: RuntimeDbWeight, micros: u64, reads: u64, writes: u64) -> Weight {
	let time = Weight::from_parts(micros.saturating_mul(1_000_000), 0);
	time.saturating_add(db.reads_writes(reads, writes))
}

/// Price, premium, what is proven, the issuance of every class twice; the class and its asset; two
/// transfers of USDC and one of vouchers; the books.
fn buy(db: RuntimeDbWeight) -> Weight {
	cost(db, 200, 2 * u64::from(MAX_CLASSES) + 24, 16)
}

/// Class and asset, a transfer of USDC to the holder and one to the books, the books.
fn refund(db: RuntimeDbWeight) -> Weight {
	cost(db, 120, 14, 10)
}

/// Allowance, count and sponsor.
fn allowance(db: RuntimeDbWeight) -> Weight {
	cost(db, 30, 3, 3)
}

fn choose(db: RuntimeDbWeight) -> Weight {
	cost(db, 20, 2, 1)
}

fn post(db: RuntimeDbWeight) -> Weight {
	cost(db, 10, 3, 1)
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn buy() -> Weight {
		buy(T::DbWeight::get())
	}
	fn refund() -> Weight {
		refund(T::DbWeight::get())
	}
	fn allow() -> Weight {
		allowance(T::DbWeight::get())
	}
	fn disallow() -> Weight {
		allowance(T::DbWeight::get())
	}
	fn choose_sponsor() -> Weight {
		choose(T::DbWeight::get())
	}
	fn post_price() -> Weight {
		post(T::DbWeight::get())
	}
}

impl WeightInfo for () {
	fn buy() -> Weight {
		buy(ParityDbWeight::get())
	}
	fn refund() -> Weight {
		refund(ParityDbWeight::get())
	}
	fn allow() -> Weight {
		allowance(ParityDbWeight::get())
	}
	fn disallow() -> Weight {
		allowance(ParityDbWeight::get())
	}
	fn choose_sponsor() -> Weight {
		choose(ParityDbWeight::get())
	}
	fn post_price() -> Weight {
		post(ParityDbWeight::get())
	}
}
