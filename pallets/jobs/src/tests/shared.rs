//! Slots that serve several models: their lines take turns, and the lanes keep their order.

use one_primitives::{
	jobs::{JobId, Lane, LaneChoice},
	receipts::Outcome,
};
use proptest::prelude::*;

use crate::{mock::*, State};

/// So many slots that serve every model.
fn with_shared(slots: usize, test: impl FnOnce()) {
	let slots: Vec<_> = (0..slots).map(|at| (1, WORKERS[at % 3])).collect();
	with_slots(&slots, || {
		SlotsAreShared::set(&true);
		test();
	});
}

/// Submits `jobs` jobs for model `number`, each of another account.
fn submit_for(number: u8, lane: LaneChoice, jobs: u64) {
	for at in 0..jobs {
		submit_to(1_000 * u64::from(number) + at, lane as u8, number, lane);
	}
}

fn assigned() -> Vec<JobId> {
	let jobs = crate::Jobs::<Test>::iter();
	jobs.filter(|(_, job)| matches!(job.state, State::Assigned { .. }))
		.map(|(id, _)| id)
		.collect()
}

/// Serves one job a block with the only slot, and tells models and lanes in order.
fn served(blocks: usize) -> Vec<(u8, Lane)> {
	(0..blocks)
		.map(|_| {
			advance(0);
			let id = assigned()[0];
			let served = (job(id).model.0[0], job(id).lane());
			complete(&receipt(id, Outcome::Served)).unwrap();
			served
		})
		.collect()
}

/// Places of the Included jobs among those served.
fn included(served: &[(u8, Lane)]) -> Vec<(usize, u8)> {
	let places = served.iter().enumerate();
	places
		.filter(|(_, (_, lane))| *lane == Lane::Included)
		.map(|(at, (number, _))| (at, *number))
		.collect()
}

#[test]
fn models_should_take_turns_when_slots_are_short() {
	for lane in [LaneChoice::Included, LaneChoice::Dedicated] {
		with_shared(1, || {
			submit_for(1, lane, 8);
			submit_for(2, lane, 2);
			let models: Vec<u8> = served(10).into_iter().map(|(number, _)| number).collect();
			assert_eq!(models, [1, 2, 1, 2, 1, 1, 1, 1, 1, 1]);
		});
	}
}

#[test]
fn models_should_take_turns_when_their_jobs_come_one_by_one() {
	with_shared(1, || {
		submit_for(1, LaneChoice::Dedicated, 20);
		for at in 0..5 {
			submit_to(5_000 + at, 0, 2, LaneChoice::Dedicated);
			assert!(served(2).contains(&(2, Lane::Dedicated)), "{at}");
		}
	});
}

#[test]
fn dedicated_should_go_before_the_included_jobs_of_other_models() {
	for (busy, other) in [(1, 2), (2, 1)] {
		with_shared(1, || {
			submit_for(busy, LaneChoice::Included, 4);
			served(1);
			submit_for(other, LaneChoice::Dedicated, 1);
			assert_eq!(
				served(2),
				[(other, Lane::Dedicated), (busy, Lane::Included)]
			);
		});
	}
}

#[test]
fn included_should_have_its_share_when_dedicated_waits_for_another_model() {
	with_shared(1, || {
		submit_for(1, LaneChoice::Included, 5);
		submit_for(2, LaneChoice::Dedicated, 40);
		// One in ten, as within a line.
		assert_eq!(included(&served(30)), [(9, 1), (19, 1), (29, 1)]);
	});
}

#[test]
fn included_jobs_of_several_models_should_have_one_share_together() {
	with_shared(1, || {
		submit_for(1, LaneChoice::Included, 5);
		submit_for(2, LaneChoice::Included, 5);
		submit_for(3, LaneChoice::Dedicated, 40);
		assert_eq!(included(&served(40)), [(18, 1), (19, 2), (38, 1), (39, 2)]);
	});
}

#[test]
fn included_should_not_go_before_its_own_line_for_what_others_let_pass() {
	with_slots(&[(1, WORKERS[0]), (2, WORKERS[1])], || {
		submit_for(1, LaneChoice::Included, 3);
		submit_for(2, LaneChoice::Dedicated, 30);
		advance(0);
		// The slot of model 1 is busy, while model 2 serves many.
		for _ in 0..20 {
			let id = *assigned()
				.iter()
				.find(|id| job(**id).model == model(2))
				.unwrap();
			complete(&receipt(id, Outcome::Served)).unwrap();
			advance(0);
		}
		let dedicated = submit_to(ALICE, 0, 1, LaneChoice::Dedicated);
		let id = *assigned()
			.iter()
			.find(|id| job(**id).model == model(1))
			.unwrap();
		complete(&receipt(id, Outcome::Served)).unwrap();
		advance(0);
		assert!(assigned().contains(&dedicated));
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

	/// Whenever slots come free, no model that waits has two matches more than another.
	#[test]
	fn models_that_wait_should_have_equally_many_matches(
		slots in 1..5usize,
		models in 2..5u8,
		blocks in prop::collection::vec(any::<u32>(), 1..40),
	) {
		with_shared(slots, || {
			(1..=models).for_each(|number| submit_for(number, LaneChoice::Dedicated, 100));
			let mut matched = vec![0; models.into()];
			for done in blocks {
				let before = assigned();
				advance(0);
				for id in assigned().into_iter().filter(|id| !before.contains(id)) {
					matched[usize::from(job(id).model.0[0]) - 1] += 1;
				}
				let (least, most) = (matched.iter().min(), matched.iter().max());
				assert!(most.unwrap() - least.unwrap() <= 1, "{matched:?}");
				for (at, id) in assigned().into_iter().enumerate() {
					if done & (1 << (at % 32)) != 0 {
						complete(&receipt(id, Outcome::Served)).unwrap();
					}
				}
			}
		});
	}
}
