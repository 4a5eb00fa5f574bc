#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

use polkadot_sdk::*;

pub use calendar::Calendar;
pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calendar;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod weights;

/// FRAME pallet: the two clocks of the protocol.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use one_primitives::{Moment, ProtocolTime};

	/// The version of the storage layout.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Configuration of the pallet.
	#[pallet::config]
	pub trait Config:
		polkadot_sdk::frame_system::Config + pallet_timestamp::Config<Moment = Moment>
	{
		/// Milliseconds between two blocks.
		#[pallet::constant]
		type SlotDuration: Get<Moment>;

		/// Milliseconds of a credit day.
		type DayLength: Get<Moment>;

		/// Milliseconds of a settlement window.
		type WindowLength: Get<Moment>;

		/// Weights of the hook.
		type WeightInfo: WeightInfo;
	}

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Milliseconds in which the chain made blocks, since genesis.
	#[pallet::storage]
	pub type Elapsed<T> = StorageValue<_, ProtocolTime, ValueQuery>;

	/// UTC of the last block that moved protocol time.
	#[pallet::storage]
	pub type LastSeen<T> = StorageValue<_, Moment, OptionQuery>;

	/// Numbers the credit days.
	#[pallet::storage]
	pub type Days<T> = StorageValue<_, Calendar, OptionQuery>;

	/// Numbers the settlement windows.
	#[pallet::storage]
	pub type Windows<T> = StorageValue<_, Calendar, OptionQuery>;

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			meter.consume(<T as Config>::WeightInfo::on_poll());
			Self::do_tick();
		}

		fn integrity_test() {
			assert!(T::SlotDuration::get() > 0, "a slot must have a length");
			assert!(T::DayLength::get() > 0, "a credit day must have a length");
			assert!(
				T::WindowLength::get() > 0,
				"a settlement window must have a length"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
