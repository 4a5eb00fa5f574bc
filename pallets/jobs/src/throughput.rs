//! What workers serve of late: the proof of what they can.

use codec::{Decode, Encode, MaxEncodedLen};
use one_primitives::{
	capacity::ProvenCapacity,
	clock::{Clock, Day},
	Cu,
};
use scale_info::TypeInfo;

use crate::{Config, Pallet, Throughput};

/// Credit days for which what was served on one counts as proof.
pub const PROOF_DAYS: Day = 30;

/// CU of the work of receipts: on the latest day with any, and on the best of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ThroughputRecord {
	/// The latest day with a receipt.
	pub day: Day,
	/// CU served on it.
	pub served: Cu,
	/// The best day before it.
	pub best_day: Day,
	/// CU served on that.
	pub best: Cu,
}

impl ThroughputRecord {
	/// Counts `cu` served on `today`.
	pub fn note(&mut self, today: Day, cu: Cu) {
		if self.day != today {
			if self.served >= proven(self.best_day, self.best, today) {
				(self.best_day, self.best) = (self.day, self.served);
			}
			(self.day, self.served) = (today, 0);
		}
		self.served = self.served.saturating_add(cu);
	}

	/// CU served on the best of the last [`PROOF_DAYS`].
	pub fn best(&self, today: Day) -> Cu {
		let best = proven(self.best_day, self.best, today);
		best.max(proven(self.day, self.served, today))
	}
}

/// What `cu` served on `day` prove `today`.
fn proven(day: Day, cu: Cu, today: Day) -> Cu {
	if day.saturating_add(PROOF_DAYS) >= today {
		cu
	} else {
		0
	}
}

impl<T: Config> Pallet<T> {
	/// Counts what a receipt was of work.
	pub(crate) fn note_served(cu: Cu) {
		Throughput::<T>::mutate(|record| record.note(T::Clock::day(), cu));
	}
}

impl<T: Config> ProvenCapacity for Pallet<T> {
	fn cu_per_day() -> Cu {
		Throughput::<T>::get().best(T::Clock::day())
	}
}
