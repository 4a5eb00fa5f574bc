//! The money of a job: calls of [`LaneFunds`] by the job's lane.

use core::marker::PhantomData;

use one_primitives::{
	access::TierId,
	credits::{LaneFunds, Refusal, Reservation},
	jobs::Lane,
	Cu, Moment, Usdc,
};
use polkadot_sdk::sp_runtime::{DispatchError, DispatchResult};

use crate::{Config, JobOf};

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

impl<T: Config> Funds<T> {
	pub fn check(lane: Lane, who: &T::AccountId, min_tier: TierId, cu: Cu) -> Result<(), Refusal> {
		by_lane!(lane, check(who, min_tier, cu))
	}

	pub fn reserve(
		lane: Lane,
		who: &T::AccountId,
		min_tier: TierId,
		cu: Cu,
	) -> Result<Reservation, DispatchError> {
		by_lane!(lane, reserve(who, min_tier, cu))
	}

	pub fn charge(
		job: &JobOf<T>,
		charged: Cu,
		worker: &T::AccountId,
	) -> Result<Usdc, DispatchError> {
		by_lane!(
			job.lane,
			charge(&job.owner, &job.reservation, charged, worker)
		)
	}

	pub fn forfeit(job: &JobOf<T>, forfeited: Cu) -> DispatchResult {
		by_lane!(job.lane, forfeit(&job.owner, &job.reservation, forfeited))
	}

	pub fn release(job: &JobOf<T>) -> DispatchResult {
		by_lane!(job.lane, release(&job.owner, &job.reservation))
	}

	pub fn price(lane: Lane, cu: Cu) -> Usdc {
		by_lane!(lane, price(cu))
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
