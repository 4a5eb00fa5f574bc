//! Records of the ledger and answers of the runtime API.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_primitives::{Moment, Usdc};
use polkadot_sdk::{sp_core::H256, sp_runtime::ArithmeticError};
use scale_info::TypeInfo;

/// ONE, in 10^-12.
pub type Balance = u128;

/// Micro-USDC by what it is promised to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PotsRecord {
	/// Promised to nobody yet.
	pub credit: Usdc,
	/// Promised to the jobs of credit days; the sum of all day pots.
	pub days: Usdc,
	/// Owed to workers, accrued and payable.
	pub earnings: Usdc,
}

impl FlowsRecord {
	/// Micro-USDC that ever came.
	///
	/// # Errors
	/// On overflow, which no supply of USDC that fits its own type can cause.
	pub fn received(&self) -> Result<Usdc, ArithmeticError> {
		let fees_and_transfers = add(self.from_fees, self.from_transfers)?;
		add(fees_and_transfers, self.from_capacity)
	}
}

impl PotsRecord {
	/// Micro-USDC in all pots.
	///
	/// # Errors
	/// On overflow, which no supply of USDC that fits its own type can cause.
	pub fn total(&self) -> Result<Usdc, ArithmeticError> {
		let promised = add(self.days, self.earnings)?;
		add(self.credit, promised)
	}
}

/// Micro-USDC that ever came and went; what came is what went and what is in the pots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct FlowsRecord {
	/// In: booked from sales of fees.
	pub from_fees: Usdc,
	/// In: booked from transfers to the account.
	pub from_transfers: Usdc,
	/// In: of the capacity loop.
	pub from_capacity: Usdc,
	/// Out: paid to workers.
	pub paid: Usdc,
}

/// What a worker is owed and was paid, in micro-USDC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EarningsRecord {
	/// Of jobs that are not final.
	pub accrued: Usdc,
	/// Of final jobs, to be paid at the next settlement.
	pub payable: Usdc,
	/// All that was ever paid.
	pub paid: Usdc,
	/// The last payment.
	pub last_paid: Usdc,
	/// The window at whose start the last payment was due.
	pub last_window: Option<u32>,
	/// Of jobs that are not final, but was voided: their price goes to nobody.
	pub voided: Usdc,
	/// Has a place in the queue of payees.
	pub waiting: bool,
}

/// Ends of the queue of payees: the entries are `head..tail`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct QueueRecord {
	/// The next to be paid.
	pub head: u64,
	/// Where the next payee is put.
	pub tail: u64,
}

/// A settlement in progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RoundRecord {
	/// The window at whose start it began.
	pub window: u32,
	/// The queue's tail at that moment; who comes later is paid in the next round.
	pub end: u64,
	/// Micro-USDC paid so far.
	pub paid: Usdc,
	/// Payees paid so far.
	pub payees: u32,
	/// Payees that could not be paid so far.
	pub carried: u32,
}

/// Why fees are not being sold although there are enough of them.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum HaltReason {
	/// The pool does not exist, is empty, or cannot send.
	#[codec(index = 0)]
	NoPool,
	/// The pool's price moved too far since the last block.
	#[codec(index = 1)]
	PoolMoved,
	/// The pool would pay too much less than the average price.
	#[codec(index = 2)]
	BelowAverage,
	/// The pool or the asset refused the swap.
	#[codec(index = 3)]
	SwapRefused,
}

/// What a worker asks: how much, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Statement {
	/// Micro-USDC of jobs that are not final.
	pub accrued: Usdc,
	/// Micro-USDC to be paid at the next settlement.
	pub payable: Usdc,
	/// Micro-USDC ever paid.
	pub paid_total: Usdc,
	/// Micro-USDC of the last payment.
	pub last_paid: Usdc,
	/// The window at whose start the last payment was due.
	pub last_window: Option<u32>,
	/// UTC at which the next settlement starts.
	pub next_settlement: Moment,
}

/// What a worker was paid in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Payment {
	/// Micro-USDC.
	pub amount: Usdc,
	/// Receipts that it pays.
	pub receipts: u32,
	/// Merkle root over them, a [`GrowingTree`](crate::tree::GrowingTree)'s.
	pub root: H256,
}

/// A [`Payment`] as a worker reads it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PaymentStatement<AccountId> {
	/// The window at whose start it was due.
	pub window: u32,
	/// Who was paid.
	pub payee: AccountId,
	/// Micro-USDC.
	pub amount: Usdc,
	/// Receipts that it pays.
	pub receipts: u32,
	/// Merkle root over them.
	pub root: H256,
}

/// What is in the pots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PotsStatus {
	/// 10^-12 ONE of fees waiting to be sold.
	pub fee_pot_one: Balance,
	/// Micro-USDC promised to nobody yet.
	pub credit: Usdc,
	/// Micro-USDC promised to the jobs of credit days.
	pub days: Usdc,
	/// Micro-USDC owed to workers.
	pub earnings: Usdc,
	/// Micro-USDC that ever came from sales of fees.
	pub from_fees_total: Usdc,
}

/// `a + b`, or the overflow.
pub(crate) fn add(a: Usdc, b: Usdc) -> Result<Usdc, ArithmeticError> {
	a.checked_add(b).ok_or(ArithmeticError::Overflow)
}

/// `a - b`, or the caller's `obstacle` if there is less.
pub(crate) fn take<E>(a: Usdc, b: Usdc, obstacle: E) -> Result<Usdc, E> {
	a.checked_sub(b).ok_or(obstacle)
}
