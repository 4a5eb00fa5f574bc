//! The periods of governance: governed in milliseconds, counted in blocks.

use crate::{configs::parameters::governance, constants::time::SLOT_DURATION, BlockNumber, Moment};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::frame_support::traits::Get;
use scale_info::TypeInfo;

const SECOND: Moment = 1_000;
const DAY: Moment = 24 * 60 * 60 * SECOND;

/// The periods of a track, in milliseconds of full slots.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct TrackPeriods {
	/// From submission until the decision can begin.
	pub prepare: Moment,
	/// A decision takes this long at the most.
	pub decision: Moment,
	/// A majority has to stand for this long.
	pub confirm: Moment,
	/// From approval to enactment, at the least.
	pub enactment: Moment,
}

impl TrackPeriods {
	/// The periods within compiled bounds, whatever was written.
	pub fn bounded(self) -> Self {
		Self {
			prepare: self.prepare.clamp(3 * SECOND, 7 * DAY),
			decision: self.decision.clamp(30 * SECOND, 28 * DAY),
			confirm: self.confirm.clamp(3 * SECOND, 7 * DAY),
			enactment: self.enactment.clamp(3 * SECOND, 14 * DAY),
		}
	}
}

/// Blocks in `period`, one at the least.
pub fn blocks(period: Moment) -> BlockNumber {
	BlockNumber::try_from(period.div_ceil(SLOT_DURATION)).map_or(BlockNumber::MAX, |n| n.max(1))
}

/// How long a vote of the lowest conviction stays locked after it won.
pub struct VoteLock;

impl Get<BlockNumber> for VoteLock {
	fn get() -> BlockNumber {
		blocks(governance::VoteLock::get().clamp(6 * SECOND, 28 * DAY))
	}
}
