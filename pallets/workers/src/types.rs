//! What is kept of a worker, and what it reports.

extern crate alloc;

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_mailbox::{MAX_ARITHMETICS, MAX_ORDERS};
use one_primitives::{
	jobs::Acceptance,
	models::ModelId,
	receipts::SignedReceipt,
	workers::crypto::{WorkerKey, WorkerSignature},
	Cu, ProtocolTime,
};
use polkadot_sdk::{
	frame_support::{traits::ConstU32, BoundedVec},
	sp_arithmetic::Permill,
};
use scale_info::TypeInfo;

/// Models that a worker offers at the most.
pub const MAX_MODELS: u32 = 16;
/// Slots of a worker at the most: its orders fit one mailbox.
pub const MAX_SLOTS: u8 = MAX_ORDERS as u8;
/// Acceptances, and receipts, of one report at the most.
pub const MAX_ENTRIES: u32 = 16;

/// Ids of arithmetics.
pub type Arithmetics = BoundedVec<u32, ConstU32<{ MAX_ARITHMETICS as u32 }>>;
/// A peer id: the bytes of its multihash.
pub type PeerId = BoundedVec<u8, ConstU32<64>>;
/// Multiaddresses at which the worker's node is reached.
pub type Addresses = BoundedVec<BoundedVec<u8, ConstU32<128>>, ConstU32<4>>;

/// What a worker offers.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Offer {
	/// Models it has at hand, each once.
	pub models: BoundedVec<ModelId, ConstU32<MAX_MODELS>>,
	/// Jobs it computes at once, over all models; at most [`MAX_SLOTS`].
	pub slots: u8,
	/// Memory of its device, in MiB.
	pub vram: u32,
	/// The only node that works for it.
	pub peer_id: PeerId,
	/// Where that node is reached.
	pub addresses: Addresses,
}

/// Where a worker is on its way.
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
pub enum WorkerState {
	/// Takes jobs while it is alive, one at a time for each model, until it has shown that it
	/// serves them.
	#[codec(index = 0)]
	Joining,
	/// Takes jobs while it is alive.
	#[codec(index = 1)]
	Active,
	/// Finishes its jobs; takes no more for a while.
	#[codec(index = 2)]
	Maintenance {
		/// Protocol time at which it is over at the latest.
		until: ProtocolTime,
	},
	/// Finishes its jobs, takes no more for good.
	#[codec(index = 3)]
	Draining,
	/// Has no jobs; the bond waits.
	#[codec(index = 4)]
	Left,
	/// Finishes its jobs; takes no more until it has made good for its offences.
	#[codec(index = 5)]
	Suspended,
}

impl WorkerState {
	/// Whether a worker in this state takes jobs while it is alive.
	pub fn takes_jobs(&self) -> bool {
		matches!(self, Self::Joining | Self::Active)
	}
}

/// What is held of a worker's balance, in 10^-12 ONE, and what of it is needed.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Bond<Balance> {
	/// Answers for the worker's conduct: held as [`HoldReason::Bond`](crate::HoldReason::Bond).
	pub held: Balance,
	/// What the offer asks for.
	pub required: Balance,
	/// Taken by convictions that can still be cancelled: held as
	/// [`HoldReason::Slashed`](crate::HoldReason::Slashed).
	pub slashed: Balance,
	/// Protocol time from which what is held beyond what is required can be withdrawn.
	pub releasable: ProtocolTime,
}

/// Maintenance that a worker has declared within one period.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct MaintenanceLog {
	/// Protocol time at which the period began: with the first declaration after the last one.
	pub since: ProtocolTime,
	/// Protocol time declared in it.
	pub used: ProtocolTime,
}

/// What the last report said of the worker's node.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Pulse<BlockNumber> {
	/// Block at which the report was composed.
	pub block: BlockNumber,
	/// Protocol time at which it was received.
	pub at: ProtocolTime,
	/// Mailbox version of the inference service; 0 without one.
	pub mailbox: u16,
	/// Arithmetics that the service computes.
	pub arithmetics: Arithmetics,
}

/// A registered worker.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct WorkerRecord<Balance, BlockNumber> {
	/// Where it is on its way.
	pub state: WorkerState,
	/// What it offers.
	pub offer: Offer,
	/// The key that its node signs with.
	pub key: WorkerKey,
	/// What is held of its balance.
	pub bond: Bond<Balance>,
	/// Jobs that it has to serve before its slots grow.
	pub probation: u16,
	/// The maintenance it has declared.
	pub maintenance: MaintenanceLog,
	/// Whether it let a deadline pass since its last report.
	pub late: bool,
	/// Slots taken, over all models.
	pub used: u8,
	/// Decaying rate of jobs served.
	pub reputation: Permill,
	/// Its last report.
	pub pulse: Option<Pulse<BlockNumber>>,
}

impl<Balance, BlockNumber> WorkerRecord<Balance, BlockNumber> {
	/// The state in which it takes jobs.
	pub fn standing(&self) -> WorkerState {
		match self.probation {
			0 => WorkerState::Active,
			_ => WorkerState::Joining,
		}
	}
}

/// A worker's slots for one model.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Seat {
	/// Slots it may have in use; 0 when the worker no longer offers the model.
	pub earned: u8,
	/// Slots in use.
	pub used: u8,
	/// Slots in the model's set of free ones.
	pub listed: u8,
	/// Whether the worker can take jobs for the model, as far as the chain has noticed: what a
	/// worker that takes none has earned counts for nothing.
	pub counts: bool,
	/// CU of work in a minute at which one slot served of late; 0 before it has shown that.
	pub rate: Cu,
}

impl Seat {
	/// Whether nothing refers to the seat any more.
	pub fn is_empty(&self) -> bool {
		let Self {
			earned,
			used,
			listed,
			..
		} = *self;
		[earned, used, listed] == [0; 3]
	}

	/// Slots that count as earned for the model.
	pub fn counted(&self) -> u32 {
		match self.counts {
			true => self.earned.into(),
			false => 0,
		}
	}

	/// Whether one more slot may be in use.
	pub fn has_room(&self) -> bool {
		self.used < self.earned
	}

	/// Whether one more slot may be listed as free.
	pub fn is_underlisted(&self) -> bool {
		self.used.saturating_add(self.listed) < self.earned
	}
}

/// The one message of a worker in a block; signed by its `onew` key over
/// `(genesis hash, "report", version, report)`.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Report<AccountId, BlockNumber> {
	/// Who reports.
	pub worker: AccountId,
	/// Block on whose state the report was composed.
	pub block: BlockNumber,
	/// Mailbox version of the inference service; 0 without one.
	pub mailbox: u16,
	/// Arithmetics that the service computes.
	pub arithmetics: Arithmetics,
	/// Assignments that the worker takes on.
	pub acceptances: BoundedVec<Acceptance, ConstU32<MAX_ENTRIES>>,
	/// Jobs that it is done with.
	pub receipts: BoundedVec<SignedReceipt<AccountId, WorkerSignature>, ConstU32<MAX_ENTRIES>>,
}

/// A worker as the runtime API tells it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct WorkerStatus<Balance, BlockNumber> {
	/// What is stored of it.
	pub record: WorkerRecord<Balance, BlockNumber>,
	/// Whether it was heard of lately enough to be given jobs.
	pub alive: bool,
	/// Its slots for each model it offers or still computes.
	pub seats: Vec<(ModelId, Seat)>,
}
