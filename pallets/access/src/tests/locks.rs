use super::*;
use crate::Binding;

const MONTH: u64 = 3_000;

#[test]
fn lock_should_bind_until_it_has_run_out() {
	build_and_execute(|| {
		assert_ok!(stake(1, 10_000));
		assert_ok!(lock(1, 1));
		assert_eq!(
			events().into_iter().rev().take(2).collect::<Vec<_>>(),
			vec![
				Event::Locked {
					who: 1,
					lock: 1,
					until: MONTH
				},
				Event::StandingChanged {
					who: 1,
					standing: Some(Standing { tier: 1, lock: 1 }),
					counts_from: 1
				},
			]
		);
		pass(MONTH - 1);
		assert_noop!(exit(1), Error::<Test>::StakeLocked);
		assert_noop!(unstake(1, 1), Error::<Test>::StakeLocked);
		pass(1);
		assert_ok!(unstake(1, 9_000));
		assert_eq!(Stakes::<Test>::get(1).unwrap().binding, None);
	});
}

#[test]
fn lock_should_count_from_the_next_day() {
	build_and_execute(|| {
		assert_ok!(stake(1, 10_000));
		pass(DAY);
		assert_ok!(lock(1, 2));
		assert_eq!(Access::standing(&1, 1).unwrap().lock, 0);
		assert_eq!(Access::standing(&1, 2).unwrap().lock, 2);
		assert_eq!(Access::population(1)[1], [1, 0, 0]);
		assert_eq!(Access::population(2)[1], [0, 0, 1]);
	});
}

#[test]
fn lock_should_be_kept_when_more_is_staked() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_ok!(lock(1, 1));
		assert_ok!(stake(1, 9_000));
		assert_eq!(Access::standing(&1, 1), Some(Standing { tier: 1, lock: 1 }));
		let binding = Binding {
			lock: 1,
			until: MONTH,
		};
		assert_eq!(Stakes::<Test>::get(1).unwrap().binding, Some(binding));
	});
}

#[test]
fn lock_should_fail_when_it_binds_for_less_or_binds_nothing() {
	build_and_execute(|| {
		assert_noop!(lock(1, 1), Error::<Test>::NotStaked);
		assert_ok!(stake(1, 1_000));
		assert_noop!(lock(1, 0), Error::<Test>::UnknownLock);
		assert_noop!(lock(1, 3), Error::<Test>::UnknownLock);
		assert_ok!(lock(1, 2));
		assert_noop!(lock(1, 1), Error::<Test>::LockShorter);
		pass(LONGEST_LOCK - 1);
		assert_noop!(lock(1, 1), Error::<Test>::LockShorter);
		assert_ok!(lock(1, 2));
		pass(LONGEST_LOCK);
		assert_ok!(lock(1, 1));
	});
}

#[test]
fn lock_should_give_until_touched_when_it_has_run_out() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_ok!(lock(1, 1));
		assert_noop!(
			Access::retier(RuntimeOrigin::signed(9), 1),
			Error::<Test>::TierUpToDate
		);
		pass(MONTH);
		assert_eq!(Population::<Test>::get().now[0], [0, 1, 0]);
		assert_ok!(Access::retier(RuntimeOrigin::signed(9), 1));
		assert_eq!(Population::<Test>::get().now[0], [1, 0, 0]);
	});
}

#[test]
fn withdrawal_should_be_possible_when_the_rest_is_bound() {
	build_and_execute(|| {
		assert_ok!(stake(1, 2_000));
		assert_ok!(unstake(1, 1_000));
		assert_ok!(lock(1, 2));
		pass(COOLDOWN);
		assert_ok!(withdraw(1));
		assert_eq!(held(1), 1_000);
	});
}

#[test]
fn binding_should_end_when_fees_eat_the_stake() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_ok!(lock(1, 2));
		assert_ok!(Access::pay(&1, 1));
		assert_eq!(tier(1, 1), None);
		assert_ok!(Access::pay(&1, 999));
		assert_eq!(Stakes::<Test>::get(1), None);
	});
}
