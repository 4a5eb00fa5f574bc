//! Whose slots count for a model.

use one_primitives::workers::{Offence, Workers as _};
use polkadot_sdk::{
	frame_support::{assert_ok, traits::fungible::Mutate, BoundedVec},
	frame_system::RawOrigin,
	sp_core::Pair as _,
};

use super::{root, signed};
use crate::{counting::PATROL, mock::*, EarnedSlots, Seats};

/// Operators and earned slots of model 1.
fn counted() -> (u32, u32) {
	let model = model(1);
	(Workers::operators(&model), EarnedSlots::<Test>::get(model))
}

/// Three operators, the first of which has earned four slots.
fn with_operators(test: impl FnOnce()) {
	build_and_execute(|| {
		with_workers(&[1, 2, 3], &[1], 4);
		set_earned(1, 1, 4);
		assert_eq!(counted(), (3, 6));
		test();
	});
}

#[test]
fn worker_should_count_from_its_first_report_on() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		assert_eq!(counted(), (0, 0));
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(counted(), (1, 1));
	});
}

#[test]
fn worker_should_count_only_while_its_state_lets_it_take_jobs() {
	with_operators(|| {
		assert_ok!(Workers::drain(signed(2)));
		assert_eq!(counted(), (2, 5));
		assert_ok!(Workers::start_maintenance(signed(1), 10_000));
		assert_eq!(counted(), (1, 1));
		assert_ok!(Workers::convict(
			root(),
			3,
			Offence::Malicious,
			Default::default()
		));
		assert_eq!(counted(), (0, 0));
		assert_ok!(Workers::resume(signed(1)));
		// Maintenance costs it none of its slots.
		assert_eq!(counted(), (1, 4));
		assert_ok!(Workers::update(signed(2), offer(2, &[1], 2)));
		assert_ok!(Workers::leave(signed(2)));
		assert_eq!(counted(), (1, 4));
	});
}

#[test]
fn worker_should_count_again_with_the_report_that_ends_its_maintenance() {
	with_operators(|| {
		assert_ok!(Workers::start_maintenance(signed(1), 10_000));
		pass(10_000);
		assert_eq!(counted(), (2, 2));
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(counted(), (3, 6));
	});
}

#[test]
fn silent_workers_should_not_count_until_they_report_again() {
	with_operators(|| {
		pass(LivenessTimeout::get());
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(counted(), (3, 6));
		next_block();
		assert_eq!(counted(), (1, 4));
		assert_ok!(dispatch(heartbeat(2)));
		assert_eq!(counted(), (2, 5));
		pass(LivenessTimeout::get() + 1);
		assert_eq!(counted(), (0, 0));
	});
}

#[test]
fn worker_should_not_count_for_models_that_its_service_cannot_serve() {
	with_operators(|| {
		next_block();
		let mut other = heartbeat(1);
		other.arithmetics = BoundedVec::truncate_from(vec![2]);
		assert_ok!(dispatch(other));
		assert_eq!(counted(), (2, 2));
		assert_eq!(
			Seats::<Test>::get(1, model(1)).map(|seat| seat.earned),
			Some(4)
		);
		next_block();
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(counted(), (3, 6));
	});
}

#[test]
fn patrol_should_find_every_silent_worker_in_turn() {
	build_and_execute(|| {
		let workers: Vec<u64> = (1..=20).collect();
		for who in &workers {
			Balances::set_balance(who, ENDOWMENT);
		}
		with_workers(&workers, &[1], 1);
		Protocol::mutate(|now| *now += LivenessTimeout::get() + 1);
		let mut left = 20;
		while left > 0 {
			next_block();
			left -= left.min(PATROL as u32);
			assert_eq!(counted(), (left, left));
		}
		// The round begins anew.
		next_block();
		assert_ok!(dispatch(heartbeat(7)));
		pass(LivenessTimeout::get() + 1);
		for _ in 0..workers.len().div_ceil(PATROL) {
			next_block();
		}
		assert_eq!(counted(), (0, 0));
	});
}

#[test]
fn report_should_give_back_the_weight_of_counting_when_nothing_is_counted_anew() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let weight = || {
			next_block();
			let report = heartbeat(1);
			let signature = pair(1).sign(&Workers::report_message(&report));
			let reported = Workers::report(RawOrigin::Authorized.into(), report, signature);
			reported.unwrap().actual_weight
		};
		assert_eq!(weight(), None);
		assert_eq!(weight(), Some(Workers::report_weight(&heartbeat(1))));
	});
}
