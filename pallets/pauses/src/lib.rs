#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

use polkadot_sdk::*;

pub use pallet::*;
pub use types::{PalletName, Pause, Subject, MAX_LENGTH};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

/// FRAME pallet: pauses that end by themselves.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, traits::Contains};
	use frame_system::pallet_prelude::*;
	use one_primitives::{clock::Clock, models::Models, Moment};

	/// The version of the storage layout.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Configuration of the pallet.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Who may pause.
		type PauseOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// Who may end a pause before its time.
		type ResumeOrigin: EnsureOrigin<Self::RuntimeOrigin>;
		/// UTC.
		type Clock: Clock;
		/// The registry of models.
		type Models: Models;
		/// Pallets that have calls which may be paused.
		type Pausable: Contains<PalletName>;
		/// Milliseconds that a pause lasts; [`MAX_LENGTH`] at the most.
		type Length: Get<Moment>;
		/// Milliseconds after a pause in which its subject cannot be paused again.
		type Respite: Get<Moment>;
		/// Subjects that are paused, or were lately, at the most.
		#[pallet::constant]
		type MaxPauses: Get<u32>;
		/// Cost of the calls.
		type WeightInfo: WeightInfo;
		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What is paused, and what was paused lately.
	#[pallet::storage]
	pub type Pauses<T: Config> = StorageValue<_, BoundedVec<Pause, T::MaxPauses>, ValueQuery>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Something stands still.
		Paused {
			/// What.
			subject: Subject,
			/// UTC at which that ends by itself.
			until: Moment,
		},
		/// A pause was ended before its time.
		Resumed {
			/// What goes on.
			subject: Subject,
		},
	}

	/// Why a call was refused.
	#[pallet::error]
	pub enum Error<T> {
		/// No model with this container root is registered.
		UnknownModel,
		/// There is no such pallet, or none of its calls may ever be paused.
		NotPausable,
		/// It is paused already.
		AlreadyPaused,
		/// It was paused too short a time ago.
		RespiteRunning,
		/// There is no room for another pause.
		TooManyPauses,
		/// It is not paused.
		NotPaused,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxPauses::get() > 0, "a brake that never works");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Has `subject` stand still until `Length` of UTC has passed.
		///
		/// Origin: `PauseOrigin`. Emits [`Event::Paused`].
		#[pallet::call_index(0)]
		#[pallet::weight((T::WeightInfo::pause(), DispatchClass::Operational))]
		pub fn pause(origin: OriginFor<T>, subject: Subject) -> DispatchResult {
			T::PauseOrigin::ensure_origin(origin)?;
			Self::do_pause(subject)
		}

		/// Ends the pause of `subject` before its time.
		///
		/// Origin: `ResumeOrigin`. Emits [`Event::Resumed`].
		#[pallet::call_index(1)]
		#[pallet::weight((T::WeightInfo::resume(), DispatchClass::Operational))]
		pub fn resume(origin: OriginFor<T>, subject: Subject) -> DispatchResult {
			T::ResumeOrigin::ensure_origin(origin)?;
			Self::do_resume(subject)
		}
	}
}
