//! Weights of the calls.

use polkadot_sdk::frame_support::weights::{constants::ParityDbWeight, Weight};

use crate::types::MAX_MODELS;

/// Cost of each call.
pub trait WeightInfo {
	/// [`register`](crate::Pallet::register).
	fn register() -> Weight;
	/// [`update`](crate::Pallet::update).
	fn update() -> Weight;
	/// [`rotate_key`](crate::Pallet::rotate_key).
	fn rotate_key() -> Weight;
	/// [`drain`](crate::Pallet::drain).
	fn drain() -> Weight;
	/// [`leave`](crate::Pallet::leave).
	fn leave() -> Weight;
	/// [`withdraw`](crate::Pallet::withdraw).
	fn withdraw() -> Weight;
	/// [`report`](crate::Pallet::report) with `acceptances` and `receipts` entries.
	fn report(acceptances: u32, receipts: u32) -> Weight;
	/// The check of a report with `acceptances` and `receipts` entries.
	fn authorize_report(acceptances: u32, receipts: u32) -> Weight;
}

/// Execution beside storage, with room to spare.
const BASE: Weight = Weight::from_parts(25_000_000, 8_192);
/// One sr25519 verification.
const SIGNATURE: Weight = Weight::from_parts(60_000_000, 0);

fn storage(reads: u64, writes: u64) -> Weight {
	ParityDbWeight::get().reads_writes(reads, writes)
}

/// Reads a model's terms and the worker's seat, writes the seat, of every model offered.
fn seats() -> Weight {
	let models = u64::from(MAX_MODELS);
	storage(2 * models, models)
}

/// Counted from the storage and the signatures of each call.
impl WeightInfo for () {
	fn register() -> Weight {
		BASE.saturating_add(SIGNATURE)
			.saturating_add(storage(6, 5))
			.saturating_add(seats())
	}
	fn update() -> Weight {
		BASE.saturating_add(storage(4, 4))
			.saturating_add(seats())
			.saturating_add(seats())
	}
	fn rotate_key() -> Weight {
		BASE.saturating_add(SIGNATURE).saturating_add(storage(3, 3))
	}
	fn drain() -> Weight {
		BASE.saturating_add(storage(1, 1))
	}
	fn leave() -> Weight {
		BASE.saturating_add(storage(2, 1)).saturating_add(seats())
	}
	fn withdraw() -> Weight {
		BASE.saturating_add(storage(4, 4))
	}
	fn report(acceptances: u32, receipts: u32) -> Weight {
		let models = u64::from(MAX_MODELS);
		// Relisting writes a token and a counter beside the seat.
		BASE.saturating_add(storage(3, 1))
			.saturating_add(seats())
			.saturating_add(storage(models, 2 * models))
			.saturating_add(storage(3, 3).saturating_mul(acceptances.into()))
			// The dearest is of a Dedicated job that drew on two classes.
			.saturating_add(storage(40, 36).saturating_mul(receipts.into()))
			.saturating_add(SIGNATURE.saturating_mul(receipts.into()))
	}
	fn authorize_report(acceptances: u32, receipts: u32) -> Weight {
		let entries = u64::from(acceptances).saturating_add(receipts.into());
		BASE.saturating_add(SIGNATURE)
			.saturating_add(storage(4, 0))
			.saturating_add(storage(1, 0).saturating_mul(entries))
	}
}
