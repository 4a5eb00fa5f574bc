#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
pub mod runtime_api;
pub mod shape;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::{Model, ModelInfo, ModelRecord, ModelState};
pub use weights::WeightInfo;

use polkadot_sdk::{frame_support, frame_system};

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	extern crate alloc;

	use alloc::vec::Vec;

	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		clock::Clock,
		models::{Cost, ModelId},
		pauses::Pauses,
		ProtocolTime,
	};

	use super::*;
	use crate::impls::Step;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the runtime sets.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Who may change the registry.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The two clocks.
		type Clock: Clock;
		/// What takes no new jobs for now.
		type Pauses: Pauses;
		/// Protocol time between the announcement of a model and its first job.
		type Timelock: Get<ProtocolTime>;
		/// Models kept at the most, retired ones included.
		#[pallet::constant]
		type MaxModels: Get<u32>;
		/// Cost of the calls.
		type WeightInfo: WeightInfo;
		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// The registered models, by the Merkle root of the container.
	#[pallet::storage]
	pub type Models<T: Config> = CountedStorageMap<_, Blake2_128Concat, ModelId, Model>;

	/// Models that take jobs from the first block on.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Container root and record of each.
		pub models: Vec<(ModelId, ModelRecord)>,
		#[doc(hidden)]
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (id, record) in &self.models {
				let inserted = Pallet::<T>::insert(*id, record.clone(), ModelState::Active);
				// A genesis that names a broken model must not come to life.
				assert!(
					inserted.is_ok(),
					"model {id:?} of the genesis: {inserted:?}"
				);
			}
		}
	}

	/// What happened to a model.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Workers may fetch and offer the model.
		ModelRegistered {
			/// Its container root.
			model: ModelId,
		},
		/// The timelock runs.
		ModelStaged {
			/// Its container root.
			model: ModelId,
			/// Protocol time from which it can be activated.
			ready: ProtocolTime,
		},
		/// The model takes jobs.
		ModelActivated {
			/// Its container root.
			model: ModelId,
			/// Work per token.
			cost: Cost,
		},
		/// The model takes no more jobs.
		ModelRetired {
			/// Its container root.
			model: ModelId,
		},
		/// A retired model's record is gone.
		ModelRemoved {
			/// Its container root.
			model: ModelId,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// A model with this container root is registered.
		AlreadyRegistered,
		/// The registry is full; remove a retired model first.
		TooManyModels,
		/// No model with this container root is registered.
		UnknownModel,
		/// The runtime does not know the arithmetic.
		UnknownArithmetic,
		/// A dimension of the shape is zero, or out of the bounds of the arithmetic.
		ShapeOutOfBounds,
		/// The chat template alone fills the context.
		TemplateLongerThanContext,
		/// There is no such tier.
		UnknownTier,
		/// The name is not UTF-8.
		NameNotText,
		/// The model has to be staged first.
		NotStaged,
		/// The model is staged or active.
		AlreadyStaged,
		/// The model is retired.
		AlreadyRetired,
		/// Only a retired model can be removed.
		NotRetired,
		/// Staged too short a time ago.
		TimelockRunning,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxModels::get() > 0, "a registry without room");
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
		/// Registers `record` under the Merkle root of its container.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ModelRegistered`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register())]
		pub fn register(
			origin: OriginFor<T>,
			model: ModelId,
			record: ModelRecord,
		) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_register(model, record)
		}

		/// Announces a registered model and starts its timelock.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ModelStaged`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::stage())]
		pub fn stage(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_step(model, Step::Stage)?;
			let ready = T::Clock::protocol().saturating_add(T::Timelock::get());
			Self::deposit_event(Event::ModelStaged { model, ready });
			Ok(())
		}

		/// Opens a staged model for jobs once its timelock has passed.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ModelActivated`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::activate())]
		pub fn activate(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			let cost = Self::do_step(model, Step::Activate)?.cost;
			Self::deposit_event(Event::ModelActivated { model, cost });
			Ok(())
		}

		/// Closes a model for new jobs; jobs at hand are finished.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ModelRetired`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_step(model, Step::Retire)?;
			Self::deposit_event(Event::ModelRetired { model });
			Ok(())
		}

		/// Forgets a retired model.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ModelRemoved`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::remove())]
		pub fn remove(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_remove(model)
		}
	}
}
