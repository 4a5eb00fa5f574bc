//! The ladder by itself.

use one_primitives::workers::Offence::{self, *};
use proptest::prelude::*;

use crate::{
	ladder::{OffenceRecord, MAX_OFFENCES},
	mock::LADDER,
	Ladder, Rung,
};

const BOND: u64 = 1_000;

/// A ladder, and the bond that is left, after `offences` at the time 0.
fn after(offences: &[Offence]) -> (Ladder<u64>, u64) {
	let (mut ladder, mut bond) = (Ladder::default(), BOND);
	for (id, offence) in (0..).zip(offences) {
		let (_, amount) = ladder.assess(&LADDER, bond, *offence);
		bond -= amount;
		ladder.remember(OffenceRecord {
			id,
			offence: *offence,
			at: 0,
			amount,
		});
	}
	(ladder, bond)
}

fn next(before: &[Offence], offence: Offence) -> (Rung, u64) {
	let (ladder, bond) = after(before);
	ladder.assess(&LADDER, bond, offence)
}

#[test]
fn late_offences_should_climb_one_step_each() {
	let rungs: Vec<_> = (0..6).map(|n| next(&vec![Late; n], Late).0).collect();
	use Rung::*;
	assert_eq!(rungs, [Warning, Small, Larger, Larger, Removal, Removal]);
}

#[test]
fn first_offence_should_cost_by_its_kind() {
	assert_eq!(next(&[], Late), (Rung::Warning, 0));
	assert_eq!(next(&[], Wrong), (Rung::Larger, 200));
	assert_eq!(next(&[], Malicious), (Rung::Removal, 1_000));
}

#[test]
fn second_wrong_result_should_remove() {
	assert_eq!(next(&[Wrong], Wrong), (Rung::Removal, 800));
	assert_eq!(next(&[Late, Late], Wrong).0, Rung::Removal);
}

#[test]
fn being_late_should_never_cost_more_than_its_cap() {
	// Nothing, 100, 180 of the 250 that are a quarter, then what is left.
	assert_eq!(next(&[Late], Late), (Rung::Small, 100));
	assert_eq!(next(&[Late; 2], Late), (Rung::Larger, 150));
	assert_eq!(next(&[Late; 3], Late), (Rung::Larger, 0));
	assert_eq!(next(&[Late; 9], Late), (Rung::Removal, 0));
	assert_eq!(next(&[Late; 9], Malicious), (Rung::Removal, 750));
}

#[test]
fn offences_should_be_forgotten_when_they_leave_the_window() {
	let (mut ladder, _) = after(&[Wrong, Late]);
	ladder.forget_before(0);
	assert_eq!(ladder.offences().len(), 2);
	assert!(ladder.forget(1) && !ladder.forget(1));
	ladder.forget_before(1);
	assert!(ladder.is_empty());
	assert_eq!(ladder.rung(&LADDER), Rung::Warning);
}

#[test]
fn full_ladder_should_take_nothing_more() {
	let (mut ladder, _) = after(&[Late; MAX_OFFENCES as usize]);
	assert_eq!(ladder.assess(&LADDER, BOND, Malicious), (Rung::Removal, 0));
	let more = OffenceRecord {
		id: 99,
		offence: Late,
		at: 0,
		amount: 0,
	};
	assert!(!ladder.remember(more));
}

fn offences() -> impl Strategy<Value = Vec<Offence>> {
	let offence = prop_oneof![8 => Just(Late), 2 => Just(Wrong), 1 => Just(Malicious)];
	prop::collection::vec(offence, 0..80)
}

proptest! {
	#[test]
	fn losses_should_stay_within_bounds(before in offences(), bond in 0u64..=u64::MAX / 2) {
		let (mut ladder, mut left) = (Ladder::default(), bond);
		let mut late = 0;
		for (id, offence) in (0..).zip(before) {
			let (rung, amount) = ladder.assess(&LADDER, left, offence);
			prop_assert!(amount <= left);
			prop_assert!(rung >= ladder.rung(&LADDER), "the ladder leads upwards");
			left -= amount;
			late += if offence == Late { amount } else { 0 };
			prop_assert!(late <= bond / 4 + 1, "{late} of {bond}");
			ladder.remember(OffenceRecord { id, offence, at: 0, amount });
		}
	}
}
