use std::collections::BTreeMap;

use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	credits::{Refusal, Submissions},
	receipts::Outcome,
	workers::SlotUse,
};
use polkadot_sdk::*;

use crate::{mock::*, Error, Event};

fn cancel(id: u64) -> sp_runtime::DispatchResult {
	Jobs::cancel_job(RuntimeOrigin::signed(ALICE), id)
}

#[test]
fn cancel_job_should_free_everything_when_the_job_waits() {
	with_slots(&[], || {
		let ids = [0, 1, 2].map(|slot| submit(ALICE, slot));
		// From the middle, the end and the front of the queue.
		for id in [ids[1], ids[2], ids[0]] {
			assert_ok!(Jobs::check_cancel(&ALICE, id));
			assert_ok!(cancel(id));
			check_world();
		}
		assert_eq!(free_credits(ALICE), CREDITS);
		assert_eq!(Finals::get(), [ids[1], ids[2], ids[0]]);
	});
}

#[test]
fn cancel_job_should_forfeit_the_floor_when_a_worker_holds_a_slot() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		let worker = worker_of(id);
		assert_ok!(cancel(id));
		assert_eq!(free_credits(ALICE), CREDITS - FLOOR);
		assert_eq!(Forfeited::get(), FLOOR);
		assert_eq!(SlotUses::get(), [(worker, SlotUse::Unused)]);
		assert_eq!(Accrued::get().get(&worker), None);
		let cancelled = Event::JobCancelled {
			who: ALICE,
			job: id,
			forfeited: FLOOR,
		};
		assert_eq!(events().last(), Some(&cancelled));
	});
}

#[test]
fn cancel_job_should_forfeit_all_when_the_worker_is_at_it() {
	with_workers(|| {
		submit_sized(500);
		let reserved = job(0).reserved;
		assert_ok!(cancel(0));
		assert!(reserved > FLOOR);
		assert_eq!(free_credits(ALICE), CREDITS - reserved);
		assert_eq!(Forfeited::get(), reserved);
	});
}

#[test]
fn cancel_job_should_refuse_when_it_is_not_ones_open_job() {
	with_workers(|| {
		assert_noop!(cancel(7), Error::<Test>::UnknownJob);
		assert_eq!(Jobs::check_cancel(&ALICE, 7), Err(Refusal::UnknownJob));
		let id = submit_accepted(ALICE, 0);
		let bob = RuntimeOrigin::signed(BOB);
		assert_noop!(Jobs::cancel_job(bob, id), Error::<Test>::NotOwner);
		assert_eq!(Jobs::check_cancel(&BOB, id), Err(Refusal::NotOwner));
		assert_ok!(complete(&receipt(id, Outcome::Served)));
		assert_noop!(cancel(id), Error::<Test>::NotCancellable);
		assert_eq!(Jobs::check_cancel(&ALICE, id), Err(Refusal::NotCancellable));
	});
}

#[test]
fn cancel_job_should_be_for_the_owner_and_for_its_delegate() {
	with_slots(&[], || {
		let cancel_as_bob = |id| Jobs::cancel_job(RuntimeOrigin::signed(BOB), id);
		Principals::set(&BTreeMap::from([(BOB, ALICE)]));
		let ids = [submit(BOB, 0), submit(ALICE, 1), submit(BOB, 2)];
		assert_ok!(cancel_as_bob(ids[0]));
		assert_ok!(cancel_as_bob(ids[1]));
		Principals::set(&BTreeMap::new());
		assert_noop!(cancel_as_bob(ids[2]), Error::<Test>::NotOwner);
		assert_ok!(cancel(ids[2]));
		assert_eq!(free_credits(ALICE), CREDITS);
	});
}

#[test]
fn cancel_job_should_change_nothing_when_the_books_object() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		BooksBroken::set(&true);
		assert_noop!(cancel(id), sp_runtime::DispatchError::Corruption);
		BooksBroken::set(&false);
	});
}
