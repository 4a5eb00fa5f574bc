//! What the market stores of a job and tells of it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_primitives::{
	capacity::BookingId,
	inference::JobResult,
	jobs::{JobId, Lane, MAX_PROMPT},
	models::{Cost, ModelId},
	receipts::Receipt,
	Cu, Moment, ProtocolTime, Usdc,
};
use polkadot_sdk::{sp_core::H256, sp_runtime::Permill, *};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::{traits::SaturatedConversion, BoundedVec};

/// Assignments that a job gets at the most.
pub const MAX_ATTEMPTS: u8 = 3;

/// What a job asks to be answered.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Payload {
	/// A prompt that everyone can read, UTF-8 not guaranteed.
	#[codec(index = 0)]
	Public(BoundedVec<u8, ConstU32<MAX_PROMPT>>),
}

/// Where a job stands. Terminal states are named here so that [`State::may_become`] is the whole
/// table, but nothing of a terminal job stays in storage.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum State<AccountId> {
	/// Waits for a worker.
	#[codec(index = 0)]
	Queued {
		/// Block in which it joined the queue; matched in a later one.
		since: u64,
		/// Protocol time at which it expires.
		due: ProtocolTime,
	},
	/// A worker's slot was drawn for it.
	#[codec(index = 1)]
	Assigned {
		/// The worker.
		worker: AccountId,
		/// Hash of the parent of the block that assigned: names the fork.
		assigned: H256,
		/// Protocol time by which the worker accepts.
		due: ProtocolTime,
	},
	/// The worker promised to serve it.
	#[codec(index = 2)]
	Accepted {
		/// The worker.
		worker: AccountId,
		/// Hash of the parent of the block that assigned: names the fork.
		assigned: H256,
		/// Protocol time at which it did.
		since: ProtocolTime,
		/// Protocol time by which the receipt is in.
		due: ProtocolTime,
	},
	/// Served by its receipt, which may still be challenged.
	#[codec(index = 3)]
	Completed {
		/// The worker.
		worker: AccountId,
		/// CU that the receipt cost its owner.
		charged: Cu,
		/// Price of the charge, in micro-USDC.
		price: Usdc,
		/// The receipt's hash.
		receipt: H256,
		/// Protocol time at which it is final.
		due: ProtocolTime,
	},
	/// Served, unchallenged, payable.
	#[codec(index = 4)]
	Final,
	/// Withdrawn by its owner.
	#[codec(index = 5)]
	Cancelled,
	/// No worker was free in time.
	#[codec(index = 6)]
	Expired,
	/// The last attempt came to nothing.
	#[codec(index = 7)]
	Failed,
	/// Nobody can answer it, say its workers: a prompt that is too long for the model, or not text.
	#[codec(index = 8)]
	Refused,
}

impl<AccountId> State<AccountId> {
	/// The state table: whether a job may go from here to `next`.
	pub fn may_become(&self, next: &Self) -> bool {
		use State::*;
		match self {
			Queued { .. } => matches!(next, Assigned { .. } | Cancelled | Expired),
			Assigned { .. } => matches!(next, Accepted { .. }) || Self::ends_attempt(next),
			Accepted { .. } => Self::ends_attempt(next),
			Completed { .. } => matches!(next, Final),
			Final | Cancelled | Expired | Failed | Refused => false,
		}
	}

	fn ends_attempt(next: &Self) -> bool {
		use State::*;
		matches!(
			next,
			Queued { .. } | Completed { .. } | Cancelled | Failed | Refused
		)
	}

	/// In the market: credits are reserved and a job slot is taken.
	pub fn is_open(&self) -> bool {
		matches!(
			self,
			Self::Queued { .. } | Self::Assigned { .. } | Self::Accepted { .. }
		)
	}

	/// Nothing follows.
	pub fn is_terminal(&self) -> bool {
		self.due().is_none()
	}

	/// What a pallet that waits is told of a job that ended here without an answer.
	pub fn unserved(&self) -> Option<JobResult> {
		match self {
			Self::Cancelled => Some(JobResult::Cancelled),
			Self::Expired => Some(JobResult::Expired),
			Self::Failed => Some(JobResult::Failed),
			Self::Refused => Some(JobResult::Refused),
			_ => None,
		}
	}

	/// The one deadline a stored job has.
	pub fn due(&self) -> Option<ProtocolTime> {
		match self {
			Self::Queued { due, .. }
			| Self::Assigned { due, .. }
			| Self::Accepted { due, .. }
			| Self::Completed { due, .. } => Some(*due),
			_ => None,
		}
	}

	/// Worker and fork of an attempt under way.
	pub fn attempt(&self) -> Option<(&AccountId, H256)> {
		match self {
			Self::Assigned {
				worker, assigned, ..
			}
			| Self::Accepted {
				worker, assigned, ..
			} => Some((worker, *assigned)),
			_ => None,
		}
	}
}

/// What was set aside for a job, as the funds of its lane name it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Reservation<Included, Dedicated> {
	/// Of a day's credits.
	#[codec(index = 0)]
	Included(Included),
	/// Of vouchers.
	#[codec(index = 1)]
	Dedicated(Dedicated),
}

impl<Included, Dedicated> Reservation<Included, Dedicated> {
	/// The lane whose funds these are.
	pub fn lane(&self) -> Lane {
		match self {
			Self::Included(_) => Lane::Included,
			Self::Dedicated(_) => Lane::Dedicated,
		}
	}
}

/// A job's terms, frozen at submit, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Job<AccountId, Reservation> {
	/// Who submitted it.
	pub owner: AccountId,
	/// The owner's job slot that it takes while it is open.
	pub slot: u8,
	/// The model to run.
	pub model: ModelId,
	/// Limits and price terms.
	pub terms: Terms,
	/// CU set aside for it.
	pub reserved: Cu,
	/// What these CU are of.
	pub reservation: Reservation,
	/// The booking of throughput that it is under.
	pub booking: Option<BookingId>,
	/// Assignments so far, the one under way included.
	pub attempts: u8,
	/// The worker whose attempt came to nothing last: drawn again only when no other is free.
	pub avoid: Option<AccountId>,
	/// The worker that said last that nobody can answer it, and may be wrong.
	pub refuser: Option<AccountId>,
	/// Where it stands.
	pub state: State<AccountId>,
}

impl<AccountId: PartialEq, Reservation> Job<AccountId, Reservation> {
	/// Whether `worker` is drawn only when no other is free.
	pub fn avoids(&self, worker: &AccountId) -> bool {
		let is_it = |other: &Option<AccountId>| other.as_ref() == Some(worker);
		is_it(&self.avoid) || is_it(&self.refuser)
	}
}

impl<AccountId, Included, Dedicated> Job<AccountId, Reservation<Included, Dedicated>> {
	/// The lane it is paid by.
	pub fn lane(&self) -> Lane {
		self.reservation.lane()
	}

	/// Where it waits.
	pub fn line(&self) -> Line {
		self.booking.map_or(Line::Model(self.model), Line::Booking)
	}
}

/// What a job may use at the most, and what it is charged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Terms {
	/// Tokens of prompt and template at the most.
	pub max_input: u32,
	/// New tokens at the most.
	pub max_output: u32,
	/// The model's work per token.
	pub cost: Cost,
	/// Share at which input tokens are charged.
	pub input_ratio: Permill,
	/// CU that the job costs at the least: its transactions.
	pub floor: Cu,
	/// CU for carrying the payload in state.
	pub payload: Cu,
	/// CU charged for each 100 of work: what the Dedicated lane asked for when the job came.
	pub percent: u32,
}

impl Terms {
	/// CU that so many tokens are for the worker that computes them.
	pub fn inference(&self, input_tokens: u32, output_tokens: u32) -> Cu {
		self.cost.cu(input_tokens, output_tokens, self.input_ratio)
	}

	/// CU of the work that a job with so many tokens is.
	pub fn work(&self, input_tokens: u32, output_tokens: u32) -> Cu {
		self.inference(input_tokens, output_tokens)
			.saturating_add(self.payload)
			.max(self.floor)
	}

	/// CU that a job with so many tokens costs.
	pub fn cu(&self, input_tokens: u32, output_tokens: u32) -> Cu {
		let work = u128::from(self.work(input_tokens, output_tokens));
		let cost = work.saturating_mul(self.percent.into()) / 100;
		cost.saturated_into::<Cu>().max(self.floor)
	}

	/// Whether `receipt` stays within the job: one request, and its limits of tokens.
	pub fn allow<AccountId>(&self, receipt: &Receipt<AccountId>) -> bool {
		receipt.requests == 1
			&& receipt.input_tokens <= self.max_input
			&& receipt.output_tokens <= self.max_output
	}

	/// CU to set aside.
	pub fn max_cu(&self) -> Cu {
		self.cu(self.max_input, self.max_output)
	}

	/// Tokens at the most.
	pub fn max_tokens(&self) -> u64 {
		u64::from(self.max_input).saturating_add(u64::from(self.max_output))
	}
}

/// Jobs that wait for the same slots.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Line {
	/// Those of a booking: for the slots bound to it.
	#[codec(index = 0)]
	Booking(BookingId),
	/// All others for a model: for its free slots.
	#[codec(index = 1)]
	Model(ModelId),
}

impl Line {
	/// Whether its jobs have slots of their own, and go before all others.
	pub fn is_booked(&self) -> bool {
		matches!(self, Self::Booking(_))
	}
}

/// Neighbours of a job in its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Link {
	/// The job before it.
	pub prev: Option<JobId>,
	/// The job after it.
	pub next: Option<JobId>,
}

/// Ends of one queue, a doubly linked list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Queue {
	/// The job to be matched next.
	pub head: Option<JobId>,
	/// The job that joined last.
	pub tail: Option<JobId>,
	/// Jobs in it.
	pub len: u32,
}

/// The queues of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct LineQueues {
	/// Jobs paid by credits.
	pub included: Queue,
	/// Jobs paid by capacity.
	pub dedicated: Queue,
	/// Share of a match that the Included lane is owed, by those of its line that it let pass.
	pub owed: Permill,
	/// The same by those of other lines, while no Dedicated job waited in its own.
	pub passed: Permill,
}

/// A job as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct JobStatus<AccountId> {
	/// The job.
	pub job: JobId,
	/// Who submitted it.
	pub owner: AccountId,
	/// The owner's job slot that it takes while it is open.
	pub slot: u8,
	/// The model to run.
	pub model: ModelId,
	/// The lane it is paid by.
	pub lane: Lane,
	/// Tokens of prompt and template at the most.
	pub max_input: u32,
	/// New tokens at the most.
	pub max_output: u32,
	/// CU set aside when it was submitted.
	pub reserved: Cu,
	/// The booking of throughput that it is under.
	pub booking: Option<BookingId>,
	/// Assignments so far, of [`MAX_ATTEMPTS`].
	pub attempts: u8,
	/// Where it stands.
	pub state: State<AccountId>,
}

/// What a job would cost at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Quote {
	/// The lane that would take it.
	pub lane: Lane,
	/// CU to be reserved; what the receipt does not use comes back.
	pub cu: Cu,
	/// What of it is asked for each 100 CU of work: more on the Dedicated lane while jobs wait.
	pub percent: u32,
	/// What the lane pays the worker for that, in micro-USDC.
	pub price_usdc: Usdc,
	/// CU that the account could reserve now.
	pub available: Cu,
	/// Tokens of prompt and template that it allows for.
	pub max_input: u32,
	/// UTC in milliseconds at which that is refilled, if it ever is.
	pub resets_at: Option<Moment>,
}
