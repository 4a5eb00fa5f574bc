use one_primitives::{
	capacity::ProvenCapacity as _,
	credits::{Refusal, SubmitTerms},
	jobs::{Lane, LaneChoice},
	receipts::Outcome,
};

use crate::{mock::*, Quote, State};

fn request(max_output: u32) -> SubmitTerms {
	let prompt_len = PROMPT.len() as u32;
	SubmitTerms {
		slot: 0,
		lane: LaneChoice::Included,
		model: model(1),
		prompt_len,
		max_output,
		wants_ids: false,
	}
}

#[test]
fn quote_should_be_what_the_submission_reserves() {
	with_workers(|| {
		let quote = Jobs::quote(&ALICE, &request(20)).unwrap();
		let id = submit(ALICE, 0);
		assert_eq!(job(id).reserved, quote.cu);
		let expected = Quote {
			lane: Lane::Included,
			cu: FLOOR,
			percent: 100,
			price_usdc: 100,
			available: CREDITS,
			max_input: 20,
			resets_at: Some(691_200_000),
		};
		assert_eq!(quote, expected);
	});
}

#[test]
fn dedicated_price_should_rise_with_the_jobs_that_wait_and_stay_as_it_was_for_each() {
	with_slots(&[(1, WORKERS[0])], || {
		PriceCeiling::set(&200);
		let dedicated = SubmitTerms {
			lane: LaneChoice::Dedicated,
			..request(20)
		};
		// One waits for the free slot; of the four that there are, each other one adds a quarter.
		let expected = [100, 100, 125, 150, 175, 200, 200];
		let jobs: Vec<_> = (10..17)
			.map(|who| {
				let quote = Jobs::quote(&who, &dedicated).unwrap();
				let id = submit_to(who, 0, 1, LaneChoice::Dedicated);
				assert_eq!(job(id).reserved, quote.cu);
				(id, quote.percent, quote.cu)
			})
			.collect();
		let quoted: Vec<_> = jobs.iter().map(|(_, percent, _)| *percent).collect();
		assert_eq!(quoted, expected);
		assert_eq!(Jobs::quote(&ALICE, &request(20)).unwrap().percent, 100);
		for (id, percent, cu) in jobs {
			next_block();
			complete(&receipt(id, Outcome::Served)).unwrap();
			let charged = FLOOR * u64::from(percent) / 100;
			assert!(
				matches!(state(id), Some(State::Completed { charged: cost, .. }) if cost == charged)
			);
			assert_eq!(cu, charged);
		}
		assert_eq!(Jobs::cu_per_day(), 7 * FLOOR);
	});
}

#[test]
fn quote_should_name_what_is_missing() {
	with_workers(|| {
		let Err(Refusal::JobTooLarge { needed, limit }) = Jobs::quote(&ALICE, &request(4_000))
		else {
			panic!("quoted")
		};
		assert!(needed > limit && limit == MAX_JOB);
		let unknown = SubmitTerms {
			model: model(9),
			..request(1)
		};
		assert_eq!(Jobs::quote(&ALICE, &unknown), Err(Refusal::UnknownModel));
	});
}

#[test]
fn status_should_follow_the_job_until_it_is_final() {
	with_workers(|| {
		let (first, second) = (submit(ALICE, 3), submit(ALICE, 1));
		let open: Vec<_> = Jobs::open_jobs(&ALICE)
			.iter()
			.map(|job| (job.slot, job.job))
			.collect();
		assert_eq!(open, [(1, second), (3, first)]);
		next_block();
		complete(&receipt(first, Outcome::Served)).unwrap();
		let status = Jobs::job(first).unwrap();
		assert!(matches!(
			status.state,
			State::Completed { charged: FLOOR, .. }
		));
		assert_eq!(
			(status.owner, status.attempts, status.reserved),
			(ALICE, 1, FLOOR)
		);
		assert_eq!(Jobs::open_jobs(&ALICE).len(), 1);
		advance(700_000);
		assert_eq!(Jobs::job(first), None);
	});
}
