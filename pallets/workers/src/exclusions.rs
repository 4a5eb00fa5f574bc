//! Exclusions: a requester keeps a worker that failed it away from its jobs for a while.

extern crate alloc;

use alloc::vec::Vec;

use codec::{Decode, Encode, MaxEncodedLen};
use one_primitives::{
	clock::Clock,
	jobs::{JobId, Market},
	models::ModelId,
	ProtocolTime,
};
use polkadot_sdk::{
	frame_support::{
		ensure,
		traits::{ConstU32, Get},
		BoundedVec,
	},
	sp_runtime::DispatchResult,
};
use scale_info::TypeInfo;

use crate::{Config, EarnedSlots, Error, Event, Excluded, Pallet, Seats};

/// Exclusions of a requester at the most.
pub const MAX_EXCLUSIONS: u32 = 3;

/// A worker that gets no jobs for a model from the requester who excludes it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Exclusion<AccountId> {
	/// The worker.
	pub worker: AccountId,
	/// The model.
	pub model: ModelId,
	/// Protocol time at which it lapses.
	pub until: ProtocolTime,
}

/// The exclusions of a requester.
pub type Exclusions<AccountId> = BoundedVec<Exclusion<AccountId>, ConstU32<MAX_EXCLUSIONS>>;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_exclude(who: T::AccountId, job: JobId) -> DispatchResult {
		let failed = T::Market::failed_by(&who, job);
		let (model, worker) = failed.ok_or(Error::<T>::NoFailure)?;
		let mut exclusions = Self::exclusions(&who);
		exclusions.retain(|old| (&old.model, &old.worker) != (&model, &worker));
		let until = T::Clock::protocol().saturating_add(T::ExclusionPeriod::get());
		let exclusion = Exclusion {
			worker: worker.clone(),
			model,
			until,
		};
		let pushed = exclusions.try_push(exclusion);
		pushed.map_err(|_| Error::<T>::TooManyExclusions)?;
		Self::check_share(&model, &exclusions)?;
		Excluded::<T>::insert(&who, exclusions);
		Self::deposit_event(Event::WorkerExcluded {
			who,
			worker,
			model,
			until,
		});
		Ok(())
	}

	/// Whether `exclusions` leave enough of the model's slots.
	fn check_share(model: &ModelId, exclusions: &Exclusions<T::AccountId>) -> Result<(), Error<T>> {
		let of_model = exclusions
			.iter()
			.filter(|exclusion| exclusion.model == *model);
		let excluded = of_model.fold(0u32, |slots, exclusion| {
			let seat = Seats::<T>::get(&exclusion.worker, model).unwrap_or_default();
			slots.saturating_add(seat.counted())
		});
		let limit = T::ExclusionShare::get().mul_floor(EarnedSlots::<T>::get(model));
		ensure!(excluded <= limit, Error::<T>::ShareTooLarge);
		Ok(())
	}

	/// The exclusions of `who` that have not lapsed.
	fn exclusions(who: &T::AccountId) -> Exclusions<T::AccountId> {
		let mut exclusions = Excluded::<T>::get(who);
		let now = T::Clock::protocol();
		exclusions.retain(|exclusion| exclusion.until > now);
		exclusions
	}

	/// The workers that get no job of `who` for `model`; forgets the exclusions of `who` when all
	/// have lapsed.
	pub(crate) fn excluded(who: &T::AccountId, model: &ModelId) -> Vec<T::AccountId> {
		if !Excluded::<T>::contains_key(who) {
			return Vec::new();
		}
		let exclusions = Self::exclusions(who);
		if exclusions.is_empty() {
			Excluded::<T>::remove(who);
		}
		let of_model = exclusions
			.into_iter()
			.filter(|exclusion| exclusion.model == *model);
		of_model.map(|exclusion| exclusion.worker).collect()
	}
}
