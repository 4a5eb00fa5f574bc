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
	/// [`start_maintenance`](crate::Pallet::start_maintenance).
	fn start_maintenance() -> Weight;
	/// [`resume`](crate::Pallet::resume).
	fn resume() -> Weight;
	/// [`convict`](crate::Pallet::convict).
	fn convict() -> Weight;
	/// [`cancel_slash`](crate::Pallet::cancel_slash).
	fn cancel_slash() -> Weight;
	/// [`exclude`](crate::Pallet::exclude).
	fn exclude() -> Weight;
	/// Start of paying out slashes.
	fn slashes_base() -> Weight;
	/// One slash, with a challenger.
	fn pay_slash() -> Weight;
	/// [`report`](crate::Pallet::report) with `acceptances` and `receipts` entries.
	fn report(acceptances: u32, receipts: u32) -> Weight;
	/// The check of a report with `acceptances` and `receipts` entries.
	fn authorize_report(acceptances: u32, receipts: u32) -> Weight;
}

/// Execution beside storage, with room to spare.
const BASE: Weight = Weight::from_parts(25_000_000, 8_192);
/// One sr25519 verification.
const SIGNATURE: Weight = Weight::from_parts(60_000_000, 0);

/// Decoding and hashing the ids of one result.
const IDS: Weight = Weight::from_parts(5_000_000, 0);

fn storage(reads: u64, writes: u64) -> Weight {
	ParityDbWeight::get().reads_writes(reads, writes)
}

/// Reads a model's terms, the worker's seat and the model's sum, writes seat and sum, of every
/// model offered.
fn seats() -> Weight {
	let models = u64::from(MAX_MODELS);
	storage(3 * models, 2 * models)
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
		BASE.saturating_add(storage(4, 5))
	}
	fn start_maintenance() -> Weight {
		BASE.saturating_add(storage(4, 1))
	}
	// Record, ladder, six governed values of the ladder.
	fn resume() -> Weight {
		BASE.saturating_add(storage(12, 1))
	}
	// Record, ladder, numbers, slash, account, holds; eleven governed values; pots, earnings.
	fn convict() -> Weight {
		BASE.saturating_add(storage(22, 8))
	}
	fn cancel_slash() -> Weight {
		BASE.saturating_add(storage(7, 5))
	}
	// The job, the exclusions, their three seats, the model's sum.
	fn exclude() -> Weight {
		BASE.saturating_add(storage(9, 1))
	}
	fn slashes_base() -> Weight {
		storage(2, 1)
	}
	// Slash, record, account, holds, the challenger's and the fee pot's account.
	fn pay_slash() -> Weight {
		BASE.saturating_add(storage(7, 6))
	}
	fn report(acceptances: u32, receipts: u32) -> Weight {
		let models = u64::from(MAX_MODELS);
		// Relisting writes a token and a counter beside the seat; a deadline missed convicts.
		BASE.saturating_add(storage(3, 1))
			.saturating_add(Self::convict())
			.saturating_add(seats())
			.saturating_add(storage(models, 2 * models))
			.saturating_add(storage(3, 3).saturating_mul(acceptances.into()))
			// The dearest is of a pallet's job that drew on two classes; what the pallet does with
			// it comes on top.
			.saturating_add(storage(45, 39).saturating_mul(receipts.into()))
			.saturating_add(SIGNATURE.saturating_add(IDS).saturating_mul(receipts.into()))
	}
	fn authorize_report(acceptances: u32, receipts: u32) -> Weight {
		let entries = u64::from(acceptances).saturating_add(receipts.into());
		BASE.saturating_add(SIGNATURE)
			.saturating_add(storage(4, 0))
			.saturating_add(storage(1, 0).saturating_mul(entries))
			.saturating_add(IDS.saturating_mul(receipts.into()))
	}
}
