//! Free slots: drawn, returned, earned, gone stale.

use one_primitives::{
	jobs::Lane,
	workers::{SlotUse, Workers as _},
};
use polkadot_sdk::{
	frame_support::{assert_ok, BoundedVec},
	frame_system::RawOrigin,
	sp_runtime::Permill,
};

use super::{last_event, record, state};
use crate::{
	mock::*, EarnedSlots, Event, Seat, Seats, Tokens, WorkerState, Workers as Stored, MAX_DRAWS,
};

fn seat(who: u64, n: u8) -> Seat {
	Seats::<Test>::get(who, model(n)).unwrap()
}

fn take(n: u8) -> Option<u64> {
	crate::mock::take(n, 0)
}

/// Has `who` serve `jobs` jobs of model `n`, one after the other.
fn serve(who: u64, n: u8, jobs: u32) {
	for _ in 0..jobs {
		assert_eq!(take(n), Some(who));
		Workers::return_slot(&who, &model(n), SlotUse::Served);
	}
}

#[test]
fn worker_should_get_jobs_only_after_its_first_report() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1, 2], 2));
		assert_eq!((take(1), Workers::free_slots(&model(1))), (None, 0));
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(Workers::free_slots(&model(1)), 1);
		assert_eq!(take(1), Some(1));
		assert_eq!((take(1), seat(1, 1).used), (None, 1));
		assert_eq!(take(2), Some(1));
	});
}

#[test]
fn slot_should_show_its_rate_as_long_as_the_worker_offers_the_model() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		assert_eq!(Workers::shown_rate(&1, &model(1)), None);
		Workers::note_rate(&1, &model(1), 900, 60_000);
		assert_eq!(Workers::shown_rate(&1, &model(1)), Some(900));
		Workers::note_rate(&1, &model(1), 100, 60_000);
		assert_eq!(Workers::shown_rate(&1, &model(1)), Some(800));
		// What nobody offers leaves nothing behind.
		Workers::note_rate(&1, &model(2), 900, 60_000);
		assert_eq!(Seats::<Test>::get(1, model(2)), None);
	});
}

#[test]
fn slots_should_grow_by_one_a_job_served_up_to_those_declared() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 3);
		serve(1, 1, 1);
		assert_eq!(
			seat(1, 1),
			Seat {
				earned: 2,
				used: 0,
				listed: 1,
				counts: true,
				rate: 0,
			}
		);
		serve(1, 1, 5);
		assert_eq!(seat(1, 1).earned, 3);
	});
}

#[test]
fn slots_should_halve_when_not_served_and_stay_when_unused() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 8);
		serve(1, 1, 7);
		assert_eq!(seat(1, 1).earned, 8);
		for (slot_use, earned) in [
			(SlotUse::Unused, 8),
			(SlotUse::Late, 4),
			(SlotUse::Failed, 2),
			(SlotUse::Late, 1),
			(SlotUse::Late, 1),
		] {
			assert_eq!(take(1), Some(1));
			Workers::return_slot(&1, &model(1), slot_use);
			assert_eq!(seat(1, 1).earned, earned);
		}
	});
}

#[test]
fn listed_slots_should_not_be_taken_when_they_are_no_longer_earned() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 4);
		serve(1, 1, 3);
		for _ in 0..3 {
			next_block();
			assert_ok!(dispatch(heartbeat(1)));
		}
		assert_eq!((seat(1, 1).listed, take(1)), (4, Some(1)));
		Workers::return_slot(&1, &model(1), SlotUse::Late);
		assert_eq!(
			seat(1, 1),
			Seat {
				earned: 2,
				used: 0,
				listed: 3,
				counts: true,
				rate: 0,
			}
		);
		assert_eq!((take(1), take(1), take(1)), (Some(1), Some(1), None));
		assert_eq!(Workers::free_slots(&model(1)), 0);
	});
}

#[test]
fn every_slot_earned_should_be_listed_again_one_per_report() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 4);
		serve(1, 1, 3);
		assert_eq!(
			seat(1, 1),
			Seat {
				earned: 4,
				used: 0,
				listed: 1,
				counts: true,
				rate: 0,
			}
		);
		for listed in [2, 3, 4, 4] {
			next_block();
			assert_ok!(dispatch(heartbeat(1)));
			assert_eq!(seat(1, 1).listed, listed);
		}
	});
}

#[test]
fn worker_should_never_have_more_jobs_than_slots_over_all_models() {
	build_and_execute(|| {
		with_workers(&[1], &[1, 2, 3], 2);
		assert_eq!((take(1), take(2)), (Some(1), Some(1)));
		assert_eq!(take(3), None);
		assert_eq!(Stored::<Test>::get(1).unwrap().used, 2);
		assert_eq!(Workers::free_slots(&model(3)), 0);

		Workers::return_slot(&1, &model(1), SlotUse::Served);
		next_block();
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(take(3), Some(1));
	});
}

#[test]
fn silent_worker_should_be_dropped_when_drawn_and_be_back_with_its_next_report() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		Protocol::mutate(|now| *now += LivenessTimeout::get());
		assert!(Workers::status(&1).unwrap().alive);
		Protocol::mutate(|now| *now += 1);
		assert!(!Workers::status(&1).unwrap().alive);
		assert_eq!((take(1), Workers::free_slots(&model(1))), (None, 0));

		next_block();
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(take(1), Some(1));
	});
}

#[test]
fn draining_worker_should_get_no_more_jobs() {
	build_and_execute(|| {
		with_workers(&[1, 2], &[1], 1);
		assert_ok!(Workers::drain(RawOrigin::Signed(1).into()));
		assert_eq!((take(1), take(1)), (Some(2), None));
		next_block();
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(Workers::free_slots(&model(1)), 0);
	});
}

#[test]
fn worker_should_not_be_listed_when_its_service_cannot_serve_the_model() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let mut other = heartbeat(1);
		other.arithmetics = BoundedVec::truncate_from(vec![2]);
		assert_ok!(dispatch(other));
		assert_eq!(Workers::free_slots(&model(1)), 0);

		next_block();
		let mut older = heartbeat(1);
		older.mailbox = one_mailbox::VERSION + 1;
		assert_ok!(dispatch(older));
		assert_eq!(Workers::free_slots(&model(1)), 0);

		next_block();
		ActiveModels::mutate(|models| models.retain(|id| *id != model(1)));
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(Workers::free_slots(&model(1)), 0);
	});
	ActiveModels::mutate(|models| models.push(model(1)));
}

#[test]
fn better_reputed_of_two_drawn_should_be_taken() {
	build_and_execute(|| {
		with_workers(&[1, 2], &[1], 1);
		let reputation = |who: u64| Stored::<Test>::get(who).unwrap().reputation;
		assert_eq!(reputation(1), Permill::from_percent(50));
		Stored::<Test>::mutate(1, |entry| {
			entry.as_mut().unwrap().reputation = Permill::from_percent(90);
		});
		let mut taken = [0; 3];
		for random in 0..200 {
			let who = crate::mock::take(1, random).unwrap();
			taken[who as usize] += 1;
			Workers::return_slot(&who, &model(1), SlotUse::Unused);
		}
		// Worker 2 is taken only when both draws name it: one time in four.
		assert!((25..=75).contains(&taken[2]), "{taken:?}");
	});
}

#[test]
fn worker_on_probation_should_keep_one_slot_per_model_until_it_has_served() {
	build_and_execute(|| {
		Probation::set(3);
		with_workers(&[1], &[1, 2], 3);
		assert_eq!(state(1), WorkerState::Joining);
		serve(1, 1, 1);
		assert_eq!(take(2), Some(1));
		Workers::return_slot(&1, &model(2), SlotUse::Failed);
		serve(1, 2, 1);
		assert_eq!((record(1).probation, seat(1, 1).earned), (1, 1));
		serve(1, 1, 1);
		assert_eq!(last_event(), Event::WorkerProven { who: 1 });
		assert_eq!((state(1), seat(1, 1).earned), (WorkerState::Active, 1));
		serve(1, 1, 1);
		assert_eq!(seat(1, 1).earned, 2);
	});
}

#[test]
fn earned_slots_of_a_model_should_be_counted() {
	build_and_execute(|| {
		with_workers(&[1, 2], &[1, 2], 4);
		let earned = |n| EarnedSlots::<Test>::get(model(n));
		let operators = || (Workers::operators(&model(1)), Workers::operators(&model(2)));
		assert_eq!((earned(1), earned(2), operators()), (2, 2, (2, 2)));
		set_earned(1, 1, 4);
		assert_eq!((earned(1), earned(2), operators()), (5, 2, (2, 2)));
		assert_ok!(Workers::leave(RawOrigin::Signed(1).into()));
		assert_eq!((earned(1), earned(2), operators()), (1, 1, (1, 1)));
	});
}

#[test]
fn included_jobs_should_have_no_more_of_the_slots_than_a_workers_share() {
	build_and_execute(|| {
		OperatorShare::set(Permill::from_percent(34));
		with_workers(&[1, 2, 3], &[1], 4);
		set_earned(1, 1, 4);
		for _ in 0..3 {
			next_block();
			assert_ok!(dispatch(heartbeat(1)));
		}
		let included = |random| Workers::take_slot(&model(1), &REQUESTER, Lane::Included, random);
		let mut taken: Vec<u64> = (0..100).filter_map(included).collect();
		taken.sort();
		// A third of six slots, and no less than one.
		assert_eq!(taken, [1, 1, 2, 3]);
		assert_eq!((take(1), take(1), take(1)), (Some(1), Some(1), None));
	});
}

#[test]
fn reputation_should_follow_what_a_worker_does() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		let reputation = || Stored::<Test>::get(1).unwrap().reputation.deconstruct();
		let mut before = reputation();
		serve(1, 1, 1);
		assert_eq!(reputation(), before + (1_000_000 - before) / 16);
		before = reputation();
		assert_eq!(take(1), Some(1));
		Workers::return_slot(&1, &model(1), SlotUse::Late);
		assert!(reputation() < before && reputation() > before * 9 / 10);
		before = reputation();
		assert_eq!(take(1), Some(1));
		Workers::return_slot(&1, &model(1), SlotUse::Failed);
		assert!(reputation() < before && reputation() > before * 9 / 10);
		serve(1, 1, 200);
		assert!((999_000..=1_000_000).contains(&reputation()));
	});
}

#[test]
fn worker_should_be_drawn_in_proportion_to_its_free_slots() {
	build_and_execute(|| {
		with_workers(&[1, 2], &[1], 3);
		set_earned(2, 1, 3);
		for _ in 0..2 {
			next_block();
			assert_ok!(dispatch(heartbeat(2)));
		}
		assert_eq!((seat(1, 1).listed, seat(2, 1).listed), (1, 3));
		let mut taken = [0; 3];
		for random in 0..400 {
			let who = crate::mock::take(1, random).unwrap();
			taken[who as usize] += 1;
			Workers::return_slot(&who, &model(1), SlotUse::Unused);
		}
		assert!((240..=360).contains(&taken[2]), "{taken:?}");
	});
}

#[test]
fn take_slot_should_drop_few_stale_tokens_at_a_time() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 64);
		set_earned(1, 1, 64);
		for _ in 0..63 {
			next_block();
			assert_ok!(dispatch(heartbeat(1)));
		}
		assert_eq!(Workers::free_slots(&model(1)), 64);
		assert_ok!(Workers::drain(RawOrigin::Signed(1).into()));
		assert_eq!(
			(take(1), Workers::free_slots(&model(1))),
			(None, 64 - MAX_DRAWS)
		);
	});
}

#[test]
fn tokens_of_a_worker_that_left_should_be_counted_when_it_registers_again() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 2);
		assert_ok!(Workers::leave(RawOrigin::Signed(1).into()));
		Protocol::mutate(|now| *now += UnbondingPeriod::get());
		assert_ok!(Workers::withdraw(RawOrigin::Signed(1).into()));
		assert_eq!(Tokens::<Test>::get(model(1), 0), Some(1));
		Workers::do_try_state().unwrap();

		with_workers(&[1], &[1], 2);
		assert_eq!(
			seat(1, 1),
			Seat {
				earned: 1,
				used: 0,
				listed: 1,
				counts: true,
				rate: 0,
			}
		);
		assert_eq!((take(1), take(1)), (Some(1), None));
	});
}
