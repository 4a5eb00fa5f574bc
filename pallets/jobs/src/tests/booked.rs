use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	jobs::{Lane, LaneChoice},
	receipts::Outcome,
	workers::SlotUse,
};
use polkadot_sdk::*;

use crate::{mock::*, Error, Line, State, Waiting};

const BOOKING: u32 = 5;

/// A market in which `WORKERS[0]` has a slot bound to the booking under which ALICE's Dedicated jobs
/// are, and `free` slots are free.
fn with_booking(free: &[(u8, AccountId)], test: impl FnOnce()) {
	let slots = [&[(1, WORKERS[0])], free].concat();
	with_slots(&slots, || {
		bind(BOOKING, WORKERS[0]);
		Covering::set(&Some(BOOKING));
		test();
	});
}

fn submit_booked(slot: u8) -> u64 {
	submit_to(ALICE, slot, 1, LaneChoice::Dedicated)
}

#[test]
fn booked_job_should_have_a_slot_when_none_is_free() {
	with_booking(&[], || {
		Covering::set(&None);
		let other = submit_to(BOB, 0, 1, LaneChoice::Dedicated);
		let included = submit(BOB, 1);
		Covering::set(&Some(BOOKING));
		let booked = submit_booked(0);
		assert_eq!(job(booked).line(), Line::Booking(BOOKING));
		assert_eq!(job(other).line(), Line::Model(model(1)));
		next_block();
		assert_eq!(worker_of(booked), WORKERS[0]);
		for id in [other, included] {
			assert!(matches!(state(id), Some(State::Queued { .. })));
		}
		assert_eq!(Waiting::<Test>::get().into_inner(), [Line::Model(model(1))]);
	});
}

#[test]
fn booked_slot_should_serve_one_job_after_the_other() {
	with_booking(&[], || {
		let jobs = [0, 1, 2].map(submit_booked);
		for id in jobs {
			next_block();
			assert_eq!(worker_of(id), WORKERS[0]);
			assert_ok!(complete(&receipt(id, Outcome::Served)));
		}
		let used = (WORKERS[0], SlotUse::Served);
		assert_eq!(SlotUses::get(), [used, used, used]);
		assert_eq!(BoundSlots::get(), [(BOOKING, WORKERS[0])]);
	});
}

#[test]
fn booked_slot_should_be_lost_with_the_attempt_that_was_late() {
	with_booking(&[], || {
		let id = submit_booked(0);
		next_block();
		advance(40_000);
		assert_eq!(SlotUses::get(), [(WORKERS[0], SlotUse::Late)]);
		assert_eq!(BoundSlots::get(), []);
		next_block();
		assert!(matches!(state(id), Some(State::Queued { .. })));
		// The booking has found another one.
		bind(BOOKING, WORKERS[0]);
		next_block();
		assert_eq!((worker_of(id), job(id).attempts), (WORKERS[0], 2));
	});
}

#[test]
fn booked_job_should_go_before_others_and_leave_free_slots_to_them() {
	with_booking(&[(1, WORKERS[1]), (1, WORKERS[2])], || {
		let jobs = [0, 1].map(submit_booked);
		let included = submit(BOB, 0);
		next_block();
		assert_eq!(worker_of(jobs[0]), WORKERS[0]);
		// Another of its booking has to wait for that slot; what is free is for the others.
		assert!(matches!(state(jobs[1]), Some(State::Queued { .. })));
		assert_ne!(worker_of(included), WORKERS[0]);
		let status = crate::Pallet::<Test>::job(jobs[0]).unwrap();
		assert_eq!(
			(status.booking, status.lane),
			(Some(BOOKING), Lane::Dedicated)
		);
	});
}

#[test]
fn booked_job_should_be_taken_when_the_queue_of_the_model_is_full() {
	with_booking(&[], || {
		Covering::set(&None);
		QueueLimit::set(&1);
		submit_to(BOB, 0, 1, LaneChoice::Dedicated);
		let call = crate::Call::submit_job {
			slot: 0,
			model: model(1),
			lane: LaneChoice::Dedicated,
			max_output: 20,
			prompt: PROMPT.to_vec(),
		};
		assert_noop!(dispatch(ALICE, call), Error::<Test>::QueueFull);
		Covering::set(&Some(BOOKING));
		assert_eq!(job(submit_booked(0)).line(), Line::Booking(BOOKING));
	});
}

#[test]
fn booked_job_should_cost_no_more_while_others_wait() {
	with_booking(&[], || {
		PriceCeiling::set(&200);
		Covering::set(&None);
		let others = [10, 11, 12, 13].map(|who| submit_to(who, 0, 1, LaneChoice::Dedicated));
		Covering::set(&Some(BOOKING));
		let booked = submit_booked(0);
		assert_eq!(job(booked).reserved, job(others[0]).reserved);
		assert!(job(booked).reserved < job(others[3]).reserved);
	});
}

#[test]
fn booked_job_should_keep_the_slot_bound_when_it_is_cancelled_or_refused() {
	with_booking(&[], || {
		let id = submit_booked(0);
		next_block();
		assert_ok!(Jobs::cancel_job(RuntimeOrigin::signed(ALICE), id));
		let id = submit_booked(0);
		next_block();
		assert_ok!(complete(&receipt(id, Outcome::Refused)));
		assert_eq!(BoundSlots::get(), [(BOOKING, WORKERS[0])]);
	});
}
