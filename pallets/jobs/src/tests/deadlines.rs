use one_primitives::{receipts::Outcome, workers::SlotUse};
use polkadot_sdk::*;

use crate::{mock::*, DeadlineCursor, Event, State, WeightInfo, BUCKET};

#[test]
fn waiting_job_should_expire_and_be_refunded_when_no_worker_is_free() {
	with_slots(&[], || {
		let id = submit(ALICE, 0);
		advance(300_000);
		assert!(state(id).is_some());
		advance(SLOT_MS);
		assert_eq!(state(id), None);
		assert_eq!(free_credits(ALICE), CREDITS);
		assert_eq!(
			events(),
			[Event::JobExpired {
				who: ALICE,
				job: id
			}]
		);
		assert_eq!(Finals::get(), [id]);
	});
}

#[test]
fn attempt_should_end_late_when_the_worker_does_not_accept() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		let worker = worker_of(id);
		advance(30_000 + BUCKET);
		assert_eq!(SlotUses::get(), [(worker, SlotUse::Late)]);
		assert_eq!(
			events(),
			[Event::JobRequeued {
				worker,
				job: id,
				attempt: 1
			}]
		);
		// Not in the block that queued it again.
		assert!(matches!(state(id), Some(State::Queued { .. })));
		next_block();
		assert_ne!(worker_of(id), worker);
	});
}

#[test]
fn attempt_should_end_late_when_the_worker_accepts_but_does_not_complete() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		advance(30_000 + BUCKET);
		assert!(matches!(state(id), Some(State::Accepted { .. })));
		advance(30_000);
		assert!(matches!(state(id), Some(State::Queued { .. })));
	});
}

#[test]
fn job_should_fail_when_every_attempt_is_late() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		for _ in 0..2 {
			advance(30_000 + BUCKET);
			next_block();
		}
		assert_eq!(job(id).attempts, 3);
		advance(30_000 + BUCKET);
		assert_eq!(state(id), None);
		assert_eq!(free_credits(ALICE), CREDITS);
		assert_eq!(
			events(),
			[Event::JobFailed {
				who: ALICE,
				job: id,
				attempts: 3
			}]
		);
	});
}

#[test]
fn deadlines_should_stand_still_when_protocol_time_does() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		(0..200).for_each(|_| advance(0));
		assert!(matches!(state(id), Some(State::Accepted { .. })));
		complete(&receipt(id, Outcome::Served)).unwrap();
	});
}

#[test]
fn deadlines_should_all_be_met_over_blocks_when_weight_is_short() {
	with_slots(&[], || {
		submit_many(40);
		MaxPoll::set(&(<() as WeightInfo>::deadline() * 30));
		advance(300_000 + SLOT_MS);
		let left = crate::Jobs::<Test>::iter().count();
		// At least half of the weight is theirs, and not all were met at once.
		assert!((1..=30).contains(&left), "{left}");
		check_world();
		(0..50).for_each(|_| next_block());
		assert_eq!(crate::Jobs::<Test>::iter().count(), 0);
		assert_eq!(DeadlineCursor::<Test>::get(), Now::get() / BUCKET);
	});
}

#[test]
fn job_should_end_with_an_event_when_the_books_object() {
	with_slots(&[], || {
		let id = submit(ALICE, 0);
		BooksBroken::set(&true);
		advance(300_000 + SLOT_MS);
		BooksBroken::set(&false);
		assert_eq!(state(id), None);
		let error = sp_runtime::DispatchError::Corruption;
		assert!(events().contains(&Event::FundsUnsettled {
			who: ALICE,
			job: id,
			error
		}));
		Ledger::set(&Default::default());
	});
}
