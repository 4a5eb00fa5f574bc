use one_primitives::{
	jobs::{JobId, Lane},
	receipts::Outcome,
};
use polkadot_sdk::sp_runtime::Permill;

use crate::{mock::*, ModelQueues, Queue, State};

/// Serves one job a block with a single slot, and tells the lanes in order.
fn served_lanes(blocks: usize) -> Vec<Lane> {
	(0..blocks)
		.map(|_| {
			next_block();
			let id = under_way();
			let lane = job(id).lane;
			complete(&receipt(id, Outcome::Served)).unwrap();
			lane
		})
		.collect()
}

fn under_way() -> JobId {
	let mut assigned =
		crate::Jobs::<Test>::iter().filter(|(_, job)| matches!(job.state, State::Assigned { .. }));
	assigned.next().unwrap().0
}

#[test]
fn dedicated_should_go_first_but_leave_included_its_share() {
	with_slots(&[(1, WORKERS[0])], || {
		for at in 0..30 {
			submit_to(10 + at, 0, 1, Lane::Included);
			submit_to(10 + at, 1, 1, Lane::Dedicated);
		}
		let lanes = served_lanes(40);
		let included: Vec<usize> = (0..30).filter(|at| lanes[*at] == Lane::Included).collect();
		// One in ten while both wait.
		assert_eq!(included, [9, 19, 29]);
	});
}

#[test]
fn included_should_have_every_slot_when_dedicated_is_empty() {
	with_workers(|| {
		let ids = [0, 1, 2].map(|slot| submit(ALICE, slot));
		next_block();
		assert!(ids
			.iter()
			.all(|id| matches!(state(*id), Some(State::Assigned { .. }))));
	});
}

#[test]
fn next_lane_should_be_included_always_when_its_share_is_all() {
	let queue = Queue {
		head: Some(1),
		tail: Some(1),
		len: 1,
	};
	let queues = ModelQueues {
		included: queue,
		dedicated: queue,
		owed: Permill::zero(),
	};
	assert_eq!(queues.next_lane(Permill::one()), Some(Lane::Included));
	assert_eq!(queues.next_lane(Permill::zero()), Some(Lane::Dedicated));
	assert_eq!(ModelQueues::default().next_lane(Permill::one()), None);
}
