use one_primitives::{
	jobs::OnFinal,
	receipts::{Outcome, Receipt},
};
use polkadot_sdk::*;
use proptest::prelude::*;

use crate::{mock::*, Records, Stubs, WeightInfo};

/// Something that happens to receipts.
#[derive(Clone, Debug)]
enum Step {
	Assign {
		job: u64,
	},
	Receive {
		job: u64,
		outcome: Outcome,
		output_tokens: u32,
		tampered: bool,
	},
	Final {
		job: u64,
	},
	Time {
		length: u64,
	},
	Weight {
		stubs: u64,
	},
}

fn step() -> impl Strategy<Value = Step> {
	let outcome = prop_oneof![3 => Just(Outcome::Served), 1 => Just(Outcome::Failed)];
	let receive = (0..12u64, outcome, any::<u32>(), prop::bool::weighted(0.1));
	prop_oneof![
		3 => (0..12u64).prop_map(|job| Step::Assign { job }),
		5 => receive.prop_map(|(job, outcome, output_tokens, tampered)| {
			Step::Receive { job, outcome, output_tokens, tampered }
		}),
		3 => (0..12u64).prop_map(|job| Step::Final { job }),
		2 => (0..900_000u64).prop_map(|length| Step::Time { length }),
		1 => (1..6u64).prop_map(|stubs| Step::Weight { stubs }),
	]
}

/// A job number is used once: what was settled is not assigned again.
fn is_new(job: u64) -> bool {
	Receipts::receipt(job).is_none()
}

fn take(step: Step) {
	match step {
		Step::Assign { job } if is_new(job) => assign(job),
		Step::Assign { .. } => {}
		Step::Receive {
			job,
			outcome,
			output_tokens,
			tampered,
		} => {
			let open = Assigned::get().contains_key(&job);
			let mut signed = sign(Receipt {
				output_tokens,
				..receipt(job, outcome)
			});
			signed.receipt.input_tokens += u32::from(tampered);
			assert_eq!(receive(signed).is_ok(), open && !tampered);
		}
		Step::Final { job } => Receipts::on_final(job),
		Step::Time { length } => advance(length),
		Step::Weight { stubs } => MaxPoll::set(&(<() as WeightInfo>::prune_stub() * (stubs + 5))),
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

	#[test]
	fn invariants_should_hold_after_any_sequence(steps in prop::collection::vec(step(), 1..60)) {
		run(|| {
			for step in steps {
				take(step);
				Receipts::do_try_state().unwrap();
			}
			(0..12).for_each(Receipts::on_final);
			MaxPoll::set(&frame_support::weights::Weight::MAX);
			advance(2 * PERIOD);
			assert_eq!(Records::<Test>::iter().count() + Stubs::<Test>::iter().count(), 0);
		});
	}
}
