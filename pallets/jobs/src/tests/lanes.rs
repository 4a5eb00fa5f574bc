use std::collections::BTreeMap;

use one_primitives::{
	jobs::{JobId, Lane, LaneChoice},
	receipts::Outcome,
};
use polkadot_sdk::sp_runtime::Permill;
use proptest::prelude::*;

use crate::{mock::*, queue::Round, LineQueues, State};

/// Serves one job a block with a single slot, and tells the lanes in order.
fn served_lanes(blocks: usize) -> Vec<Lane> {
	(0..blocks)
		.map(|_| {
			next_block();
			let id = assigned()[0];
			let lane = job(id).lane();
			complete(&receipt(id, Outcome::Served)).unwrap();
			lane
		})
		.collect()
}

#[test]
fn dedicated_should_go_first_but_leave_included_its_share() {
	with_slots(&[(1, WORKERS[0])], || {
		for at in 0..30 {
			submit_to(10 + at, 0, 1, LaneChoice::Included);
			submit_to(10 + at, 1, 1, LaneChoice::Dedicated);
		}
		let lanes = served_lanes(40);
		let included: Vec<usize> = (0..30).filter(|at| lanes[*at] == Lane::Included).collect();
		// One in ten while both wait.
		assert_eq!(included, [9, 19, 29]);
	});
}

#[test]
fn included_should_have_its_share_when_dedicated_jobs_come_as_slots_are_free() {
	with_slots(&[(1, WORKERS[0])], || {
		for at in 0..5 {
			submit(10 + at, 0);
		}
		let lanes: Vec<_> = (0..30)
			.flat_map(|at| {
				submit_to(100 + at, 0, 1, LaneChoice::Dedicated);
				served_lanes(1)
			})
			.collect();
		let included: Vec<usize> = (0..30).filter(|at| lanes[*at] == Lane::Included).collect();
		assert_eq!(included, [9, 19, 29]);
	});
}

#[test]
fn dedicated_should_not_wait_for_included_when_no_worker_takes_the_latter() {
	with_slots(&[(1, WORKERS[0])], || {
		IncludedShare::set(&Permill::one());
		TakesIncluded::set(&false);
		let included = submit(BOB, 0);
		let dedicated = submit_to(ALICE, 0, 1, LaneChoice::Dedicated);
		next_block();
		assert_eq!(assigned(), [dedicated]);
		assert!(matches!(state(included), Some(State::Queued { .. })));
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
fn included_should_go_first_always_when_its_share_is_all() {
	let queues = LineQueues::default();
	let (all, none) = (Permill::one(), Permill::zero());
	let urgent = |floor| queues.lanes(Round::Urgent, floor);
	assert_eq!(urgent(all), [Lane::Included, Lane::Dedicated]);
	assert_eq!(urgent(none), [Lane::Dedicated]);
}

#[test]
fn included_should_not_be_owed_what_it_need_not_wait_for() {
	with_slots(&[(1, WORKERS[0])], || {
		for at in 0..9 {
			submit_to(10 + at, 1, 1, LaneChoice::Dedicated);
		}
		submit(ALICE, 0);
		// Nine matches let the Included job pass, which is owed the next; but nobody competes.
		assert!(served_lanes(10)[..9]
			.iter()
			.all(|lane| *lane == Lane::Dedicated));
		submit(ALICE, 0);
		submit_to(BOB, 0, 1, LaneChoice::Dedicated);
		assert_eq!(served_lanes(2), [Lane::Dedicated, Lane::Included]);
	});
}

/// Mean thousandths of blocks that jobs of both lanes wait, Included first: in a market of ten slots
/// that serve a job in five blocks each, with so many jobs of either lane in a hundred blocks, which
/// come four at a time.
fn mean_waits(arrivals: u64) -> [u64; 2] {
	let slots: Vec<_> = (0..10).map(|at| (1, WORKERS[at % 3])).collect();
	let (mut waits, mut counts) = ([0, 0], [0, 0]);
	with_slots(&slots, || {
		let (mut seed, mut submitted, mut started) = (7, BTreeMap::new(), BTreeMap::new());
		for block in 0..400 {
			for lane in [LaneChoice::Included, LaneChoice::Dedicated] {
				let jobs = if draw(&mut seed) % 400 < arrivals {
					4
				} else {
					0
				};
				for _ in 0..jobs {
					let owner = 1_000 + submitted.len() as u64;
					submitted.insert(submit_to(owner, 0, 1, lane), block);
				}
			}
			next_block();
			for id in assigned() {
				let begin = *started.entry(id).or_insert(block);
				if begin == block {
					let lane = job(id).lane() as usize;
					waits[lane] += block - submitted[&id];
					counts[lane] += 1;
				}
				if block == begin + 4 {
					complete(&receipt(id, Outcome::Served)).unwrap();
				}
			}
		}
	});
	[0, 1].map(|lane| waits[lane] * 1_000 / counts[lane])
}

/// The next number of a sequence, by splitmix64.
fn draw(seed: &mut u64) -> u64 {
	*seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
	let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
	mixed ^ (mixed >> 31)
}

#[test]
fn dedicated_should_wait_less_than_included_from_80_percent_load_on() {
	// Of either lane: with 100, ten slots are busy all the time.
	for arrivals in [80, 90, 100] {
		let [included, dedicated] = mean_waits(arrivals);
		println!(
			"load {arrivals} %: Included {included}, Dedicated {dedicated} thousandths of a block"
		);
		assert!(
			dedicated < included,
			"{dedicated} and {included} at {arrivals}"
		);
	}
}

/// Jobs of one lane in the order of their submission, with the block of their assignment.
fn assigned_in(lane: Lane, assigned: &BTreeMap<JobId, (Lane, u64)>) -> Vec<u64> {
	let of_lane = assigned.values().filter(|(of, _)| *of == lane);
	of_lane.map(|(_, block)| *block).collect()
}

/// Jobs whose worker was drawn.
fn assigned() -> Vec<JobId> {
	let jobs = crate::Jobs::<Test>::iter();
	jobs.filter(|(_, job)| matches!(job.state, State::Assigned { .. }))
		.map(|(id, _)| id)
		.collect()
}

/// Notes the block in which jobs were assigned, and serves those `done` picks.
fn serve_some(done: u32, started: &mut BTreeMap<JobId, (Lane, u64)>) {
	for (at, id) in assigned().into_iter().enumerate() {
		let block = System::block_number();
		started.entry(id).or_insert((job(id).lane(), block));
		if done & (1 << (at % 32)) != 0 {
			complete(&receipt(id, Outcome::Served)).unwrap();
		}
	}
}

/// A block in which no time passes: no job expires, and no worker is late.
fn match_jobs() {
	advance(0);
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	/// Under equal arrival the n-th Dedicated job is never assigned later than the n-th Included
	/// one, whatever the load; and all are, once slots are free.
	#[test]
	fn dedicated_should_never_wait_longer_than_included(
		slots in 1..5usize,
		blocks in prop::collection::vec((0..4u64, any::<u32>()), 1..40),
	) {
		let slots: Vec<_> = (0..slots).map(|at| (1, WORKERS[at % 3])).collect();
		with_slots(&slots, || {
			let (mut next, mut assigned) = (1_000, BTreeMap::new());
			for (arrivals, done) in blocks {
				for _ in 0..arrivals {
					submit_to(next, 0, 1, LaneChoice::Included);
					submit_to(next, 1, 1, LaneChoice::Dedicated);
					next += 1;
				}
				match_jobs();
				serve_some(done, &mut assigned);
			}
			while assigned.len() < 2 * (next - 1_000) as usize {
				match_jobs();
				serve_some(u32::MAX, &mut assigned);
			}
			let included = assigned_in(Lane::Included, &assigned);
			let dedicated = assigned_in(Lane::Dedicated, &assigned);
			assert_eq!(included.len(), dedicated.len());
			for (dedicated, included) in dedicated.iter().zip(&included) {
				assert!(dedicated <= included, "{dedicated} after {included}");
			}
		});
	}

	/// While both lanes wait, every run of matches gives Included its share.
	#[test]
	fn included_should_never_fall_under_its_floor(
		percent in 1..51u32,
		waiting in 1..60u64,
		slots in 1..4usize,
	) {
		let slots: Vec<_> = (0..slots).map(|at| (1, WORKERS[at])).collect();
		with_slots(&slots, || {
			IncludedShare::set(&Permill::from_percent(percent));
			for at in 0..waiting {
				submit_to(1_000 + at, 0, 1, LaneChoice::Included);
				submit_to(1_000 + at, 1, 1, LaneChoice::Dedicated);
			}
			let mut matched = [0u32; 2];
			// While neither queue is empty.
			while matched.iter().all(|count| u64::from(*count) < waiting) {
				match_jobs();
				let mut assigned = BTreeMap::new();
				serve_some(u32::MAX, &mut assigned);
				assigned.values().for_each(|(lane, _)| matched[*lane as usize] += 1);
				let [included, dedicated] = matched;
				let floor = (included + dedicated) * percent / 100;
				if dedicated < waiting as u32 {
					assert!(included >= floor, "{included} of {matched:?}");
				}
			}
		});
	}
}
