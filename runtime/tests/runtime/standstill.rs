//! Times in which the chain makes blocks and little else: nobody is punished for them.

use crate::{chain::*, economy::*, governance::pauses::pause_everything, market::*, validators::*};
use one_primitives::{
	clock::Clock as _,
	jobs::{JobId, Market as _},
	receipts::Outcome,
	ProtocolTime,
};
use one_runtime::{
	constants::time::{EPOCH_DURATION, SLOT_DURATION},
	AccountId, Balance, Clock, Jobs, MultiBlockMigrations, Runtime, Session, Workers,
};
use pallet_jobs::State;
use pallet_workers::Bond;
use polkadot_sdk::{
	frame_support::{assert_ok, migrations::MultiStepMigrator},
	pallet_migrations::{Cursor, MigrationCursor},
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::Permill,
};

const WORKER: Sr25519Keyring = Charlie;

/// A migration begins with the next block, and makes no end by itself.
fn begin_migration() {
	Cursor::<Runtime>::put(MigrationCursor::Stuck);
	assert!(MultiBlockMigrations::ongoing());
}

/// The job that the worker holds, accepted; it has to be served in so much time.
fn accepted_job() -> (JobId, ProtocolTime) {
	assert_ok!(submit(Bob, prompt(0)).unwrap());
	next_block();
	next_block();
	let [assignment] = &Jobs::assignments(&account(WORKER))[..] else {
		panic!("the job is the worker's");
	};
	assert_ok!(report(WORKER, Outcome::Served).unwrap());
	let due = state(assignment.job).due().expect("it has a deadline");
	(assignment.job, due - Clock::protocol())
}

fn state(job: JobId) -> State<AccountId> {
	pallet_jobs::Jobs::<Runtime>::get(job)
		.expect("it is open")
		.state
}

/// What the worker answers with, and whether it is thought to be late.
fn standing() -> (Bond<Balance>, bool, Permill) {
	let record = Workers::status(&account(WORKER))
		.expect("it is registered")
		.record;
	(record.bond, record.late, record.reputation)
}

#[test]
fn job_should_be_served_after_a_migration_that_lasts_longer_than_its_deadline() {
	with_credits(|| {
		join(WORKER, MODEL, 2);
		let (job, left) = accepted_job();
		let (before, time) = (standing(), Clock::protocol());
		begin_migration();
		for _ in 0..2 * left / SLOT_DURATION {
			next_block();
		}
		assert_eq!((standing(), Clock::protocol()), (before, time));
		Cursor::<Runtime>::kill();
		next_block();
		assert!(matches!(state(job), State::Accepted { .. }));
		assert_ok!(report(WORKER, Outcome::Served).unwrap());
		assert!(matches!(state(job), State::Completed { .. }));
	});
}

#[test]
fn validators_should_stay_and_none_be_punished_when_a_migration_lasts_for_sessions() {
	at_genesis("local").execute_with(|| {
		judge_sets_of_four();
		open_block(0);
		begin_migration();
		close_block();
		for _ in 0..2 {
			end_session_without(&[]);
		}
		assert!(MultiBlockMigrations::ongoing());
		let all = [Alice, Bob, Charlie, Dave];
		assert!(all.into_iter().all(|who| !is_punished(who)));
		assert_eq!(Session::validators().len(), all.len());
		assert!(Session::disabled_validators().is_empty());
		assert!(Session::current_index() >= 2);
	});
}

#[test]
fn work_should_go_on_and_nobody_be_punished_when_everything_is_paused() {
	with_credits(|| {
		join(WORKER, MODEL, 2);
		let (job, _) = accepted_job();
		let before = standing();
		pause_everything();
		assert!(submit(Bob, prompt(1)).is_err());
		next_block();
		assert_ok!(report(WORKER, Outcome::Served).unwrap());
		assert!(matches!(state(job), State::Completed { .. }));
		for block in 1..EPOCH_DURATION {
			next_block();
			if block.is_multiple_of(20) {
				// Refused as long as its last report is fresh.
				let _ = send_report(WORKER, vec![], vec![]);
			}
		}
		let (bond, is_late, reputation) = standing();
		assert_eq!((bond, is_late), (before.0, before.1));
		assert!(reputation > before.2);
	});
}
