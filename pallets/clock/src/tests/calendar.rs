use one_primitives::clock::Clock as _;
use proptest::prelude::*;

use crate::{mock::*, Calendar};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

#[test]
fn day_should_change_at_midnight_when_a_day_has_24_hours() {
	build_and_execute(|| {
		block_at(20_000 * DAY - 1);
		assert_eq!(Clock::day(), 19_999);
		block_at(20_000 * DAY);
		assert_eq!(Clock::day(), 20_000);
		assert_eq!(Clock::day_start(20_001), 20_001 * DAY);
	});
}

#[test]
fn window_should_change_four_times_when_a_day_passes() {
	build_and_execute(|| {
		block_at(20_000 * DAY);
		let first = Clock::window();
		for hour in 1..=24 {
			block_at(20_000 * DAY + hour * HOUR);
			assert_eq!(u64::from(Clock::window() - first), hour / 6);
		}
		assert_eq!(Clock::window_start(first), 20_000 * DAY);
	});
}

#[test]
fn day_should_start_at_midnight_when_a_minute_becomes_24_hours() {
	build_and_execute(|| {
		DayLength::set(&60_000);
		block_at(20_000 * DAY + 90 * 60_000);
		let before = Clock::day();
		DayLength::set(&DAY);
		block_at(20_000 * DAY + 91 * 60_000);
		assert!(Clock::day() >= before);
		assert_eq!(Clock::day_start(Clock::day() + 1), 20_001 * DAY);
	});
}

#[test]
fn day_should_not_stand_still_for_ever_when_its_length_is_zero() {
	build_and_execute(|| {
		DayLength::set(&0);
		block_at(1_000);
		block_at(2_000);
		assert_eq!(Clock::day(), 2_000);
	});
}

proptest! {
	#[test]
	fn index_should_never_fall_when_lengths_change(
		steps in prop::collection::vec((0..3 * DAY, 1_000..2 * DAY), 1..40),
	) {
		let mut utc = 1_700_000_000_000;
		let mut calendar = Calendar::new(DAY);
		let mut last = calendar.at(utc);
		for (passed, length) in steps {
			utc += passed;
			prop_assert!(calendar.at(utc) >= last);
			calendar = calendar.with_length(length, utc);
			let index = calendar.at(utc);
			prop_assert!(index >= last);
			prop_assert!(calendar.start_of(index) <= utc);
			prop_assert!(utc < calendar.start_of(index + 1));
			prop_assert_eq!(calendar.start_of(index) % length, 0);
			last = index;
		}
	}
}
