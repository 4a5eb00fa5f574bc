//! Credits, submissions and exits, through the real transaction extensions.

use crate::{chain::*, market::*};
use codec::Encode;
use one_primitives::{
	access::Access as _,
	clock::Clock as _,
	jobs::{LaneChoice, Market as _},
	models::ModelId,
};
use one_runtime::{
	configs::{
		accounts::ProxyType,
		assets::{treasury, AssetKind},
		parameters::bounded,
	},
	constants::currency::*,
	transactions::extensions,
	Access, AccountId, Address, Assets, Balances, Clock, Credits, Executive, Jobs, Runtime,
	RuntimeCall, Settlement, System,
};
use pallet_models::ModelRecord;
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{fungible::Mutate, tokens::Preservation, Get, Hooks},
		weights::{Weight, WeightMeter},
	},
	frame_system::RawOrigin,
	pallet_asset_conversion_tx_payment::ChargeAssetTxPayment,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::{
		generic::Era,
		transaction_validity::{
			InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
		},
		ApplyExtrinsicResult, Permill, StateVersion,
	},
	*,
};

/// New tokens that every prompt asks for.
pub const OUTPUT: u32 = 64;
/// CU that every job of these tests reserves: the floor, the model is small.
pub const FLOOR: u64 = 10_000_000;
/// CU for a submission without a fee.
pub const ADMISSION: u64 = 100_000;

/// A job of the least price.
pub fn prompt(slot: u8) -> RuntimeCall {
	submission(slot, MODEL, b"hello".to_vec())
}

fn submission(slot: u8, model: ModelId, prompt: Vec<u8>) -> RuntimeCall {
	pallet_jobs::Call::<Runtime>::submit_job {
		slot,
		model,
		lane: LaneChoice::Included,
		max_output: OUTPUT,
		prompt,
	}
	.into()
}

fn stake(amount: u128) -> RuntimeCall {
	pallet_access::Call::<Runtime>::stake { amount }.into()
}

/// Blocks until the next credit day is open: the hook of its first block opens it.
pub fn next_day() {
	let day = Clock::day();
	while Clock::day() == day {
		next_block();
	}
	next_block();
}

/// Takes the model from its registration to its first job, by the sudo key.
pub fn activate_model() {
	let steps = activation(MODEL, model());
	assert_ok!(submit(Alice, sudo(batch(steps))).unwrap());
}

/// An active model, fees in the credit pot, and `Bob` with a stake that counts.
pub fn with_credits(test: impl FnOnce()) {
	in_block("development", || {
		activate_model();
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

/// CU left of the credits of `who`.
pub fn available(who: Sr25519Keyring) -> u64 {
	Credits::credits(&account(who)).available
}

pub fn refused(code: u8) -> ApplyExtrinsicResult {
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
		activate_model();
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

#[test]
fn refused_submissions_should_change_no_state() {
	with_credits(|| {
		// The first transaction of a block runs its hooks.
		assert_ok!(submit(Bob, prompt(0)).unwrap());
		let (poor, taken) = (sign(Charlie, prompt(0)), sign(Bob, prompt(0)));
		let refuse = || {
			assert_eq!(Executive::apply_extrinsic(poor.clone()), refused(1));
			assert_eq!(Executive::apply_extrinsic(taken.clone()), refused(4));
		};
		refuse();
		let root = sp_io::storage::root(StateVersion::V1);
		for _ in 0..500 {
			refuse();
		}
		assert_eq!(sp_io::storage::root(StateVersion::V1), root);
	});
}

/// What the pool says of `call` with a nonce so far ahead of its account.
fn validate_ahead(call: RuntimeCall, ahead: u32) -> TransactionValidity {
	let nonce = System::account_nonce(account(Bob)) + ahead;
	let xt = sign_with(Bob, call, extensions(Era::Immortal, nonce));
	Executive::validate_transaction(TransactionSource::External, xt, System::parent_hash())
}

#[test]
fn submission_should_wait_for_no_other_in_the_pool_when_it_is_free() {
	with_credits(|| {
		let valid = validate_ahead(prompt(0), 0).unwrap();
		assert_eq!((valid.provides.len(), valid.requires.len()), (1, 0));
		let later = validate_ahead(prompt(1), 0).unwrap();
		assert_eq!(
			valid.provides, later.provides,
			"one of an account at a time"
		);

		let future = Err(InvalidTransaction::Future.into());
		assert_eq!(validate_ahead(prompt(1), 1), future);
		let cancel = pallet_jobs::Call::<Runtime>::cancel_job { job: 0 }.into();
		assert_eq!(validate_ahead(cancel, 1), future);
		assert_eq!(
			validate_ahead(transfer(Eve, ONE), 1)
				.unwrap()
				.requires
				.len(),
			1
		);
		assert_ok!(validate_ahead(batch(vec![prompt(1)]), 1));
	});
}

#[test]
fn submission_with_a_tip_should_pay_a_fee_in_any_asset_and_no_admission() {
	with_credits(|| {
		let (money, credits) = (free(Bob), available(Bob));
		let mut extension = next_extensions(Bob);
		extension.8 = ChargeAssetTxPayment::from(MILLI_ONE, None).into();
		assert_ok!(Executive::apply_extrinsic(sign_with(Bob, prompt(0), extension)).unwrap());
		assert!(money - free(Bob) > MILLI_ONE);
		assert_eq!(credits - available(Bob), FLOOR);

		let (money, dollars) = (free(Bob), Assets::balance(USDC, account(Bob)));
		let mut extension = next_extensions(Bob);
		let asset = Some(AssetKind::WithId(USDC));
		extension.8 = ChargeAssetTxPayment::from(MILLI_ONE, asset).into();
		assert_ok!(Executive::apply_extrinsic(sign_with(Bob, prompt(1), extension)).unwrap());
		assert_eq!(money, free(Bob));
		assert!(Assets::balance(USDC, account(Bob)) < dollars);
		assert_eq!(credits - available(Bob), 2 * FLOOR);
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

/// `who` makes `key` its delegate, with the key's consent.
pub fn delegation(who: Sr25519Keyring, key: Sr25519Keyring) -> RuntimeCall {
	let consent = key.sign(&Access::delegation_message(&account(who)));
	pallet_access::Call::<Runtime>::delegate {
		delegate: account(key),
		proof: consent.into(),
	}
	.into()
}

fn cancellation(who: Sr25519Keyring, slot: usize) -> RuntimeCall {
	let job = Jobs::open_jobs(&account(who))[slot].job;
	pallet_jobs::Call::<Runtime>::cancel_job { job }.into()
}

#[test]
fn staged_model_should_take_so_many_jobs_as_its_canary_share_of_the_slots() {
	const TRIED: ModelId = H256::repeat_byte(8);
	with_credits(|| {
		let record = ModelRecord {
			canary: Permill::from_percent(60),
			..model()
		};
		let mut steps = activation(TRIED, record);
		let activate = steps.pop().unwrap();
		let ask = |slot| submit(Bob, submission(slot, TRIED, b"hello".to_vec()));
		assert_eq!(ask(0), refused(5));
		assert_ok!(submit(Alice, sudo(batch(steps))).unwrap());
		let workers = [Charlie, Dave, Eve, Ferdie];
		workers.iter().for_each(|who| join(*who, TRIED, 1));
		for slot in [0, 1] {
			assert_ok!(ask(slot).unwrap());
		}
		assert_eq!(ask(2), refused(19), "its share is taken");
		assert_ok!(submit(Bob, prompt(2)).unwrap());

		// Jobs at their workers count until they are served.
		next_block();
		next_block();
		assert_eq!(ask(3), refused(19));
		let is_at_work = |who: &Sr25519Keyring| !Jobs::assignments(&account(*who)).is_empty();
		let at_work = workers.into_iter().filter(is_at_work);
		let served: usize = at_work.map(|who| serve(who, 5, 7).len()).sum();
		assert_eq!(served, 2);
		assert_ok!(ask(3).unwrap());

		assert_ok!(submit(Alice, sudo(activate)).unwrap());
		for slot in [0, 1] {
			assert_ok!(ask(slot).unwrap());
		}
	});
}

/// An account that is not in the genesis.
const KEY: Sr25519Keyring = One;

#[test]
fn delegate_without_a_balance_should_spend_its_holders_credits() {
	with_credits(|| {
		let unpaid: ApplyExtrinsicResult = Err(InvalidTransaction::Payment.into());
		assert_eq!(submit(KEY, prompt(0)), unpaid);
		assert_ok!(submit(Bob, delegation(Bob, KEY)).unwrap());
		let (money, credits) = (free(Bob), available(Bob));
		assert_eq!(available(KEY), credits);

		assert_ok!(submit(KEY, prompt(0)).unwrap());
		assert_eq!((free(Bob), free(KEY)), (money, 0));
		assert_eq!(credits - available(Bob), FLOOR + ADMISSION);
		assert_eq!(submit(Bob, prompt(0)), refused(4), "the slot is Bob's");
		let open = Jobs::open_jobs(&account(KEY));
		assert_eq!((open.len(), &open[0].owner), (1, &account(Bob)));
		assert_ok!(submit(Bob, prompt(1)).unwrap());
		// The key may take back what its holder submitted, and nothing more.
		assert_ok!(submit(KEY, cancellation(KEY, 1)).unwrap());
		assert_ok!(submit(KEY, cancellation(KEY, 0)).unwrap());
		assert_eq!(credits - available(Bob), 2 * ADMISSION);
		assert_eq!(submit(KEY, transfer(Eve, ONE)), unpaid);
		assert_eq!(submit(KEY, batch(vec![prompt(0)])), unpaid);
		assert_eq!(System::account_nonce(account(KEY)), 3);
	});
}

#[test]
fn jobs_of_a_revoked_delegate_should_stay_its_holders() {
	with_credits(|| {
		assert_ok!(submit(Bob, delegation(Bob, KEY)).unwrap());
		assert_ok!(submit(KEY, prompt(0)).unwrap());
		let credits = available(Bob);
		let undelegate = pallet_access::Call::<Runtime>::undelegate {};
		assert_ok!(submit(Bob, undelegate).unwrap());
		assert_eq!(System::account(account(KEY)), Default::default());
		assert_eq!(
			submit(KEY, prompt(1)),
			Err(InvalidTransaction::Payment.into())
		);
		assert_ok!(submit(Bob, cancellation(Bob, 0)).unwrap());
		assert_eq!(available(Bob) - credits, FLOOR);
	});
}

#[test]
fn holder_with_only_the_existential_deposit_should_revoke_its_delegate() {
	with_credits(|| {
		assert_ok!(submit(Bob, delegation(Bob, KEY)).unwrap());
		let leave_deposit = pallet_balances::Call::<Runtime>::force_transfer {
			source: Address::Id(account(Bob)),
			dest: Address::Id(account(Eve)),
			value: free(Bob) - EXISTENTIAL_DEPOSIT,
		};
		assert_ok!(submit(Alice, sudo(leave_deposit)).unwrap());
		let undelegate = pallet_access::Call::<Runtime>::undelegate {};
		assert_ok!(submit(Bob, undelegate).unwrap());
		assert_eq!(free(Bob), EXISTENTIAL_DEPOSIT, "the stake paid the fee");
		assert_eq!(Access::holder(&account(KEY)), account(KEY));
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
		assert_eq!(Access::population(tomorrow)[0][0], holders);
		meter.consumed()
	})
}

#[test]
fn day_should_open_at_the_same_weight_when_100_000_hold_stake() {
	assert_eq!(opening_weight(1), opening_weight(100_000));
}
