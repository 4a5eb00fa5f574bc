//! Convictions: what they take, and how they are undone.

use one_primitives::{
	workers::{Challenger, Convict, Offence, SlotUse, Workers as _},
	ProtocolTime,
};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_core::H256,
	sp_runtime::{DispatchError::BadOrigin, Permill},
};

use super::{events, held, record, root, signed, slashed, state};
use crate::{
	mock::*, Error, Event, Ladders, Penalty, Rung, Slashes, WorkerState, Workers as Stored,
};

fn convict(offence: Offence) {
	assert_ok!(Workers::convict(root(), 1, offence, H256::zero()));
}

/// A worker with a bond of 60.
fn with_worker(test: impl FnOnce()) {
	build_and_execute(|| {
		with_workers(&[1], &[1], 3);
		events();
		test();
	});
}

/// Worker 1 is given a job and lets its deadline pass.
fn miss_a_deadline() {
	assert_eq!(take(1, 0), Some(1));
	Workers::return_slot(&1, &model(1), SlotUse::Late);
}

/// Worker 1 reports, `after` its last report.
fn report(after: ProtocolTime) {
	pass(after);
	assert_ok!(dispatch(heartbeat(1)));
}

fn offences() -> usize {
	Ladders::<Test>::get(1).offences().len()
}

#[test]
fn conviction_should_take_its_amount_at_once_and_pay_it_out_later() {
	with_worker(|| {
		let evidence = H256::repeat_byte(0xe7);
		assert_ok!(Workers::convict(root(), 1, Offence::Wrong, evidence));
		let convicted = Event::WorkerConvicted {
			who: 1,
			id: 0,
			offence: Offence::Wrong,
			rung: Rung::Larger,
			amount: 12,
			due: 40_000,
			evidence,
		};
		assert_eq!(events(), [convicted]);
		assert_eq!((held(1), slashed(1)), (48, 12));
		let bond = record(1).bond;
		assert_eq!((bond.held, bond.slashed, bond.required), (48, 12, 60));
	});
}

#[test]
fn convict_should_be_for_governance() {
	with_worker(|| {
		let call = Workers::convict(signed(2), 1, Offence::Wrong, H256::zero());
		assert_noop!(call, BadOrigin);
		assert_noop!(Workers::cancel_slash(signed(1), 1, 0), BadOrigin);
		let call = Workers::convict(root(), 2, Offence::Wrong, H256::zero());
		assert_noop!(call, Error::<Test>::NotRegistered);
	});
}

#[test]
fn warning_should_cost_nothing_and_count() {
	with_worker(|| {
		convict(Offence::Late);
		assert_eq!((held(1), offences()), (60, 1));
		assert_eq!(Slashes::<Test>::iter().count(), 0);
		assert_eq!(state(1), WorkerState::Active);
	});
}

#[test]
fn wrong_and_malicious_should_void_the_pay_and_late_should_not() {
	with_worker(|| {
		convict(Offence::Late);
		assert!(Voided::get().is_empty());
		convict(Offence::Wrong);
		convict(Offence::Malicious);
		assert_eq!(Voided::get(), [1, 1]);
	});
}

#[test]
fn preview_should_say_what_a_conviction_does() {
	with_worker(|| {
		let kinds = [
			Offence::Late,
			Offence::Late,
			Offence::Wrong,
			Offence::Malicious,
		];
		for offence in kinds {
			let Penalty {
				rung,
				amount,
				suspends,
				voids_pay,
			} = Workers::penalty_preview(&1, offence).unwrap();
			let (before, voided) = (held(1), Voided::get().len());
			events();
			convict(offence);
			let told = events().into_iter().find_map(|event| match event {
				Event::WorkerConvicted { rung, amount, .. } => Some((rung, amount)),
				_ => None,
			});
			assert_eq!(told, Some((rung, amount)));
			assert_eq!(before - held(1), amount);
			assert_eq!(suspends, state(1) == WorkerState::Suspended);
			assert_eq!(voids_pay, Voided::get().len() > voided);
		}
		assert_eq!(Workers::penalty_preview(&2, Offence::Late), None);
	});
}

#[test]
fn cancelled_conviction_should_leave_no_trace() {
	with_worker(|| {
		convict(Offence::Late);
		convict(Offence::Malicious);
		assert_eq!((held(1), state(1)), (0, WorkerState::Suspended));
		pass(39_999);
		events();
		assert_noop!(
			Workers::cancel_slash(root(), 2, 1),
			Error::<Test>::UnknownOffence
		);
		assert_ok!(Workers::cancel_slash(root(), 1, 1));
		let cancelled = Event::SlashCancelled {
			who: 1,
			id: 1,
			amount: 60,
		};
		assert_eq!(events(), [cancelled]);
		assert_eq!((held(1), slashed(1), offences()), (60, 0, 1));
		assert_ok!(Workers::resume(signed(1)));
		// The warning stays, and can be cancelled too.
		assert_ok!(Workers::cancel_slash(root(), 1, 0));
		assert_eq!(offences(), 0);
		assert!(!Ladders::<Test>::contains_key(1));
		assert_noop!(
			Workers::cancel_slash(root(), 1, 0),
			Error::<Test>::UnknownOffence
		);
		pass(1_000);
		assert_eq!(held(1), 60);
	});
}

#[test]
fn paid_slash_should_stay_paid_when_the_offence_is_pardoned() {
	with_worker(|| {
		convict(Offence::Wrong);
		pass(40_000);
		assert_eq!((held(1), slashed(1)), (48, 0));
		assert_ok!(Workers::cancel_slash(root(), 1, 0));
		assert_eq!((held(1), offences()), (48, 0));
	});
}

#[test]
fn worker_should_be_late_when_it_reports_soon_after_a_missed_deadline() {
	with_worker(|| {
		miss_a_deadline();
		assert_eq!(offences(), 0);
		report(30_000);
		assert_eq!((offences(), record(1).late), (1, false));
		report(10_000);
		assert_eq!(offences(), 1);
	});
}

#[test]
fn silence_should_be_no_offence() {
	with_worker(|| {
		for _ in 0..8 {
			miss_a_deadline();
			report(30_001);
			assert_eq!((offences(), record(1).late), (0, false));
		}
		assert_eq!((held(1), state(1)), (60, WorkerState::Active));
	});
}

#[test]
fn deadlines_missed_between_two_reports_should_be_one_offence() {
	with_worker(|| {
		set_earned(1, 1, 3);
		report(1_000);
		report(1_000);
		(0..3).for_each(|_| assert_eq!(take(1, 0), Some(1)));
		(0..3).for_each(|_| Workers::return_slot(&1, &model(1), SlotUse::Late));
		report(5_000);
		assert_eq!(offences(), 1);
	});
}

#[test]
fn missed_deadline_should_count_though_other_jobs_are_served() {
	with_worker(|| {
		miss_a_deadline();
		assert_eq!(take(1, 0), Some(1));
		Workers::return_slot(&1, &model(1), SlotUse::Served);
		report(5_000);
		assert_eq!(offences(), 1);
	});
}

#[test]
fn failure_that_the_worker_reports_should_be_no_offence() {
	with_worker(|| {
		assert_eq!(take(1, 0), Some(1));
		Workers::return_slot(&1, &model(1), SlotUse::Failed);
		report(1_000);
		assert_eq!(offences(), 0);
	});
}

#[test]
fn late_worker_should_lose_no_more_than_the_cap() {
	with_worker(|| {
		for _ in 0..12 {
			convict(Offence::Late);
		}
		// A quarter of 60.
		assert_eq!((held(1), slashed(1)), (45, 15));
		assert_eq!(state(1), WorkerState::Suspended);
		pass(90_001);
		convict(Offence::Late);
		convict(Offence::Late);
		assert_eq!((held(1), slashed(1)), (41, 4));
	});
}

#[test]
fn other_pallets_should_convict_with_a_challenger() {
	with_worker(|| {
		let challenger = Challenger {
			who: 3,
			part: Permill::from_percent(90),
		};
		let evidence = H256::repeat_byte(1);
		assert_ok!(<Workers as Convict<u64>>::convict(
			&1,
			Offence::Wrong,
			evidence,
			Some(challenger)
		));
		assert_eq!(slashed(1), 12);
		assert_noop!(
			<Workers as Convict<u64>>::convict(&2, Offence::Wrong, evidence, None),
			Error::<Test>::NotRegistered
		);
	});
}

#[test]
fn worker_that_left_should_answer_for_what_it_did() {
	with_worker(|| {
		assert_ok!(Workers::leave(signed(1)));
		convict(Offence::Malicious);
		assert_eq!((held(1), slashed(1)), (0, 60));
		assert_eq!(state(1), WorkerState::Left);
		pass(100_000);
		assert_ok!(Workers::withdraw(signed(1)));
		assert_eq!(Stored::<Test>::get(1), None);
		assert!(!Ladders::<Test>::contains_key(1));
	});
}
