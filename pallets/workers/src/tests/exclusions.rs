//! Requesters keep workers that failed them away.

use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_runtime::Permill,
};

use super::{last_event, signed};
use crate::{mock::*, Error, Event, Excluded};

/// Four workers with one slot each for models 1 and 2.
fn with_four(test: impl FnOnce()) {
	build_and_execute(|| {
		with_workers(&[1, 2, 3, 4], &[1, 2], 1);
		test();
	});
}

/// The last attempt at `job` of the requester, for model `n`, failed at `worker`.
fn fail(job: u64, n: u8, worker: u64) {
	Failed::mutate(|failed| failed.push((job, REQUESTER, model(n), worker)));
}

fn exclude(job: u64) -> polkadot_sdk::frame_support::dispatch::DispatchResult {
	Workers::exclude(signed(REQUESTER), job)
}

/// The workers that are drawn for model `n` in many draws.
fn drawn(n: u8, requester: u64) -> Vec<u64> {
	use one_primitives::{
		jobs::Lane,
		workers::{SlotUse, Workers as _},
	};
	let mut workers: Vec<u64> = (0..200)
		.filter_map(|random| {
			let who = Workers::take_slot(&model(n), &requester, Lane::Included, random)?;
			Workers::return_slot(&who, &model(n), SlotUse::Unused);
			Some(who)
		})
		.collect();
	workers.sort();
	workers.dedup();
	workers
}

#[test]
fn excluded_worker_should_get_no_job_of_the_requester_for_that_model() {
	with_four(|| {
		fail(7, 1, 2);
		assert_ok!(exclude(7));
		let excluded = Event::WorkerExcluded {
			who: REQUESTER,
			worker: 2,
			model: model(1),
			until: 50_000,
		};
		assert_eq!(last_event(), excluded);
		assert_eq!(drawn(1, REQUESTER), [1, 3, 4]);
		assert_eq!(drawn(2, REQUESTER), [1, 2, 3, 4]);
		assert_eq!(drawn(1, 5), [1, 2, 3, 4]);
	});
}

#[test]
fn exclusion_should_lapse() {
	with_four(|| {
		fail(7, 1, 2);
		assert_ok!(exclude(7));
		Protocol::mutate(|now| *now += 29_999);
		assert_eq!(drawn(1, REQUESTER), [1, 3, 4]);
		Protocol::mutate(|now| *now += 20_001);
		for who in 1..=4 {
			assert_ok!(dispatch(heartbeat(who)));
		}
		assert_eq!(drawn(1, REQUESTER), [1, 2, 3, 4]);
		assert!(!Excluded::<Test>::contains_key(REQUESTER));
	});
}

#[test]
fn exclusion_should_need_a_failure_on_record() {
	with_four(|| {
		assert_noop!(exclude(7), Error::<Test>::NoFailure);
		fail(7, 1, 2);
		let other = Workers::exclude(signed(5), 7);
		assert_noop!(other, Error::<Test>::NoFailure);
	});
}

#[test]
fn exclusions_should_leave_most_of_a_models_slots() {
	with_four(|| {
		fail(7, 1, 1);
		fail(8, 1, 2);
		fail(9, 1, 3);
		assert_ok!(exclude(7));
		assert_ok!(exclude(8));
		assert_noop!(exclude(9), Error::<Test>::ShareTooLarge);
		// The same worker again takes no more of them.
		assert_ok!(exclude(8));
		assert_eq!(drawn(1, REQUESTER), [3, 4]);
		ExclusionShare::set(Permill::from_percent(10));
		fail(10, 2, 4);
		assert_noop!(exclude(10), Error::<Test>::ShareTooLarge);
	});
}

#[test]
fn requester_should_exclude_three_at_the_most() {
	with_four(|| {
		let failures = [(7, 1, 1), (8, 1, 2), (9, 2, 1), (10, 2, 2)];
		for (job, n, worker) in failures {
			fail(job, n, worker);
		}
		for job in 7..=9 {
			assert_ok!(exclude(job));
		}
		assert_noop!(exclude(10), Error::<Test>::TooManyExclusions);
		pass(50_000);
		assert_ok!(exclude(10));
		assert_eq!(Excluded::<Test>::get(REQUESTER).len(), 1);
	});
}
