use super::*;

#[test]
fn tier_should_count_from_the_next_day_when_staked() {
	build_and_execute(|| {
		pass(7 * DAY);
		assert_ok!(stake(1, 10_000));
		assert_eq!(tier(1, 7), None);
		assert_eq!(tier(1, 8), Some(1));
		assert_eq!(Access::counts_from(&1), Some(8));
		assert_eq!(population(7), [0, 0, 0]);
		assert_eq!(population(8), [0, 1, 0]);
		pass(DAY);
		assert_eq!(Access::counts_from(&1), None);
	});
}

#[test]
fn tier_should_last_until_midnight_when_unstaked() {
	build_and_execute(|| {
		assert_ok!(stake(1, 10_000));
		pass(DAY);
		assert_ok!(exit(1));
		assert_eq!(tier(1, 1), Some(1));
		assert_eq!(tier(1, 2), None);
		assert_eq!(population(1), [0, 1, 0]);
		assert_eq!(population(2), [0, 0, 0]);
	});
}

#[test]
fn tier_should_be_the_mornings_when_it_changes_often_in_a_day() {
	build_and_execute(|| {
		assert_ok!(stake(1, 10_000));
		pass(DAY);
		for _ in 0..3 {
			assert_ok!(unstake(1, 9_000));
			assert_ok!(stake(1, 99_000));
			assert_ok!(unstake(1, 90_000));
			assert_eq!(tier(1, 1), Some(1));
		}
		assert_eq!(population(1), [0, 1, 0]);
	});
}

#[test]
fn tier_should_hold_until_touched_when_a_threshold_rises() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		pass(DAY);
		Lowest::set(&2_000);
		assert_eq!(tier(1, 2), Some(0));
		assert_ok!(Access::retier(RuntimeOrigin::signed(9), 1));
		assert_eq!(tier(1, 1), Some(0));
		assert_eq!(tier(1, 2), None);
		assert_noop!(
			Access::retier(RuntimeOrigin::signed(9), 1),
			Error::<Test>::TierUpToDate
		);
	});
}

#[test]
fn retier_should_be_free_when_it_changes_something() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_500));
		Lowest::set(&2_000);
		let post = Access::retier(RuntimeOrigin::signed(9), 1).unwrap();
		assert_eq!(post.pays_fee, frame_support::dispatch::Pays::No);
		Lowest::set(&1_000);
		assert_ok!(Access::retier(RuntimeOrigin::signed(9), 1));
		assert_eq!(Population::<Test>::get().now, [[1, 0, 0], [0; 3], [0; 3]]);
	});
}

#[test]
fn population_should_keep_the_mornings_count_when_many_come_and_go() {
	build_and_execute(|| {
		for who in 1..6 {
			assert_ok!(stake(who, 1_000));
		}
		pass(DAY);
		assert_ok!(exit(1));
		assert_ok!(stake(2, 99_000));
		assert_ok!(stake(6, 10_000));
		assert_eq!(population(1), [5, 0, 0]);
		assert_eq!(population(2), [3, 1, 1]);
	});
}
