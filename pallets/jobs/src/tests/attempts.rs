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
