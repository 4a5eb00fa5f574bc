use super::*;

/// An account that has nothing.
const KEY: AccountId = 50;

fn account_exists(who: AccountId) -> bool {
	frame_system::Account::<Test>::contains_key(who)
}

#[test]
fn delegate_should_spend_the_holders_credits_without_a_balance() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_eq!(Access::holder(&KEY), KEY);
		assert_ok!(delegate(1, KEY));
		assert_eq!((Access::holder(&KEY), Access::holder(&1)), (1, 1));
		assert!(account_exists(KEY));
		assert_eq!(Balances::free_balance(KEY), 0);
		let delegated = Event::Delegated {
			who: 1,
			delegate: KEY,
		};
		assert_eq!(events().last(), Some(&delegated));
	});
}

#[test]
fn delegate_should_be_refused_when_either_side_is_not_free_for_it() {
	build_and_execute(|| {
		assert_noop!(delegate(1, KEY), Error::<Test>::NotStaked);
		assert_ok!(stake(1, 1_000));
		assert_ok!(stake(2, 1_000));
		assert_noop!(delegate(1, 1), Error::<Test>::DelegateStakes);
		assert_noop!(delegate(1, 2), Error::<Test>::DelegateStakes);
		assert_ok!(exit(2));
		assert_noop!(delegate(1, 2), Error::<Test>::DelegateStakes);
		assert_noop!(delegate(2, KEY), Error::<Test>::NotStaked);
		assert_ok!(delegate(1, KEY));
		assert_noop!(delegate(1, KEY + 1), Error::<Test>::AlreadyDelegated);
		assert_ok!(stake(3, 1_000));
		assert_noop!(delegate(3, KEY), Error::<Test>::DelegateTaken);
	});
}

#[test]
fn delegate_should_be_refused_when_its_key_did_not_sign_for_this_holder() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		let message = |holder| Access::delegation_message(&holder);
		for proof in [(KEY, message(2)), (KEY + 1, message(1)), (KEY, vec![])] {
			let proof = TestSignature(proof.0, proof.1);
			let call = Access::delegate(RuntimeOrigin::signed(1), KEY, proof);
			assert_noop!(call, Error::<Test>::InvalidProof);
		}
	});
}

#[test]
fn delegate_should_not_stake_until_it_is_none() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_ok!(delegate(1, 2));
		assert_noop!(stake(2, 1_000), Error::<Test>::IsDelegate);
		assert_ok!(undelegate(2));
		assert_ok!(stake(2, 1_000));
	});
}

#[test]
fn either_side_should_end_the_delegation() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_noop!(undelegate(1), Error::<Test>::NotDelegated);
		for side in [1, 2] {
			assert_ok!(delegate(1, 2));
			assert_ok!(undelegate(side));
			assert_eq!(Access::holder(&2), 2);
			let undelegated = Event::Undelegated {
				who: 1,
				delegate: 2,
			};
			assert_eq!(events().last(), Some(&undelegated));
			assert_noop!(undelegate(side), Error::<Test>::NotDelegated);
		}
		assert!(account_exists(2), "it has a balance");
	});
}

#[test]
fn delegate_should_leave_nothing_behind_when_the_stake_ends() {
	build_and_execute(|| {
		assert_ok!(stake(1, 10_000));
		assert_ok!(delegate(1, KEY));
		assert_ok!(unstake(1, 9_000));
		assert_eq!(Access::holder(&KEY), 1);
		assert_ok!(exit(1));
		assert_eq!(Access::holder(&KEY), KEY);
		assert!(!account_exists(KEY));
		assert_eq!(Delegates::<Test>::iter().count(), 0);
		assert_eq!(Principals::<Test>::iter().count(), 0);
	});
}

#[test]
fn delegation_should_end_when_fees_use_the_stake_up() {
	build_and_execute(|| {
		assert_ok!(stake(1, 1_000));
		assert_ok!(delegate(1, KEY));
		assert_ok!(Access::pay(&1, 999));
		assert_eq!(Access::holder(&KEY), 1);
		assert_ok!(Access::pay(&1, 1));
		assert!(!account_exists(KEY));
	});
}

#[test]
fn invariants_should_fail_when_a_delegation_is_damaged() {
	let damages: [(&str, fn()); 5] = [
		("7", || Principals::<Test>::remove(KEY)),
		("7", || Principals::<Test>::insert(KEY + 1, 1)),
		("8", || {
			Delegates::<Test>::insert(3, KEY + 1);
			Principals::<Test>::insert(KEY + 1, 3);
		}),
		("9", || {
			System::dec_sufficients(&KEY);
		}),
		("8", || {
			Delegates::<Test>::insert(1, 2);
			Principals::<Test>::insert(2, 1);
			Principals::<Test>::remove(KEY);
		}),
	];
	for (invariant, damage) in damages {
		build_and_execute(|| {
			assert_ok!(stake(1, 1_000));
			assert_ok!(stake(2, 1_000));
			assert_ok!(delegate(1, KEY));
			assert_ok!(Access::do_try_state());
			let _ = frame_support::storage::with_transaction(|| {
				damage();
				let found = Access::do_try_state().unwrap_err();
				let found: &str = found.into();
				assert!(found.starts_with(&format!("{invariant}:")), "{found}");
				sp_runtime::TransactionOutcome::Rollback(sp_runtime::DispatchResult::Ok(()))
			});
		});
	}
}
