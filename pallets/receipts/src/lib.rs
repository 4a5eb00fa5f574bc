#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(rustdoc::broken_intra_doc_links)]

extern crate alloc;

use one_primitives::ProtocolTime;
use polkadot_sdk::*;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
pub mod runtime_api;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

/// Protocol time that shares one bucket of expiries, in milliseconds.
pub const BUCKET: ProtocolTime = 60_000;

/// A record of this runtime.
pub type RecordOf<T> = ReceiptRecord<<T as frame_system::Config>::AccountId>;
/// A stub of this runtime.
pub type StubOf<T> = ReceiptStub<<T as frame_system::Config>::AccountId>;

#[frame_support::pallet]
pub mod pallet {
	use frame_support::{pallet_prelude::*, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		clock::Clock,
		jobs::{JobId, Market},
		models::ModelId,
		receipts::{Finish, Outcome},
		Cu, Usdc,
	};
	use sp_core::H256;

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
		/// The market whose jobs receipts are of.
		type Market: Market<Self::AccountId>;
		/// Protocol time for which a stub is kept.
		type StubPeriod: Get<ProtocolTime>;
		/// Weight of a block that pruning may take.
		type PollWeight: Get<Weight>;
		/// Weights.
		type WeightInfo: WeightInfo;
		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// Receipts of served jobs that are not yet final.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Twox64Concat, JobId, RecordOf<T>>;

	/// What is kept of the receipts of final jobs.
	#[pallet::storage]
	pub type Stubs<T: Config> = StorageMap<_, Twox64Concat, JobId, StubOf<T>>;

	/// Stubs by the bucket in which they expire: protocol time divided by [`BUCKET`].
	#[pallet::storage]
	pub type Expiries<T> = StorageDoubleMap<_, Twox64Concat, u64, Twox64Concat, JobId, ()>;

	/// The oldest bucket that may hold an expiry.
	#[pallet::storage]
	pub type ExpiryCursor<T> = StorageValue<_, u64, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A receipt moved its job on.
		ReceiptAccepted {
			/// Who signed it.
			worker: T::AccountId,
			/// The job.
			job: JobId,
			/// The model that was run.
			model: ModelId,
			/// Hash of the request.
			request_root: H256,
			/// Merkle root over the new token ids.
			result_root: H256,
			/// Merkle root over the positions' final residuals.
			trace_root: H256,
			/// Prompt tokens.
			input_tokens: u32,
			/// New tokens.
			output_tokens: u32,
			/// What happened.
			outcome: Outcome,
			/// Why generation ended.
			finish: Finish,
			/// CU that it cost the job's owner.
			charged: Cu,
			/// What the worker earns, in micro-USDC.
			price: Usdc,
		},
		/// The job of a receipt is final.
		ReceiptSettled {
			/// Who signed it.
			worker: T::AccountId,
			/// The job.
			job: JobId,
			/// What the worker earned, in micro-USDC.
			price: Usdc,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// It is not of the worker's current attempt of an open job.
		StaleReceipt,
		/// The signature is not the worker's, or of something else.
		BadSignature,
		/// The token ids are missing, not of the result root, or not asked for.
		WrongIds,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_poll(_: BlockNumberFor<T>, weight: &mut WeightMeter) {
			let limit = T::PollWeight::get().min(weight.remaining());
			let mut budget = WeightMeter::with_limit(limit);
			Self::prune_stubs(&mut budget);
			weight.consume(budget.consumed());
		}

		fn integrity_test() {
			let one_stub = T::WeightInfo::prune_base()
				.saturating_add(T::WeightInfo::prune_bucket())
				.saturating_add(T::WeightInfo::prune_stub());
			assert!(
				one_stub.all_lte(T::PollWeight::get()),
				"no block could prune a stub"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
