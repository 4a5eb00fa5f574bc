use std::collections::BTreeMap;

use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	credits::{Refusal, Submissions, SubmitTerms},
	jobs::{Lane, LaneChoice, MAX_PROMPT},
	receipts::Outcome,
};
use polkadot_sdk::*;
use sp_runtime::Permill;

use crate::{mock::*, Call, Error, Event, Payload, Payloads, Slots, State};

/// `PROMPT` and 20 new tokens on model 1: 20 input tokens at a quarter, 20 output tokens, of
/// 20 CU each and a little attention, and 2 CU for each of 10 bytes.
const RESERVED: u64 = 1_000;

fn terms() -> SubmitTerms {
	SubmitTerms {
		slot: 0,
		lane: LaneChoice::Included,
		model: model(1),
		prompt_len: PROMPT.len() as u32,
		max_output: 20,
		wants_ids: false,
	}
}

/// Both the dispatch and its check refuse, with numbers in the check.
fn assert_refused(terms: SubmitTerms, refusal: Refusal, error: Error<Test>) {
	assert_eq!(Jobs::check_submit(&ALICE, &terms), Err(refusal));
	let prompt = vec![b'x'; terms.prompt_len as usize];
	let origin = RuntimeOrigin::signed(ALICE);
	let SubmitTerms {
		slot,
		lane,
		model,
		max_output,
		..
	} = terms;
	assert_noop!(
		Jobs::submit_job(origin, slot, model, lane, max_output, prompt),
		error
	);
}

#[test]
fn submit_job_should_be_for_the_holder_when_its_delegate_asks_for_credits() {
	with_slots(&[], || {
		Principals::set(&BTreeMap::from([(BOB, ALICE)]));
		let for_holder = submit(BOB, 0);
		assert_eq!(job(for_holder).owner, ALICE);
		assert_eq!(free_credits(ALICE), CREDITS - RESERVED);
		assert_eq!(free_credits(BOB), CREDITS);
		let (slot, job_there) = (0, for_holder);
		let refusal = Refusal::SlotTaken {
			slot,
			job: job_there,
		};
		for who in [ALICE, BOB] {
			assert_eq!(Jobs::check_submit(&who, &terms()), Err(refusal));
		}
		let own = submit_to(BOB, 0, 1, LaneChoice::Dedicated);
		assert_eq!(job(own).owner, BOB);
		let open = |who| {
			Jobs::open_jobs(&who)
				.iter()
				.map(|job| job.job)
				.collect::<Vec<_>>()
		};
		assert_eq!(
			(open(ALICE), open(BOB)),
			(vec![for_holder], vec![for_holder, own])
		);
	});
}

#[test]
fn submit_job_should_reserve_and_queue() {
	with_workers(|| {
		let id = submit(ALICE, 2);
		assert_eq!(free_credits(ALICE), CREDITS - RESERVED);
		assert!(matches!(state(id), Some(State::Queued { .. })));
		assert_eq!(Slots::<Test>::get(ALICE, 2), Some(id));
		let Some(Payload::Public(prompt)) = Payloads::<Test>::get(id) else {
			panic!("no prompt")
		};
		assert_eq!(prompt.into_inner(), PROMPT);
		let submitted = Event::JobSubmitted {
			who: ALICE,
			job: id,
			slot: 2,
			model: model(1),
			lane: Lane::Included,
			max_input: 20,
			max_output: 20,
			reserved: RESERVED,
			booking: None,
		};
		assert_eq!(events(), [submitted]);
	});
}

#[test]
fn submit_job_should_reserve_what_the_check_says_when_the_job_is_large() {
	with_workers(|| {
		let terms = SubmitTerms {
			prompt_len: 1_000,
			max_output: 900,
			..terms()
		};
		let reserved = Jobs::check_submit(&ALICE, &terms).unwrap();
		let (origin, prompt) = (RuntimeOrigin::signed(ALICE), vec![b'x'; 1_000]);
		assert_ok!(Jobs::submit_job(
			origin,
			0,
			model(1),
			LaneChoice::Included,
			900,
			prompt
		));
		assert_eq!(CREDITS - free_credits(ALICE), reserved);
		// 1,010 / 4 + 900 tokens of 20 CU, attention, and 2 CU a byte.
		assert!(reserved > 1_152 * 20 + 2_000 && reserved < 1_152 * 20 + 2_000 + 1_500);
	});
}

#[test]
fn submit_job_should_take_an_empty_prompt() {
	with_workers(|| {
		let origin = RuntimeOrigin::signed(ALICE);
		assert_ok!(Jobs::submit_job(
			origin,
			0,
			model(1),
			LaneChoice::Included,
			1,
			vec![]
		));
		assert_eq!(job(0).reserved, FLOOR);
	});
}

#[test]
fn submit_job_should_refuse_when_the_slot_is_taken_or_not_there() {
	with_workers(|| {
		let id = submit(ALICE, 0);
		assert_refused(
			terms(),
			Refusal::SlotTaken { slot: 0, job: id },
			Error::SlotTaken,
		);
		let beyond = SubmitTerms {
			slot: SLOTS,
			..terms()
		};
		let refusal = Refusal::NoSuchSlot {
			slot: SLOTS,
			slots: SLOTS,
		};
		assert_refused(beyond, refusal, Error::NoSuchSlot);
		submit(BOB, 0);
	});
}

#[test]
fn submit_job_should_refuse_when_the_lane_or_the_model_is_paused() {
	with_workers(|| {
		let before = submit(ALICE, 0);
		let until = 2_000_000;
		PausedLane::set(&Some((Lane::Included, until)));
		let other = SubmitTerms { slot: 1, ..terms() };
		assert_refused(other, Refusal::LanePaused { until }, Error::LanePaused);
		let dedicated = SubmitTerms {
			lane: LaneChoice::Dedicated,
			..other
		};
		assert!(Jobs::check_submit(&ALICE, &dedicated).is_ok());

		PausedLane::set(&None);
		PausedModel::set(&Some((model(1), until)));
		assert_refused(other, Refusal::ModelPaused { until }, Error::ModelPaused);
		let another = SubmitTerms {
			model: model(2),
			..other
		};
		assert!(Jobs::check_submit(&ALICE, &another).is_ok());

		// What was submitted before goes on.
		next_block();
		assert!(matches!(state(before), Some(State::Assigned { .. })));
	});
}

#[test]
fn submit_job_should_refuse_when_the_model_cannot_take_it() {
	with_workers(|| {
		let unknown = SubmitTerms {
			model: model(99),
			..terms()
		};
		assert_refused(unknown, Refusal::UnknownModel, Error::UnknownModel);
		let silent = SubmitTerms {
			max_output: 0,
			..terms()
		};
		assert_refused(silent, Refusal::NoOutput, Error::NoOutput);
		let (tokens, limit) = (u32::MAX, 4_096);
		let endless = SubmitTerms {
			max_output: u32::MAX,
			..terms()
		};
		let refusal = Refusal::ContextExceeded { tokens, limit };
		assert_refused(endless, refusal, Error::ContextExceeded);
		let last = SubmitTerms {
			max_output: limit - 20 + 1,
			..terms()
		};
		let refusal = Refusal::ContextExceeded {
			tokens: limit + 1,
			limit,
		};
		assert_refused(last, refusal, Error::ContextExceeded);
	});
}

#[test]
fn submit_job_should_refuse_when_the_prompt_is_too_long() {
	with_workers(|| {
		let (bytes, limit) = (MAX_PROMPT + 1, MAX_PROMPT);
		let long = SubmitTerms {
			prompt_len: bytes,
			..terms()
		};
		assert_refused(
			long,
			Refusal::PromptTooLong { bytes, limit },
			Error::PromptTooLong,
		);
		let longest = SubmitTerms {
			prompt_len: MAX_PROMPT,
			..terms()
		};
		assert_ok!(Jobs::check_submit(&ALICE, &longest));
	});
}

#[test]
fn submit_job_should_refuse_when_the_funds_do() {
	with_workers(|| {
		DedicatedOpen::set(&false);
		let dedicated = SubmitTerms {
			lane: LaneChoice::Dedicated,
			..terms()
		};
		assert_refused(dedicated, Refusal::LaneClosed, Error::LaneClosed);
		Ledger::set(&[((0, ALICE), (RESERVED - 1, 0))].into());
		let (needed, available) = (RESERVED, RESERVED - 1);
		let refusal = Refusal::NoCredits {
			needed,
			available,
			resets_at: 691_200_000,
		};
		assert_refused(terms(), refusal, Error::NoCredits);
	});
}

#[test]
fn submit_job_should_take_the_dedicated_lane_when_credits_do_not_take_the_job() {
	with_workers(|| {
		let lane_of = |slot| job(submit_to(ALICE, slot, 1, LaneChoice::IncludedFirst)).lane();
		assert_eq!(lane_of(0), Lane::Included);
		Ledger::set(&[((0, ALICE), (RESERVED - 1, RESERVED))].into());
		assert_eq!(lane_of(1), Lane::Dedicated);
		assert_eq!(free_credits(ALICE), RESERVED - 1);
		let neither = SubmitTerms {
			slot: 1,
			lane: LaneChoice::IncludedFirst,
			..terms()
		};
		let taken = Refusal::SlotTaken { slot: 1, job: 1 };
		assert_refused(neither, taken, Error::SlotTaken);
	});
}

#[test]
fn submit_job_should_take_the_dedicated_lane_alone_when_few_workers_serve_the_model() {
	with_workers(|| {
		OperatorCount::set(&2);
		let refusal = Refusal::TooFewOperators {
			operators: 2,
			needed: 3,
		};
		assert_refused(terms(), refusal, Error::TooFewOperators);
		let id = submit_to(ALICE, 0, 1, LaneChoice::IncludedFirst);
		assert_eq!(job(id).lane(), Lane::Dedicated);
	});
}

#[test]
fn submit_job_should_refuse_when_a_model_on_trial_has_its_share_of_the_slots() {
	with_workers(|| {
		// Of four slots.
		Canary::set(&Some(Permill::from_percent(74)));
		let first = submit(ALICE, 0);
		submit_to(BOB, 0, 1, LaneChoice::Dedicated);
		let full = Refusal::CanaryFull { open: 2, limit: 2 };
		let refuse = |slot, lane| {
			let terms = SubmitTerms {
				slot,
				lane,
				..terms()
			};
			assert_refused(terms, full, Error::CanaryFull);
			assert_eq!(Jobs::quote(&ALICE, &terms), Err(full));
		};
		use LaneChoice::*;
		for lane in [Included, Dedicated, IncludedFirst] {
			refuse(1, lane);
		}
		// Those at work count as those that wait, until they end.
		next_block();
		refuse(1, Included);
		assert_ok!(complete(&receipt(first, Outcome::Served)));
		submit(ALICE, 1);
		refuse(2, Included);
		// An active model has no such limit.
		Canary::set(&None);
		submit(ALICE, 2);
	});
}

#[test]
fn submit_job_should_take_a_job_for_a_model_on_trial_however_small_its_share() {
	with_slots(&[], || {
		Canary::set(&Some(Permill::from_parts(1)));
		submit(ALICE, 0);
		let second = SubmitTerms { slot: 1, ..terms() };
		let full = Refusal::CanaryFull { open: 1, limit: 1 };
		assert_refused(second, full, Error::CanaryFull);
		submit_to(ALICE, 1, 2, LaneChoice::Included);
	});
}

#[test]
fn submit_job_should_refuse_when_the_queue_is_full() {
	with_slots(&[], || {
		QueueLimit::set(&2);
		submit(ALICE, 0);
		submit(ALICE, 1);
		let third = SubmitTerms { slot: 2, ..terms() };
		assert_refused(third, Refusal::QueueFull { waiting: 2 }, Error::QueueFull);
		assert_ok!(Jobs::check_submit(
			&ALICE,
			&SubmitTerms {
				model: model(2),
				..third
			}
		));
	});
}

#[test]
fn submit_job_should_refuse_when_the_line_of_models_is_full() {
	with_slots(&[], || {
		for number in 1..=4 {
			submit_to(ALICE, number - 1, number, LaneChoice::Included);
		}
		let (slot, lane, prompt) = (0, LaneChoice::Included, vec![]);
		let call = Call::submit_job {
			slot,
			model: model(5),
			lane,
			max_output: 1,
			prompt,
		};
		let fifth = dispatch(BOB, call);
		assert_eq!(fifth, Err(Error::<Test>::TooManyLines.into()));
	});
}
