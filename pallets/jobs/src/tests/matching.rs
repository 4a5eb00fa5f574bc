use frame_support::{traits::Hooks, weights::WeightMeter};
use one_primitives::{jobs::LaneChoice, receipts::Outcome};
use polkadot_sdk::*;

use crate::{mock::*, Event, Line, State, Waiting, WeightInfo};

fn is_assigned(id: u64) -> bool {
	matches!(state(id), Some(State::Assigned { .. }))
}

#[test]
fn job_should_be_assigned_in_a_later_block_than_it_was_submitted() {
	with_workers(|| {
		let id = submit(ALICE, 0);
		let number = System::block_number();
		// The hook of the same block, as a scheduled submission would see it.
		Jobs::on_poll(number, &mut WeightMeter::new());
		assert!(!is_assigned(id));
		next_block();
		assert!(is_assigned(id));
		let (worker, assigned) = (worker_of(id), System::parent_hash());
		assert_eq!(
			events(),
			[Event::JobAssigned {
				worker,
				job: id,
				attempt: 1,
				assigned
			}]
		);
	});
}

#[test]
fn jobs_should_be_assigned_in_order_when_slots_are_few() {
	with_slots(&[(1, WORKERS[0])], || {
		let (first, second) = (submit(ALICE, 0), submit(BOB, 0));
		next_block();
		assert!(is_assigned(first) && !is_assigned(second));
		complete(&receipt(first, Outcome::Served)).unwrap();
		next_block();
		assert!(is_assigned(second));
	});
}

#[test]
fn job_should_wait_when_only_other_models_have_slots() {
	with_slots(&[(2, WORKERS[0])], || {
		let (one, two) = (
			submit(ALICE, 0),
			submit_to(ALICE, 1, 2, LaneChoice::Included),
		);
		next_block();
		assert!(!is_assigned(one) && is_assigned(two));
		assert_eq!(Waiting::<Test>::get().into_inner(), [Line::Model(model(1))]);
	});
}

#[test]
fn models_should_take_turns_when_weight_is_short() {
	let slots: Vec<_> = (1..=3)
		.flat_map(|number| [(number, 101), (number, 102)])
		.collect();
	with_slots(&slots, || {
		let one_match = <() as WeightInfo>::match_base()
			.saturating_add(<() as WeightInfo>::match_line() * 3)
			.saturating_add(<() as WeightInfo>::match_job());
		MaxPoll::set(&(one_match * 2));
		let ids: Vec<u64> = (1..=3)
			.flat_map(|number| [0, 1].map(|slot| (number, slot)))
			.map(|(number, slot)| submit_to(number.into(), slot, number, LaneChoice::Included))
			.collect();
		next_block();
		next_block();
		next_block();
		// Each model had one match, none had two.
		let matched: Vec<u64> = ids.iter().copied().filter(|id| is_assigned(*id)).collect();
		assert_eq!(matched, [ids[0], ids[2], ids[4]]);
	});
}

#[test]
fn on_poll_should_stay_within_its_weight_when_jobs_are_many() {
	let slots: Vec<_> = (0..40).map(|at| (1, WORKERS[at % 3])).collect();
	with_slots(&slots, || {
		submit_many(40);
		let limit = <() as WeightInfo>::match_job() * 20;
		MaxPoll::set(&limit);
		System::initialize(
			&(System::block_number() + 1),
			&Default::default(),
			&Default::default(),
		);
		let mut meter = WeightMeter::with_limit(limit * 10);
		Jobs::on_poll(System::block_number(), &mut meter);
		assert!(meter.consumed().all_lte(limit));
		let assigned = (0..40).filter(|id| is_assigned(*id)).count();
		assert!((1..=10).contains(&assigned), "{assigned}");
		(0..5).for_each(|_| next_block());
		assert_eq!((0..40).filter(|id| is_assigned(*id)).count(), 40);
	});
}
