//! Weights of the pallet, counted in database accesses.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight},
};
use polkadot_sdk::*;

use crate::{MAX_BOUND, MAX_CLASSES};

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
	/// The call `reserve_throughput`, of as many slots as a booking can have.
	fn reserve_throughput() -> Weight;
	/// The call `release_throughput`.
	fn release_throughput() -> Weight;
	/// The call `reap_record`.
	fn reap_record() -> Weight;
	/// A look at the price, and a step of it.
	fn post_price() -> Weight;
	/// A look at the list of bookings, or at one of them.
	fn read_booking() -> Weight;
	/// The replacement of as many slots as a booking can have.
	fn tend_booking() -> Weight;
	/// The end of a booking with as many slots as it can have.
	fn end_booking() -> Weight;
}

/// Weights by the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

fn cost(db: RuntimeDbWeight, micros: u64, reads: u64, writes: u64) -> Weight {
	let time = Weight::from_parts(micros.saturating_mul(1_000_000), 0);
	time.saturating_add(db.reads_writes(reads, writes))
}

/// Price, premiums, the buyer's record, what is proven, the issuance of every class twice; the class
/// and its asset; two transfers of USDC and one of vouchers; the books.
fn buy(db: RuntimeDbWeight) -> Weight {
	cost(db, 200, 2 * u64::from(MAX_CLASSES) + 27, 16)
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

fn reap(db: RuntimeDbWeight) -> Weight {
	cost(db, 20, 2, 1)
}

/// For each slot the draws of a worker, its record and seat; the balances in all classes; a transfer
/// of vouchers of two classes; the records of the booking.
fn reserve(db: RuntimeDbWeight) -> Weight {
	let (slots, classes) = (u64::from(MAX_BOUND), u64::from(MAX_CLASSES));
	cost(db, 300, 12 * slots + classes + 16, 5 * slots + 12)
}

fn release(db: RuntimeDbWeight) -> Weight {
	cost(db, 30, 3, 2)
}

/// For each slot a worker's record and seat, the payment out of two classes, the books; the vouchers
/// given back; the records of the booking.
fn end_booking(db: RuntimeDbWeight) -> Weight {
	let slots = u64::from(MAX_BOUND);
	cost(db, 800, 20 * slots + 12, 16 * slots + 12)
}

fn read(db: RuntimeDbWeight) -> Weight {
	cost(db, 5, 1, 0)
}

/// For each slot a worker's record and seat, back and forth, the draws of another one, and its.
fn tend(db: RuntimeDbWeight) -> Weight {
	let slots = u64::from(MAX_BOUND);
	cost(db, 300, 20 * slots + 4, 10 * slots + 1)
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
	fn reserve_throughput() -> Weight {
		reserve(T::DbWeight::get())
	}
	fn release_throughput() -> Weight {
		release(T::DbWeight::get())
	}
	fn read_booking() -> Weight {
		read(T::DbWeight::get())
	}
	fn tend_booking() -> Weight {
		tend(T::DbWeight::get())
	}
	fn end_booking() -> Weight {
		end_booking(T::DbWeight::get())
	}
	fn reap_record() -> Weight {
		reap(T::DbWeight::get())
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
	fn reserve_throughput() -> Weight {
		reserve(ParityDbWeight::get())
	}
	fn release_throughput() -> Weight {
		release(ParityDbWeight::get())
	}
	fn read_booking() -> Weight {
		read(ParityDbWeight::get())
	}
	fn tend_booking() -> Weight {
		tend(ParityDbWeight::get())
	}
	fn end_booking() -> Weight {
		end_booking(ParityDbWeight::get())
	}
	fn reap_record() -> Weight {
		reap(ParityDbWeight::get())
	}
	fn post_price() -> Weight {
		post(ParityDbWeight::get())
	}
}
