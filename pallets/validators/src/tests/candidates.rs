use super::*;

#[test]
fn validate_should_need_a_bond_and_session_keys() {
	build_and_execute(2, || {
		assert_noop!(validate(11), Error::<Test>::NotBonded);
		assert_ok!(bond(11, 1_000));
		assert_noop!(validate(11), Error::<Test>::NoSessionKeys);
		set_keys(11);
		MinBond::set(&1_001);
		assert_noop!(validate(11), Error::<Test>::BondTooSmall);
		MinBond::set(&1_000);
		assert_ok!(validate(11));
		assert_noop!(validate(11), Error::<Test>::AlreadyCandidate);
		assert_eq!(candidates(), vec![1, 2, 11]);
	});
}

#[test]
fn chill_should_take_a_candidate_off_the_list() {
	build_and_execute(2, || {
		join(11, 1_000);
		assert_ok!(chill(11));
		assert_eq!(candidates(), vec![1, 2]);
		assert_eq!(events().last(), Some(&Event::Chilled { who: 11 }));
		assert_noop!(chill(11), Error::<Test>::NotCandidate);
		assert_noop!(chill(12), Error::<Test>::NotBonded);
		assert_ok!(validate(11));
	});
}

#[test]
fn candidates_should_be_sorted_by_bond_and_the_earlier_come_first() {
	build_and_execute(1, || {
		join(11, 5_000);
		join(12, 7_000);
		join(13, 5_000);
		assert_eq!(candidates(), vec![1, 12, 11, 13]);
		assert_ok!(bond_more(13, 1));
		assert_eq!(candidates(), vec![1, 12, 13, 11]);
		assert_ok!(unbond(13, 1));
		assert_eq!(candidates(), vec![1, 12, 11, 13]);
		assert_ok!(unbond(12, 2_000));
		assert_eq!(candidates(), vec![1, 11, 13, 12]);
	});
}

#[test]
fn smallest_candidate_should_make_room_only_for_a_larger_bond() {
	build_and_execute(10, || {
		join(11, 1_500);
		join(12, 1_200);
		set_keys(13);
		assert_ok!(bond(13, 1_200));
		assert_noop!(validate(13), Error::<Test>::TooManyCandidates);
		assert_ok!(bond_more(13, 1));
		assert_ok!(validate(13));
		assert_eq!(candidates()[10..], [11, 13]);
		assert_eq!(ledger(12).status, Status::Chilled);
		assert!(events().contains(&Event::CandidateDisplaced { who: 12, by: 13 }));
	});
}
