use super::*;

#[test]
fn fee_should_come_out_of_the_stake_when_nothing_else_is_there() {
	build_and_execute(|| {
		assert_ok!(stake(1, FUNDS));
		assert!(Access::can_pay(&1, 300));
		assert_ok!(Access::pay(&1, 300));
		assert_eq!(held(1), FUNDS - 300);
		assert_eq!(Access::staked(&1), FUNDS - 300);
		assert_eq!(Balances::free_balance(1), ED);
		assert_eq!(Balances::free_balance(POT), ED + 300);
		assert_eq!(
			events().last(),
			Some(&Event::FeePaid {
				who: 1,
				amount: 300
			})
		);
	});
}

#[test]
fn fee_should_come_out_of_the_latest_chunk_first_when_stake_cools_down() {
	build_and_execute(|| {
		assert_ok!(stake(1, 5_000));
		assert_ok!(unstake(1, 200));
		assert_ok!(unstake(1, 100));
		assert_ok!(Access::pay(&1, 250));
		let record = Stakes::<Test>::get(1).unwrap();
		assert_eq!(record.staked, 4_700);
		assert_eq!(record.cooling.len(), 1);
		assert_eq!(record.cooling[0].amount, 50);
	});
}

#[test]
fn fee_should_lower_the_tier_when_the_stake_falls_below_its_threshold() {
	build_and_execute(|| {
		assert_ok!(stake(1, 10_000));
		pass(DAY);
		assert_ok!(Access::pay(&1, 1));
		assert_eq!(tier(1, 1), Some(1));
		assert_eq!(tier(1, 2), Some(0));
	});
}

#[test]
fn fee_should_be_refused_when_it_exceeds_what_is_held() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert!(!Access::can_pay(&1, 1_001));
		assert_noop!(Access::pay(&1, 1_001), Error::<Test>::StakeTooSmall);
		assert!(!Access::can_pay(&2, 1));
		assert_noop!(Access::pay(&2, 1), Error::<Test>::NotStaked);
	});
}

#[test]
fn exit_should_end_with_all_funds_free_when_its_fees_come_out_of_the_stake() {
	build_and_execute(|| {
		assert_ok!(stake(1, FUNDS));
		assert_ok!(Access::pay(&1, 70));
		assert_ok!(exit(1));
		pass(COOLDOWN);
		assert_ok!(Access::pay(&1, 50));
		assert_ok!(withdraw(1));
		assert_eq!(held(1), 0);
		assert_eq!(Balances::free_balance(1), FUNDS + ED - 120);
		assert_eq!(Stakes::<Test>::get(1), None);
	});
}
