#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

use one_primitives::{credits::LaneFunds, ProtocolTime};
use polkadot_sdk::*;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod deadlines;
mod funds;
mod inference;
mod market;
mod matching;
mod price;
mod queries;
mod queue;
pub mod runtime_api;
mod state;
mod submit;
mod throughput;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use throughput::{ThroughputRecord, PROOF_DAYS};
pub use types::*;
pub use weights::WeightInfo;

const LOG_TARGET: &str = "runtime::jobs";

/// Protocol time that shares one bucket of deadlines, in milliseconds: a deadline is acted on in
/// the first block after its bucket, so never early and at most this much, and a block, late.
pub const BUCKET: ProtocolTime = 1_000;

/// Results that pallets can be told of with the weight that the hook has in a block, at the least.
const CALLBACKS: u64 = 32;

/// What was set aside for a job of this runtime.
pub type ReservationOf<T> = Reservation<
	<<T as Config>::Included as LaneFunds<<T as frame_system::Config>::AccountId>>::Reservation,
	<<T as Config>::Dedicated as LaneFunds<<T as frame_system::Config>::AccountId>>::Reservation,
>;
/// A job of this runtime.
pub type JobOf<T> = Job<<T as frame_system::Config>::AccountId, ReservationOf<T>>;
/// A state of this runtime's jobs.
pub type StateOf<T> = State<<T as frame_system::Config>::AccountId>;

#[frame_support::pallet]
pub mod pallet {
	use alloc::vec::Vec;

	use frame_support::{pallet_prelude::*, traits::Randomness, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		capacity::{BookingId, Bookings},
		clock::Clock,
		credits::{LaneFunds, Refusal, SubmitTerms},
		inference::{AskerId, Callbacks},
		jobs::{JobId, Lane, LaneChoice, OnFinal},
		models::{ModelId, Models},
		pauses::Pauses,
		settlement::Earnings,
		workers::Workers,
		Cu, Usdc,
	};
	use sp_core::H256;
	use sp_runtime::Permill;

	use super::*;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::config]
	pub trait Config:
		polkadot_sdk::frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>>
	{
		/// The clocks.
		type Clock: Clock;
		/// The registry of models.
		type Models: Models;
		/// What takes no new jobs for now.
		type Pauses: Pauses;
		/// The workers' slots.
		type Workers: Workers<Self::AccountId>;
		/// Money of the Included lane.
		type Included: LaneFunds<Self::AccountId>;
		/// Slots bound to bookings of throughput.
		type Bookings: Bookings<Self::AccountId>;
		/// Money of the Dedicated lane.
		type Dedicated: LaneFunds<Self::AccountId>;
		/// The workers' earnings.
		type Earnings: Earnings<Self::AccountId>;
		/// Told when a job is gone from the market.
		type OnFinal: OnFinal;
		/// The pallets that submit jobs, told what came of them.
		type Callbacks: Callbacks;
		/// VRF randomness of the parent block. It is for fairness among workers only.
		type Randomness: Randomness<Option<H256>, BlockNumberFor<Self>>;
		/// CU that a job costs at the least.
		type JobFloor: Get<Cu>;
		/// CU for each byte of a public prompt.
		type CuPerByte: Get<Cu>;
		/// Share of an output token's work at which an input token's is charged.
		type InputRatio: Get<Permill>;
		/// Least share of the matches that are Included while both lanes wait.
		type IncludedFloor: Get<Permill>;
		/// Jobs that may wait in one queue.
		type MaxQueue: Get<u32>;
		/// What the Dedicated lane asks for while no job waits, in percent of the price.
		type PriceFloor: Get<u32>;
		/// What it asks for when a job waits for each slot of the model.
		type PriceCeiling: Get<u32>;
		/// Workers that serve a model at the least for it to be open to Included jobs.
		type MinOperators: Get<u32>;
		/// Protocol time that a worker has to accept.
		type AcceptPeriod: Get<ProtocolTime>;
		/// Least protocol time that a worker has to complete.
		type CompletionFloor: Get<ProtocolTime>;
		/// Protocol time after which a waiting job expires.
		type QueuePeriod: Get<ProtocolTime>;
		/// Protocol time from completion until a job is final.
		type ChallengeWindow: Get<ProtocolTime>;
		/// Lines that may have jobs waiting: at least as many as the registry holds models and
		/// sponsors can hold bookings.
		#[pallet::constant]
		type MaxLines: Get<u32>;
		/// Weight of a block that matching and deadlines may take, half of it each.
		type PollWeight: Get<Weight>;
		/// Weights.
		type WeightInfo: WeightInfo;
		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// Number of the next job.
	#[pallet::storage]
	pub type NextJob<T> = StorageValue<_, JobId, ValueQuery>;

	/// Jobs that are open or not yet final.
	#[pallet::storage]
	pub type Jobs<T: Config> = StorageMap<_, Twox64Concat, JobId, JobOf<T>>;

	/// What stored jobs ask.
	#[pallet::storage]
	pub type Payloads<T> = StorageMap<_, Twox64Concat, JobId, Payload>;

	/// The pallets that wait for the results of open jobs.
	#[pallet::storage]
	pub type Askers<T> = StorageMap<_, Twox64Concat, JobId, AskerId>;

	/// The open job in each job slot of an account.
	#[pallet::storage]
	pub type Slots<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, u8, JobId>;

	/// How many jobs are open for each model.
	#[pallet::storage]
	pub type OpenJobs<T> = StorageMap<_, Blake2_128Concat, ModelId, u32, ValueQuery>;

	/// Ends of the queues of lines with jobs waiting.
	#[pallet::storage]
	pub type Queues<T> = StorageMap<_, Blake2_128Concat, Line, LineQueues, ValueQuery>;

	/// Neighbours of a waiting job in its queue.
	#[pallet::storage]
	pub type Links<T> = StorageMap<_, Twox64Concat, JobId, Link>;

	/// Lines with jobs waiting, in the order of their turns.
	#[pallet::storage]
	pub type Waiting<T: Config> = StorageValue<_, BoundedVec<Line, T::MaxLines>, ValueQuery>;

	/// Jobs that a worker has been assigned and not yet answered.
	#[pallet::storage]
	pub type Assignments<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, JobId, ()>;

	/// Jobs by the bucket of their deadline: protocol time divided by [`BUCKET`].
	#[pallet::storage]
	pub type Deadlines<T> = StorageDoubleMap<_, Twox64Concat, u64, Twox64Concat, JobId, ()>;

	/// Jobs in each bucket: an iterator that finds an empty one passes over all that its block has
	/// removed from others.
	#[pallet::storage]
	pub type DeadlineCounts<T> = StorageMap<_, Twox64Concat, u64, u32, ValueQuery>;

	/// CU served of late.
	#[pallet::storage]
	pub type Throughput<T> = StorageValue<_, ThroughputRecord, ValueQuery>;

	/// The oldest bucket of deadlines that may hold a job.
	#[pallet::storage]
	pub type DeadlineCursor<T> = StorageValue<_, u64, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A job joined its queue.
		JobSubmitted {
			/// Its owner.
			who: T::AccountId,
			/// The job.
			job: JobId,
			/// The owner's job slot that it takes.
			slot: u8,
			/// The model to run.
			model: ModelId,
			/// The lane that pays.
			lane: Lane,
			/// Tokens of prompt and template at the most.
			max_input: u32,
			/// New tokens at the most.
			max_output: u32,
			/// CU set aside.
			reserved: Cu,
			/// The booking of throughput that it is under.
			booking: Option<BookingId>,
		},
		/// A worker's slot was drawn for a job.
		JobAssigned {
			/// The worker.
			worker: T::AccountId,
			/// The job.
			job: JobId,
			/// Which assignment of the job, from 1.
			attempt: u8,
			/// Hash of the parent of this block: names the fork.
			assigned: H256,
		},
		/// A worker promised to serve a job.
		JobAccepted {
			/// The worker.
			worker: T::AccountId,
			/// The job.
			job: JobId,
			/// Which assignment of the job.
			attempt: u8,
		},
		/// An attempt came to nothing; the job is first in its queue again.
		JobRequeued {
			/// The worker of that attempt.
			worker: T::AccountId,
			/// The job.
			job: JobId,
			/// The attempt.
			attempt: u8,
		},
		/// A job was served.
		JobCompleted {
			/// Its owner.
			who: T::AccountId,
			/// The job.
			job: JobId,
			/// Who served it.
			worker: T::AccountId,
			/// CU that it cost; the rest of what was set aside is free again.
			charged: Cu,
			/// What the worker earns, in micro-USDC.
			price: Usdc,
		},
		/// A served job can no longer be challenged; its price is payable.
		JobFinalized {
			/// Who served it.
			worker: T::AccountId,
			/// The job.
			job: JobId,
			/// What the worker earned, in micro-USDC.
			price: Usdc,
		},
		/// An owner withdrew a job.
		JobCancelled {
			/// Its owner.
			who: T::AccountId,
			/// The job.
			job: JobId,
			/// CU that the worker's slot cost; all of it goes to the credit pot.
			forfeited: Cu,
		},
		/// No worker was free in time; all that was set aside is free again.
		JobExpired {
			/// Its owner.
			who: T::AccountId,
			/// The job.
			job: JobId,
		},
		/// No attempt succeeded; all that was set aside is free again.
		JobFailed {
			/// Its owner.
			who: T::AccountId,
			/// The job.
			job: JobId,
			/// Attempts made.
			attempts: u8,
		},
		/// A job cannot be answered by anyone, say two workers, or those that had its attempts; all
		/// that was set aside is free again.
		JobRefused {
			/// Its owner.
			who: T::AccountId,
			/// The job.
			job: JobId,
			/// The worker who said so last.
			worker: T::AccountId,
		},
		/// A pallet took the result of its job.
		ResultDelivered {
			/// The pallet.
			asker: AskerId,
			/// The job.
			job: JobId,
		},
		/// A pallet failed to take the result of its job, which is as settled as any other.
		ResultRejected {
			/// The pallet.
			asker: AskerId,
			/// The job.
			job: JobId,
			/// What was in its way.
			error: DispatchError,
		},
		/// The books did not hold what a job that ended had set aside or earned.
		FundsUnsettled {
			/// Whose money it is.
			who: T::AccountId,
			/// The job.
			job: JobId,
			/// What the books say.
			error: DispatchError,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The stake gives no tier.
		BelowThreshold,
		/// The stake is enough, but counts from a later credit day.
		NotYetCounting,
		/// Too little is left of today's credits.
		NoCredits,
		/// Another open job of the account holds this slot.
		SlotTaken,
		/// No model of this id takes jobs.
		UnknownModel,
		/// The prompt has too many bytes.
		PromptTooLong,
		/// One job of the tier may not cost this much.
		JobTooLarge,
		/// The model is for higher tiers.
		TierTooLow,
		/// The lane takes no jobs.
		LaneClosed,
		/// There is no such open job.
		UnknownJob,
		/// The job belongs to another account.
		NotOwner,
		/// The job is past the point where it could be cancelled.
		NotCancellable,
		/// The tier has fewer slots.
		NoSuchSlot,
		/// Prompt and answer together exceed the model's context.
		ContextExceeded,
		/// The job asks for no output.
		NoOutput,
		/// The queue of the model and lane is full.
		QueueFull,
		/// Too few vouchers are left, of the account itself and of its sponsor.
		NoVouchers,
		/// Too few workers serve the model for the Included lane.
		TooFewOperators,
		/// The receipt cannot carry that many token ids.
		ResultTooLong,
		/// No pallet of this name would be told of the result.
		UnknownAsker,
		/// The guardians have paused the model.
		ModelPaused,
		/// The lane is paused.
		LanePaused,
		/// More lines have jobs waiting than the market knows.
		TooManyLines,
		/// The job is not in a state that this follows.
		WrongState,
		/// It is not the worker's current attempt of the job.
		StaleAttempt,
		/// The receipt states more than the job asked for.
		ExcessiveReceipt,
		/// The model is on trial, and has as many open jobs as its share of the slots allows.
		CanaryFull,
	}

	impl<T> From<Refusal> for Error<T> {
		fn from(refusal: Refusal) -> Self {
			match refusal {
				Refusal::BelowThreshold { .. } => Self::BelowThreshold,
				Refusal::NotYetCounting { .. } => Self::NotYetCounting,
				Refusal::NoCredits { .. } => Self::NoCredits,
				Refusal::SlotTaken { .. } => Self::SlotTaken,
				Refusal::UnknownModel => Self::UnknownModel,
				Refusal::PromptTooLong { .. } => Self::PromptTooLong,
				Refusal::JobTooLarge { .. } => Self::JobTooLarge,
				Refusal::TierTooLow { .. } => Self::TierTooLow,
				Refusal::LaneClosed => Self::LaneClosed,
				Refusal::UnknownJob => Self::UnknownJob,
				Refusal::NotOwner => Self::NotOwner,
				Refusal::NotCancellable => Self::NotCancellable,
				Refusal::NoSuchSlot { .. } => Self::NoSuchSlot,
				Refusal::ContextExceeded { .. } => Self::ContextExceeded,
				Refusal::NoOutput => Self::NoOutput,
				Refusal::QueueFull { .. } => Self::QueueFull,
				Refusal::NoVouchers { .. } => Self::NoVouchers,
				Refusal::TooFewOperators { .. } => Self::TooFewOperators,
				Refusal::CanaryFull { .. } => Self::CanaryFull,
				Refusal::ResultTooLong { .. } => Self::ResultTooLong,
				Refusal::ModelPaused { .. } => Self::ModelPaused,
				Refusal::LanePaused { .. } => Self::LanePaused,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_poll(_: BlockNumberFor<T>, weight: &mut WeightMeter) {
			let limit = T::PollWeight::get().min(weight.remaining());
			let mut budget = WeightMeter::with_limit(limit);
			let mut half = WeightMeter::with_limit(limit / 2);
			// Matching goes first: a job that a deadline queues again waits for the next block.
			Self::match_jobs(&mut half);
			budget.consume(half.consumed());
			Self::meet_deadlines(&mut budget);
			weight.consume(budget.consumed());
		}

		fn integrity_test() {
			let half = T::PollWeight::get() / 2;
			let lines = T::WeightInfo::match_line().saturating_mul(T::MaxLines::get().into());
			let one_match = T::WeightInfo::match_base()
				.saturating_add(lines)
				.saturating_add(T::WeightInfo::match_job());
			let callback = T::Callbacks::weight();
			let one_deadline = T::WeightInfo::deadline_base()
				.saturating_add(T::WeightInfo::deadline_bucket())
				.saturating_add(T::WeightInfo::deadline())
				.saturating_add(callback);
			assert!(one_match.all_lte(half), "no block could match a job");
			assert!(one_deadline.all_lte(half), "no block could meet a deadline");
			assert!(T::MaxLines::get() > 0, "no job could wait");
			assert!(
				callback.all_lte(T::PollWeight::get() / CALLBACKS),
				"a pallet does too much when it is told of a result"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Submits a job.
		///
		/// Signed. Reserves the most that the job can cost: of the account's credits on the
		/// Included lane, of its vouchers or its sponsor's on the Dedicated one. What the receipt
		/// does not use comes back.
		///
		/// - `slot`: the account's job slot to take; one job a slot.
		/// - `model`: Merkle root of the model's container.
		/// - `lane`: what pays; `IncludedFirst` is credits where they take the job, else vouchers.
		/// - `max_output`: new tokens at the most, at least 1.
		/// - `prompt`: UTF-8 text, public until the job is final, at most 2,048 bytes.
		///
		/// Emits [`Event::JobSubmitted`].
		#[pallet::call_index(0)]
		#[pallet::weight(match lane {
			LaneChoice::Included => T::WeightInfo::submit_included(prompt.len() as u32),
			_ => T::WeightInfo::submit_dedicated(prompt.len() as u32),
		})]
		pub fn submit_job(
			origin: OriginFor<T>,
			slot: u8,
			model: ModelId,
			lane: LaneChoice,
			max_output: u32,
			prompt: Vec<u8>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let prompt_len = u32::try_from(prompt.len()).unwrap_or(u32::MAX);
			let terms = SubmitTerms {
				slot,
				lane,
				model,
				prompt_len,
				max_output,
				wants_ids: false,
			};
			Self::do_submit(who, terms, prompt).map(drop)
		}

		/// Withdraws an open job.
		///
		/// Signed by the job's owner. Free while the job waits; once a worker holds a slot for it
		/// the floor of a job is forfeited, and once the worker has accepted, all of it.
		///
		/// - `job`: the job.
		///
		/// Emits [`Event::JobCancelled`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::cancel_job().saturating_add(T::Callbacks::weight()))]
		pub fn cancel_job(origin: OriginFor<T>, job: JobId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel(who, job)
		}
	}
}
