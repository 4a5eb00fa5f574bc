//! A pallet that asks, in a runtime of the real market: submit, match, report, receipt, result.

mod mock;
mod oracle;

use mock::*;
use one_primitives::{
	inference::{AskerId, OnResult as _, ResultIds},
	jobs::{JobId, LaneChoice, Market as _},
};
use oracle::{Answers, Error, Questions, ORACLE};
use pallet_jobs::Event as JobsEvent;
use pallet_receipts::ReceiptStatus;
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo},
	sp_runtime::DispatchError,
	*,
};

type Call = oracle::Call<Test>;
type Event = oracle::Event<Test>;

const NAME: AskerId = ORACLE.0;

/// Asks, and has the worker take the question on in the block after.
fn ask_accepted() -> JobId {
	let job = ask();
	next_block();
	accept(job);
	job
}

fn ask() -> JobId {
	let job = pallet_jobs::NextJob::<Test>::get();
	let prompt = b"Is it raining?".to_vec();
	assert_ok!(dispatch(asker(), Call::ask { prompt }));
	job
}

/// The worker answers `ids`, in a block of its own.
fn answer(job: JobId, ids: &[u32]) {
	next_block();
	assert_ok!(report(vec![], vec![signed(job, ids, ids)]));
}

fn has_event(event: impl Into<RuntimeEvent>) -> bool {
	let event = event.into();
	System::events().iter().any(|record| record.event == event)
}

fn delivered(job: JobId) -> JobsEvent<Test> {
	JobsEvent::ResultDelivered { asker: NAME, job }
}

#[test]
fn oracle_should_get_the_ids_that_the_worker_signed() {
	with_oracle(|| {
		let job = ask_accepted();
		let reserved = pallet_jobs::Jobs::<Test>::get(job).unwrap().reserved;
		assert_eq!(vouchers(), VOUCHERS - reserved);
		answer(job, &[12, 345, 6_789]);

		let who = asker();
		let ids = ResultIds::truncate_from(vec![12, 345, 6_789]);
		assert_eq!(Answers::<Test>::get(job), Some((who.clone(), ids)));
		assert!(has_event(Event::Answered { who, job }) && has_event(delivered(job)));
		let Some(ReceiptStatus::Recorded(record)) = Receipts::receipt(job) else {
			panic!("no receipt");
		};
		assert_eq!(vouchers(), VOUCHERS - record.charged);
		assert_eq!(Earned::get()[&worker()], record.price);
		assert!(record.charged < reserved && record.price > 0);
		assert_ok!(dispatch(asker(), Call::collect { job }));
	});
}

#[test]
fn oracle_should_be_told_before_the_job_is_final_and_not_again() {
	with_oracle(|| {
		let job = ask_accepted();
		answer(job, &[1]);
		assert_ok!(dispatch(asker(), Call::collect { job }));
		pass(120_000);
		assert!(matches!(
			Receipts::receipt(job),
			Some(ReceiptStatus::Settled(_))
		));
		assert_eq!(Answers::<Test>::count(), 0);
		assert!(!has_event(delivered(job)));
	});
}

#[test]
fn receipt_should_be_refused_when_its_ids_are_not_those_of_its_root() {
	with_oracle(|| {
		let job = ask_accepted();
		for carried in [&[1, 3][..], &[1, 2, 3], &[1], &[]] {
			next_block();
			assert_ok!(report(vec![], vec![signed(job, &[1, 2], carried)]));
			assert_eq!(Receipts::receipt(job), None);
			assert!(assignment(job).accepted && Questions::<Test>::contains_key(job));
		}
		answer(job, &[1, 2]);
		assert!(Answers::<Test>::contains_key(job));
	});
}

#[test]
fn receipt_should_be_refused_when_it_carries_ids_that_nobody_asked_for() {
	with_oracle(|| {
		let job = pallet_jobs::NextJob::<Test>::get();
		let submit = pallet_jobs::Call::<Test>::submit_job {
			slot: 0,
			model: crate::market::MODEL,
			lane: LaneChoice::Dedicated,
			max_output: 8,
			prompt: b"hello".to_vec(),
		};
		assert_ok!(dispatch(Oracle::account(), submit));
		next_block();
		accept(job);
		next_block();
		assert_ok!(report(vec![], vec![signed(job, &[1], &[1])]));
		assert_eq!(Receipts::receipt(job), None);
		next_block();
		assert_ok!(report(vec![], vec![signed(job, &[1], &[])]));
		assert!(Receipts::receipt(job).is_some());
		assert!(!has_event(delivered(job)));
	});
}

#[test]
fn oracle_should_have_its_vouchers_back_when_nobody_answers() {
	with_oracle(|| {
		let job = ask();
		// A worker that is silent is given nothing.
		pass(10 * QUEUE_PERIOD);
		let who = asker();
		assert!(has_event(Event::Unanswered { who, job }) && has_event(delivered(job)));
		assert!(!Questions::<Test>::contains_key(job));
		assert_eq!((vouchers(), Answers::<Test>::count()), (VOUCHERS, 0));
	});
}

#[test]
fn oracle_should_be_told_when_it_withdraws_a_question() {
	with_oracle(|| {
		let job = ask();
		assert_ok!(dispatch(asker(), Call::withdraw { job }));
		let who = asker();
		assert!(has_event(Event::Unanswered { who, job }) && has_event(delivered(job)));
		assert_eq!(vouchers(), VOUCHERS);
		assert_noop!(
			dispatch(asker(), Call::withdraw { job }),
			Error::<Test>::UnknownQuestion
		);
	});
}

#[test]
fn receipt_should_stand_when_the_oracle_fails_to_take_the_result() {
	with_oracle(|| {
		MaxAnswers::set(&0);
		let job = ask_accepted();
		answer(job, &[1, 2]);
		let error = DispatchError::from(Error::<Test>::TooManyAnswers);
		assert!(has_event(JobsEvent::<Test>::ResultRejected {
			asker: NAME,
			job,
			error
		}));
		assert!(Receipts::receipt(job).is_some());
		assert!(Earned::get()[&worker()] > 0);
		// What the oracle did before it failed is undone.
		assert!(Questions::<Test>::contains_key(job));
		assert_eq!(Answers::<Test>::count(), 0);
		assert!(!Jobs::wants_ids(job));
	});
}

#[test]
fn oracle_should_pay_with_a_sponsors_vouchers_when_it_has_none() {
	with_oracle(|| {
		let all = pallet_assets::Call::<Test, frame_support::instances::Instance1>::transfer {
			id: 2_000_000,
			target: sponsor(),
			amount: VOUCHERS.into(),
		};
		assert_ok!(dispatch(Oracle::account(), all));
		let prompt = b"hello".to_vec();
		assert_noop!(
			dispatch(asker(), Call::ask { prompt }),
			pallet_jobs::Error::<Test>::NoVouchers
		);
		let (account, cap) = (Oracle::account(), VOUCHERS);
		let allow = pallet_capacity::Call::<Test>::allow { account, cap };
		assert_ok!(dispatch(sponsor(), allow));
		let job = ask_accepted();
		answer(job, &[5]);
		assert!(Answers::<Test>::contains_key(job));
	});
}

#[test]
fn report_should_weigh_what_the_oracle_does() {
	with_oracle(|| {
		let job = ask_accepted();
		let receipt = signed(job, &[1], &[1]);
		let report = <() as pallet_workers::WeightInfo>::report(1);
		let recount = <() as pallet_workers::WeightInfo>::recount();
		let call = report_call(vec![], vec![receipt]);
		assert_eq!(
			call.get_dispatch_info().call_weight,
			report + recount + Oracle::weight()
		);
	});
}

/// The page for developers shows the example as it is.
#[test]
fn developers_page_should_show_this_example() {
	let page = include_str!("../../../../docs/developers.md");
	let (source, config) = (include_str!("oracle.rs"), include_str!("mock.rs"));
	let trimmed = |text: &str| -> String { text.lines().map(str::trim).collect() };
	let (source, config) = (trimmed(source), trimmed(config));
	let blocks: Vec<_> = page.split("```rust\n").skip(1).collect();
	assert!(blocks.len() >= 3);
	for block in blocks {
		let block = trimmed(block.split("```").next().unwrap());
		assert!(
			source.contains(&block) || config.contains(&block),
			"{block}"
		);
	}
}
