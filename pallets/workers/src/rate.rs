//! How fast a slot serves, by the clock of the chain: what bookings of throughput are admitted
//! against.

use one_primitives::{Cu, ProtocolTime};

/// Protocol time from which a job shows how slow a slot is: most of a shorter one is waiting for
/// blocks.
const TELLING: ProtocolTime = 15_000;

/// One part in so many of the difference is what a job changes.
const INERTIA: u128 = 8;

/// Milliseconds of a minute.
const MINUTE: u128 = 60_000;

/// CU of work in a minute, after a job of `work` that took `time`; the first that tells anything
/// sets it.
pub(crate) fn after(before: Cu, work: Cu, time: ProtocolTime) -> Cu {
	let shown = shown(work, time);
	match (before, time < TELLING) {
		(0, true) => 0,
		(0, false) => shown,
		(_, true) if shown <= before => before,
		_ => towards(before, shown),
	}
}

/// At the least 1: a slot that served anything has shown something.
fn shown(work: Cu, time: ProtocolTime) -> Cu {
	let a_minute = u128::from(work).saturating_mul(MINUTE);
	let rate = a_minute.checked_div(time.max(1).into()).unwrap_or(0);
	Cu::try_from(rate).unwrap_or(Cu::MAX).max(1)
}

/// One part of the way, rounded against whoever is paid by it.
fn towards(before: Cu, shown: Cu) -> Cu {
	let (before, shown) = (u128::from(before), u128::from(shown));
	let sum = before
		.saturating_mul(INERTIA.saturating_sub(1))
		.saturating_add(shown);
	Cu::try_from(sum.checked_div(INERTIA).unwrap_or(0))
		.unwrap_or(Cu::MAX)
		.max(1)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_long_job_shows_how_slow_a_slot_is_and_a_short_one_only_how_fast() {
		assert_eq!(after(0, 100, TELLING - 1), 0);
		assert_eq!(after(0, 100, 60_000), 100);
		assert_eq!(after(800, 0, TELLING - 1), 800);
		assert_eq!(after(800, 400, 60_000), 750);
		assert_eq!(after(800, 400, 10_000), 1_000);
	}

	#[test]
	fn no_job_is_too_large_too_small_or_too_quick() {
		assert_eq!(after(0, 0, ProtocolTime::MAX), 1);
		assert_eq!(after(1, 0, ProtocolTime::MAX), 1);
		assert_eq!(after(Cu::MAX, Cu::MAX, 0), Cu::MAX);
	}
}
