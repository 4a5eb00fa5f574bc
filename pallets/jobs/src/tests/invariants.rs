use one_primitives::{
	inference::{Inference, Request},
	jobs::{JobId, LaneChoice, Market},
	receipts::{Finish, Outcome, Receipt},
};
use polkadot_sdk::*;
use proptest::prelude::*;

use crate::{mock::*, Call, Jobs as Stored, NextJob, WeightInfo};

/// Something that happens to the market; numbers pick among what there is.
#[derive(Clone, Debug)]
enum Step {
	Submit {
		who: u64,
		slot: u8,
		model: u8,
		lane: LaneChoice,
		max_output: u32,
		prompt: usize,
	},
	Ask {
		who: u64,
		max_output: u32,
	},
	Cancel {
		who: u64,
		pick: u64,
	},
	Accept {
		pick: u64,
	},
	Report {
		pick: u64,
		outcome: Outcome,
		input: u32,
		output: u32,
	},
	Time {
		blocks: u8,
		length: u64,
	},
	Weight {
		matches: u64,
	},
	Cover {
		booking: Option<u32>,
	},
	Trial {
		percent: Option<u32>,
	},
}

fn lane() -> impl Strategy<Value = LaneChoice> {
	use LaneChoice::*;
	prop_oneof![3 => Just(Included), 2 => Just(Dedicated), 1 => Just(IncludedFirst)]
}

fn outcome() -> impl Strategy<Value = Outcome> {
	prop_oneof![
		6 => Just(Outcome::Served),
		1 => Just(Outcome::Refused),
		1 => Just(Outcome::NoPayload),
		1 => Just(Outcome::Cancelled),
		2 => Just(Outcome::Failed),
	]
}

fn step() -> impl Strategy<Value = Step> {
	let submit = (1..6u64, 0..6u8, 1..6u8, lane(), 0..600u32, 0..100usize);
	let report = (any::<u64>(), outcome(), 0..40u32, 0..700u32);
	prop_oneof![
		8 => submit.prop_map(|(who, slot, model, lane, max_output, prompt)| {
			Step::Submit { who, slot, model, lane, max_output, prompt }
		}),
		3 => (1..6u64, 0..300u32).prop_map(|(who, max_output)| Step::Ask { who, max_output }),
		2 => (1..6u64, any::<u64>()).prop_map(|(who, pick)| Step::Cancel { who, pick }),
		4 => any::<u64>().prop_map(|pick| Step::Accept { pick }),
		5 => report.prop_map(|(pick, outcome, input, output)| {
			Step::Report { pick, outcome, input, output }
		}),
		6 => (1..4u8, prop_oneof![4 => Just(SLOT_MS), 1 => 0..400_000u64])
			.prop_map(|(blocks, length)| Step::Time { blocks, length }),
		1 => (1..30u64).prop_map(|matches| Step::Weight { matches }),
		1 => prop::option::of(1..3u32).prop_map(|booking| Step::Cover { booking }),
		1 => prop::option::of(1..100u32).prop_map(|percent| Step::Trial { percent }),
	]
}

frame_support::parameter_types! {
	/// What the asking pallet submitted, in order.
	pub storage Asked: Vec<JobId> = Vec::new();
}

/// One of the stored jobs, or one that never was.
fn pick(number: u64) -> JobId {
	number % (NextJob::<Test>::get() + 1)
}

fn take(step: Step) {
	match step {
		Step::Submit {
			who,
			slot,
			model: number,
			lane,
			max_output,
			prompt,
		} => {
			let (model, prompt) = (model(number), vec![b'x'; prompt]);
			let _ = dispatch(
				who,
				Call::submit_job {
					slot,
					model,
					lane,
					max_output,
					prompt,
				},
			);
		}
		Step::Ask { who, max_output } => {
			let request = Request {
				prompt: vec![b'x'; max_output as usize / 4],
				..request(max_output)
			};
			if let Ok(job) = <Jobs as Inference<AccountId>>::submit(ASKER, &who, request) {
				Asked::set(&[Asked::get(), vec![job]].concat());
			}
		}
		Step::Cancel { who, pick: number } => {
			let _ = dispatch(who, Call::cancel_job { job: pick(number) });
		}
		Step::Accept { pick: number } => {
			let id = pick(number);
			if Stored::<Test>::get(id).is_some_and(|job| job.state.attempt().is_some()) {
				let _ = accept(id);
			}
		}
		Step::Report {
			pick: number,
			outcome,
			input,
			output,
		} => {
			let id = pick(number);
			if Stored::<Test>::get(id).is_some_and(|job| job.state.attempt().is_some()) {
				let sizes = Receipt {
					input_tokens: input,
					output_tokens: output,
					..receipt(id, outcome)
				};
				let completed = <Jobs as Market<AccountId>>::complete(&sizes);
				if completed.is_ok() && outcome == Outcome::Served {
					<Jobs as Market<AccountId>>::deliver(id, Default::default(), Finish::Stop);
				}
			}
		}
		Step::Cover { booking } => Covering::set(&booking),
		Step::Trial { percent } => {
			Canary::set(&percent.map(sp_runtime::Permill::from_percent));
		}
		Step::Time { blocks, length } => (0..blocks).for_each(|_| advance(length)),
		Step::Weight { matches } => {
			MaxPoll::set(&(<() as WeightInfo>::match_job() * 2 * (matches + 1)))
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	#[test]
	fn invariants_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..80)) {
		let slots = [(1, 101), (1, 102), (1, 103), (2, 101), (2, 102), (3, 103), (4, 103)];
		with_slots(&slots, || {
			bind(1, 101);
			for step in steps {
				take(step);
				check_world();
			}
			// Left alone, the market empties: nothing is ever stuck.
			MaxPoll::set(&frame_support::weights::Weight::MAX);
			(0..12).for_each(|_| advance(700_000));
			assert_eq!(Stored::<Test>::iter().count(), 0);
			let reserved: u64 = Ledger::get().values().map(|(_, held)| held).sum();
			assert_eq!(reserved, 0);
			let mut told: Vec<JobId> = Told::get().into_iter().map(|(job, _)| job).collect();
			told.sort_unstable();
			assert_eq!(told, Asked::get(), "each pallet's job is told of once");
		});
	}
}
