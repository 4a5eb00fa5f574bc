//! Random sequences of calls, reports, blocks and jumps in time on the real runtime. Every invariant
//! is checked after each step.
//!
//! `ONE_SEQUENCES=1000 cargo test --workspace sequences` runs more of them than CI does, in each half.

mod calls;
mod governed;
mod public;

use crate::{chain::*, economy::delegation, market::*, sponsors::check_books};
use calls::CALLS;
use codec::Decode;
use governed::GOVERNED;
use one_mailbox::Outcome;
use one_primitives::{
	access::Access as _,
	jobs::{JobId, LaneChoice},
	models::ModelId,
	workers::Offence,
	Usdc,
};
use one_runtime::{
	configs::{
		accounts::ProxyType,
		assets::AssetKind,
		parameters::{credits, fees, market, settlement, workers, RuntimeParameters},
	},
	constants::currency::*,
	transactions::extensions,
	Access, AccountId, Address, Balance, Runtime, RuntimeCall, RuntimeOrigin, Session, System,
	Validators,
};
use pallet_models::ModelRecord;
use polkadot_sdk::{
	frame_support::{dispatch::GetDispatchInfo, traits::UnfilteredDispatchable},
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::{
		generic::Era,
		traits::{DispatchTransaction, TransactionExtension},
		Perbill, Permill,
	},
	sp_staking::offence::{OffenceDetails, OnOffenceHandler},
	*,
};
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use public::{set_keys, PUBLIC};
use std::{cell::RefCell, collections::BTreeSet};

/// All but the last have money.
const ACTORS: [Sr25519Keyring; 7] = [Alice, Bob, Charlie, Dave, Eve, Ferdie, One];
const MODELS: [ModelId; 3] = [MODEL, H256::repeat_byte(8), H256::repeat_byte(9)];
const OUTCOMES: [Outcome; 5] = [
	Outcome::Served,
	Outcome::Served,
	Outcome::Refused,
	Outcome::NoPayload,
	Outcome::Failed,
];
/// A delegate submits a job for its holder.
const DELEGATED: &str = "submit_job of a delegate";
/// Steps of a sequence, and sequences that CI runs in each of two threads.
const STEPS: usize = 500;
const SEQUENCES: u32 = 100;

#[derive(Clone, Debug)]
enum Step {
	/// One of the actors sends a call.
	Signed(usize, Named, Draw),
	/// Governance makes one of [`GOVERNED`].
	Governed(usize, Draw),
	/// An actor sends whatever these bytes decode to.
	Garbage(usize, Vec<u8>),
	/// The node of an actor reports.
	Report(usize, usize),
	/// The block ends; the next one comes so many slots later.
	Block(u64),
	/// An actor is proven to have made two blocks in a slot, if it makes blocks.
	Equivocation(usize),
	/// So many days of protocol time pass.
	Days(u64),
}

/// The numbers that a call is made of.
#[derive(Clone, Copy, Debug)]
struct Draw {
	a: u64,
	b: u64,
}

impl Draw {
	fn upto(self, most: u64) -> u64 {
		self.a % (most + 1)
	}
	fn one(self, most: u64) -> Balance {
		Balance::from(self.upto(most * 1_000)) * MILLI_ONE
	}
	fn usdc(self, most: u64) -> Balance {
		Balance::from(self.upto(most * 1_000_000))
	}
	fn any(self) -> Sr25519Keyring {
		ACTORS[self.b as usize % ACTORS.len()]
	}
	fn actor(self) -> Address {
		Address::Id(account(self.any()))
	}
	fn model(self) -> ModelId {
		MODELS[(self.b % 3) as usize]
	}
	fn share(self) -> Permill {
		Permill::from_parts(self.upto(1_000_000) as u32)
	}
}

type Make = fn(Sr25519Keyring, Draw) -> RuntimeCall;
/// A call, with the name by which it is counted.
type Named = (&'static str, Make);

fn step() -> impl Strategy<Value = Step> {
	let (actor, outcome) = (0..ACTORS.len(), 0..OUTCOMES.len());
	let draw = (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Draw { a, b });
	let garbage = prop::collection::vec(any::<u8>(), 2..80);
	prop_oneof![
		80 => (actor.clone(), select(CALLS), draw.clone())
			.prop_map(|(who, call, draw)| Step::Signed(who, call, draw)),
		40 => (actor.clone(), select(PUBLIC), draw.clone())
			.prop_map(|(who, call, draw)| Step::Signed(who, call, draw)),
		20 => (0..GOVERNED.len(), draw).prop_map(|(call, draw)| Step::Governed(call, draw)),
		10 => (actor.clone(), garbage).prop_map(|(who, bytes)| Step::Garbage(who, bytes)),
		50 => (actor, outcome).prop_map(|(who, outcome)| Step::Report(who, outcome)),
		40 => prop_oneof![3 => 1..3u64, 1 => 3..60u64].prop_map(Step::Block),
		4 => (0..ACTORS.len()).prop_map(Step::Equivocation),
		1 => (1..80u64).prop_map(Step::Days),
	]
}

thread_local! {
	/// Names of the calls that succeeded at least once.
	static DONE: RefCell<BTreeSet<&'static str>> = RefCell::default();
}

fn note(name: &'static str, succeeded: bool) {
	if succeeded {
		DONE.with_borrow_mut(|done| done.insert(name));
	}
}

/// Sends `call` through every extension; only the signature is taken for granted.
fn send(who: Sr25519Keyring, call: RuntimeCall) -> bool {
	let extension = extensions(Era::Immortal, System::account_nonce(account(who)));
	let mut info = call.get_dispatch_info();
	info.extension_weight = extension.weight(&call);
	let origin = RuntimeOrigin::signed(account(who));
	let result = extension.dispatch_transaction(origin, call, &info, 150, 0);
	result.is_ok_and(|dispatched| dispatched.is_ok())
}

fn perform(step: Step) {
	match step {
		Step::Signed(who, call, draw) => {
			let ((name, make), who) = (call, ACTORS[who]);
			let is_delegate = Access::holder(&account(who)) != account(who);
			let succeeded = send(who, make(who, draw));
			note(name, succeeded);
			note(DELEGATED, succeeded && is_delegate && name == "submit_job");
		}
		Step::Governed(call, draw) => {
			let (name, make) = GOVERNED[call];
			let result = make(draw).dispatch_bypass_filter(RuntimeOrigin::root());
			note(name, result.is_ok());
		}
		Step::Garbage(who, bytes) => {
			if let Ok(call) = RuntimeCall::decode(&mut &bytes[..]) {
				send(ACTORS[who], call);
			}
		}
		Step::Report(who, outcome) => {
			let result = report(ACTORS[who], OUTCOMES[outcome]);
			note("report", result.is_ok_and(|dispatched| dispatched.is_ok()));
		}
		Step::Block(slots) => {
			let slot = slot();
			close_block();
			open_block_at(0, slot + slots);
		}
		Step::Equivocation(who) => equivocate(&account(ACTORS[who])),
		Step::Days(days) => pass(days * 24 * 60 * 60 * 1_000),
	}
	check_invariants();
	// Nobody gives money away here, so all of it is where it belongs, to the unit.
	check_books();
}

fn equivocate(who: &AccountId) {
	let session = Session::current_index();
	let set = pallet_validators::Sets::<Runtime>::get(session);
	let Some(seat) = set.into_iter().find(|seat| seat.who == *who) else {
		return;
	};
	let offence = OffenceDetails {
		offender: (seat.who, seat.exposure),
		reporters: vec![],
	};
	Validators::on_offence(&[offence], &[Perbill::from_percent(1)], session);
}

/// A market at work: two active models, two workers, two holders whose stake counts.
fn begin() {
	for id in &MODELS[..2] {
		for call in activation(*id, model()) {
			call.dispatch_bypass_filter(RuntimeOrigin::root()).unwrap();
		}
	}
	for who in [Eve, Ferdie] {
		assert!(send(who, registration(who, MODELS[..2].to_vec(), 3)));
	}
	for who in [Bob, Charlie] {
		let amount = 10_000 * ONE;
		assert!(send(
			who,
			pallet_access::Call::<Runtime>::stake { amount }.into()
		));
	}
	assert!(send(Bob, delegation(Bob, One)));
	for who in [Charlie, Dave] {
		let amount = 20_000 * ONE;
		assert!(send(who, set_keys(who)));
		assert!(send(
			who,
			pallet_validators::Call::<Runtime>::bond { amount }.into()
		));
	}
	for _ in 0..200 {
		assert!(send(Dave, transfer(Alice, ONE)));
	}
	for slots in [1, 1, 20, 1] {
		perform(Step::Block(slots));
	}
	for who in [Eve, Ferdie] {
		assert!(report(who, Outcome::Served).unwrap().is_ok());
	}
	let (cu, max_cost) = (4_000_000_000, Usdc::MAX);
	assert!(send(
		Charlie,
		pallet_capacity::Call::<Runtime>::buy { cu, max_cost }.into()
	));
}

#[test]
fn invariants_should_hold_after_each_step_of_any_sequence() {
	run_sequences();
}

/// The other half, on another core.
#[test]
fn invariants_should_hold_after_each_step_of_any_other_sequence() {
	run_sequences();
}

fn run_sequences() {
	let cases = std::env::var("ONE_SEQUENCES").map_or(SEQUENCES, |cases| cases.parse().unwrap());
	let config = ProptestConfig {
		cases,
		failure_persistence: None,
		max_shrink_iters: 256,
		..ProptestConfig::default()
	};
	let sequence = prop::collection::vec(step(), STEPS);
	let run = TestRunner::new(config).run(&sequence, |steps| {
		in_block("development", || {
			begin();
			steps.into_iter().for_each(perform);
		});
		Ok(())
	});
	run.unwrap();
	DONE.with_borrow(|done| {
		let names = CALLS.iter().chain(PUBLIC).map(|(name, _)| name);
		let names = names.chain(GOVERNED.iter().map(|(name, _)| name));
		let names = names.chain([&DELEGATED]);
		let missing: Vec<_> = names.filter(|name| !done.contains(**name)).collect();
		// Some need more luck than a short run has.
		assert!(missing.len() <= 4, "never succeeded: {missing:?}");
	});
}
