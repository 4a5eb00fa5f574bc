//! A market of one model whose jobs cost what they name.

pub use pallet::*;
use polkadot_sdk::*;

#[frame_support::pallet(dev_mode)]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		credits::{LaneFunds, Refusal, Reservation, Submissions, SubmitTerms},
		jobs::{JobId, Lane},
		Cu,
	};

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config {
		/// The Included lane.
		type Funds: LaneFunds<Self::AccountId>;
	}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Owner, slot and money of each open job.
	#[pallet::storage]
	pub type Jobs<T: Config> =
		StorageMap<_, Twox64Concat, JobId, (T::AccountId, u8, Reservation), OptionQuery>;

	/// The job in each slot.
	#[pallet::storage]
	pub type Slots<T: Config> = StorageMap<_, Twox64Concat, (T::AccountId, u8), JobId, OptionQuery>;

	/// The next job's number.
	#[pallet::storage]
	pub type Next<T> = StorageValue<_, JobId, ValueQuery>;

	#[pallet::error]
	pub enum Error<T> {
		/// The market refuses.
		Refused,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Submits a job that costs `cu`.
		pub fn submit(origin: OriginFor<T>, slot: u8, cu: u32, _lane: Lane) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::check_slot(&who, slot).map_err(|_| Error::<T>::Refused)?;
			let reservation = T::Funds::reserve(&who, 0, Cu::from(cu))?;
			let job = Next::<T>::mutate(|next| core::mem::replace(next, *next + 1));
			Jobs::<T>::insert(job, (&who, slot, reservation));
			Slots::<T>::insert((&who, slot), job);
			Ok(())
		}

		/// Cancels a job.
		pub fn cancel(origin: OriginFor<T>, job: JobId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::check_cancel(&who, job).map_err(|_| Error::<T>::Refused)?;
			let (who, slot, reservation) = Jobs::<T>::take(job).ok_or(Error::<T>::Refused)?;
			Slots::<T>::remove((&who, slot));
			T::Funds::release(&who, &reservation)
		}

		/// Takes stake back.
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			ensure_signed(origin).map(drop).map_err(Into::into)
		}
	}

	impl<T: Config> Pallet<T> {
		fn check_slot(who: &T::AccountId, slot: u8) -> Result<(), Refusal> {
			let slots = T::Funds::slots(who);
			match Slots::<T>::get((who, slot)) {
				Some(job) => Err(Refusal::SlotTaken { slot, job }),
				None if slot >= slots => Err(Refusal::NoSuchSlot { slot, slots }),
				None => Ok(()),
			}
		}
	}

	impl<T: Config> Submissions<T::AccountId> for Pallet<T> {
		fn check_submit(who: &T::AccountId, terms: &SubmitTerms) -> Result<Cu, Refusal> {
			let cu = Cu::from(terms.max_output);
			T::Funds::check(who, 0, cu)?;
			Self::check_slot(who, terms.slot)?;
			Ok(cu)
		}

		fn check_cancel(who: &T::AccountId, job: JobId) -> Result<(), Refusal> {
			match Jobs::<T>::get(job) {
				None => Err(Refusal::UnknownJob),
				Some((owner, ..)) if owner != *who => Err(Refusal::NotOwner),
				Some(_) => Ok(()),
			}
		}
	}
}
