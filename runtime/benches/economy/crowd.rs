//! Very many holders, workers and jobs.

use crate::{
	chain::account,
	market::{activation, model, offer, MODEL},
};
use codec::Encode;
use one_primitives::{
	jobs::LaneChoice,
	models::{Models as _, MACS_PER_CU},
	settlement::{Earnings, Inflow, PaidReceipt},
	workers::crypto::WorkerPair,
	Cu, ProtocolTime, Usdc,
};
use one_runtime::{
	configs::{
		assets::treasury,
		parameters::{
			bounded,
			dynamic::{credits, market, time},
			RuntimeParameters,
		},
	},
	constants::currency::*,
	Access, AccountId, Assets, Balance, Balances, BlockNumber, Capacity, Jobs, Models, Parameters,
	Runtime, RuntimeOrigin, Settlement, System, Workers,
};
use pallet_capacity::{Bookings, MAX_BOOKINGS, MAX_BOUND};
use pallet_models::{shape::ARITHMETIC, types::ModelRecord};
use pallet_workers::Report;
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{
			fungible::Mutate, fungibles, tokens::Preservation::Preserve, Get,
			UnfilteredDispatchable,
		},
		BoundedVec,
	},
	frame_system::RawOrigin,
	sp_core::Pair,
	sp_keyring::Sr25519Keyring::Alice,
	*,
};
use std::ops::Range;

/// The least stake, so that the supply suffices for all.
const STAKE: Balance = 100 * ONE;
/// ONE that an account needs besides.
const SPARE: Balance = ONE;
/// CU that a sponsor buys, and USDC for it.
const STOCK: Cu = 10_000_000_000;
const PRICE: Usdc = 5 * ONE_USDC;
/// For how long a worker is taken for alive that was heard of once.
const LIVENESS: ProtocolTime = 10 * 60_000;

/// One of many who stake.
pub fn holder(index: u32) -> AccountId {
	AccountId::new(("holder", index).using_encoded(sp_io::hashing::blake2_256))
}

/// One of many who serve.
pub fn worker(index: u32) -> AccountId {
	AccountId::new(("worker", index).using_encoded(sp_io::hashing::blake2_256))
}

/// The key that a worker's node signs with.
pub fn worker_key(index: u32) -> WorkerPair {
	WorkerPair::from_seed(&index.using_encoded(sp_io::hashing::blake2_256))
}

/// ONE of the treasury, in smallest units.
pub fn give(who: &AccountId, amount: Balance) {
	assert_ok!(Balances::transfer(&treasury(), who, amount, Preserve));
}

/// Sets a governed parameter.
pub fn set(key_value: RuntimeParameters) {
	assert_ok!(Parameters::set_parameter(RuntimeOrigin::root(), key_value));
}

/// Takes the model from its registration to its first job.
pub fn activate(model: ModelRecord) {
	for call in activation(MODEL, model) {
		assert_ok!(call.dispatch_bypass_filter(RuntimeOrigin::root()));
	}
}

/// An active model, room in its queue, a low threshold, workers that live on for a while though their
/// nodes are none, and USDC for a day of credits.
pub fn open_market() {
	activate(model());
	let thresholds = [STAKE, 10 * STAKE, 100 * STAKE];
	set(RuntimeParameters::Credits(credits::Parameters::Thresholds(
		credits::Thresholds,
		Some(thresholds),
	)));
	set(RuntimeParameters::Market(market::Parameters::MaxQueue(
		market::MaxQueue,
		Some(100_000),
	)));
	set(RuntimeParameters::Time(time::Parameters::LivenessTimeout(
		time::LivenessTimeout,
		Some(LIVENESS),
	)));
	assert_ok!(Settlement::fund(&account(Alice), 50_000 * ONE_USDC));
}

/// Accounts that stake.
pub fn stake(indices: Range<u32>) {
	for index in indices {
		let who = holder(index);
		give(&who, STAKE + SPARE);
		assert_ok!(Access::stake(RuntimeOrigin::signed(who), STAKE));
	}
}

/// Workers with a slot each, whose nodes have not reported yet: they leave the jobs in the queue.
pub fn register(indices: Range<u32>) {
	for index in indices {
		let who = worker(index);
		give(&who, STAKE + 10 * SPARE);
		let key = worker_key(index);
		let proof = key.sign(&Workers::registration_message(&who));
		let origin = RuntimeOrigin::signed(who);
		assert_ok!(Workers::register(
			origin,
			offer(vec![MODEL], 1),
			key.public(),
			proof
		));
	}
}

/// What the node of a worker reports that has neither a job nor a receipt.
pub fn heartbeat(index: u32) -> Report<AccountId, BlockNumber> {
	Report {
		worker: worker(index),
		block: System::block_number(),
		mailbox: one_mailbox::VERSION,
		arithmetics: BoundedVec::truncate_from(vec![ARITHMETIC]),
		acceptances: Default::default(),
		receipts: Default::default(),
	}
}

/// The nodes of these workers report: jobs can be matched to them, which none of them accepts.
pub fn report(indices: Range<u32>) {
	for index in indices {
		let report = heartbeat(index);
		let signature = worker_key(index).sign(&Workers::report_message(&report));
		let origin = RawOrigin::<AccountId>::Authorized.into();
		assert_ok!(Workers::report(origin, report, signature));
	}
}

/// One of the accounts that reserve throughput.
fn sponsor(index: u32) -> AccountId {
	AccountId::new(("sponsor", index).using_encoded(sp_io::hashing::blake2_256))
}

/// As many bookings as there may be, of as many slots as one may bind: every other one for `short`,
/// the rest for as long as one may be.
pub fn reserve(short: ProtocolTime) {
	let long = <Runtime as pallet_capacity::Config>::MaxBookingPeriod::get();
	for index in 0..MAX_BOOKINGS {
		let who = sponsor(index);
		give(&who, SPARE);
		let usdc = <Assets as fungibles::Mutate<_>>::transfer(
			USDC,
			&account(Alice),
			&who,
			PRICE,
			Preserve,
		);
		assert_ok!(usdc);
		let origin = RuntimeOrigin::signed(who);
		assert_ok!(Capacity::buy(origin.clone(), STOCK, Usdc::MAX));
		let period = if index % 2 == 0 { short } else { long };
		let rate = most_throughput();
		let reserved = Capacity::reserve_throughput(origin, MODEL, rate, period, Cu::MAX);
		assert_ok!(reserved);
	}
	let mut bookings = Bookings::<Runtime>::iter_values();
	assert!(bookings.all(|booking| booking.slots.len() == MAX_BOUND as usize));
}

/// CU a minute that all the slots serve that a booking may bind, but for those that it has to spare.
fn most_throughput() -> Cu {
	let tokens = u128::from(60 * bounded::ProvenRate::get());
	let macs = u128::from(Models::terms(&MODEL).unwrap().cost.linear);
	let rate = (tokens * macs / MACS_PER_CU) as Cu;
	let spare = <Runtime as pallet_capacity::Config>::SpareShare::get();
	let most = rate * Cu::from(MAX_BOUND);
	most - spare.mul_ceil(most)
}

/// Jobs under every other booking, those that last: as many as its sponsor may have at once.
pub fn use_bookings() {
	for index in (0..MAX_BOOKINGS).filter(|index| index % 2 == 1) {
		let slots = 0..bounded::DedicatedSlots::get();
		slots.for_each(|slot| ask(&sponsor(index), slot, LaneChoice::Dedicated));
	}
}

/// A job of `who`.
fn ask(who: &AccountId, slot: u8, lane: LaneChoice) {
	let origin = RuntimeOrigin::signed(who.clone());
	let prompt = b"hello".to_vec();
	assert_ok!(Jobs::submit_job(origin, slot, MODEL, lane, 64, prompt));
}

/// Workers to whom pay is due at the next settlement.
pub fn owe(indices: Range<u32>, amount: Usdc) {
	for index in indices {
		let who = worker(index);
		let paid = PaidReceipt::of_standby(0, 0, amount);
		assert_ok!(Settlement::earn(&account(Alice), &who, amount, 0));
		assert_ok!(<Settlement as Earnings<AccountId>>::mature(&who, paid));
	}
}

/// A job of each of these holders.
pub fn submit(indices: Range<u32>) {
	indices.for_each(|index| ask(&holder(index), 0, LaneChoice::Included));
}
