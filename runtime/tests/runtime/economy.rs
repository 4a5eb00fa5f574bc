//! Credits, submissions and exits, through the real transaction extensions.

use crate::chain::*;
use codec::Encode;
use one_primitives::{access::Access as _, clock::Clock as _, jobs::Lane, models::ModelId};
use one_runtime::{
	configs::{accounts::ProxyType, assets::treasury, parameters::bounded},
	constants::currency::*,
	Access, AccountId, Address, Balances, Clock, Credits, Executive, Jobs, Runtime, RuntimeCall,
	Settlement, System,
};
use pallet_models::{shape::Shape, types::ModelRecord};
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{fungible::Mutate, tokens::Preservation, Get, Hooks},
		weights::{Weight, WeightMeter},
	},
	frame_system::RawOrigin,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::{
		transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
		ApplyExtrinsicResult,
	},
	*,
};

/// The only model.
pub const MODEL: ModelId = H256::repeat_byte(7);
const OUTPUT: u32 = 64;
/// CU that every job of these tests reserves: the floor, the model is small.
const FLOOR: u64 = 10_000_000;
const ADMISSION: u64 = 100_000;

fn model() -> ModelRecord {
	ModelRecord {
		name: b"tiny".to_vec().try_into().unwrap(),
		tokenizer: H256::zero(),
		template: H256::zero(),
		calibration: H256::zero(),
		arithmetic: 1,
		shape: Shape {
			layers: 6,
			hidden: 192,
			ffn: 512,
			heads: 6,
			kv_heads: 2,
			head_dim: 32,
			vocab: 2_048,
			context: 512,
		},
		template_tokens: 16,
		min_vram: 64,
		min_tier: 0,
		canary: Default::default(),
		retires_at: None,
	}
}

fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
	pallet_utility::Call::<Runtime>::batch_all { calls }.into()
}

/// A job of the least price.
pub fn prompt(slot: u8) -> RuntimeCall {
	submission(slot, MODEL, b"hello".to_vec())
}

fn submission(slot: u8, model: ModelId, prompt: Vec<u8>) -> RuntimeCall {
	pallet_jobs::Call::<Runtime>::submit_job {
		slot,
		model,
		lane: Lane::Included,
		max_output: OUTPUT,
		prompt,
	}
	.into()
}

fn stake(amount: u128) -> RuntimeCall {
	pallet_access::Call::<Runtime>::stake { amount }.into()
}

fn next_block() {
	close_block();
	open_block(0);
}

/// Blocks until the next credit day is open: the hook of its first block opens it.
fn next_day() {
	let day = Clock::day();
	while Clock::day() == day {
		next_block();
	}
	next_block();
}

/// An active model, fees in the credit pot, and `Bob` with a stake that counts.
pub fn with_credits(test: impl FnOnce()) {
	in_block("development", || {
		let steps = vec![
			pallet_models::Call::<Runtime>::register {
				model: MODEL,
				record: model(),
			}
			.into(),
			pallet_models::Call::<Runtime>::stage { model: MODEL }.into(),
			pallet_models::Call::<Runtime>::activate { model: MODEL }.into(),
		];
		assert_ok!(submit(Alice, sudo(batch(steps))).unwrap());
		assert_ok!(submit(Bob, stake(1_000 * ONE)).unwrap());
		pay_fees(200);
		next_day();
		test();
	});
}

/// Transactions of `Eve` whose fees are sold for USDC.
fn pay_fees(count: usize) {
	for _ in 0..count {
		assert_ok!(submit(Eve, transfer(Ferdie, ONE)).unwrap());
	}
	// The hook of the second block sells what is in the pot after the first.
	next_block();
	next_block();
	assert!(Settlement::pots().credit > 0, "no fees were sold");
}

fn available(who: Sr25519Keyring) -> u64 {
	Credits::credits(&account(who)).available
}

fn refused(code: u8) -> ApplyExtrinsicResult {
	Err(TransactionValidityError::Invalid(
		InvalidTransaction::Custom(code),
	))
}

#[test]
fn direct_submission_should_cost_credits_and_no_fee() {
	with_credits(|| {
		let (money, credits) = (free(Bob), available(Bob));
		assert_ok!(submit(Bob, prompt(0)).unwrap());
		assert_eq!(free(Bob), money);
		assert_eq!(credits - available(Bob), FLOOR + ADMISSION);
	});
}

#[test]
fn wrapped_submissions_should_reserve_the_same_credits() {
	with_credits(|| {
		let credits = available(Bob);
		assert_ok!(submit(Bob, batch(vec![prompt(0)])).unwrap());
		assert_eq!(credits - available(Bob), FLOOR);

		let add = pallet_proxy::Call::<Runtime>::add_proxy {
			delegate: Address::Id(account(Charlie)),
			proxy_type: ProxyType::Any,
			delay: 0,
		};
		assert_ok!(submit(Bob, add).unwrap());
		let proxied = pallet_proxy::Call::<Runtime>::proxy {
			real: Address::Id(account(Bob)),
			force_proxy_type: None,
			call: Box::new(prompt(1)),
		};
		assert_ok!(submit(Charlie, proxied).unwrap());
		assert_eq!(credits - available(Bob), 2 * FLOOR);
		assert_eq!(Jobs::open_jobs(&account(Bob)).len(), 2);
	});
}

#[test]
fn multisig_should_spend_its_own_credits() {
	in_block("development", || {
		let others = vec![account(Bob)];
		let mut members = vec![account(Bob), account(Charlie)];
		members.sort();
		let multisig = pallet_multisig::Pallet::<Runtime>::multi_account_id(&members, 1);
		let dest = Address::Id(multisig.clone());
		let fund = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest,
			value: 1_001 * ONE,
		};
		assert_ok!(submit(Bob, fund).unwrap());
		let as_multisig =
			|call: RuntimeCall| pallet_multisig::Call::<Runtime>::as_multi_threshold_1 {
				other_signatories: others.clone(),
				call: Box::new(call),
			};
		assert_ok!(submit(Charlie, as_multisig(stake(1_000 * ONE))).unwrap());
		let steps = vec![
			pallet_models::Call::<Runtime>::register {
				model: MODEL,
				record: model(),
			}
			.into(),
			pallet_models::Call::<Runtime>::stage { model: MODEL }.into(),
			pallet_models::Call::<Runtime>::activate { model: MODEL }.into(),
		];
		assert_ok!(submit(Alice, sudo(batch(steps))).unwrap());
		pay_fees(200);
		next_day();
		let credits = Credits::credits(&multisig).available;
		assert_ok!(submit(Charlie, as_multisig(prompt(0))).unwrap());
		assert_eq!(credits - Credits::credits(&multisig).available, FLOOR);
	});
}

#[test]
fn submissions_should_be_refused_with_the_reason() {
	with_credits(|| {
		assert_eq!(
			submit(Charlie, prompt(0)),
			refused(1),
			"below the threshold"
		);
		assert_ok!(submit(Charlie, stake(1_000 * ONE)).unwrap());
		assert_eq!(
			submit(Charlie, prompt(0)),
			refused(2),
			"counts from tomorrow"
		);
		assert_eq!(
			submit(Bob, submission(0, H256::zero(), b"hi".to_vec())),
			refused(5),
			"unknown model"
		);
		assert_eq!(
			submit(Bob, submission(0, MODEL, vec![b'x'; 2_049])),
			refused(6),
			"oversized prompt"
		);
		assert_eq!(submit(Bob, prompt(200)), refused(13), "no such slot");
		assert_ok!(submit(Bob, prompt(0)).unwrap());
		assert_eq!(submit(Bob, prompt(0)), refused(4), "slot taken");
	});
}

/// What a submission could touch.
fn touchable(who: Sr25519Keyring) -> impl PartialEq + std::fmt::Debug {
	(
		System::account(account(who)),
		pallet_credits::Ledgers::<Runtime>::get(account(who)),
		pallet_credits::BlockUse::<Runtime>::get(),
		pallet_jobs::NextJob::<Runtime>::get(),
		pallet_jobs::Slots::<Runtime>::iter_prefix(account(who)).count(),
		System::event_count(),
	)
}

#[test]
fn refused_submissions_should_change_nothing() {
	with_credits(|| {
		// The first transaction of a block runs its hooks.
		assert_ok!(submit(Bob, prompt(0)).unwrap());
		let before = (touchable(Bob), touchable(Charlie));
		for _ in 0..500 {
			assert_eq!(submit(Charlie, prompt(0)), refused(1));
			assert_eq!(submit(Bob, prompt(0)), refused(4));
		}
		assert_eq!((touchable(Bob), touchable(Charlie)), before);
	});
}

#[test]
fn submissions_should_provide_their_slot_when_valid() {
	with_credits(|| {
		let tags = |slot| {
			let (xt, hash) = (sign(Bob, prompt(slot)), System::parent_hash());
			let valid = Executive::validate_transaction(TransactionSource::External, xt, hash);
			valid.unwrap().provides
		};
		let (first, same, other) = (tags(0), tags(0), tags(1));
		assert_eq!(first, same);
		let shared: Vec<_> = first.iter().filter(|tag| other.contains(tag)).collect();
		assert_eq!(shared.len(), 1, "the nonce is shared, the slot is not");
	});
}

#[test]
fn holder_with_only_the_existential_deposit_should_submit_and_leave_completely() {
	with_credits(|| {
		assert_ok!(submit(Charlie, stake(1_000 * ONE)).unwrap());
		let leave_deposit = pallet_balances::Call::<Runtime>::force_transfer {
			source: Address::Id(account(Charlie)),
			dest: Address::Id(account(Eve)),
			value: free(Charlie) - EXISTENTIAL_DEPOSIT,
		};
		assert_ok!(submit(Alice, sudo(leave_deposit)).unwrap());
		next_day();
		assert_eq!(free(Charlie), EXISTENTIAL_DEPOSIT);

		assert_ok!(submit(Charlie, prompt(0)).unwrap());
		let cancel = pallet_jobs::Call::<Runtime>::cancel_job {
			job: Jobs::open_jobs(&account(Charlie))[0].job,
		};
		assert_ok!(submit(Charlie, cancel).unwrap());
		assert_ok!(submit(Charlie, pallet_access::Call::<Runtime>::exit {}).unwrap());
		assert_eq!(free(Charlie), EXISTENTIAL_DEPOSIT, "the stake paid the fee");
		let cooled = Clock::protocol() + bounded::Cooldown::get();
		while Clock::protocol() <= cooled {
			next_block();
		}
		assert_ok!(submit(Charlie, pallet_access::Call::<Runtime>::withdraw {}).unwrap());
		assert!(free(Charlie) > 999 * ONE);
		assert_eq!(held(&account(Charlie)), 0);
	});
}

fn held(who: &AccountId) -> u128 {
	System::account(who).data.reserved
}

/// Weight of opening a credit day that so many holders wait for.
fn opening_weight(holders: u32) -> Weight {
	in_block("development", || {
		for index in 0..holders {
			let who = AccountId::new(index.using_encoded(sp_io::hashing::blake2_256));
			let funds = Preservation::Preserve;
			assert_ok!(Balances::transfer(&treasury(), &who, 1_001 * ONE, funds));
			assert_ok!(Access::stake(RawOrigin::Signed(who).into(), 1_000 * ONE));
		}
		let tomorrow = Clock::day() + 1;
		pallet_timestamp::Now::<Runtime>::put(Clock::day_start(tomorrow));
		Clock::on_poll(System::block_number(), &mut WeightMeter::new());
		let mut meter = WeightMeter::new();
		Credits::on_poll(System::block_number(), &mut meter);
		assert_eq!(pallet_credits::Today::<Runtime>::get(), Some(tomorrow));
		assert_eq!(Access::population(tomorrow)[0], holders);
		meter.consumed()
	})
}

#[test]
fn day_should_open_at_the_same_weight_when_100_000_hold_stake() {
	assert_eq!(opening_weight(1), opening_weight(100_000));
}
