#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
pub mod runtime_api;
pub mod shape;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::{Listing, Model, ModelInfo, ModelRecord, ModelState};
pub use weights::WeightInfo;

use polkadot_sdk::{
	frame_support::{
		self,
		traits::fungible::{self, Inspect},
	},
	frame_system,
};

/// Amount of ONE, in 10^-12.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// ONE on its way from one account to another.
pub type CreditOf<T> =
	fungible::Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;
/// Who proposed a model of this runtime.
pub type ListingOf<T> = Listing<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
/// A model of this runtime.
pub type ModelOf<T> = Model<<T as frame_system::Config>::AccountId, BalanceOf<T>>;

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
	extern crate alloc;

	use alloc::vec::Vec;

	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{BalancedHold, MutateHold},
			OnUnbalanced,
		},
	};
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
		/// ONE.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ BalancedHold<Self::AccountId>;
		/// The runtime's reasons to hold a balance.
		type RuntimeHoldReason: From<HoldReason>;
		/// Where the deposits of rejected models go.
		type SlashDestination: OnUnbalanced<CreditOf<Self>>;
		/// Who may change the registry.
		type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// The two clocks.
		type Clock: Clock;
		/// What takes no new jobs for now.
		type Pauses: Pauses;
		/// Protocol time between the announcement of a model and its activation.
		type Timelock: Get<ProtocolTime>;
		/// What is held of whoever proposes a model.
		type ListingDeposit: Get<BalanceOf<Self>>;
		/// Models kept at the most, proposed and retired ones included.
		#[pallet::constant]
		type MaxModels: Get<u32>;
		/// Models that are proposed at the most: fewer than there is room for.
		#[pallet::constant]
		type MaxProposals: Get<u32>;
		/// Cost of the calls.
		type WeightInfo: WeightInfo;
		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// Why funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Deposits of the models that an account proposed.
		#[codec(index = 0)]
		Listing,
	}

	/// The models, by the Merkle root of the container.
	#[pallet::storage]
	pub type Models<T: Config> = CountedStorageMap<_, Blake2_128Concat, ModelId, ModelOf<T>>;

	/// The models that are proposed, oldest first.
	#[pallet::storage]
	pub type Proposals<T: Config> =
		StorageValue<_, BoundedVec<ModelId, T::MaxProposals>, ValueQuery>;

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
				let inserted = Pallet::<T>::insert(*id, record.clone(), ModelState::Active, None);
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
		/// Somebody put a model up.
		ModelProposed {
			/// Who did.
			who: T::AccountId,
			/// Its container root.
			model: ModelId,
			/// What is on hold for it.
			deposit: BalanceOf<T>,
		},
		/// A proposal was taken back.
		ProposalWithdrawn {
			/// Who had made it.
			who: T::AccountId,
			/// Its container root.
			model: ModelId,
		},
		/// Governance does not want a model.
		ProposalRejected {
			/// Its container root.
			model: ModelId,
		},
		/// The deposit of a model is free again.
		DepositReturned {
			/// Whose it is.
			who: T::AccountId,
			/// The model's container root.
			model: ModelId,
			/// How much it is.
			amount: BalanceOf<T>,
		},
		/// The deposit of a rejected model is taken.
		DepositSlashed {
			/// Whose it was.
			who: T::AccountId,
			/// The model's container root.
			model: ModelId,
			/// How much it was.
			amount: BalanceOf<T>,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// A model with this container root is registered.
		AlreadyRegistered,
		/// The registry is full; remove a retired model first.
		TooManyModels,
		/// No model with this container root is registered or proposed.
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
		/// A model with this container root is proposed.
		AlreadyProposed,
		/// Governance has as many proposals to decide on as there can be.
		TooManyProposals,
		/// The model is only proposed; it has to be registered first.
		NotRegistered,
		/// The model is not a proposal any more.
		NotProposed,
		/// Another account proposed the model.
		NotProposer,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				T::MaxProposals::get() < T::MaxModels::get(),
				"proposals must leave the registry room"
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
		/// Registers `record` under the Merkle root of its container. A proposal of this record keeps
		/// its deposit; one of another record gives way.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ModelRegistered`] and, where a proposal gives way,
		/// [`Event::DepositReturned`].
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

		/// Announces a registered model and starts its timelock. If its record has a canary share, it
		/// takes so many jobs from now on.
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

		/// Forgets a retired model; the deposit of whoever proposed it is free.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ModelRemoved`] and [`Event::DepositReturned`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::remove())]
		pub fn remove(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_remove(model)
		}

		/// Proposes `record` under the Merkle root of its container, for governance to register it.
		///
		/// Signed. Holds the deposit until the model is forgotten, or the proposal withdrawn. Emits
		/// [`Event::ModelProposed`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::propose())]
		pub fn propose(
			origin: OriginFor<T>,
			model: ModelId,
			record: ModelRecord,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_propose(who, model, record)
		}

		/// Takes a proposal back, with its deposit.
		///
		/// Signed by who made it. Emits [`Event::ProposalWithdrawn`] and [`Event::DepositReturned`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::withdraw_proposal())]
		pub fn withdraw_proposal(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(who, model)
		}

		/// Forgets a proposal and takes its deposit, which is what keeps worthless ones away.
		///
		/// Origin: `AdminOrigin`. Emits [`Event::ProposalRejected`] and [`Event::DepositSlashed`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::reject())]
		pub fn reject(origin: OriginFor<T>, model: ModelId) -> DispatchResult {
			T::AdminOrigin::ensure_origin(origin)?;
			Self::do_reject(model)
		}
	}
}
