//! Which of the earned slots count: those of workers that can take jobs. Others would help to open
//! a model to Included jobs, and raise the share of its slots that a worker may have.
//!
//! A step on a worker's way is counted at once. Silence is no step: a patrol finds it.

extern crate alloc;

use alloc::vec::Vec;

use polkadot_sdk::frame_support::weights::WeightMeter;

use crate::{Config, Pallet, Patrolled, RecordOf, WeightInfo, Workers};

/// Workers that the patrol looks at in a block at the most.
pub(crate) const PATROL: usize = 8;

impl<T: Config> Pallet<T> {
	/// Counts what `who` has earned for the models that it can take jobs for, and for no others;
	/// whether that changed anything.
	pub(crate) fn recount(who: &T::AccountId, record: &RecordOf<T>) -> bool {
		let mut has_changed = false;
		for model in &record.offer.models {
			let counts = Self::counts(record, model);
			Self::mutate_seat(who, model, |seat| {
				has_changed |= seat.counts != counts;
				seat.counts = counts;
			});
		}
		has_changed
	}

	/// Looks at the next few workers, all of them in turn, and counts out those that went silent.
	pub(crate) fn patrol(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::patrol()).is_err() {
			return;
		}
		let before = Patrolled::<T>::get();
		let workers = match &before {
			Some(last) => Workers::<T>::iter_from_key(last),
			None => Workers::<T>::iter(),
		};
		let page: Vec<_> = workers.take(PATROL).collect();
		let is_end = page.len() < PATROL;
		for (who, record) in page {
			if !Self::look_at(&who, &record, meter) {
				return;
			}
			Patrolled::<T>::put(who);
		}
		if is_end {
			Patrolled::<T>::kill();
		}
	}

	/// Counts a worker out that went silent; false if weight is lacking.
	fn look_at(who: &T::AccountId, record: &RecordOf<T>, meter: &mut WeightMeter) -> bool {
		let is_silent = record.state.takes_jobs() && !Self::is_alive(record);
		if !is_silent {
			return true;
		}
		if meter.try_consume(T::WeightInfo::recount()).is_err() {
			return false;
		}
		Self::recount(who, record);
		true
	}
}
