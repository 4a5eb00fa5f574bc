//! The money of a job: calls of [`LaneFunds`] by the job's lane.

use core::marker::PhantomData;

use one_primitives::{
	access::TierId,
	capacity::BookingId,
	credits::{LaneFunds, Refusal},
	jobs::Lane,
	models::ModelId,
	Cu, Moment, Usdc,
};
use polkadot_sdk::sp_runtime::{DispatchError, DispatchResult};

use crate::{Config, JobOf, Reservation, ReservationOf};

/// The funds of both lanes.
pub(crate) struct Funds<T>(PhantomData<T>);

macro_rules! by_lane {
	($lane:expr, $call:ident($($argument:expr),*)) => {
		match $lane {
			Lane::Included => T::Included::$call($($argument),*),
			Lane::Dedicated => T::Dedicated::$call($($argument),*),
		}
	};
}

macro_rules! by_reservation {
	($job:expr, $call:ident($($argument:expr),*)) => {
		match &$job.reservation {
			Reservation::Included(reserved) => {
				T::Included::$call(&$job.owner, reserved $(, $argument)*)
			}
			Reservation::Dedicated(reserved) => {
				T::Dedicated::$call(&$job.owner, reserved $(, $argument)*)
			}
		}
	};
}

impl<T: Config> Funds<T> {
	pub fn owner(lane: Lane, who: &T::AccountId) -> T::AccountId {
		by_lane!(lane, owner(who))
	}

	pub fn check(lane: Lane, who: &T::AccountId, min_tier: TierId, cu: Cu) -> Result<(), Refusal> {
		by_lane!(lane, check(who, min_tier, cu))
	}

	pub fn reserve(
		lane: Lane,
		who: &T::AccountId,
		min_tier: TierId,
		cu: Cu,
	) -> Result<ReservationOf<T>, DispatchError> {
		Ok(match lane {
			Lane::Included => Reservation::Included(T::Included::reserve(who, min_tier, cu)?),
			Lane::Dedicated => Reservation::Dedicated(T::Dedicated::reserve(who, min_tier, cu)?),
		})
	}

	pub fn book(reservation: &mut ReservationOf<T>, model: &ModelId) -> Option<BookingId> {
		match reservation {
			Reservation::Included(reserved) => T::Included::book(reserved, model),
			Reservation::Dedicated(reserved) => T::Dedicated::book(reserved, model),
		}
	}

	pub fn is_covered(lane: Lane, who: &T::AccountId, model: &ModelId, cu: Cu) -> bool {
		by_lane!(lane, is_covered(who, model, cu))
	}

	pub fn charge(
		job: &JobOf<T>,
		charged: Cu,
		worker: &T::AccountId,
	) -> Result<Usdc, DispatchError> {
		by_reservation!(job, charge(charged, worker))
	}

	pub fn forfeit(job: &JobOf<T>, forfeited: Cu) -> DispatchResult {
		by_reservation!(job, forfeit(forfeited))
	}

	pub fn release(job: &JobOf<T>) -> DispatchResult {
		by_reservation!(job, release())
	}

	pub fn refuse(job: &JobOf<T>) -> DispatchResult {
		by_reservation!(job, refuse())
	}

	pub fn price(lane: Lane, who: &T::AccountId, cu: Cu) -> Usdc {
		by_lane!(lane, price(who, cu))
	}

	pub fn available(lane: Lane, who: &T::AccountId) -> Cu {
		by_lane!(lane, available(who))
	}

	pub fn slots(lane: Lane, who: &T::AccountId) -> u8 {
		by_lane!(lane, slots(who))
	}

	pub fn resets_at(lane: Lane) -> Option<Moment> {
		by_lane!(lane, resets_at())
	}
}
