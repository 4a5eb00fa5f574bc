use frame_support::{assert_noop, assert_ok, weights::Weight};
use one_primitives::{
	credits::{LaneFunds, Refusal},
	inference::{AskerId, Inference, JobPrice, JobResult, Request},
	jobs::{JobId, Lane, LaneChoice, Market},
	receipts::{Finish, Outcome},
};
use polkadot_sdk::*;
use sp_runtime::DispatchError;

use crate::{mock::*, Askers, Error, Event, State, WeightInfo, MAX_ATTEMPTS};

fn submit_as(asker: AskerId, request: Request) -> Result<JobId, DispatchError> {
	<Jobs as Inference<AccountId>>::submit(asker, &ALICE, request)
}

fn quote(request: &Request) -> Result<JobPrice, Refusal> {
	<Jobs as Inference<AccountId>>::quote(&ALICE, request)
}

fn delivered(job: JobId) -> Event<Test> {
	Event::ResultDelivered { asker: ASKER, job }
}

fn told() -> Vec<(JobId, JobResult)> {
	Told::get()
}

#[test]
fn submit_should_queue_on_the_dedicated_lane_and_wait_for_the_result() {
	with_workers(|| {
		let id = ask(ALICE).unwrap();
		assert_eq!(job(id).lane(), Lane::Dedicated);
		assert_eq!(job(id).reserved, FLOOR);
		assert_eq!(Askers::<Test>::get(id), Some(ASKER));
		next_block();
		let assignments = Jobs::assignments(&worker_of(id));
		assert!(assignments[0].wants_ids && Jobs::wants_ids(id));
	});
}

#[test]
fn submit_should_charge_for_the_room_of_the_ids() {
	with_workers(|| {
		let plain = submit_to(BOB, 0, 1, LaneChoice::Dedicated);
		let (long, short) = (request(200), request(100));
		let (long, short) = (quote(&long).unwrap().cu, quote(&short).unwrap().cu);
		assert_eq!(job(plain).terms.payload, 20);
		assert_eq!(submit_as(ASKER, request(100)), Ok(1));
		assert_eq!(job(1).terms.payload, 20 + 2 * 400);
		assert_eq!(job(1).reserved, short);
		assert!(long - short > 2 * 400);
	});
}

#[test]
fn quote_should_be_what_the_submission_reserves() {
	with_workers(|| {
		let price = quote(&request(100)).unwrap();
		let id = submit_as(ASKER, request(100)).unwrap();
		assert_eq!(price.cu, job(id).reserved);
		assert_eq!(price.usdc, u128::from(price.cu) / 10);
	});
}

#[test]
fn submit_should_take_the_first_free_slot_until_none_is_left() {
	with_slots(&[], || {
		submit(ALICE, 1);
		let taken: Vec<u8> = (0..3).map(|_| job(ask(ALICE).unwrap()).slot).collect();
		assert_eq!(taken, [0, 2, 3]);
		assert_noop!(ask(ALICE), Error::<Test>::SlotTaken);
		assert_ok!(ask(BOB));
	});
}

#[test]
fn submit_should_refuse_when_nobody_would_be_told() {
	with_workers(|| {
		let stranger = submit_as(*b"stranger", request(20));
		assert_eq!(stranger, Err(Error::<Test>::UnknownAsker.into()));
		assert_eq!(crate::NextJob::<Test>::get(), 0);
	});
}

#[test]
fn submit_should_refuse_when_the_ids_do_not_fit_a_receipt() {
	with_workers(|| {
		let (tokens, limit) = (257, 256);
		let refusal = Refusal::ResultTooLong { tokens, limit };
		assert_eq!(quote(&request(tokens)), Err(refusal));
		assert_noop!(
			submit_as(ASKER, request(tokens)),
			Error::<Test>::ResultTooLong
		);
		assert_noop!(submit_as(ASKER, request(0)), Error::<Test>::NoOutput);
		assert_ok!(submit_as(ASKER, request(limit)));
	});
}

#[test]
fn asker_should_be_told_the_ids_once_when_the_job_is_served() {
	with_workers(|| {
		let id = ask_accepted(ALICE);
		answer(id, &[4, 5, 6]);
		assert_eq!(events().last(), Some(&delivered(id)));
		answered_once(id);
		// Neither another delivery nor the end of the challenge window is told.
		Jobs::deliver(id, result_ids(&[9]), Finish::Stop);
		advance(700_000);
		assert_eq!(state(id), None);
		answered_once(id);
	});
}

fn answered_once(id: JobId) {
	let ids = result_ids(&[4, 5, 6]);
	let finish = Finish::Stop;
	assert_eq!(told(), [(id, JobResult::Served { ids, finish })]);
	assert_eq!(Askers::<Test>::get(id), None);
}

#[test]
fn asker_should_be_told_when_the_job_is_refused() {
	with_workers(|| {
		let id = ask_accepted(ALICE);
		assert_ok!(complete(&receipt(id, Outcome::Refused)));
		assert_eq!(told(), []);
		next_block();
		assert_ok!(complete(&receipt(id, Outcome::Refused)));
		assert_eq!(told(), [(id, JobResult::Refused)]);
		assert_eq!(events().last(), Some(&delivered(id)));
	});
}

#[test]
fn asker_should_be_told_when_the_last_attempt_fails_and_not_before() {
	with_workers(|| {
		let id = ask(ALICE).unwrap();
		for _ in 0..MAX_ATTEMPTS {
			assert!(told().is_empty());
			next_block();
			assert_ok!(accept(id));
			assert_ok!(complete(&receipt(id, Outcome::Failed)));
		}
		assert_eq!(told(), [(id, JobResult::Failed)]);
	});
}

#[test]
fn asker_should_be_told_when_the_job_expires() {
	with_slots(&[], || {
		let id = ask(ALICE).unwrap();
		advance(302_000);
		assert_eq!(told(), [(id, JobResult::Expired)]);
		assert_eq!(MockFunds::<1>::available(&ALICE), CREDITS);
	});
}

#[test]
fn asker_should_be_told_when_the_payer_cancels() {
	with_workers(|| {
		let id = ask(ALICE).unwrap();
		let cancel = |payer| <Jobs as Inference<AccountId>>::cancel(&payer, id);
		assert_noop!(cancel(BOB), Error::<Test>::NotOwner);
		assert_ok!(cancel(ALICE));
		assert_eq!(told(), [(id, JobResult::Cancelled)]);
		assert_noop!(cancel(ALICE), Error::<Test>::UnknownJob);
	});
}

#[test]
fn asker_that_fails_should_undo_its_own_work_alone() {
	with_workers(|| {
		AskerBroken::set(&true);
		let id = ask_accepted(ALICE);
		answer(id, &[4]);
		let error = DispatchError::Exhausted;
		let rejected = Event::ResultRejected {
			asker: ASKER,
			job: id,
			error,
		};
		assert_eq!(events().last(), Some(&rejected));
		assert!(matches!(state(id), Some(State::Completed { .. })));
		assert!(told().is_empty());
		assert_eq!(Askers::<Test>::get(id), None);
	});
}

#[test]
fn asker_should_be_able_to_ask_again_when_it_is_told() {
	with_workers(|| {
		AsksAgain::set(&true);
		let id = ask_accepted(ALICE);
		answer(id, &[4]);
		AsksAgain::set(&false);
		let next = id + 1;
		assert_eq!(
			(job(next).owner, Askers::<Test>::get(next)),
			(BOB, Some(ASKER))
		);
		next_block();
		assert_ok!(accept(next));
		answer(next, &[5]);
		assert_eq!(told().len(), 2);
	});
}

#[test]
fn deadline_should_wait_for_the_weight_of_the_asker() {
	with_slots(&[], || {
		let id = ask(ALICE).unwrap();
		advance(299_000);
		let without = <() as WeightInfo>::match_base()
			+ <() as WeightInfo>::match_line()
			+ <() as WeightInfo>::match_job()
			+ <() as WeightInfo>::deadline_base()
			+ <() as WeightInfo>::deadline_bucket() * 8
			+ <() as WeightInfo>::deadline();
		MaxPoll::set(&(without + Weight::from_parts(0, u64::MAX / 2)));
		advance(3_000);
		assert!(state(id).is_some(), "there was no weight to tell the asker");
		MaxPoll::set(&(without + CALLBACK + Weight::from_parts(0, u64::MAX / 2)));
		next_block();
		assert_eq!(told(), [(id, JobResult::Expired)]);
	});
}
