//! The two clocks: UTC for credit days and settlement windows, protocol time for deadlines.

use crate::{Moment, ProtocolTime};

/// Index of a credit day: UTC divided by the length of a day, 24 h outside of demonstrations.
pub type Day = u32;

/// What the pallets know of time.
pub trait Clock {
	/// UTC of this block.
	fn utc() -> Moment;
	/// Protocol time of this block; it stands still in downtime, migrations and pauses.
	fn protocol() -> ProtocolTime;
	/// Credit day of this block.
	fn day() -> Day;
	/// UTC at which `day` starts.
	fn day_start(day: Day) -> Moment;
	/// Index of the settlement window of this block.
	fn window() -> u32;
	/// UTC at which `window` starts.
	fn window_start(window: u32) -> Moment;
}
