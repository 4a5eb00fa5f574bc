use super::*;

fn validators() -> Vec<AccountId> {
	Session::validators()
}

#[test]
fn genesis_should_bond_its_validators() {
	build_and_execute(4, || {
		assert_eq!(validators(), vec![1, 2, 3, 4]);
		for who in 1..=4 {
			assert_eq!(held(who), bond_of(who));
			assert_eq!(exposure(who), Some(bond_of(who)));
			assert_eq!(ledger(who).status, Status::Candidate);
		}
	});
}

#[test]
fn candidate_should_be_a_validator_two_sessions_later() {
	build_and_execute(4, || {
		join(11, 2_000);
		sessions(1, &[]);
		assert_eq!(validators(), vec![1, 2, 3, 4]);
		sessions(1, &[]);
		assert_eq!(validators(), vec![1, 2, 3, 4, 11]);
		assert_eq!(exposure(11), Some(2_000));
	});
}

#[test]
fn validators_should_be_those_with_the_largest_bonds() {
	build_and_execute(4, || {
		MaxValidators::set(&4);
		join(11, 9_950);
		join(12, 9_850);
		sessions(2, &[]);
		assert_eq!(validators(), vec![11, 1, 12, 2]);
		assert_ok!(bond_more(4, 1_000));
		sessions(2, &[]);
		assert_eq!(validators(), vec![4, 11, 1, 12]);
	});
}

#[test]
fn candidate_should_not_be_elected_when_it_lost_its_keys() {
	build_and_execute(4, || {
		join(11, 50_000);
		assert_ok!(Session::purge_keys(RuntimeOrigin::signed(11)));
		sessions(2, &[]);
		assert_eq!(validators(), vec![1, 2, 3, 4]);
		set_keys(11);
		sessions(2, &[]);
		assert_eq!(validators(), vec![11, 1, 2, 3, 4]);
	});
}

#[test]
fn candidate_should_not_be_elected_when_the_least_bond_rises_above_its() {
	build_and_execute(10, || {
		MinBond::set(&bond_of(9));
		sessions(2, &[]);
		assert_eq!(validators(), (1..=9).collect::<Vec<_>>());
		assert_ok!(bond_more(10, 100));
		sessions(2, &[]);
		assert_eq!(validators(), (1..=10).collect::<Vec<_>>());
	});
}

#[test]
fn set_should_shrink_by_at_most_a_third_a_session() {
	build_and_execute(10, || {
		for who in 2..=10 {
			assert_ok!(chill(who));
		}
		let mut sizes = vec![];
		for _ in 0..7 {
			sessions(1, &[]);
			sizes.push(validators().len());
		}
		// The second session was planned at genesis.
		assert_eq!(sizes, vec![10, 7, 5, 4, 3, 3, 3]);
		// Those with the least at stake went first.
		assert_eq!(validators(), vec![1, 2, 3]);
	});
}

#[test]
fn set_should_shrink_by_at_most_a_third_when_fewer_are_wanted() {
	build_and_execute(10, || {
		MaxValidators::set(&1);
		sessions(2, &[]);
		assert_eq!(validators().len(), 7);
		sessions(4, &[]);
		assert_eq!(validators(), vec![1, 2, 3]);
	});
}

#[test]
fn set_should_stay_when_there_are_too_few_candidates() {
	build_and_execute(2, || {
		assert_ok!(chill(1));
		assert_ok!(chill(2));
		sessions(3, &[]);
		assert_eq!(validators(), vec![1, 2]);
		join(11, 1_000);
		join(12, 1_000);
		join(13, 1_000);
		sessions(2, &[]);
		assert_eq!(validators(), vec![11, 12, 13]);
	});
}

#[test]
fn newcomers_should_replace_the_whole_set_when_they_are_enough() {
	build_and_execute(3, || {
		MaxValidators::set(&3);
		(11..=13).for_each(|who| join(who, 50_000));
		sessions(2, &[]);
		assert_eq!(validators(), vec![11, 12, 13]);
	});
}

#[test]
fn unbonding_should_start_anew_when_an_account_is_kept_in_the_set() {
	build_and_execute(3, || {
		assert_ok!(chill(3));
		assert_ok!(unbond(3, bond_of(3)));
		let until = ledger(3).unbonding[0].until;
		sessions(4, &[]);
		assert_eq!(validators(), vec![1, 2, 3]);
		// It goes on answering with what unbonds.
		assert_eq!(exposure(3), Some(bond_of(3)));
		let later = ledger(3).unbonding[0].until;
		assert!(later > until);
		assert!(events().contains(&Event::Retained {
			who: 3,
			until: later
		}));
	});
}

#[test]
fn convicts_should_be_kept_last() {
	build_and_execute(9, || {
		MinValidators::set(&1);
		assert_ok!(bond_more(1, 50_000));
		// Still with the most at stake; others leave of their own accord.
		equivocate(1);
		for who in 6..=9 {
			assert_ok!(chill(who));
		}
		sessions(2, &[]);
		assert!(ledger(1).bond > 50_000);
		// Four are elected; two of those that left stay.
		assert_eq!(validators(), vec![2, 3, 4, 5, 6, 7]);
	});
}
