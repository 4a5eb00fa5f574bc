use super::*;

const DEFERRAL: u64 = 4 * LONGEST_SESSION;

#[test]
fn equivocation_should_cost_a_part_of_the_bond_at_once() {
	build_and_execute(10, || {
		let issued = Balances::total_issuance();
		equivocate(1);
		assert_eq!(slashed(1), 990);
		assert_eq!(held(1), bond_of(1) - 990);
		assert_eq!(ledger(1).bond, bond_of(1) - 990);
		assert_eq!(Balances::total_issuance(), issued);
		assert!(events().contains(&Event::Slashed {
			who: 1,
			slash: 0,
			amount: 990,
			payable_at: DEFERRAL
		}));
	});
}

#[test]
fn equivocation_should_cost_the_governed_part_when_the_report_says_less() {
	build_and_execute(10, || {
		EquivocationSlash::set(&Perbill::from_percent(50));
		equivocate(1);
		assert_eq!(slashed(1), bond_of(1) / 2);
	});
}

#[test]
fn equivocator_should_be_disabled_and_chilled_until_it_is_out() {
	build_and_execute(10, || {
		sessions(1, &[]);
		equivocate(4);
		assert_eq!(disabled(), vec![4]);
		assert!(!candidates().contains(&4));
		sessions(1, &[4]);
		// Planned before the offence: it still has its seat, and may not use it.
		assert!(Session::validators().contains(&4));
		assert_eq!(disabled(), vec![4]);
		sessions(1, &[4]);
		assert!(!Session::validators().contains(&4));
		assert!(disabled().is_empty());
	});
}

#[test]
fn equivocator_should_stand_again_in_the_next_session_at_the_earliest() {
	build_and_execute(10, || {
		equivocate(4);
		assert_noop!(validate(4), Error::<Test>::ConvictedThisSession);
		sessions(1, &[4]);
		assert_ok!(validate(4));
		sessions(2, &[4]);
		assert!(Session::validators().contains(&4));
		assert!(disabled().is_empty());
	});
}

#[test]
fn at_most_a_third_should_be_disabled_and_two_thirds_stay() {
	build_and_execute(10, || {
		(1..=10).for_each(equivocate);
		assert_eq!(disabled().len(), 3);
		assert!(candidates().is_empty());
		sessions(1, &[]);
		assert_eq!(Session::validators().len(), 10);
		sessions(1, &[]);
		assert_eq!(Session::validators().len(), 7);
	});
}

#[test]
fn slash_should_be_paid_out_after_the_deferral() {
	build_and_execute(10, || {
		equivocate(1);
		pass(DEFERRAL - 2 * SLOT);
		block_by(2);
		assert_eq!(slashed(1), 990);
		block_by(2);
		assert_eq!(slashed(1), 0);
		assert_eq!(Balances::free_balance(POT), ED + 990);
		assert!(events().contains(&Event::SlashPaid {
			who: 1,
			slash: 0,
			amount: 990
		}));
		assert_noop!(cancel(0), Error::<Test>::NoSuchSlash);
	});
}

#[test]
fn slashes_should_be_paid_out_over_several_blocks_when_there_are_many() {
	build_and_execute(10, || {
		for session in 0..2 {
			for who in 1..=10 {
				let slot = u64::from(session) * 100 + who;
				assert_ok!(report(who, 1_000, session, slot));
			}
		}
		assert_eq!(Slashes::<Test>::iter().count(), 20);
		pass(DEFERRAL);
		block_by(2);
		assert_eq!(SlashIds::<Test>::get().first, 10);
		block_by(2);
		assert_eq!(Slashes::<Test>::iter().count(), 0);
	});
}

#[test]
fn cancelled_slash_should_come_back_to_the_bond() {
	build_and_execute(10, || {
		equivocate(1);
		equivocate(2);
		assert_noop!(
			Validators::cancel_slash(RuntimeOrigin::signed(1), 0),
			sp_runtime::DispatchError::BadOrigin
		);
		assert_ok!(cancel(0));
		assert_eq!((held(1), slashed(1)), (bond_of(1), 0));
		assert_eq!(
			events().last(),
			Some(&Event::SlashCancelled {
				who: 1,
				slash: 0,
				amount: 990,
				bonded: bond_of(1)
			})
		);
		assert_noop!(cancel(0), Error::<Test>::NoSuchSlash);
		// The hole it leaves does not keep the next one waiting.
		pass(DEFERRAL);
		block_by(3);
		assert_eq!(slashed(2), 0);
		sessions(1, &[1, 2]);
		assert_ok!(validate(1));
	});
}

#[test]
fn offender_should_rank_by_its_whole_bond_when_its_slash_is_cancelled() {
	build_and_execute(10, || {
		equivocate(1);
		sessions(1, &[1]);
		assert_ok!(validate(1));
		assert_eq!(candidates().last(), Some(&1));
		assert_ok!(cancel(0));
		assert_eq!(candidates().first(), Some(&1));
	});
}

#[test]
fn slash_should_reach_what_unbonds_when_the_bond_is_not_enough() {
	build_and_execute(10, || {
		sessions(1, &[]);
		let at_stake = exposure(1).unwrap();
		MinBond::set(&100);
		assert_ok!(chill(1));
		assert_ok!(unbond(1, 4_900));
		pass(SLOT);
		assert_ok!(unbond(1, 4_800));
		assert_ok!(unbond(1, 200));
		assert_ok!(report(1, at_stake, 1, 0));
		// Out of the latest chunks.
		let amounts: Vec<_> = ledger(1)
			.unbonding
			.iter()
			.map(|chunk| chunk.amount)
			.collect();
		assert_eq!(amounts, vec![4_900, 4_800 - 790]);
		assert_eq!((held(1), slashed(1)), (bond_of(1) - 990, 990));
	});
}

#[test]
fn slash_should_be_of_what_was_at_stake_when_more_was_bonded_since() {
	build_and_execute(10, || {
		assert_ok!(bond_more(1, 50_000));
		equivocate(1);
		assert_eq!(slashed(1), 990);
	});
}

#[test]
fn offence_should_cost_once_when_reported_with_others() {
	build_and_execute(10, || {
		let report_in_slot = |who| report(who, exposure(who).unwrap(), 0, 7).unwrap();
		report_in_slot(1);
		assert_eq!(slashed(1), 990);
		report_in_slot(2);
		// Two offenders in a slot: a fifth of each, what the first has paid included.
		assert_eq!(slashed(1), 1_980);
		assert_eq!(slashed(2), bond_of(2) / 5);
	});
}

#[test]
fn offences_of_a_session_should_cost_the_largest_part_of_them() {
	build_and_execute(10, || {
		equivocate(1);
		block_by(2);
		equivocate(1);
		assert_eq!(slashed(1), 990);
		assert_eq!(Convictions::<Test>::iter().count(), 1);
	});
}

#[test]
fn equivocator_should_be_disabled_when_it_was_convicted_of_less_before() {
	build_and_execute(10, || {
		sessions(1, &[7]);
		assert!(is_convict(7));
		assert_ok!(validate(7));
		report(7, bond_of(7), 0, 1).unwrap();
		assert!(is_convict(7));
		assert_eq!(disabled(), vec![7]);
		// A tenth, the hundredth for being offline included.
		assert_eq!(slashed(7), bond_of(7) / 10);
	});
}

#[test]
fn later_report_should_not_convict_again_when_the_offender_has_served() {
	build_and_execute(10, || {
		report(1, bond_of(1), 0, 7).unwrap();
		sessions(1, &[1]);
		assert_ok!(validate(1));
		report(2, bond_of(2), 0, 7).unwrap();
		assert!(!is_convict(1));
		assert_eq!(slashed(1), 2 * 990);
	});
}

#[test]
fn duplicate_report_should_be_refused() {
	build_and_execute(10, || {
		assert_ok!(report(1, bond_of(1), 0, 7));
		assert!(report(1, bond_of(1), 0, 7).is_err());
		assert_eq!(slashed(1), 990);
	});
}

#[test]
fn ledger_should_last_until_the_slash_is_decided_when_it_took_everything() {
	build_and_execute(10, || {
		EquivocationSlash::set(&Perbill::one());
		equivocate(1);
		equivocate(2);
		assert_eq!((held(1), slashed(1)), (0, bond_of(1)));
		assert_noop!(validate(1), Error::<Test>::NotBonded);
		assert_ok!(cancel(0));
		assert_eq!(held(1), bond_of(1));
		(0..4).for_each(|_| pass_session());
		block_by(3);
		assert_eq!(Ledgers::<Test>::get(2), None);
		assert_eq!(Balances::free_balance(2), FUNDS + ED - bond_of(2));
	});
}

#[test]
fn report_should_change_nothing_held_when_the_offender_has_nothing_left() {
	build_and_execute(10, || {
		assert_ok!(report(16, 5_000, 0, 1));
		assert_eq!(Ledgers::<Test>::get(16), None);
		assert_eq!(Balances::free_balance(16), FUNDS + ED);
	});
}

#[test]
fn convictions_should_be_forgotten_when_they_can_no_longer_be_reported() {
	build_and_execute(10, || {
		equivocate(1);
		sessions(REPORTABLE + 1, &[1]);
		assert_eq!(Convictions::<Test>::iter().count(), 1);
		sessions(1, &[1]);
		assert_eq!(Convictions::<Test>::iter().count(), 0);
	});
}
