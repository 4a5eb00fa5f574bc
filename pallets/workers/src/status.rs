//! What the runtime API tells.

use one_primitives::workers::crypto::WorkerKey;

use crate::{Config, Keys, Pallet, Seats, StatusOf, Workers};

impl<T: Config> Pallet<T> {
	/// What is known of `who`.
	pub fn status(who: &T::AccountId) -> Option<StatusOf<T>> {
		let record = Workers::<T>::get(who)?;
		let alive = Self::is_alive(&record);
		let seats = Seats::<T>::iter_prefix(who).collect();
		Some(StatusOf::<T> {
			record,
			alive,
			seats,
		})
	}

	/// The worker whose node signs with `key`.
	pub fn worker_of_key(key: &WorkerKey) -> Option<T::AccountId> {
		Keys::<T>::get(key)
	}
}
