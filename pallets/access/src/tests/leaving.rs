use super::*;

#[test]
fn unstake_should_free_funds_only_after_the_cooldown() {
	build_and_execute(|| {
		assert_ok!(stake(1, 5_000));
		assert_ok!(unstake(1, 2_000));
		assert_eq!(held(1), 5_000);
		assert_eq!(Access::staked(&1), 3_000);
		pass(COOLDOWN - 1);
		assert_noop!(withdraw(1), Error::<Test>::NothingToWithdraw);
		pass(1);
		assert_ok!(withdraw(1));
		assert_eq!(held(1), 3_000);
		assert_eq!(
			events().last(),
			Some(&Event::Withdrawn {
				who: 1,
				amount: 2_000,
				cooling: 0
			})
		);
	});
}

#[test]
fn withdraw_should_take_only_what_is_due_when_chunks_differ_in_age() {
	build_and_execute(|| {
		assert_ok!(stake(1, 5_000));
		assert_ok!(unstake(1, 1_000));
		pass(COOLDOWN / 2);
		assert_ok!(unstake(1, 500));
		pass(COOLDOWN / 2);
		assert_ok!(withdraw(1));
		assert_eq!(held(1), 4_000);
		pass(COOLDOWN / 2);
		assert_ok!(withdraw(1));
		assert_eq!(held(1), 3_500);
	});
}

#[test]
fn unstake_should_fail_when_the_rest_is_dust() {
	build_and_execute(|| {
		assert_ok!(stake(1, 5_000));
		assert_noop!(unstake(1, 4_001), Error::<Test>::RestBelowLowestThreshold);
		assert_noop!(unstake(1, 5_001), Error::<Test>::StakeTooSmall);
		assert_noop!(unstake(2, 1), Error::<Test>::NotStaked);
		assert_ok!(unstake(1, 4_000));
	});
}

#[test]
fn unstake_should_fail_when_too_many_chunks_cool_down() {
	build_and_execute(|| {
		assert_ok!(stake(1, 50_000));
		for _ in 0..MAX_CHUNKS {
			assert_ok!(unstake(1, 1));
		}
		assert_noop!(unstake(1, 1), Error::<Test>::TooManyChunks);
		assert_noop!(exit(1), Error::<Test>::TooManyChunks);
		pass(COOLDOWN);
		assert_ok!(withdraw(1));
		assert_ok!(exit(1));
	});
}

#[test]
fn exit_should_return_everything_when_only_the_deposit_is_free() {
	build_and_execute(|| {
		assert_ok!(stake(1, FUNDS));
		assert_ok!(exit(1));
		assert_noop!(exit(1), Error::<Test>::NotStaked);
		pass(COOLDOWN);
		assert_eq!(Exited::get(), [0; 0]);
		assert_ok!(withdraw(1));
		assert_eq!(Exited::get(), [1]);
		assert_eq!(Balances::free_balance(1), FUNDS + ED);
		assert_eq!(held(1), 0);
		assert_eq!(Stakes::<Test>::get(1), None);
	});
}

#[test]
fn stake_should_reach_the_threshold_again_when_it_comes_back_after_an_exit() {
	build_and_execute(|| {
		assert_ok!(stake(1, 10_000));
		assert_ok!(exit(1));
		assert_noop!(stake(1, 999), Error::<Test>::BelowLowestThreshold);
		assert_ok!(stake(1, 1_000));
		assert_eq!(held(1), 11_000);
	});
}
