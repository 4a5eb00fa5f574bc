//! Random sequences of calls, reports, blocks and jumps in time on the real runtime. Every invariant
//! is checked after each step.
//!
//! `ONE_SEQUENCES=1000 cargo test --workspace sequences` runs more of them than CI does, in each half.

use crate::{chain::*, economy::delegation, market::*};
use codec::Decode;
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
	Access, Address, Balance, Runtime, RuntimeCall, RuntimeOrigin, System,
};
use pallet_models::ModelRecord;
use polkadot_sdk::{
	frame_support::{dispatch::GetDispatchInfo, traits::UnfilteredDispatchable},
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::{
		generic::Era,
		traits::{DispatchTransaction, TransactionExtension},
		Permill,
	},
	*,
};
use proptest::{prelude::*, test_runner::TestRunner};
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
	/// One of the actors sends one of [`CALLS`].
	Signed(usize, usize, Draw),
	/// Governance makes one of [`GOVERNED`].
	Governed(usize, Draw),
	/// An actor sends whatever these bytes decode to.
	Garbage(usize, Vec<u8>),
	/// The node of an actor reports.
	Report(usize, usize),
	/// The block ends; the next one comes so many slots later.
	Block(u64),
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

const CALLS: &[(&str, Make)] = &[
	("stake", |_, draw| {
		let amount = draw.one(120_000);
		pallet_access::Call::<Runtime>::stake { amount }.into()
	}),
	("unstake", |_, draw| {
		let amount = draw.one(20_000);
		pallet_access::Call::<Runtime>::unstake { amount }.into()
	}),
	("exit", |_, _| {
		pallet_access::Call::<Runtime>::exit {}.into()
	}),
	("withdraw", |_, _| {
		pallet_access::Call::<Runtime>::withdraw {}.into()
	}),
	("lock", |_, draw| {
		let lock = draw.upto(3) as u8;
		pallet_access::Call::<Runtime>::lock { lock }.into()
	}),
	("retier", |_, draw| {
		let who = account(draw.any());
		pallet_access::Call::<Runtime>::retier { who }.into()
	}),
	("submit_job", |_, draw| job(draw, LaneChoice::Included)),
	("submit_job dedicated", |_, draw| {
		job(draw, LaneChoice::Dedicated)
	}),
	("submit_job included first", |_, draw| {
		job(draw, LaneChoice::IncludedFirst)
	}),
	("buy", |_, draw| {
		let (cu, max_cost) = (draw.upto(4_000_000_000), Usdc::MAX);
		pallet_capacity::Call::<Runtime>::buy { cu, max_cost }.into()
	}),
	("refund", |_, draw| {
		let (class, cu) = ((draw.b % 4) as u32, draw.upto(1_000_000_000));
		pallet_capacity::Call::<Runtime>::refund { class, cu }.into()
	}),
	("allow", |_, draw| {
		let (account, cap) = (account(draw.any()), draw.upto(500_000_000));
		pallet_capacity::Call::<Runtime>::allow { account, cap }.into()
	}),
	("disallow", |_, draw| {
		let account = account(draw.any());
		pallet_capacity::Call::<Runtime>::disallow { account }.into()
	}),
	("reserve_throughput", |_, draw| {
		pallet_capacity::Call::<Runtime>::reserve_throughput {
			model: draw.model(),
			cu_per_minute: draw.upto(2_000),
			period: 50_000 + draw.b % 600_000,
			max_standby: u64::MAX,
		}
		.into()
	}),
	("release_throughput", |_, draw| {
		let booking = draw.upto(20) as u32;
		pallet_capacity::Call::<Runtime>::release_throughput { booking }.into()
	}),
	("choose_sponsor", |_, draw| {
		let sponsor = (draw.a % 3 > 0).then(|| account(draw.any()));
		pallet_capacity::Call::<Runtime>::choose_sponsor { sponsor }.into()
	}),
	("transfer vouchers", |_, draw| {
		let amount = Balance::from(draw.upto(1_000_000_000));
		transfer_asset(VOUCHERS + (draw.a % 2) as u32, draw.actor(), amount)
	}),
	("cancel_job", |_, draw| {
		let job = recent_job(draw);
		pallet_jobs::Call::<Runtime>::cancel_job { job }.into()
	}),
	("register", |who, draw| {
		registration(
			who,
			MODELS[..=draw.upto(2) as usize].to_vec(),
			1 + (draw.b % 4) as u8,
		)
	}),
	("update", |_, draw| {
		let offer = offer(
			MODELS[..=draw.upto(2) as usize].to_vec(),
			1 + (draw.b % 8) as u8,
		);
		pallet_workers::Call::<Runtime>::update { offer }.into()
	}),
	("drain", |_, _| {
		pallet_workers::Call::<Runtime>::drain {}.into()
	}),
	("leave", |_, _| {
		pallet_workers::Call::<Runtime>::leave {}.into()
	}),
	("withdraw bond", |_, _| {
		pallet_workers::Call::<Runtime>::withdraw {}.into()
	}),
	("start_maintenance", |_, draw| {
		let length = draw.upto(70_000);
		pallet_workers::Call::<Runtime>::start_maintenance { length }.into()
	}),
	("resume", |_, _| {
		pallet_workers::Call::<Runtime>::resume {}.into()
	}),
	("exclude", |_, draw| {
		let job = recent_job(draw);
		pallet_workers::Call::<Runtime>::exclude { job }.into()
	}),
	("delegate", |who, draw| delegation(who, draw.any())),
	("undelegate", |_, _| {
		pallet_access::Call::<Runtime>::undelegate {}.into()
	}),
	("transfer", |_, draw| {
		let (dest, value) = (draw.actor(), draw.one(100_000));
		pallet_balances::Call::<Runtime>::transfer_allow_death { dest, value }.into()
	}),
	("transfer usdc", |_, draw| {
		transfer_asset(USDC, draw.actor(), draw.usdc(1_000))
	}),
	("sell one", |who, draw| {
		swap(
			who,
			[AssetKind::Native, AssetKind::WithId(USDC)],
			draw.one(100_000),
		)
	}),
	("buy one", |who, draw| {
		swap(
			who,
			[AssetKind::WithId(USDC), AssetKind::Native],
			draw.usdc(20_000),
		)
	}),
	("batch", |who, draw| {
		let other = |by| {
			let draw = Draw {
				a: draw.b.rotate_left(by),
				b: draw.a.rotate_left(by),
			};
			CALLS[(draw.a % 6 + draw.b % 10) as usize].1(who, draw)
		};
		pallet_utility::Call::<Runtime>::force_batch {
			calls: vec![other(7), other(31)],
		}
		.into()
	}),
	("propose model", |_, draw| {
		let (model, record) = (draw.model(), record(draw));
		pallet_models::Call::<Runtime>::propose { model, record }.into()
	}),
	("withdraw_proposal", |_, draw| {
		let model = proposal(draw);
		pallet_models::Call::<Runtime>::withdraw_proposal { model }.into()
	}),
	("add_proxy", |_, draw| {
		pallet_proxy::Call::<Runtime>::add_proxy {
			delegate: draw.actor(),
			proxy_type: ProxyType::NonTransfer,
			delay: 0,
		}
		.into()
	}),
	("proxy", |who, draw| {
		let call = Box::new(CALLS[draw.upto(14) as usize].1(who, draw));
		pallet_proxy::Call::<Runtime>::proxy {
			real: draw.actor(),
			force_proxy_type: None,
			call,
		}
		.into()
	}),
];

const GOVERNED: &[(&str, fn(Draw) -> RuntimeCall)] = &[
	("register model", |draw| {
		let (model, record) = (draw.model(), record(draw));
		pallet_models::Call::<Runtime>::register { model, record }.into()
	}),
	("reject", |draw| {
		let model = proposal(draw);
		pallet_models::Call::<Runtime>::reject { model }.into()
	}),
	("stage", |draw| {
		let model = draw.model();
		pallet_models::Call::<Runtime>::stage { model }.into()
	}),
	("activate", |draw| {
		let model = draw.model();
		pallet_models::Call::<Runtime>::activate { model }.into()
	}),
	("retire", |draw| {
		let model = draw.model();
		pallet_models::Call::<Runtime>::retire { model }.into()
	}),
	("remove", |draw| {
		let model = draw.model();
		pallet_models::Call::<Runtime>::remove { model }.into()
	}),
	("convict", |draw| {
		let offence = [Offence::Late, Offence::Wrong, Offence::Malicious][(draw.a % 3) as usize];
		pallet_workers::Call::<Runtime>::convict {
			who: account(draw.any()),
			offence,
			evidence: H256::zero(),
		}
		.into()
	}),
	("cancel_slash of a worker", |draw| {
		let waiting = pallet_workers::Slashes::<Runtime>::iter();
		let (id, who) = waiting
			.map(|(id, slash)| (id, slash.who))
			.min()
			.unwrap_or_else(|| (draw.a, account(draw.any())));
		pallet_workers::Call::<Runtime>::cancel_slash { who, id }.into()
	}),
	("listing deposit", |draw| {
		let deposit = Some(draw.one(2_000));
		let deposit = market::Parameters::ListingDeposit(market::ListingDeposit, deposit);
		set(RuntimeParameters::Market(deposit))
	}),
	("bond of workers", |draw| {
		let bond = Some(draw.one(200));
		let bond = market::Parameters::BondPerSlotGib(market::BondPerSlotGib, bond);
		set(RuntimeParameters::Market(bond))
	}),
	("exclusion share", |draw| {
		let share =
			workers::Parameters::ExclusionShare(workers::ExclusionShare, Some(draw.share()));
		set(RuntimeParameters::Workers(share))
	}),
	("price under load", |draw| {
		let ceiling = Some(100 + draw.upto(300) as u32);
		let ceiling = market::Parameters::PriceCeiling(market::PriceCeiling, ceiling);
		set(RuntimeParameters::Market(ceiling))
	}),
	("operators of a model", |draw| {
		let least = Some(1 + draw.upto(1) as u32);
		let operators = workers::Parameters::MinOperators(workers::MinOperators, least);
		set(RuntimeParameters::Workers(operators))
	}),
	("operator share", |draw| {
		let share = workers::Parameters::OperatorShare(workers::OperatorShare, Some(draw.share()));
		set(RuntimeParameters::Workers(share))
	}),
	("fee share", |draw| {
		let share = fees::Parameters::FeeShare(fees::FeeShare, Some(draw.share()));
		set(RuntimeParameters::Fees(share))
	}),
	("thresholds", |draw| {
		let lowest = draw.one(20_000);
		let all = Some([lowest, 2 * lowest, 10 * lowest]);
		let all = credits::Parameters::Thresholds(credits::Thresholds, all);
		set(RuntimeParameters::Credits(all))
	}),
	("price", |draw| {
		let price = credits::Parameters::PricePerGiga(credits::PricePerGiga, Some(draw.usdc(1)));
		set(RuntimeParameters::Credits(price))
	}),
	("budget share", |draw| {
		let share = credits::Parameters::BudgetShare(credits::BudgetShare, Some(draw.share()));
		set(RuntimeParameters::Credits(share))
	}),
	("job floor", |draw| {
		let floor = market::Parameters::JobFloor(market::JobFloor, Some(draw.upto(50_000_000)));
		set(RuntimeParameters::Market(floor))
	}),
	("slice share", |draw| {
		let share = settlement::Parameters::SliceShare(settlement::SliceShare, Some(draw.share()));
		set(RuntimeParameters::Settlement(share))
	}),
];

fn transfer_asset(asset: u32, target: Address, amount: Balance) -> RuntimeCall {
	let id = asset.into();
	pallet_assets::Call::<Runtime, pallet_assets::Instance1>::transfer { id, target, amount }.into()
}

/// A model that is tried on half of its slots before it is active, or not at all.
fn record(draw: Draw) -> ModelRecord {
	let canary = Permill::from_percent((draw.a % 2) as u32 * 50);
	ModelRecord { canary, ..model() }
}

/// The oldest proposal, or a model that may be one.
fn proposal(draw: Draw) -> ModelId {
	let proposals = pallet_models::Proposals::<Runtime>::get();
	proposals.first().copied().unwrap_or_else(|| draw.model())
}

fn recent_job(draw: Draw) -> JobId {
	let next = pallet_jobs::NextJob::<Runtime>::get();
	next.saturating_sub(1 + draw.upto(8))
}

fn job(draw: Draw, lane: LaneChoice) -> RuntimeCall {
	pallet_jobs::Call::<Runtime>::submit_job {
		slot: draw.upto(4) as u8,
		model: draw.model(),
		lane,
		max_output: 1 + (draw.b % 200) as u32,
		prompt: vec![b'x'; (draw.b % 100) as usize],
	}
	.into()
}

fn swap(who: Sr25519Keyring, path: [AssetKind; 2], amount_in: Balance) -> RuntimeCall {
	pallet_asset_conversion::Call::<Runtime>::swap_exact_tokens_for_tokens {
		path: path.map(Box::new).to_vec(),
		amount_in,
		amount_out_min: 1,
		send_to: account(who),
		keep_alive: true,
	}
	.into()
}

fn set(key_value: RuntimeParameters) -> RuntimeCall {
	pallet_parameters::Call::<Runtime>::set_parameter { key_value }.into()
}

fn step() -> impl Strategy<Value = Step> {
	let (actor, outcome) = (0..ACTORS.len(), 0..OUTCOMES.len());
	let draw = (any::<u64>(), any::<u64>()).prop_map(|(a, b)| Draw { a, b });
	let garbage = prop::collection::vec(any::<u8>(), 2..80);
	prop_oneof![
		10 => (actor.clone(), 0..CALLS.len(), draw.clone())
			.prop_map(|(who, call, draw)| Step::Signed(who, call, draw)),
		2 => (0..GOVERNED.len(), draw).prop_map(|(call, draw)| Step::Governed(call, draw)),
		1 => (actor.clone(), garbage).prop_map(|(who, bytes)| Step::Garbage(who, bytes)),
		5 => (actor, outcome).prop_map(|(who, outcome)| Step::Report(who, outcome)),
		4 => prop_oneof![3 => 1..3u64, 1 => 3..60u64].prop_map(Step::Block),
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
			let ((name, make), who) = (CALLS[call], ACTORS[who]);
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
	}
	check_invariants();
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
	for _ in 0..200 {
		assert!(send(Dave, transfer(Alice, ONE)));
	}
	for slots in [1, 1, 20, 1] {
		perform(Step::Block(slots));
	}
	for who in [Eve, Ferdie] {
		assert!(report(who, Outcome::Served).unwrap().is_ok());
	}
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
		let names = CALLS.iter().map(|(name, _)| name);
		let names = names.chain(GOVERNED.iter().map(|(name, _)| name));
		let names = names.chain([&DELEGATED]);
		let missing: Vec<_> = names.filter(|name| !done.contains(**name)).collect();
		// Some need more luck than a short run has.
		let few = missing.len() * 10 <= CALLS.len();
		assert!(few, "never succeeded: {missing:?}");
	});
}
