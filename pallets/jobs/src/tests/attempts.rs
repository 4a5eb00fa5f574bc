use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	jobs::{Acceptance, Market},
	receipts::Outcome,
	workers::SlotUse,
};
use polkadot_sdk::*;
use sp_core::H256;

use crate::{mock::*, Error, Event, State};

#[test]
fn accept_should_start_the_completion_deadline() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		let worker = worker_of(id);
		assert!(Jobs::is_acceptable(&worker, &acceptance(id)));
		assert_ok!(accept(id));
		let Some(State::Accepted { due, .. }) = state(id) else {
			panic!("not accepted")
		};
		// 40 tokens at 10 a second, three times over, but at least the floor.
		assert_eq!(due, Now::get() + 60_000);
		assert_eq!(
			events().last(),
			Some(&Event::JobAccepted {
				worker,
				job: id,
				attempt: 1
			})
		);
	});
}

#[test]
fn accept_should_grow_the_deadline_with_the_job() {
	with_workers(|| {
		submit_sized(980);
		let due = state(0).unwrap().due();
		assert_eq!(due, Some(Now::get() + 300_000));
	});
}

#[test]
fn accept_should_refuse_when_it_is_not_the_current_attempt() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		let (worker, current) = (worker_of(id), acceptance(id));
		let other = WORKERS.into_iter().find(|other| *other != worker).unwrap();
		let stale = [
			(other, current),
			(worker, Acceptance { job: 9, ..current }),
			(
				worker,
				Acceptance {
					attempt: 2,
					..current
				},
			),
			(
				worker,
				Acceptance {
					assigned: H256::repeat_byte(9),
					..current
				},
			),
		];
		for (who, acceptance) in stale {
			assert!(!Jobs::is_acceptable(&who, &acceptance));
			assert_noop!(Jobs::accept(&who, &acceptance), Error::<Test>::StaleAttempt);
		}
		assert_ok!(Jobs::accept(&worker, &current));
		assert!(!Jobs::is_acceptable(&worker, &current));
		assert_noop!(Jobs::accept(&worker, &current), Error::<Test>::StaleAttempt);
	});
}

#[test]
fn assignments_should_tell_the_worker_everything_it_needs() {
	with_slots(&[(1, WORKERS[0]), (1, WORKERS[0])], || {
		let (first, second) = (submit(ALICE, 0), submit(BOB, 0));
		next_block();
		assert_ok!(accept(second));
		let assignments = Jobs::assignments(&WORKERS[0]);
		let told: Vec<_> = assignments
			.iter()
			.map(|one| (one.job, one.accepted))
			.collect();
		assert_eq!(told, [(first, false), (second, true)]);
		assert_eq!(assignments[0].assigned, System::parent_hash());
		assert_eq!(assignments[0].prompt, PROMPT);
		assert_eq!(
			(assignments[0].max_input, assignments[0].max_output),
			(20, 20)
		);
		assert!(Jobs::assignments(&WORKERS[1]).is_empty());
	});
}

#[test]
fn failed_receipt_should_queue_the_job_for_another_worker() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		let worker = worker_of(id);
		assert_ok!(complete(&receipt(id, Outcome::Failed)), (0, 0));
		assert_eq!(SlotUses::get(), [(worker, SlotUse::Failed)]);
		assert!(matches!(state(id), Some(State::Queued { .. })));
		next_block();
		assert_eq!(job(id).attempts, 2);
		assert_ne!(worker_of(id), worker);
	});
}

#[test]
fn failure_should_be_on_record_for_the_owner_when_an_attempt_came_to_nothing() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		let worker = worker_of(id);
		assert_eq!(Jobs::failed_by(&ALICE, id), None);
		assert_ok!(complete(&receipt(id, Outcome::Failed)), (0, 0));
		assert_eq!(Jobs::failed_by(&ALICE, id), Some((model(1), worker)));
		assert_eq!(Jobs::failed_by(&BOB, id), None);
		assert_eq!(Jobs::failed_by(&ALICE, id + 1), None);
	});
}

#[test]
fn failed_receipt_should_come_back_to_the_same_worker_when_it_is_the_only_one() {
	with_slots(&[(1, WORKERS[0])], || {
		let id = submit_accepted(ALICE, 0);
		assert_ok!(complete(&receipt(id, Outcome::NoPayload)));
		next_block();
		assert_eq!((worker_of(id), job(id).attempts), (WORKERS[0], 2));
	});
}

#[test]
fn job_should_fail_and_be_refunded_after_three_attempts() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		for attempt in 1..=3 {
			assert_eq!(job(id).attempts, attempt);
			assert_ok!(complete(&receipt(id, Outcome::Failed)));
			if attempt < 3 {
				next_block();
			}
		}
		assert_eq!(state(id), None);
		assert_eq!(free_credits(ALICE), CREDITS);
		assert_eq!(
			events().last(),
			Some(&Event::JobFailed {
				who: ALICE,
				job: id,
				attempts: 3
			})
		);
		assert_eq!(Finals::get(), [id]);
	});
}

#[test]
fn retried_job_should_be_first_in_its_queue() {
	with_slots(&[(1, WORKERS[0])], || {
		let (first, second) = (submit(ALICE, 0), submit(BOB, 0));
		next_block();
		assert_ok!(complete(&receipt(first, Outcome::Failed)));
		next_block();
		assert!(matches!(state(first), Some(State::Assigned { .. })));
		assert!(matches!(state(second), Some(State::Queued { .. })));
	});
}

/// A job of ALICE that a worker, which is told, has refused, and that another has then.
fn refused_once() -> (u64, AccountId) {
	let id = submit_accepted(ALICE, 0);
	let refuser = worker_of(id);
	assert_ok!(complete(&receipt(id, Outcome::Refused)), (0, 0));
	assert!(matches!(state(id), Some(State::Queued { .. })));
	next_block();
	assert_eq!(job(id).attempts, 2);
	assert_ne!(worker_of(id), refuser);
	(id, refuser)
}

#[test]
fn refuser_should_be_charged_when_another_worker_serves_the_job() {
	with_workers(|| {
		let (id, refuser) = refused_once();
		assert_eq!(Jobs::failed_by(&ALICE, id), Some((model(1), refuser)));
		let server = worker_of(id);
		assert_ok!(complete(&receipt(id, Outcome::Served)));
		assert_eq!(
			SlotUses::get(),
			[
				(refuser, SlotUse::Unused),
				(server, SlotUse::Served),
				(refuser, SlotUse::Failed)
			]
		);
	});
}

#[test]
fn job_should_be_refused_when_a_third_worker_agrees_with_the_first() {
	with_workers(|| {
		let (id, refuser) = refused_once();
		let reserved = job(id).reserved;
		assert_ok!(complete(&receipt(id, Outcome::Failed)));
		next_block();
		assert_ne!(worker_of(id), refuser);
		assert_ok!(complete(&receipt(id, Outcome::Refused)));
		assert_eq!((state(id), Unanswerable::get()), (None, reserved));
		assert_eq!(free_credits(ALICE), CREDITS);
	});
}

#[test]
fn job_should_fail_when_only_one_attempt_was_refused() {
	with_workers(|| {
		let (id, _) = refused_once();
		assert_ok!(complete(&receipt(id, Outcome::Failed)));
		next_block();
		assert_ok!(complete(&receipt(id, Outcome::Failed)));
		assert!(matches!(events().last(), Some(Event::JobFailed { .. })));
		assert_eq!(Unanswerable::get(), 0);
	});
}

#[test]
fn job_should_end_without_blame_when_the_only_worker_refuses_every_attempt() {
	with_slots(&[(1, WORKERS[0])], || {
		let id = submit_assigned(ALICE, 0);
		for attempt in 1..=3 {
			assert_eq!(job(id).attempts, attempt);
			assert_ok!(complete(&receipt(id, Outcome::Refused)));
			if attempt < 3 {
				next_block();
			}
		}
		let (who, worker) = (ALICE, WORKERS[0]);
		let refused = Event::JobRefused {
			who,
			job: id,
			worker,
		};
		assert_eq!(events().last(), Some(&refused));
		assert_eq!((state(id), free_credits(ALICE)), (None, CREDITS));
		assert_eq!(Unanswerable::get(), 0);
		assert_eq!(SlotUses::get(), [(worker, SlotUse::Unused); 3]);
	});
}

#[test]
fn worker_should_not_be_charged_when_it_serves_what_it_refused() {
	with_slots(&[(1, WORKERS[0])], || {
		let id = submit_assigned(ALICE, 0);
		assert_ok!(complete(&receipt(id, Outcome::Refused)));
		next_block();
		assert_ok!(complete(&receipt(id, Outcome::Served)));
		let uses = [SlotUse::Unused, SlotUse::Served];
		assert_eq!(SlotUses::get(), uses.map(|slot_use| (WORKERS[0], slot_use)));
	});
}
