//! Pauses begin by the guardians and end by themselves.

use frame_support::{assert_noop, assert_ok};
use one_primitives::{jobs::Lane, pauses::Pauses as _};
use polkadot_sdk::*;
use sp_core::H256;
use sp_runtime::{DispatchError::BadOrigin, DispatchResult};

use crate::{mock::*, Error, Event, Pallet, Subject, MAX_LENGTH};

fn pause(subject: Subject) -> DispatchResult {
	Brake::pause(RuntimeOrigin::signed(GUARDIAN), subject)
}

fn resume(subject: Subject) -> DispatchResult {
	Brake::resume(RuntimeOrigin::signed(REFEREE), subject)
}

fn paused_model(n: u8) -> Option<u64> {
	Pallet::<Test>::model(&H256::repeat_byte(n))
}

#[test]
fn pause_should_end_by_itself_when_its_length_has_passed() {
	build_and_execute(|| {
		let until = Now::get() + LENGTH;
		assert_ok!(pause(model(1)));
		let subject = model(1);
		System::assert_last_event(Event::Paused { subject, until }.into());
		assert_eq!(paused_model(1), Some(until));
		pass(LENGTH - 1);
		assert_eq!(paused_model(1), Some(until));
		pass(1);
		assert_eq!(paused_model(1), None);
	});
}

#[test]
fn pause_should_concern_its_subject_alone() {
	build_and_execute(|| {
		for subject in [model(1), Subject::Lane(Lane::Included), pallet(b"Brittle")] {
			assert_ok!(pause(subject));
		}
		assert!(paused_model(1).is_some() && paused_model(2).is_none());
		assert!(Pallet::<Test>::lane(Lane::Included).is_some());
		assert!(Pallet::<Test>::lane(Lane::Dedicated).is_none());
		assert!(Brake::pallet(b"Brittle").is_some() && Brake::pallet(b"Britt").is_none());
	});
}

#[test]
fn pause_should_last_a_day_at_the_most_whatever_is_set() {
	build_and_execute(|| {
		PauseLength::set(30 * MAX_LENGTH);
		assert_ok!(pause(model(1)));
		assert_eq!(paused_model(1), Some(Now::get() + MAX_LENGTH));
	});
}

#[test]
fn pause_should_be_refused_when_it_would_follow_another_one() {
	build_and_execute(|| {
		assert_ok!(pause(model(1)));
		assert_noop!(pause(model(1)), Error::<Test>::AlreadyPaused);
		pass(LENGTH);
		assert_noop!(pause(model(1)), Error::<Test>::RespiteRunning);
		pass(RESPITE - 1);
		assert_noop!(pause(model(1)), Error::<Test>::RespiteRunning);
		pass(1);
		assert_ok!(pause(model(1)));
	});
}

#[test]
fn resume_should_end_a_pause_and_not_its_respite() {
	build_and_execute(|| {
		assert_ok!(pause(model(1)));
		pass(10);
		assert_ok!(resume(model(1)));
		System::assert_last_event(Event::Resumed { subject: model(1) }.into());
		assert_eq!(paused_model(1), None);
		assert_noop!(resume(model(1)), Error::<Test>::NotPaused);
		assert_noop!(pause(model(1)), Error::<Test>::RespiteRunning);
		pass(LENGTH + RESPITE - 10);
		assert_ok!(pause(model(1)));
	});
}

#[test]
fn resume_should_be_refused_when_nothing_is_paused() {
	build_and_execute(|| {
		assert_noop!(resume(model(1)), Error::<Test>::NotPaused);
		assert_ok!(pause(model(1)));
		assert_noop!(resume(model(2)), Error::<Test>::NotPaused);
		pass(LENGTH);
		assert_noop!(resume(model(1)), Error::<Test>::NotPaused);
	});
}

#[test]
fn pause_should_be_refused_when_there_is_no_such_subject() {
	build_and_execute(|| {
		assert_noop!(pause(model(10)), Error::<Test>::UnknownModel);
		assert_noop!(pause(pallet(b"Referenda")), Error::<Test>::NotPausable);
	});
}

#[test]
fn pauses_should_be_bounded_and_make_room_when_their_respite_is_over() {
	build_and_execute(|| {
		for n in 1..=4 {
			assert_ok!(pause(model(n)));
		}
		assert_noop!(pause(model(5)), Error::<Test>::TooManyPauses);
		pass(LENGTH + RESPITE);
		assert_ok!(pause(model(5)));
		assert_eq!(crate::Pauses::<Test>::get().len(), 1);
	});
}

#[test]
fn calls_should_be_refused_when_the_origin_is_another() {
	build_and_execute(|| {
		for who in [REFEREE, 3] {
			let origin = RuntimeOrigin::signed(who);
			assert_noop!(Brake::pause(origin, model(1)), BadOrigin);
		}
		assert_ok!(pause(model(1)));
		for who in [GUARDIAN, 3] {
			let origin = RuntimeOrigin::signed(who);
			assert_noop!(Brake::resume(origin, model(1)), BadOrigin);
		}
	});
}
