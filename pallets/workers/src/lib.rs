#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod bond;
mod counting;
mod exclusions;
mod invariants;
pub mod ladder;
mod mailbox;
mod offchain;
mod offences;
mod rate;
mod registration;
mod report;
pub mod runtime_api;
mod slashes;
mod slots;
mod state;
mod status;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use bond::BondQuote;
pub use exclusions::{Exclusion, Exclusions, MAX_EXCLUSIONS};
pub use ladder::{Ladder, LadderTerms, OffenceId, Penalty, Rung};
pub use pallet::*;
pub use report::{AHEAD, MAX_AGE};
pub use slashes::{OffenceIds, Slash, MAX_CHALLENGER_PART};
pub use slots::MAX_DRAWS;
pub use types::{
	Bond, Offer, Pulse, Report, Seat, WorkerRecord, WorkerState, WorkerStatus, MAX_ENTRIES,
	MAX_MODELS, MAX_SLOTS,
};
pub use weights::WeightInfo;

use polkadot_sdk::{
	frame_support::{
		self,
		traits::fungible::{self, Inspect},
	},
	frame_system::{self, pallet_prelude::BlockNumberFor},
};

/// Target of the log.
pub(crate) const LOG_TARGET: &str = "runtime::workers";

/// Amount of ONE, in 10^-12.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// A worker's bond.
pub type BondOf<T> = Bond<BalanceOf<T>>;
/// ONE on its way from one account to another.
pub type CreditOf<T> =
	fungible::Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;
/// A worker's offences.
pub type LadderOf<T> = Ladder<BalanceOf<T>>;
/// What an offence costs.
pub type PenaltyOf<T> = Penalty<BalanceOf<T>>;
/// A worker's last report.
pub type PulseOf<T> = Pulse<BlockNumberFor<T>>;
/// What a conviction has taken.
pub type SlashOf<T> = Slash<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
/// A worker's record.
pub type RecordOf<T> = WorkerRecord<BalanceOf<T>, BlockNumberFor<T>>;
/// A worker's report.
pub type ReportOf<T> = Report<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;
/// A worker as the runtime API tells it.
pub type StatusOf<T> = WorkerStatus<BalanceOf<T>, BlockNumberFor<T>>;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{BalancedHold, MutateHold},
			OnUnbalanced,
		},
		weights::WeightMeter,
	};
	use frame_system::{
		ensure_authorized, offchain::CreateAuthorizedTransaction, pallet_prelude::*,
	};
	use one_primitives::{
		clock::Clock,
		jobs::{JobId, Market},
		models::{ModelId, Models},
		receipts::Receipts,
		settlement::VoidPay,
		workers::{
			crypto::{WorkerKey, WorkerSignature},
			Offence,
		},
		ProtocolTime,
	};
	use polkadot_sdk::{
		sp_core::H256,
		sp_runtime::{transaction_validity::TransactionPriority, Permill},
	};

	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime sets. Its transaction extensions must begin with
	/// `frame_system::AuthorizeCall`.
	#[pallet::config]
	pub trait Config:
		CreateAuthorizedTransaction<Call<Self>>
		+ polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = H256>
	{
		/// ONE.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ BalancedHold<Self::AccountId>;
		/// The runtime's reasons to hold a balance.
		type RuntimeHoldReason: From<HoldReason>;
		/// The two clocks.
		type Clock: Clock;
		/// The registry of models.
		type Models: Models;
		/// The market of jobs.
		type Market: Market<Self::AccountId>;
		/// Takes the receipts out of reports.
		type Receipts: Receipts<Self::AccountId, WorkerKey, WorkerSignature>;
		/// What workers are owed.
		type Pay: VoidPay<Self::AccountId>;
		/// Where slashes go, but for the challenger's part.
		type SlashDestination: OnUnbalanced<CreditOf<Self>>;
		/// Convicts of what the chain cannot see itself, and cancels convictions.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Bond per slot and GiB of device memory.
		type BondPerSlotGib: Get<BalanceOf<Self>>;
		/// What offences cost.
		type Ladder: Get<LadderTerms>;
		/// Jobs that a new worker serves before its slots grow.
		type ProbationJobs: Get<u16>;
		/// The most of a model's slots that a requester excludes.
		type ExclusionShare: Get<Permill>;
		/// The most of a model's slots that a worker has in use when it gets an Included job.
		type OperatorShare: Get<Permill>;
		/// Protocol time in which offences add up.
		type OffenceWindow: Get<ProtocolTime>;
		/// Protocol time in which a conviction can be cancelled.
		type AppealWindow: Get<ProtocolTime>;
		/// Protocol time between the end of a need for a bond and its return.
		type UnbondingPeriod: Get<ProtocolTime>;
		/// Protocol time of maintenance that a worker declares in a period at the most.
		type MaintenanceCap: Get<ProtocolTime>;
		/// That period.
		type MaintenancePeriod: Get<ProtocolTime>;
		/// Protocol time for which a requester excludes a worker.
		type ExclusionPeriod: Get<ProtocolTime>;
		/// Protocol time after its last report in which a worker is given jobs.
		type LivenessTimeout: Get<ProtocolTime>;
		/// Protocol time after which a worker with nothing to say reports.
		type HeartbeatInterval: Get<ProtocolTime>;
		/// Tokens per second that deadlines count on until audits prove a worker's own rate.
		type ProvenRate: Get<u32>;
		/// Weight of a block that paying out slashes and finding silent workers may take, the latter
		/// half of it at the most.
		type PollWeight: Get<Weight>;
		/// Priority of reports in the pool.
		#[pallet::constant]
		type ReportPriority: Get<TransactionPriority>;
		/// Cost of the calls.
		type WeightInfo: WeightInfo;
		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// Why a worker's balance is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// It answers for the worker's conduct.
		#[codec(index = 0)]
		Bond,
		/// A conviction took it from the bond, and can still be cancelled.
		#[codec(index = 1)]
		Slashed,
	}

	/// The registered workers.
	#[pallet::storage]
	pub type Workers<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, RecordOf<T>>;

	/// Whose node signs with a key.
	#[pallet::storage]
	pub type Keys<T: Config> = StorageMap<_, Blake2_128Concat, WorkerKey, T::AccountId>;

	/// Each worker's slots for each model; kept while the worker offers the model, or a token or
	/// a job refers to it.
	#[pallet::storage]
	pub type Seats<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, ModelId, Seat>;

	/// The free slots of each model: tokens that name their worker, numbered from 0.
	#[pallet::storage]
	pub type Tokens<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, ModelId, Twox64Concat, u32, T::AccountId>;

	/// The number of tokens of each model, those that went stale included.
	#[pallet::storage]
	pub type FreeSlots<T: Config> = StorageMap<_, Blake2_128Concat, ModelId, u32, ValueQuery>;

	/// Slots earned for each model, over all workers that can take jobs for it.
	#[pallet::storage]
	pub type EarnedSlots<T: Config> = StorageMap<_, Blake2_128Concat, ModelId, u32, ValueQuery>;

	/// Workers that can take jobs for each model.
	#[pallet::storage]
	pub type Operators<T: Config> = StorageMap<_, Blake2_128Concat, ModelId, u32, ValueQuery>;

	/// The worker that the patrol looked at last; none when it begins anew.
	#[pallet::storage]
	pub type Patrolled<T: Config> = StorageValue<_, T::AccountId>;

	/// Each worker's offences; those that have left the window mean nothing.
	#[pallet::storage]
	pub type Ladders<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, LadderOf<T>, ValueQuery>;

	/// What convictions have taken and is not paid out, by offence.
	#[pallet::storage]
	pub type Slashes<T: Config> = StorageMap<_, Twox64Concat, OffenceId, SlashOf<T>>;

	/// Numbers of offences.
	#[pallet::storage]
	pub type Numbers<T: Config> = StorageValue<_, OffenceIds, ValueQuery>;

	/// The workers that requesters exclude; those that have lapsed mean nothing.
	#[pallet::storage]
	pub type Excluded<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Exclusions<T::AccountId>, ValueQuery>;

	/// What happened to a worker.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A worker is there; it gets jobs from its first report on.
		WorkerRegistered {
			/// The worker.
			who: T::AccountId,
			/// What is held of its balance.
			bond: BalanceOf<T>,
		},
		/// A worker's offer has changed.
		WorkerUpdated {
			/// The worker.
			who: T::AccountId,
			/// What is held of its balance.
			bond: BalanceOf<T>,
		},
		/// A worker's node signs with another key.
		KeyRotated {
			/// The worker.
			who: T::AccountId,
			/// The new key.
			key: WorkerKey,
		},
		/// A worker has served its probation; its slots grow.
		WorkerProven {
			/// The worker.
			who: T::AccountId,
		},
		/// A worker takes no more jobs for a while.
		MaintenanceStarted {
			/// The worker.
			who: T::AccountId,
			/// Protocol time at which it is over at the latest.
			until: ProtocolTime,
		},
		/// A worker takes jobs again.
		WorkerResumed {
			/// The worker.
			who: T::AccountId,
		},
		/// A worker takes no more jobs until it has made good.
		WorkerSuspended {
			/// The worker.
			who: T::AccountId,
		},
		/// A worker takes no more jobs.
		WorkerDraining {
			/// The worker.
			who: T::AccountId,
		},
		/// A worker has left; its bond waits.
		WorkerLeft {
			/// The worker.
			who: T::AccountId,
			/// Protocol time from which the bond can be withdrawn.
			withdrawable: ProtocolTime,
		},
		/// What a worker's bond no longer needed is free; a worker that had left is forgotten.
		BondWithdrawn {
			/// The worker.
			who: T::AccountId,
			/// What is free again.
			amount: BalanceOf<T>,
		},
		/// A worker was convicted. What that takes of its bond is paid out later.
		WorkerConvicted {
			/// The worker.
			who: T::AccountId,
			/// Number of the offence.
			id: OffenceId,
			/// What it did.
			offence: Offence,
			/// How hard that fell.
			rung: Rung,
			/// What it takes of the bond.
			amount: BalanceOf<T>,
			/// Protocol time at which that is paid out, unless it is cancelled.
			due: ProtocolTime,
			/// Hash of what shows the offence; zero where the chain saw it itself.
			evidence: H256,
		},
		/// A conviction was cancelled: what it took is back in the bond.
		SlashCancelled {
			/// The worker.
			who: T::AccountId,
			/// Number of the offence.
			id: OffenceId,
			/// What is back.
			amount: BalanceOf<T>,
		},
		/// What a conviction took was paid out.
		SlashPaid {
			/// The worker that was.
			who: T::AccountId,
			/// Number of the offence.
			id: OffenceId,
			/// What the worker lost.
			amount: BalanceOf<T>,
			/// What of that went to the challenger.
			reward: BalanceOf<T>,
		},
		/// A worker gets no more jobs of a requester for a model.
		WorkerExcluded {
			/// The requester.
			who: T::AccountId,
			/// The worker.
			worker: T::AccountId,
			/// The model.
			model: ModelId,
			/// Protocol time at which that lapses.
			until: ProtocolTime,
		},
		/// A worker's node was heard of.
		Reported {
			/// The worker.
			who: T::AccountId,
			/// Jobs taken on.
			acceptances: u32,
			/// Receipts taken.
			receipts: u32,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The account is a worker already.
		AlreadyRegistered,
		/// The account is not a worker.
		NotRegistered,
		/// The worker takes no more jobs already.
		AlreadyDraining,
		/// The worker has left; withdraw the bond to register again.
		AlreadyLeft,
		/// The worker is in maintenance already.
		AlreadyInMaintenance,
		/// The worker is suspended.
		Suspended,
		/// The worker is neither in maintenance nor suspended.
		NotPaused,
		/// The worker has declared as much maintenance as one period allows.
		MaintenanceTooLong,
		/// The worker was removed: its offences must leave the window first.
		Removed,
		/// The bond is less than the offer asks for; update the offer to top it up.
		BondTooLow,
		/// The offer asks for all that is held.
		NothingToWithdraw,
		/// A slash waits to be paid out or cancelled.
		SlashPending,
		/// Nothing is known of this offence of the worker.
		UnknownOffence,
		/// No attempt at this job of the caller is on record as having come to nothing.
		NoFailure,
		/// The caller excludes three workers already.
		TooManyExclusions,
		/// The model would have too few slots left for the caller.
		ShareTooLarge,
		/// The worker has jobs to finish.
		JobsOpen,
		/// The unbonding period is not over.
		Unbonding,
		/// A worker offers between 1 and 64 slots.
		SlotsOutOfBounds,
		/// The offer names no peer id.
		PeerIdMissing,
		/// The offer names no model.
		NoModels,
		/// The offer names a model twice.
		ModelTwice,
		/// The registry does not know the model, or it is retired.
		UnknownModel,
		/// The device has less memory than a model asks for.
		TooLittleMemory,
		/// The bond does not fit a balance.
		BondTooLarge,
		/// A worker signs with this key.
		KeyInUse,
		/// The proof is not the key's signature for this account on this chain.
		InvalidProof,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_poll(_: BlockNumberFor<T>, weight: &mut WeightMeter) {
			let limit = T::PollWeight::get().min(weight.remaining());
			let mut budget = WeightMeter::with_limit(limit);
			let mut half = WeightMeter::with_limit(limit / 2);
			Self::patrol(&mut half);
			budget.consume(half.consumed());
			Self::pay_slashes(&mut budget);
			weight.consume(budget.consumed());
		}

		fn offchain_worker(now: BlockNumberFor<T>) {
			Self::do_offchain_worker(now);
		}

		fn integrity_test() {
			assert!(
				T::HeartbeatInterval::get() < T::LivenessTimeout::get(),
				"a worker with nothing to say would be taken for dead",
			);
			assert!(
				T::AppealWindow::get() <= T::OffenceWindow::get(),
				"an offence could be forgotten while its slash waits",
			);
			assert!(
				T::OffenceWindow::get() <= T::UnbondingPeriod::get(),
				"a worker could leave its offences behind",
			);
			let one_slash =
				T::WeightInfo::slashes_base().saturating_add(T::WeightInfo::pay_slash());
			let half = T::PollWeight::get() / 2;
			assert!(one_slash.all_lte(half), "no block could pay a slash out");
			let one_found = T::WeightInfo::patrol().saturating_add(T::WeightInfo::recount());
			assert!(one_found.all_lte(half), "no block could count a worker out");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(
			_: BlockNumberFor<T>,
		) -> Result<(), polkadot_sdk::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers the caller as a worker with `offer` and holds its bond.
		///
		/// `proof` is the signature of `key` over `(genesis hash, "register", caller)`. Jobs come
		/// after the first report of the node. Origin: signed. Emits
		/// [`Event::WorkerRegistered`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(
			origin: OriginFor<T>,
			offer: Offer,
			key: WorkerKey,
			proof: WorkerSignature,
		) -> DispatchResult {
			Self::do_register(ensure_signed(origin)?, offer, key, proof)
		}

		/// Replaces the worker's offer, and holds what its bond lacks. What a smaller one no longer
		/// needs can be withdrawn after the unbonding period.
		///
		/// Origin: signed by the worker. Emits [`Event::WorkerUpdated`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::update())]
		pub fn update(origin: OriginFor<T>, offer: Offer) -> DispatchResult {
			Self::do_update(ensure_signed(origin)?, offer)
		}

		/// Replaces the key that the worker's node signs with.
		///
		/// `proof` as in [`register`](Self::register). Origin: signed by the worker. Emits
		/// [`Event::KeyRotated`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::rotate_key())]
		pub fn rotate_key(
			origin: OriginFor<T>,
			key: WorkerKey,
			proof: WorkerSignature,
		) -> DispatchResult {
			Self::do_rotate_key(ensure_signed(origin)?, key, proof)
		}

		/// Takes no more jobs; those at hand are finished.
		///
		/// Origin: signed by the worker. Emits [`Event::WorkerDraining`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::drain())]
		pub fn drain(origin: OriginFor<T>) -> DispatchResult {
			Self::do_drain(ensure_signed(origin)?)
		}

		/// Leaves, once no job is open; the bond waits for the unbonding period.
		///
		/// Origin: signed by the worker. Emits [`Event::WorkerLeft`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			Self::do_leave(ensure_signed(origin)?)
		}

		/// Takes back what the bond no longer needs, after the unbonding period: the rest of a larger
		/// offer's, or after leaving all of it.
		///
		/// Origin: signed by the worker. Emits [`Event::BondWithdrawn`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			Self::do_withdraw(ensure_signed(origin)?)
		}

		/// A worker's one message in a block: jobs taken on, receipts, a sign of life.
		///
		/// Entries that the chain no longer waits for are skipped. Origin: authorized, by the
		/// signature of the worker's key over `(genesis hash, "report", version, report)`; free.
		/// Emits [`Event::Reported`].
		#[pallet::call_index(6)]
		#[pallet::weight((
			Pallet::<T>::report_weight(report).saturating_add(T::WeightInfo::recount()),
			DispatchClass::Operational,
			Pays::No,
		))]
		#[pallet::weight_of_authorize(T::WeightInfo::authorize_report(
			report.acceptances.len() as u32,
			report.receipts.len() as u32,
		))]
		#[pallet::authorize(|_source, report, signature| Self::authorize_report(report, signature))]
		pub fn report(
			origin: OriginFor<T>,
			report: ReportOf<T>,
			// Verified where the call was authorized.
			_signature: WorkerSignature,
		) -> DispatchResultWithPostInfo {
			ensure_authorized(origin)?;
			let weight = Self::report_weight(&report);
			let has_recounted = Self::do_report(report)?;
			Ok((!has_recounted).then_some(weight).into())
		}

		/// Takes no more jobs for `length` milliseconds of protocol time; those at hand are
		/// finished.
		///
		/// A worker may declare so much in each period. It takes jobs again with its first report
		/// after that time, or when it resumes. Origin: signed by the worker. Emits
		/// [`Event::MaintenanceStarted`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::start_maintenance())]
		pub fn start_maintenance(origin: OriginFor<T>, length: ProtocolTime) -> DispatchResult {
			Self::do_start_maintenance(ensure_signed(origin)?, length)
		}

		/// Takes jobs again, after a maintenance or a suspension.
		///
		/// A suspended worker first makes its bond whole, by [`update`](Self::update); a removed
		/// one waits until its offences have left the window. Origin: signed by the worker. Emits
		/// [`Event::WorkerResumed`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::resume())]
		pub fn resume(origin: OriginFor<T>) -> DispatchResult {
			Self::do_resume(ensure_signed(origin)?)
		}

		/// Convicts a worker of `offence`; `evidence` is the hash of what shows it.
		///
		/// Origin: governance. Emits [`Event::WorkerConvicted`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::convict())]
		pub fn convict(
			origin: OriginFor<T>,
			who: T::AccountId,
			offence: Offence,
			evidence: H256,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_convict(&who, offence, evidence, None)
		}

		/// Undoes the conviction of `who` with the number `id`: what it took and is not paid out
		/// goes back to the bond, and the offence no longer counts.
		///
		/// Origin: governance. Emits [`Event::SlashCancelled`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::cancel_slash())]
		pub fn cancel_slash(
			origin: OriginFor<T>,
			who: T::AccountId,
			id: OffenceId,
		) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_cancel_slash(who, id)
		}

		/// Keeps the worker whose attempt at the caller's `job` came to nothing away from the
		/// caller's jobs for that model, for a while.
		///
		/// At most three at once, and a small share of the model's slots. Origin: signed by the
		/// job's owner, while the job is not final. Emits [`Event::WorkerExcluded`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::exclude())]
		pub fn exclude(origin: OriginFor<T>, job: JobId) -> DispatchResult {
			Self::do_exclude(ensure_signed(origin)?, job)
		}
	}
}
