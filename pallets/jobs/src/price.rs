//! The price of the Dedicated lane: it rises with the jobs that wait.

use one_primitives::{credits::SubmitTerms, jobs::Lane, models::ModelId, workers::Workers};
use polkadot_sdk::{frame_support::traits::Get, sp_runtime::traits::SaturatedConversion};

use crate::{funds::Funds, types::*, Config, Pallet, Queues};

impl<T: Config> Pallet<T> {
	/// The terms on which `lane` takes a job now. Under a booking it never costs more than while
	/// nobody waits: it has its own slots.
	pub(crate) fn on_lane(
		who: &T::AccountId,
		submission: &SubmitTerms,
		lane: Lane,
		terms: &Terms,
	) -> Terms {
		if lane == Lane::Included {
			return *terms;
		}
		let at = |percent| Terms { percent, ..*terms };
		let (model, idle) = (&submission.model, at(T::PriceFloor::get()));
		let loaded = at(Self::price_percent(model));
		if loaded == idle || Funds::<T>::is_covered(lane, who, model, idle.max_cu()) {
			return idle;
		}
		loaded
	}

	/// What the Dedicated lane asks for now, in percent of the price: the floor while no job waits
	/// for more than a free slot, the ceiling when one does for each slot there is.
	pub(crate) fn price_percent(model: &ModelId) -> u32 {
		let floor = T::PriceFloor::get();
		let range = T::PriceCeiling::get().saturating_sub(floor);
		let slots = T::Workers::proven_slots(model).max(1);
		let queued = Queues::<T>::get(Line::Model(*model)).dedicated.len;
		let waiting = queued.saturating_sub(T::Workers::free_slots(model));
		let rise = u64::from(range).saturating_mul(waiting.min(slots).into()) / u64::from(slots);
		floor.saturating_add(rise.saturated_into())
	}
}
