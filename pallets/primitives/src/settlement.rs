//! The protocol's USDC: one account, one ledger of pots.

use codec::{Decode, Encode};
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{
		traits::{BlakeTwo256, Hash},
		DispatchError, DispatchResult,
	},
};

use crate::{capacity::BookingId, clock::Day, jobs::JobId, Cu, Usdc};

/// What a final job's receipt pays: a leaf of the Merkle tree of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaidReceipt {
	/// The job; of a slot's standby, the booking; of an author's stipend, the block.
	pub job: JobId,
	/// The receipt's hash, [`Receipt::hash`](crate::receipts::Receipt::hash).
	pub receipt: H256,
	/// Micro-USDC that the worker gets for it.
	pub amount: Usdc,
}

impl PaidReceipt {
	/// What a slot bound to `booking` earned with `cu` of standby, for which there is no receipt.
	pub fn of_standby(booking: BookingId, cu: Cu, amount: Usdc) -> Self {
		Self {
			job: booking.into(),
			receipt: BlakeTwo256::hash_of(&(b"standby", booking, cu)),
			amount,
		}
	}

	/// What the author of `block` gets of the credit pot, for which there is no receipt.
	pub fn of_stipend(block: u64, amount: Usdc) -> Self {
		Self {
			job: block,
			receipt: BlakeTwo256::hash_of(&(b"stipend", block)),
			amount,
		}
	}

	/// The leaf's hash: blake2-256 of the SCALE encoding, 56 bytes. A node's preimage has 64, so
	/// neither can pass for the other.
	pub fn leaf(&self) -> H256 {
		BlakeTwo256::hash_of(self)
	}
}

/// Moves USDC between the credit pot and the pots of credit days.
pub trait Treasury {
	/// Micro-USDC in the credit pot that no day has been promised.
	fn credit_pot() -> Usdc;
	/// Credit pot -> pot of `day`.
	///
	/// # Errors
	/// If the credit pot holds less.
	fn earmark(day: Day, amount: Usdc) -> DispatchResult;
	/// Pot of `day` -> credit pot.
	///
	/// # Errors
	/// If the days' pots hold less.
	fn release(day: Day, amount: Usdc) -> DispatchResult;
}

/// Moves USDC from a day's pot to a worker, in two steps.
pub trait Earnings<AccountId> {
	/// Pot of `day` -> earnings of `worker`, not yet payable.
	///
	/// # Errors
	/// If the days' pots hold less.
	fn accrue(day: Day, worker: &AccountId, amount: Usdc) -> DispatchResult;
	/// The job is final: its receipt is paid at the next settlement.
	///
	/// # Errors
	/// If less has accrued.
	fn mature(worker: &AccountId, receipt: PaidReceipt) -> DispatchResult;
}

/// Takes USDC of another account into the books.
pub trait Inflow<AccountId> {
	/// `from` -> credit pot.
	///
	/// # Errors
	/// If `from` cannot spare that much, or it is too little to bring the books' account to life.
	fn fund(from: &AccountId, amount: Usdc) -> DispatchResult;
	/// `from` -> earnings of `worker`, not yet payable; and `rest` with it -> credit pot.
	///
	/// # Errors
	/// As those of [`fund`](Inflow::fund).
	fn earn(from: &AccountId, worker: &AccountId, amount: Usdc, rest: Usdc) -> DispatchResult;
}

/// Takes back what a convicted worker is owed.
pub trait VoidPay<AccountId> {
	/// All earnings of `worker` that are not paid, payable or not -> credit pot; returns how much.
	///
	/// # Errors
	/// If the books hold less.
	fn void_pay(worker: &AccountId) -> Result<Usdc, DispatchError>;
}
