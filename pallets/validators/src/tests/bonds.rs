use codec::Encode;
use frame_support::traits::KeyOwnerProofSystem;
use sp_runtime::{key_types::DUMMY, testing::UintAuthorityId};

use super::*;

const UNBONDING: u64 = WINDOW + 4 * LONGEST_SESSION;

#[test]
fn bond_should_hold_funds() {
	build_and_execute(4, || {
		assert_ok!(bond(11, 1_000));
		assert_eq!(held(11), 1_000);
		assert_eq!(Balances::free_balance(11), FUNDS + ED - 1_000);
		assert_ok!(bond_more(11, 500));
		assert_eq!(held(11), 1_500);
		let bonded = |amount, bonded| Event::Bonded {
			who: 11,
			amount,
			bonded,
		};
		assert_eq!(events(), vec![bonded(1_000, 1_000), bonded(500, 1_500)]);
	});
}

#[test]
fn bond_should_leave_the_existential_deposit_when_all_else_is_bonded() {
	build_and_execute(4, || {
		assert!(bond(11, FUNDS + 1).is_err());
		assert_eq!(ledger(11).bond, 0);
		assert_ok!(bond(11, FUNDS));
		assert_eq!(Balances::free_balance(11), ED);
	});
}

#[test]
fn bond_should_fail_when_too_small_or_repeated() {
	build_and_execute(4, || {
		assert_noop!(bond(11, 999), Error::<Test>::BondTooSmall);
		assert_noop!(bond_more(11, 1_000), Error::<Test>::NotBonded);
		assert_ok!(bond(11, 1_000));
		assert_noop!(bond(11, 1_000), Error::<Test>::AlreadyBonded);
		assert_noop!(bond_more(11, 0), Error::<Test>::ZeroAmount);
	});
}

#[test]
fn unbond_should_free_funds_only_after_the_unbonding_period() {
	build_and_execute(4, || {
		assert_ok!(bond(11, 5_000));
		assert_ok!(unbond(11, 2_000));
		assert_eq!(held(11), 5_000);
		assert_eq!(ledger(11).bond, 3_000);
		pass(UNBONDING - 1);
		assert_noop!(withdraw(11), Error::<Test>::NothingToWithdraw);
		pass(1);
		assert_ok!(withdraw(11));
		assert_eq!(held(11), 3_000);
		let withdrawn = Event::Withdrawn {
			who: 11,
			amount: 2_000,
			unbonding: 0,
		};
		assert_eq!(events().last(), Some(&withdrawn));
	});
}

#[test]
fn withdraw_should_take_only_what_is_due_when_chunks_differ_in_age() {
	build_and_execute(4, || {
		assert_ok!(bond(11, 5_000));
		assert_ok!(unbond(11, 1_000));
		pass(UNBONDING / 2);
		assert_ok!(unbond(11, 500));
		pass(UNBONDING / 2);
		assert_ok!(withdraw(11));
		assert_eq!(held(11), 4_000);
		pass(UNBONDING / 2);
		assert_ok!(withdraw(11));
		assert_eq!(held(11), 3_500);
	});
}

#[test]
fn account_should_have_everything_back_when_it_leaves() {
	build_and_execute(4, || {
		assert_ok!(bond(11, FUNDS));
		assert_ok!(unbond(11, FUNDS));
		assert_noop!(unbond(11, 1), Error::<Test>::NotBonded);
		pass(UNBONDING);
		assert_ok!(withdraw(11));
		assert_eq!(Balances::free_balance(11), FUNDS + ED);
		assert_eq!(Ledgers::<Test>::get(11), None);
		assert_noop!(withdraw(11), Error::<Test>::NotBonded);
	});
}

#[test]
fn unbond_should_fail_when_the_rest_is_neither_nothing_nor_a_bond() {
	build_and_execute(4, || {
		assert_ok!(bond(11, 5_000));
		assert_noop!(unbond(11, 0), Error::<Test>::ZeroAmount);
		assert_noop!(unbond(11, 4_001), Error::<Test>::RestTooSmall);
		assert_noop!(unbond(11, 5_001), Error::<Test>::NotEnoughBonded);
		assert_ok!(unbond(11, 4_000));
	});
}

#[test]
fn candidate_should_keep_the_least_bond() {
	build_and_execute(4, || {
		join(11, 5_000);
		assert_noop!(unbond(11, 5_000), Error::<Test>::StillCandidate);
		assert_noop!(unbond(11, 4_001), Error::<Test>::StillCandidate);
		assert_ok!(unbond(11, 4_000));
		assert_ok!(chill(11));
		assert_ok!(unbond(11, 1_000));
	});
}

#[test]
fn unbond_should_fail_when_too_many_chunks_unbond() {
	build_and_execute(4, || {
		assert_ok!(bond(11, 50_000));
		for _ in 0..MAX_CHUNKS {
			assert_ok!(unbond(11, 1));
		}
		assert_noop!(unbond(11, 1), Error::<Test>::TooManyChunks);
		pass(UNBONDING);
		assert_ok!(withdraw(11));
		assert_ok!(unbond(11, 1));
	});
}

/// One that unbonds as soon as it is planned for its last session still has everything on hold
/// when an offence in that session is reported at the last moment.
#[test]
fn bond_should_answer_for_the_last_session_as_long_as_it_can_be_reported() {
	build_and_execute(10, || {
		sessions(1, &[]);
		// Session 2 is planned by now.
		assert_ok!(chill(10));
		assert_ok!(unbond(10, bond_of(10)));
		sessions(1, &[]);
		let at_stake = exposure(10).unwrap();
		assert_eq!(at_stake, bond_of(10));
		let key = (DUMMY, UintAuthorityId(10).encode());
		let proof = Historical::prove(key.clone()).unwrap();

		let is_reportable = || Historical::check_proof(key.clone(), proof.clone()).is_some();
		// Each session as long as it can be.
		for _ in 0..=REPORTABLE {
			pass_session();
			assert!(is_reportable());
		}
		pass(LONGEST_SESSION);
		assert_noop!(withdraw(10), Error::<Test>::NothingToWithdraw);
		assert_ok!(report(10, at_stake, 2, 0));
		assert_eq!(slashed(10), bond_of(10) / 10);
		rotate();
		assert!(!is_reportable());
		// Nor could it leave before that report was decided on.
		pass(SlashDeferral::get() - LONGEST_SESSION);
		assert_noop!(withdraw(10), Error::<Test>::NothingToWithdraw);
	});
}
