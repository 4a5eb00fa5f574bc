use super::*;

#[test]
fn stake_should_hold_funds_when_it_reaches_a_threshold() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_eq!(held(1), 1_000);
		assert_eq!(Balances::free_balance(1), FUNDS + ED - 1_000);
		assert_eq!(Access::staked(&1), 1_000);
		assert_eq!(
			events(),
			vec![
				Event::Staked {
					who: 1,
					amount: 1_000,
					staked: 1_000
				},
				Event::StandingChanged {
					who: 1,
					standing: Some(Standing { tier: 0, lock: 0 }),
					counts_from: 1
				},
			]
		);
	});
}

#[test]
fn stake_should_leave_the_existential_deposit_when_all_else_is_staked() {
	build_and_execute(|| {
		assert_ok!(stake(1, FUNDS));
		assert_eq!(Balances::free_balance(1), ED);
		assert!(stake(2, FUNDS + 1).is_err());
		assert_eq!(held(2), 0);
	});
}

#[test]
fn stake_should_fail_when_below_the_lowest_threshold() {
	build_and_execute(|| {
		assert_noop!(stake(1, 999), Error::<Test>::BelowLowestThreshold);
		assert_noop!(stake(1, 0), Error::<Test>::ZeroAmount);
	});
}

#[test]
fn stake_should_add_up_when_repeated() {
	build_and_execute(|| {
		assert_ok!(stake(1, 9_999));
		assert_ok!(stake(1, 1));
		assert_eq!(Access::staked(&1), 10_000);
		assert_eq!(tier(1, 1), Some(1));
	});
}
