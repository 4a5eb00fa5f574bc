//! What a referendum and the guardians can pause, for how long, and what nobody can.

use super::*;
use one_primitives::{
	credits::{Refusal, SubmitTerms},
	jobs::{Lane, LaneChoice},
	models::ModelId,
};
use one_runtime::{
	configs::governance::pauses::{NotPaused, NEVER_PAUSED, NEVER_PAUSED_CALLS},
	Jobs, Models, TxPause,
};
use pallet_pauses::Subject;
use polkadot_sdk::{
	frame_support::traits::{Contains, GetCallMetadata},
	pallet_collective::Instance1,
	sp_runtime::DispatchError,
};

const GUARDIANS: [Sr25519Keyring; 3] = [Alice, Bob, Charlie];
/// Slots of a day.
const DAY: u64 = 28_800;

fn subject(pallet: &str) -> Subject {
	Subject::Pallet(pallet.as_bytes().to_vec().try_into().unwrap())
}

fn pause(subject: Subject) -> RuntimeCall {
	pallet_pauses::Call::<Runtime>::pause { subject }.into()
}

fn resume(subject: Subject) -> RuntimeCall {
	pallet_pauses::Call::<Runtime>::resume { subject }.into()
}

/// What the guardians' decision in this block came to.
fn executed() -> Option<DispatchResult> {
	one_runtime::System::events()
		.into_iter()
		.rev()
		.find_map(|record| match record.event {
			RuntimeEvent::Guardians(pallet_collective::Event::Executed { result, .. }) => {
				Some(result)
			}
			_ => None,
		})
}

/// Has `who` of the guardians, two at the least, move and agree to `call`; what it came to.
fn motion(who: &[Sr25519Keyring], call: RuntimeCall) -> DispatchResult {
	use pallet_collective::Call;
	let length_bound = call.encoded_size() as u32;
	let proposal = BlakeTwo256::hash_of(&call);
	let index = pallet_collective::ProposalCount::<Runtime, Instance1>::get();
	let propose = Call::<Runtime, Instance1>::propose {
		threshold: who.len() as u32,
		proposal: Box::new(call),
		length_bound,
	};
	assert_ok!(submit(who[0], propose).unwrap());
	for guardian in who {
		let approve = true;
		let vote = Call::<Runtime, Instance1>::vote {
			proposal,
			index,
			approve,
		};
		assert_ok!(submit(*guardian, vote).unwrap());
	}
	let close = Call::<Runtime, Instance1>::close {
		proposal_hash: proposal,
		index,
		proposal_weight_bound: frame_support::weights::Weight::from_parts(
			10_000_000_000,
			1_000_000,
		),
		length_bound,
	};
	assert_ok!(submit(who[0], close).unwrap());
	executed().expect("the motion was executed")
}

fn stake(who: Sr25519Keyring) -> Result<(), DispatchError> {
	let amount = 1_000 * ONE;
	submit(who, pallet_access::Call::<Runtime>::stake { amount }).unwrap()
}

fn filtered() -> Result<(), DispatchError> {
	Err(frame_system::Error::<Runtime>::CallFiltered.into())
}

/// The second block a day later: the first one ends a session and takes no transactions.
fn a_day_later() {
	next_block_after(DAY);
	next_block();
}

#[test]
fn guardians_pause_of_a_pallet_should_end_after_a_day() {
	in_block("local", || {
		// Not at the beginning of a session: its first block takes no transactions.
		next_blocks(5);
		assert_ok!(motion(&[Alice, Bob], pause(subject("Access"))));
		assert_eq!(stake(Eve), filtered());
		let calls = vec![pallet_access::Call::<Runtime>::stake { amount: ONE }.into()];
		let wrapped = pallet_utility::Call::<Runtime>::batch_all { calls };
		assert!(submit(Eve, wrapped).unwrap().is_err());

		next_block_after(DAY - 2);
		next_block();
		assert_eq!(stake(Eve), filtered());
		next_block();
		assert_ok!(stake(Eve));
	});
}

/// Every call by which an account gets its own back, by pallet, after one that a pause stops.
fn exits() -> [(&'static str, RuntimeCall, Vec<RuntimeCall>); 5] {
	use pallet_access::Call as Access;
	use pallet_capacity::Call as Capacity;
	use pallet_jobs::Call as Jobs;
	use pallet_validators::Call as Validators;
	use pallet_workers::Call as Workers;
	let amount = 1_000 * ONE;
	let (class, cu, booking, job) = (0, 1, 0, 0);
	let max_cost = ONE_USDC;
	let model = ModelId::repeat_byte(7);
	let submit_job = Jobs::<Runtime>::submit_job {
		slot: 0,
		model,
		lane: LaneChoice::Included,
		max_output: 1,
		prompt: vec![0],
	};
	[
		(
			"Access",
			Access::<Runtime>::stake { amount }.into(),
			vec![
				Access::<Runtime>::unstake { amount }.into(),
				Access::<Runtime>::withdraw {}.into(),
				Access::<Runtime>::undelegate {}.into(),
				Access::<Runtime>::exit {}.into(),
			],
		),
		(
			"Capacity",
			Capacity::<Runtime>::buy { cu, max_cost }.into(),
			vec![
				Capacity::<Runtime>::refund { class, cu }.into(),
				Capacity::<Runtime>::release_throughput { booking }.into(),
			],
		),
		(
			"Jobs",
			submit_job.into(),
			vec![Jobs::<Runtime>::cancel_job { job }.into()],
		),
		(
			"Validators",
			Validators::<Runtime>::bond { amount }.into(),
			vec![
				Validators::<Runtime>::chill {}.into(),
				Validators::<Runtime>::unbond { amount }.into(),
				Validators::<Runtime>::withdraw {}.into(),
			],
		),
		(
			"Workers",
			Workers::<Runtime>::resume {}.into(),
			vec![
				Workers::<Runtime>::drain {}.into(),
				Workers::<Runtime>::leave {}.into(),
				Workers::<Runtime>::withdraw {}.into(),
			],
		),
	]
}

/// Each of them reaches its pallet, which answers with what it knows of the account.
#[test]
fn pause_should_not_keep_anyone_from_leaving() {
	in_block("local", || {
		// Not at the beginning of a session: its first block takes no transactions.
		next_blocks(5);
		assert_ok!(stake(Eve));
		for (pallet, entry, exits) in exits() {
			assert_ok!(motion(&[Alice, Bob], pause(subject(pallet))));
			assert!(!NotPaused::contains(&entry), "{pallet} is not paused");
			for exit in exits {
				assert!(NotPaused::contains(&exit), "{exit:?}");
				assert_ne!(submit(Eve, exit.clone()), Ok(filtered()), "{exit:?}");
			}
		}
		let staked = pallet_access::Stakes::<Runtime>::get(account(Eve));
		assert!(staked.is_none_or(|record| record.staked == 0), "Eve left");
	});
}

#[test]
fn validator_should_leave_and_sponsor_be_refunded_while_all_is_paused() {
	in_block("local", || {
		next_blocks(5);
		let buy = pallet_capacity::Call::<Runtime>::buy {
			cu: 100_000_000_000,
			max_cost: 100 * ONE_USDC,
		};
		assert_ok!(submit(Eve, buy).unwrap());
		pause_everything();
		let (class, cu) = (0, 1_000_000_000);
		assert_ok!(submit(Eve, pallet_capacity::Call::<Runtime>::refund { class, cu }).unwrap());
		assert_ok!(submit(Alice, pallet_validators::Call::<Runtime>::chill {}).unwrap());
	});
}

#[test]
fn guardians_should_not_pause_the_same_again_at_once() {
	in_block("local", || {
		let access = || pause(subject("Access"));
		assert_ok!(motion(&[Alice, Bob], access()));
		let error = |error: pallet_pauses::Error<Runtime>| Err(error.into());
		use pallet_pauses::Error::*;
		assert_eq!(motion(&[Alice, Bob], access()), error(AlreadyPaused));
		a_day_later();
		assert_eq!(motion(&[Alice, Bob], access()), error(RespiteRunning));
		(0..7).for_each(|_| a_day_later());
		assert_ok!(motion(&[Alice, Bob], access()));
	});
}

#[test]
fn one_guardian_should_not_pause_and_nobody_else_should() {
	in_block("local", || {
		use pallet_collective::Call;
		let call = pause(subject("Access"));
		let alone = |call: &RuntimeCall| Call::<Runtime, Instance1>::propose {
			threshold: 1,
			length_bound: call.encoded_size() as u32,
			proposal: Box::new(call.clone()),
		};
		assert_ok!(submit(Alice, alone(&call)).unwrap());
		assert_eq!(executed(), Some(Err(DispatchError::BadOrigin)));
		let outsider = pallet_collective::Error::<Runtime, Instance1>::NotMember;
		assert_eq!(submit(Dave, alone(&call)).unwrap(), Err(outsider.into()));
		assert_eq!(submit(Alice, call).unwrap(), Err(DispatchError::BadOrigin));
		assert_ok!(stake(Eve));
	});
}

/// Guardians can do nothing but pause and resume.
#[test]
fn guardians_should_not_do_what_is_not_theirs() {
	in_block("local", || {
		let bad = Err(DispatchError::BadOrigin);
		assert_eq!(motion(&GUARDIANS, set_price(ONE_USDC)), bad);
		let heap = frame_system::Call::<Runtime>::set_heap_pages { pages: 1 };
		assert_eq!(motion(&GUARDIANS, heap.into()), bad);
	});
}

#[test]
fn emergency_should_end_a_pause_of_the_guardians() {
	in_block("local", || {
		assert_ok!(motion(&[Alice, Bob], pause(subject("Access"))));
		assert_ok!(pass(Origin::Emergency, resume(subject("Access"))));
		assert_ok!(stake(Eve));
	});
}

fn quote(lane: LaneChoice) -> Result<(), Refusal> {
	let terms = SubmitTerms {
		slot: 0,
		lane,
		model: ModelId::repeat_byte(7),
		prompt_len: 5,
		max_output: 64,
		wants_ids: false,
	};
	Jobs::quote(&account(Bob), &terms).map(|_| ())
}

#[test]
fn paused_lane_and_model_should_take_no_jobs_and_say_until_when() {
	in_block("development", || {
		crate::economy::activate_model();
		let until = now() + 60_000;
		let lane = Subject::Lane(Lane::Included);
		assert_ok!(motion(&[Alice, Bob], pause(lane.clone())));
		assert_eq!(
			quote(LaneChoice::Included),
			Err(Refusal::LanePaused { until })
		);
		assert!(!matches!(
			quote(LaneChoice::Dedicated),
			Err(Refusal::LanePaused { .. })
		));
		assert_ok!(motion(&[Alice, Bob], resume(lane)));

		let model = ModelId::repeat_byte(7);
		assert_ok!(motion(&[Alice, Bob], pause(Subject::Model(model))));
		assert_eq!(
			quote(LaneChoice::Included),
			Err(Refusal::ModelPaused { until })
		);
		assert!(!Models::info(model).unwrap().open);
		next_block_after(20);
		assert!(Models::info(model).unwrap().open);
		assert!(!matches!(
			quote(LaneChoice::Included),
			Err(Refusal::ModelPaused { .. })
		));
	});
}

/// A submission that would be filtered is refused before it costs credits.
#[test]
fn paused_submissions_should_be_refused_before_they_are_admitted() {
	in_block("development", || {
		crate::economy::activate_model();
		let name = |text: &str| text.as_bytes().to_vec().try_into().unwrap();
		let full_name = (name("Jobs"), name("submit_job"));
		let call = pallet_tx_pause::Call::<Runtime>::pause { full_name };
		assert_ok!(pass(Origin::Emergency, call));
		let until = u64::MAX;
		assert_eq!(
			quote(LaneChoice::Included),
			Err(Refusal::LanePaused { until })
		);
	});
}

fn pause_by_name(pallet: &str, call: &str) -> Result<(), DispatchError> {
	let name = |text: &str| text.as_bytes().to_vec().try_into().unwrap();
	TxPause::pause(RawOrigin::Root.into(), (name(pallet), name(call)))
}

/// Pauses all that can be paused.
pub fn pause_everything() {
	for pallet in RuntimeCall::get_module_names() {
		for call in RuntimeCall::get_call_names(pallet) {
			let _ = pause_by_name(pallet, call);
		}
	}
}

/// Every call that must not be paused, as pallet and call.
fn exempt() -> Vec<(&'static str, &'static str)> {
	let whole = NEVER_PAUSED
		.iter()
		.map(|pallet| (*pallet, RuntimeCall::get_call_names(pallet)));
	whole
		.chain(NEVER_PAUSED_CALLS)
		.flat_map(|(pallet, calls)| calls.iter().map(move |call| (pallet, *call)))
		.collect()
}

#[test]
fn calls_that_must_go_on_should_exist_and_not_be_paused_by_anyone() {
	in_block("local", || {
		let unpausable = Err(pallet_tx_pause::Error::<Runtime>::Unpausable.into());
		for (pallet, call) in exempt() {
			let names = RuntimeCall::get_module_names();
			assert!(names.contains(&pallet), "{pallet}");
			let names = RuntimeCall::get_call_names(pallet);
			assert!(names.contains(&call), "{pallet}.{call}");
			assert_eq!(pause_by_name(pallet, call), unpausable, "{pallet}.{call}");
		}
		assert_ok!(pause_by_name("Access", "stake"));
		for pallet in NEVER_PAUSED.iter().chain(&["Nonsense"]) {
			let refused = pallet_pauses::Error::<Runtime>::NotPausable;
			let result = motion(&[Alice, Bob], pause(subject(pallet)));
			assert_eq!(result, Err(refused.into()), "{pallet}");
		}
	});
}

/// Whatever is paused, what has been promised is kept: reports come in, stakes, bonds and jobs come
/// back.
#[test]
fn everything_paused_should_leave_the_promised_calls_open() {
	in_block("local", || {
		pause_everything();
		let is_open =
			|pallet: &str, call: &str| !TxPause::is_paused_unbound(pallet.into(), call.into());
		for (pallet, call) in [
			("Workers", "report"),
			("Workers", "withdraw"),
			("Access", "exit"),
			("Jobs", "cancel_job"),
			("Balances", "transfer_keep_alive"),
			("Vesting", "vest"),
		] {
			assert!(is_open(pallet, call), "{pallet}.{call}");
		}
		assert!(!is_open("Jobs", "submit_job") && !is_open("Access", "stake"));
		// And a referendum lifts it.
		let name = |text: &str| text.as_bytes().to_vec().try_into().unwrap();
		let ident = (name("Access"), name("stake"));
		let unpause = pallet_tx_pause::Call::<Runtime>::unpause { ident };
		assert_ok!(pass(Origin::Emergency, unpause));
		assert_ok!(stake(Eve));
	});
}
