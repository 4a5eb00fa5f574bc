use super::*;

/// Twenty blocks a session by ten validators: two are due from each.
#[test]
fn validator_without_a_block_should_be_slashed_and_chilled() {
	build_and_execute(10, || {
		sessions(1, &[7]);
		assert_eq!(slashed(7), bond_of(7) / 100);
		assert!(!candidates().contains(&7));
		let convicted = Event::Convicted {
			who: 7,
			offence: Offence::Offline,
			session: 0,
		};
		assert!(events().contains(&convicted));
		assert!(disabled().is_empty());
		sessions(2, &[7]);
		assert!(!Session::validators().contains(&7));
		// Once.
		assert_eq!(slashed(7), bond_of(7) / 100);
	});
}

#[test]
fn validator_with_a_single_block_should_not_be_punished() {
	build_and_execute(10, || {
		for _ in 0..3 {
			block_by(7);
			session_of(SESSION - 1, &[7]);
		}
		assert_eq!(slashed(7), 0);
		assert_eq!(candidates().len(), 10);
	});
}

#[test]
fn blocks_that_were_due_should_add_up_over_sessions_until_one_is_made() {
	build_and_execute(10, || {
		OfflineBlocks::set(&5);
		sessions(2, &[7]);
		assert_eq!(Silent::<Test>::get().into_inner(), vec![(7, 4_000)]);
		block_by(7);
		session_of(SESSION - 1, &[7]);
		assert!(Silent::<Test>::get().is_empty());
		sessions(2, &[7]);
		assert_eq!(slashed(7), 0);
		sessions(1, &[7]);
		assert_eq!(slashed(7), bond_of(7) / 100);
	});
}

#[test]
fn nobody_should_be_punished_when_more_than_a_tenth_are_offline() {
	build_and_execute(10, || {
		sessions(5, &[6, 7]);
		assert_eq!(slashed(6) + slashed(7), 0);
		assert_eq!(candidates().len(), 10);
		assert_eq!(Session::validators().len(), 10);
		let pardoned = Event::OfflinePardoned {
			session: 4,
			offline: 2,
		};
		assert!(events().contains(&pardoned));
		// What was due before the pardon does not count against the last to return.
		OfflineBlocks::set(&3);
		sessions(1, &[6]);
		assert_eq!(slashed(6), 0);
		sessions(1, &[6]);
		assert_eq!(slashed(6), bond_of(6) / 100);
	});
}

#[test]
fn share_of_a_set_that_can_be_punished_should_be_governed() {
	build_and_execute(4, || {
		sessions(3, &[4]);
		assert_eq!(slashed(4), 0);
		MaxOffline::set(&Permill::from_percent(25));
		sessions(1, &[4]);
		assert_eq!(slashed(4), bond_of(4) / 100);
	});
}

#[test]
fn nobody_should_be_punished_when_the_chain_stood_still() {
	build_and_execute(10, || {
		OfflineBlocks::set(&1);
		// Halted in the middle, and a part of a session when it runs again.
		session_of(13, &[7]);
		session_of(1, &[]);
		session_of(0, &[]);
		assert_eq!(slashed(7), 0);
		assert_eq!(candidates().len(), 10);
		let discarded = Event::SessionDiscarded {
			session: 0,
			blocks: 13,
		};
		assert!(events().contains(&discarded));
		session_of(14, &[7]);
		assert_eq!(slashed(7), bond_of(7) / 100);
	});
}

#[test]
fn blocks_due_should_be_counted_in_blocks_that_were_made() {
	build_and_execute(10, || {
		// 14 blocks, 1.4 due from each.
		session_of(14, &[7]);
		assert_eq!(slashed(7), 0);
		session_of(14, &[7]);
		assert_eq!(slashed(7), bond_of(7) / 100);
	});
}

#[test]
fn disabled_validator_should_not_count_as_offline() {
	build_and_execute(10, || {
		equivocate(4);
		sessions(1, &[4]);
		assert_ok!(validate(4));
		let before = slashed(4);
		sessions(1, &[4]);
		assert_eq!(slashed(4), before);
		assert!(candidates().contains(&4));
	});
}

#[test]
fn returned_validator_should_be_convicted_only_anew() {
	build_and_execute(10, || {
		OfflineBlocks::set(&3);
		sessions(2, &[7]);
		assert!(is_convict(7));
		assert_ok!(validate(7));
		sessions(1, &[7]);
		// Two blocks were due since.
		assert!(!is_convict(7));
		sessions(1, &[7]);
		assert!(!is_convict(7), "it had no seat in that session");
	});
}

#[test]
fn offline_validators_should_count_towards_a_tenth_until_they_return() {
	build_and_execute(10, || {
		sessions(1, &[7]);
		assert!(is_convict(7));
		// Still in the set; with another one they are more than a tenth.
		sessions(1, &[7, 8]);
		assert!(!is_convict(8));
	});
}
