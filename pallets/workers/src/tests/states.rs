//! A worker's way through its states.

use one_primitives::workers::{Offence, SlotUse, Workers as _};
use polkadot_sdk::frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};

use super::{last_event, record, root, signed, state};
use crate::{mock::*, state::Step, Error, Event, RecordOf, WorkerState};

/// A worker with a job.
fn with_job(test: impl FnOnce()) {
	build_and_execute(|| {
		with_workers(&[1], &[1], 2);
		assign(1, assignment(1, 1, 0xf0));
		test();
	});
}

/// The market is done with the only job.
fn finish() {
	Open::mutate(|open| open.clear());
	Workers::return_slot(&1, &model(1), SlotUse::Served);
}

fn maintain(length: u64) -> DispatchResult {
	Workers::start_maintenance(signed(1), length)
}

fn convict(offence: Offence) {
	assert_ok!(Workers::convict(root(), 1, offence, Default::default()));
}

/// The table of the README.
#[test]
fn steps_should_lead_where_the_table_says() {
	use WorkerState::*;
	let away = Maintenance { until: 9 };
	let maintain = Step::Maintain { until: 9 };
	type Way = Result<WorkerState, Error<Test>>;
	let table: [(WorkerState, [Way; 6]); 6] = [
		// prove, maintain, resume, suspend, drain, leave
		(
			Joining,
			[
				Ok(Active),
				Ok(away),
				Err(Error::NotPaused),
				Ok(Suspended),
				Ok(Draining),
				Ok(Left),
			],
		),
		(
			Active,
			[
				Ok(Active),
				Ok(away),
				Err(Error::NotPaused),
				Ok(Suspended),
				Ok(Draining),
				Ok(Left),
			],
		),
		(
			away,
			[
				Ok(away),
				Err(Error::AlreadyInMaintenance),
				Ok(Active),
				Ok(Suspended),
				Ok(Draining),
				Ok(Left),
			],
		),
		(
			Suspended,
			[
				Ok(Suspended),
				Err(Error::Suspended),
				Ok(Active),
				Ok(Suspended),
				Ok(Draining),
				Ok(Left),
			],
		),
		(
			Draining,
			[
				Ok(Draining),
				Err(Error::AlreadyDraining),
				Err(Error::AlreadyDraining),
				Err(Error::AlreadyDraining),
				Err(Error::AlreadyDraining),
				Ok(Left),
			],
		),
		(Left, core::array::from_fn(|_| Err(Error::AlreadyLeft))),
	];
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		for (from, ways) in table {
			let steps = [
				Step::Prove,
				maintain,
				Step::Resume,
				Step::Suspend,
				Step::Drain,
				Step::Leave,
			];
			for (step, way) in steps.into_iter().zip(ways) {
				let mut record = RecordOf::<Test> {
					state: from,
					..record(1)
				};
				let moved = Workers::transition(&mut record, step);
				let found = moved.map(|()| record.state);
				assert_eq!(
					format!("{found:?}"),
					format!("{way:?}"),
					"{from:?} by {step:?}"
				);
			}
		}
	});
}

#[test]
fn worker_should_finish_its_job_before_it_leaves() {
	with_job(|| {
		assert_ok!(Workers::drain(signed(1)));
		assert_eq!(last_event(), Event::WorkerDraining { who: 1 });
		assert_noop!(Workers::drain(signed(1)), Error::<Test>::AlreadyDraining);
		assert_noop!(Workers::leave(signed(1)), Error::<Test>::JobsOpen);
		finish();
		assert_ok!(Workers::leave(signed(1)));
		assert_eq!(state(1), WorkerState::Left);
		assert_noop!(Workers::leave(signed(1)), Error::<Test>::AlreadyLeft);
		assert_noop!(
			Workers::update(signed(1), offer(1, &[1], 1)),
			Error::<Test>::AlreadyLeft
		);
	});
}

#[test]
fn maintenance_should_keep_jobs_away_and_end_no_job() {
	with_job(|| {
		assert_ok!(maintain(10_000));
		let until = 10_000;
		assert_eq!(last_event(), Event::MaintenanceStarted { who: 1, until });
		assert_eq!((record(1).used, take(1, 0)), (1, None));
		next_block();
		let report = ReportOfJob::accept(1);
		assert_ok!(dispatch(report));
		assert!(Open::get()[0].1.accepted);
		finish();
		assert_eq!(
			(state(1), take(1, 0)),
			(WorkerState::Maintenance { until }, None)
		);

		assert_ok!(Workers::resume(signed(1)));
		assert_eq!(last_event(), Event::WorkerResumed { who: 1 });
		next_block();
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(take(1, 0), Some(1));
	});
}

/// Reports about the only assignment.
struct ReportOfJob;

impl ReportOfJob {
	fn accept(who: u64) -> crate::ReportOf<Test> {
		let open = &Open::get()[0].1;
		let entry = one_primitives::jobs::Acceptance {
			job: open.job,
			attempt: open.attempt,
			assigned: open.assigned,
		};
		crate::ReportOf::<Test> {
			acceptances: vec![entry].try_into().unwrap(),
			..heartbeat(who)
		}
	}
}

#[test]
fn maintenance_should_end_with_the_first_report_after_it() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		assert_ok!(maintain(10_000));
		pass(9_999);
		assert_ok!(dispatch(heartbeat(1)));
		assert!(matches!(state(1), WorkerState::Maintenance { .. }));
		pass(1);
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!((state(1), take(1, 0)), (WorkerState::Active, Some(1)));
	});
}

#[test]
fn maintenance_should_be_capped_in_each_period() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		assert_noop!(maintain(20_001), Error::<Test>::MaintenanceTooLong);
		assert_ok!(maintain(15_000));
		assert_noop!(maintain(1), Error::<Test>::AlreadyInMaintenance);
		pass(5_000);
		// Ten seconds were not needed.
		assert_ok!(Workers::resume(signed(1)));
		assert_eq!(record(1).maintenance.used, 5_000);
		assert_noop!(maintain(15_001), Error::<Test>::MaintenanceTooLong);
		assert_ok!(maintain(15_000));
		pass(30_000);
		assert_ok!(Workers::resume(signed(1)));
		assert_noop!(maintain(1), Error::<Test>::MaintenanceTooLong);
		pass(25_000);
		assert_ok!(maintain(20_000));
	});
}

#[test]
fn period_of_maintenance_should_begin_with_its_first_declaration() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		pass(50_000);
		assert_ok!(maintain(20_000));
		pass(20_000);
		assert_ok!(Workers::resume(signed(1)));
		assert_noop!(maintain(1), Error::<Test>::MaintenanceTooLong);
		pass(40_000);
		assert_ok!(maintain(1));
	});
}

#[test]
fn worker_on_probation_should_be_so_after_its_maintenance() {
	build_and_execute(|| {
		Probation::set(2);
		assert_ok!(register(1, &[1], 1));
		assert_eq!(state(1), WorkerState::Joining);
		assert_ok!(maintain(1_000));
		assert_ok!(Workers::resume(signed(1)));
		assert_eq!(state(1), WorkerState::Joining);
	});
}

#[test]
fn suspended_worker_should_finish_its_jobs_and_take_no_more() {
	with_job(|| {
		convict(Offence::Malicious);
		assert_eq!(state(1), WorkerState::Suspended);
		assert_eq!((record(1).used, take(1, 0)), (1, None));
		finish();
		assert_eq!(take(1, 0), None);
		assert_noop!(maintain(1), Error::<Test>::Suspended);
		assert_ok!(Workers::leave(signed(1)));
	});
}

#[test]
fn suspended_worker_should_resume_when_its_bond_is_whole() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 3));
		for _ in 0..2 {
			convict(Offence::Late);
		}
		assert_eq!(state(1), WorkerState::Active);
		// A tenth is gone; a third late offence takes more than a fifth off the whole.
		convict(Offence::Late);
		assert_eq!(state(1), WorkerState::Suspended);
		assert_noop!(Workers::resume(signed(1)), Error::<Test>::BondTooLow);
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 3)));
		assert_ok!(Workers::resume(signed(1)));
		assert_eq!(state(1), WorkerState::Active);
	});
}

#[test]
fn removed_worker_should_resume_only_when_its_offences_have_left_the_window() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 3));
		convict(Offence::Malicious);
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 3)));
		pass(90_000);
		assert_noop!(Workers::resume(signed(1)), Error::<Test>::Removed);
		pass(1);
		assert_ok!(Workers::resume(signed(1)));
		assert_eq!(state(1), WorkerState::Active);
	});
}

#[test]
fn worker_should_be_removed_when_it_is_late_too_often_however_large_its_bond() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 3));
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 1)));
		for _ in 0..4 {
			convict(Offence::Late);
		}
		assert_eq!(state(1), WorkerState::Active);
		convict(Offence::Late);
		assert_eq!(state(1), WorkerState::Suspended);
		assert!(record(1).bond.held > record(1).bond.required);
		assert_noop!(Workers::resume(signed(1)), Error::<Test>::Removed);
	});
}

#[test]
fn draining_worker_should_stay_draining_when_it_is_convicted() {
	with_job(|| {
		assert_ok!(Workers::drain(signed(1)));
		convict(Offence::Malicious);
		assert_eq!(state(1), WorkerState::Draining);
		assert_noop!(Workers::resume(signed(1)), Error::<Test>::AlreadyDraining);
	});
}
