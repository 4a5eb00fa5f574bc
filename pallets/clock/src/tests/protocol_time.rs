use one_primitives::clock::Clock as _;

use crate::mock::*;

const START: u64 = 1_800_000_000_000;

#[test]
fn protocol_time_should_follow_utc_when_blocks_come_in_time() {
	build_and_execute(|| {
		for block in 0..=10 {
			block_at(START + block * SLOT);
		}
		assert_eq!(Clock::protocol(), 10 * SLOT);
		assert_eq!(Clock::utc(), START + 10 * SLOT);
	});
}

#[test]
fn protocol_time_should_stand_still_when_the_chain_does() {
	build_and_execute(|| {
		block_at(START);
		block_at(START + 600_000);
		assert_eq!(Clock::protocol(), 2 * SLOT);
	});
}

#[test]
fn protocol_time_should_count_one_missed_slot_when_a_block_is_skipped() {
	build_and_execute(|| {
		block_at(START);
		block_at(START + 2 * SLOT);
		block_at(START + 5 * SLOT);
		assert_eq!(Clock::protocol(), 4 * SLOT);
	});
}

#[test]
fn hook_should_cost_the_same_when_a_day_changes() {
	use frame_support::{traits::Hooks, weights::WeightMeter};
	use polkadot_sdk::*;
	build_and_execute(|| {
		let cost = |utc| {
			pallet_timestamp::Now::<Test>::put(utc);
			let mut meter = WeightMeter::new();
			Clock::on_poll(1, &mut meter);
			meter.consumed()
		};
		let day = DayLength::get();
		assert_eq!(cost(day * 20_000 - 1), cost(day * 20_000));
	});
}
