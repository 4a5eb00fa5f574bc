//! Very many holders, workers and jobs.

use crate::{
	chain::account,
	market::{activation, model, offer, MODEL},
};
use codec::Encode;
use one_primitives::{
	jobs::LaneChoice,
	settlement::{Earnings, Inflow, PaidReceipt},
	workers::crypto::WorkerPair,
	Usdc,
};
use one_runtime::{
	configs::{
		assets::treasury,
		parameters::{
			dynamic::{credits, market, time},
			RuntimeParameters,
		},
	},
	constants::currency::*,
	Access, AccountId, Balance, Balances, Jobs, Parameters, Runtime, RuntimeOrigin, Settlement,
	Workers,
};
use pallet_models::types::ModelRecord;
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{fungible::Mutate, tokens::Preservation::Preserve, UnfilteredDispatchable},
	},
	sp_core::Pair,
	sp_keyring::Sr25519Keyring::Alice,
	*,
};
use std::ops::Range;

/// The least stake, so that the supply suffices for all.
const STAKE: Balance = 100 * ONE;
/// ONE that an account needs besides.
const SPARE: Balance = ONE;

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

/// An active model, room in its queue, a low threshold, and USDC for a day of credits.
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
	// Longer than a settlement takes.
	set(RuntimeParameters::Time(time::Parameters::QueuePeriod(
		time::QueuePeriod,
		Some(60 * 60 * 1_000),
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
	for index in indices {
		let origin = RuntimeOrigin::signed(holder(index));
		assert_ok!(Jobs::submit_job(
			origin,
			0,
			MODEL,
			LaneChoice::Included,
			64,
			b"hello".to_vec()
		));
	}
}

/// Jobs that wait.
pub fn waiting() -> usize {
	pallet_jobs::Jobs::<Runtime>::iter_keys().count()
}
