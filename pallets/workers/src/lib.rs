#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

mod invariants;
mod mailbox;
mod offchain;
mod registration;
mod report;
pub mod runtime_api;
mod slots;
mod status;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use report::{AHEAD, MAX_AGE};
pub use slots::MAX_DRAWS;
pub use types::{
	Offer, Pulse, Report, Seat, WorkerRecord, WorkerState, WorkerStatus, MAX_ENTRIES, MAX_MODELS,
	MAX_SLOTS,
};
pub use weights::WeightInfo;

use polkadot_sdk::{
	frame_support::{self, traits::fungible::Inspect},
	frame_system::{self, pallet_prelude::BlockNumberFor},
};

/// Target of the log.
pub(crate) const LOG_TARGET: &str = "runtime::workers";

/// Amount of ONE, in 10^-12.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// A worker's record.
pub type RecordOf<T> = WorkerRecord<BalanceOf<T>, BlockNumberFor<T>>;
/// A worker's report.
pub type ReportOf<T> = Report<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;
/// A worker as the runtime API tells it.
pub type StatusOf<T> = WorkerStatus<BalanceOf<T>, BlockNumberFor<T>>;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
	use frame_system::{
		ensure_authorized, offchain::CreateAuthorizedTransaction, pallet_prelude::*,
	};
	use one_primitives::{
		clock::Clock,
		jobs::Market,
		models::{ModelId, Models},
		receipts::Receipts,
		workers::crypto::{WorkerKey, WorkerSignature},
		ProtocolTime,
	};
	use polkadot_sdk::{sp_core::H256, sp_runtime::transaction_validity::TransactionPriority};

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
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
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
		/// Bond per slot and GiB of device memory.
		type BondPerSlotGib: Get<BalanceOf<Self>>;
		/// Protocol time between leaving and the bond's return.
		type UnbondingPeriod: Get<ProtocolTime>;
		/// Protocol time after its last report in which a worker is given jobs.
		type LivenessTimeout: Get<ProtocolTime>;
		/// Protocol time after which a worker with nothing to say reports.
		type HeartbeatInterval: Get<ProtocolTime>;
		/// Tokens per second that deadlines count on until audits prove a worker's own rate.
		type ProvenRate: Get<u32>;
		/// Priority of reports in the pool.
		#[pallet::constant]
		type ReportPriority: Get<TransactionPriority>;
		/// Cost of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why a worker's balance is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// It answers for the worker's conduct.
		#[codec(index = 0)]
		Bond,
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
		/// A worker has its bond back and is forgotten.
		BondWithdrawn {
			/// The worker that was.
			who: T::AccountId,
			/// What is free again.
			amount: BalanceOf<T>,
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
		/// The worker has not left.
		NotLeft,
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
		fn offchain_worker(now: BlockNumberFor<T>) {
			Self::do_offchain_worker(now);
		}

		fn integrity_test() {
			assert!(
				T::HeartbeatInterval::get() < T::LivenessTimeout::get(),
				"a worker with nothing to say would be taken for dead",
			);
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

		/// Replaces the worker's offer; holds more when it is larger, never less.
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

		/// Takes the bond back after the unbonding period.
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
			T::WeightInfo::report(
				report.acceptances.len() as u32,
				report.receipts.len() as u32,
			),
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
		) -> DispatchResult {
			ensure_authorized(origin)?;
			Self::do_report(report)
		}
	}
}
