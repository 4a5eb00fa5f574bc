//! A market of one model whose jobs cost what they name, and on the Dedicated lane nothing.

pub use pallet::*;
use polkadot_sdk::*;

#[frame_support::pallet(dev_mode)]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		credits::{LaneFunds, Refusal, Submissions, SubmitTerms},
		jobs::{JobId, Lane, LaneChoice},
		Cu,
	};

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config {
		/// The Included lane.
		type Funds: LaneFunds<Self::AccountId>;
	}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Owner, slot and, on the Included lane, money of a job.
	type OpenJob<T> = (
		<T as frame_system::Config>::AccountId,
		u8,
		Option<
			<<T as Config>::Funds as LaneFunds<<T as frame_system::Config>::AccountId>>::Reservation,
		>,
	);

	/// The open jobs.
	#[pallet::storage]
	pub type Jobs<T: Config> = StorageMap<_, Twox64Concat, JobId, OpenJob<T>, OptionQuery>;

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
		pub fn submit(origin: OriginFor<T>, slot: u8, cu: u32, lane: LaneChoice) -> DispatchResult {
			let (who, cu) = (T::Funds::owner(&ensure_signed(origin)?), Cu::from(cu));
			let lane = Self::lane(&who, slot, cu, lane).map_err(|_| Error::<T>::Refused)?;
			let reservation = match lane {
				Lane::Included => Some(T::Funds::reserve(&who, 0, cu)?),
				Lane::Dedicated => None,
			};
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
			reservation.map_or(Ok(()), |reserved| T::Funds::release(&who, &reserved))
		}

		/// Takes stake back.
		pub fn leave(origin: OriginFor<T>) -> DispatchResult {
			ensure_signed(origin).map(drop).map_err(Into::into)
		}
	}

	impl<T: Config> Pallet<T> {
		fn lane(who: &T::AccountId, slot: u8, cu: Cu, lane: LaneChoice) -> Result<Lane, Refusal> {
			lane.resolve(|lane| match lane {
				Lane::Included => {
					T::Funds::check(who, 0, cu)?;
					Self::check_slot(who, slot)
				}
				Lane::Dedicated => Ok(()),
			})
		}

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
			let (who, cu) = (T::Funds::owner(who), Cu::from(terms.max_output));
			Self::lane(&who, terms.slot, cu, terms.lane).map(|_| cu)
		}

		fn check_cancel(who: &T::AccountId, job: JobId) -> Result<(), Refusal> {
			match Jobs::<T>::get(job) {
				None => Err(Refusal::UnknownJob),
				Some((owner, ..)) if owner != T::Funds::owner(who) => Err(Refusal::NotOwner),
				Some(_) => Ok(()),
			}
		}
	}
}
