//! The Dedicated lane: vouchers bought, spent by their owner or an account it allows, refunded.

use crate::{chain::*, economy, market::*};
use one_mailbox::Outcome;
use one_primitives::{
	clock::Clock as _,
	jobs::{JobId, Lane, LaneChoice, Market as _},
	models::ModelId,
	price, Cu, Usdc,
};
use one_runtime::{
	configs::{
		assets::AssetKind,
		parameters::{bounded, credits, RuntimeParameters},
	},
	constants::currency::*,
	Assets, Capacity, Clock, Executive, Jobs, Runtime, RuntimeCall, RuntimeEvent, Settlement,
	System,
};
use pallet_capacity::Call;
use pallet_models::{shape::Shape, types::ModelRecord};
use polkadot_sdk::{
	frame_support::{assert_ok, traits::Get},
	pallet_asset_conversion_tx_payment::ChargeAssetTxPayment,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::ApplyExtrinsicResult,
	*,
};

const GCU: Cu = 1_000_000_000;
/// Micro-USDC per 10^9 CU.
const PRICE: Usdc = 100_000;

fn buy(cu: Cu) -> RuntimeCall {
	let max_cost = Usdc::MAX;
	Call::<Runtime>::buy { cu, max_cost }.into()
}

fn allow(who: Sr25519Keyring, cap: Cu) -> RuntimeCall {
	let account = account(who);
	Call::<Runtime>::allow { account, cap }.into()
}

fn refund(cu: Cu) -> RuntimeCall {
	Call::<Runtime>::refund { class: 0, cu }.into()
}

fn prompt(slot: u8, lane: LaneChoice) -> RuntimeCall {
	pallet_jobs::Call::<Runtime>::submit_job {
		slot,
		model: MODEL,
		lane,
		max_output: economy::OUTPUT,
		prompt: b"hello".to_vec(),
	}
	.into()
}

/// `call` of `who`, who pays the fee in USDC.
fn submit_for_usdc(who: Sr25519Keyring, call: RuntimeCall) -> ApplyExtrinsicResult {
	let mut extension = next_extensions(who);
	extension.8 = ChargeAssetTxPayment::from(0, Some(AssetKind::WithId(USDC))).into();
	Executive::apply_extrinsic(sign_with(who, call, extension))
}

fn usdc(who: Sr25519Keyring) -> Usdc {
	Assets::balance(USDC, account(who))
}

fn vouchers(who: Sr25519Keyring) -> u128 {
	Assets::balance(VOUCHERS, account(who))
}

/// Jobs of this block are matched by the hook of the next, which runs before its transactions.
fn match_jobs() {
	next_block();
	next_block();
}

fn only_job(who: Sr25519Keyring) -> JobId {
	Jobs::open_jobs(&account(who))[0].job
}

/// Escrow is outstanding CU at the class price; USDC in is USDC out and what is in the pots.
pub fn check_books() {
	let classes = pallet_capacity::Classes::<Runtime>::iter_keys();
	for class in classes.filter_map(Capacity::class) {
		assert_eq!(class.held, price::ceil(class.outstanding, class.price));
	}
	let (flows, pots) = (
		pallet_settlement::Flows::<Runtime>::get(),
		pallet_settlement::Pots::<Runtime>::get(),
	);
	assert_eq!(flows.received(), Ok(flows.paid + pots.total().unwrap()));
	let held = Assets::balance(USDC, Settlement::usdc_account());
	assert_eq!(held, pots.total().unwrap() + USDC_MIN_BALANCE);
}

/// An active model that `Dave` serves, and `Bob` with vouchers for 1,000 x 10^9 CU.
fn with_vouchers(test: impl FnOnce()) {
	in_block("development", || {
		economy::activate_model();
		join(Dave, MODEL, 4);
		assert_ok!(submit(Bob, buy(1_000 * GCU)).unwrap());
		test();
		check_books();
	});
}

#[test]
fn sponsor_should_pay_the_worker_of_an_account_that_it_allowed() {
	with_vouchers(|| {
		assert_eq!(usdc(Bob), 100_000 * ONE_USDC - 103 * ONE_USDC);
		assert_ok!(submit(Bob, allow(Charlie, GCU)).unwrap());
		assert_ok!(submit(Charlie, prompt(0, LaneChoice::Dedicated)).unwrap());
		let job = only_job(Charlie);
		let reserved = u128::from(economy::FLOOR);
		assert_eq!(vouchers(Bob), 1_000 * u128::from(GCU) - reserved);
		match_jobs();
		assert_eq!(serve(Dave, 12, 30), [job]);

		let earned = price::floor(reserved, PRICE);
		assert_eq!(earned, 1_000);
		assert_eq!(Settlement::statement(&account(Dave)).accrued, earned);
		assert!(has_event(|event| matches!(
			event,
			RuntimeEvent::Capacity(pallet_capacity::Event::Redeemed { who, payer, amount, .. })
				if (who, payer, *amount) == (&account(Charlie), &account(Bob), earned)
		)));
		let class = Capacity::class(0).unwrap();
		assert_eq!(class.outstanding, 1_000 * u128::from(GCU) - reserved);
		assert_eq!((class.reserved, class.held), (0, 100 * ONE_USDC - earned));
		check_books();

		// The challenge window, and the settlement after it.
		let before = usdc(Dave);
		while Settlement::statement(&account(Dave)).last_paid == 0 {
			next_block();
		}
		assert_eq!(usdc(Dave) - before, earned);
		assert_eq!(
			Capacity::spendable(&account(Charlie)).available,
			GCU - economy::FLOOR
		);
	});
}

#[test]
fn account_without_one_should_buy_submit_cancel_and_refund() {
	with_vouchers(|| {
		assert_ok!(submit(Bob, transfer_asset(USDC, account(Two), 20 * ONE_USDC)).unwrap());
		assert_ok!(submit_for_usdc(Two, buy(10 * GCU)).unwrap());
		assert_ok!(submit_for_usdc(Two, prompt(0, LaneChoice::Dedicated)).unwrap());
		let before = usdc(Two);
		let cancel = pallet_jobs::Call::<Runtime>::cancel_job { job: only_job(Two) };
		assert_ok!(submit(Two, cancel).unwrap());
		assert_eq!(usdc(Two), before, "cancelling is free");
		assert_eq!(vouchers(Two), 10 * u128::from(GCU));
		assert_ok!(submit_for_usdc(Two, refund(10 * GCU)).unwrap());
		let paid = usdc(Two) - before;
		assert!((900_000..1_000_000).contains(&paid), "{paid} after the fee");
		assert_eq!((vouchers(Two), free(Two)), (0, 0));
		let system = System::account(account(Two));
		assert_eq!((system.providers, system.sufficients), (0, 1));
	});
}

#[test]
fn slot_of_a_worker_should_be_paid_for_when_a_job_is_cancelled() {
	with_vouchers(|| {
		assert_ok!(submit(Bob, prompt(0, LaneChoice::Dedicated)).unwrap());
		match_jobs();
		let came = pallet_settlement::Flows::<Runtime>::get().from_capacity;
		let cancel = pallet_jobs::Call::<Runtime>::cancel_job { job: only_job(Bob) };
		assert_ok!(submit(Bob, cancel).unwrap());
		let flows = pallet_settlement::Flows::<Runtime>::get();
		assert_eq!(flows.from_capacity - came, 1_000);
		assert_eq!(Settlement::statement(&account(Dave)).accrued, 0);
		assert_eq!(
			vouchers(Bob),
			1_000 * u128::from(GCU) - u128::from(economy::FLOOR)
		);
	});
}

#[test]
fn sponsor_should_pay_less_than_a_newcomer_when_its_jobs_were_served() {
	with_vouchers(|| {
		for _ in 0..8 {
			assert_ok!(submit(Bob, prompt(0, LaneChoice::Dedicated)).unwrap());
			match_jobs();
			assert_eq!(serve(Dave, 12, 30).len(), 1);
		}
		let (cu, worth) = (1_000 * GCU, 100 * ONE_USDC);
		let quotes = [Bob, Charlie].map(|who| Capacity::quote_purchase(&account(who), cu));
		let paid = [Bob, Charlie].map(|who| {
			let before = usdc(who);
			assert_ok!(submit(who, buy(cu)).unwrap());
			before - usdc(who)
		});
		assert_eq!(paid, quotes.map(|quote| quote.cost));
		assert_eq!(paid, [25_968, 30_000].map(|premium| worth + 100 * premium));
	});
}

#[test]
fn vouchers_should_come_back_when_no_worker_is_free() {
	with_vouchers(|| {
		// No more than the worker's first slot.
		for slot in 0..2 {
			assert_ok!(submit(Bob, prompt(slot, LaneChoice::Dedicated)).unwrap());
		}
		let expires = Clock::protocol() + bounded::QueuePeriod::get() * 4;
		while !Jobs::open_jobs(&account(Bob)).is_empty() {
			assert!(Clock::protocol() < expires, "jobs neither fail nor expire");
			next_block();
		}
		assert_eq!(vouchers(Bob), 1_000 * u128::from(GCU));
	});
}

#[test]
fn vouchers_should_pay_where_credits_do_not_take_the_job() {
	economy::with_credits(|| {
		let lanes = || {
			let open = Jobs::open_jobs(&account(Bob)).into_iter();
			open.map(|job| job.lane).collect::<Vec<_>>()
		};
		let first = |slot| prompt(slot, LaneChoice::IncludedFirst);
		assert_ok!(submit(Bob, buy(1_000 * GCU)).unwrap());
		let money = free(Bob);
		assert_ok!(submit(Bob, first(0)).unwrap());
		assert_eq!((lanes(), free(Bob)), (vec![Lane::Included], money));
		while economy::available(Bob) >= economy::FLOOR + economy::ADMISSION {
			let slot = u8::try_from(lanes().len()).unwrap();
			let included = LaneChoice::Included;
			if submit(Bob, prompt(slot, included)).is_err() {
				break;
			}
		}
		let slot = u8::try_from(lanes().len()).unwrap();
		assert_ok!(submit(Bob, first(slot)).unwrap());
		assert_eq!(lanes().last(), Some(&Lane::Dedicated));
		assert!(free(Bob) < money, "the Dedicated lane has a fee");
	});
}

#[test]
fn vouchers_should_be_an_asset_like_others() {
	with_vouchers(|| {
		let half = 500 * u128::from(GCU);
		assert_ok!(submit(Bob, transfer_asset(VOUCHERS, account(Eve), half)).unwrap());
		assert_ok!(submit(Eve, prompt(0, LaneChoice::Dedicated)).unwrap());
		assert_eq!(vouchers(Eve), half - u128::from(economy::FLOOR));

		let (one, voucher) = (AssetKind::Native, AssetKind::WithId(VOUCHERS));
		let create = pallet_asset_conversion::Call::<Runtime>::create_pool {
			asset1: Box::new(one.clone()),
			asset2: Box::new(voucher.clone()),
		};
		assert_ok!(submit(Bob, create).unwrap());
		let add = pallet_asset_conversion::Call::<Runtime>::add_liquidity {
			asset1: Box::new(one.clone()),
			asset2: Box::new(voucher.clone()),
			amount1_desired: 10 * ONE,
			amount2_desired: 100 * u128::from(GCU),
			amount1_min: 1,
			amount2_min: 1,
			mint_to: account(Bob),
		};
		assert_ok!(submit(Bob, add).unwrap());
		let swap = pallet_asset_conversion::Call::<Runtime>::swap_exact_tokens_for_tokens {
			path: vec![Box::new(one), Box::new(voucher)],
			amount_in: ONE,
			amount_out_min: 1,
			send_to: account(Ferdie),
			keep_alive: true,
		};
		assert_ok!(submit(Ferdie, swap).unwrap());
		let bought = vouchers(Ferdie);
		assert!(bought > 8 * u128::from(GCU));
		let (before, cu) = (usdc(Ferdie), Cu::try_from(bought).unwrap());
		assert_ok!(submit(Ferdie, refund(cu)).unwrap());
		assert_eq!(usdc(Ferdie) - before, price::floor(bought, PRICE));
	});
}

#[test]
fn price_should_stand_for_a_week_in_both_lanes() {
	in_block("development", || {
		let key_value = RuntimeParameters::Credits(credits::Parameters::PricePerGiga(
			credits::PricePerGiga,
			Some(2 * PRICE),
		));
		let set = pallet_parameters::Call::<Runtime>::set_parameter { key_value };
		assert_ok!(submit(Alice, sudo(set)).unwrap());
		economy::next_day();
		let status = Capacity::price_status();
		assert_eq!((status.price, status.governed), (PRICE, 2 * PRICE));
		let today = pallet_credits::Days::<Runtime>::get(Clock::day()).unwrap();
		assert_eq!(today.price, PRICE * 6 / 10);

		pallet_capacity::Price::<Runtime>::mutate(|posted| {
			// As if the week were over.
			let posted = posted.as_mut().unwrap();
			posted.since = 0;
		});
		pallet_clock::Elapsed::<Runtime>::put(Capacity::price_status().steps_from);
		economy::next_day();
		assert_eq!(Capacity::posted_price(), 110_000);
	});
}

/// A model of a billion weights: a slot serves 370,000 CU of it in a minute.
const LARGE: ModelId = H256::repeat_byte(9);

fn large_model() -> ModelRecord {
	let shape = Shape {
		layers: 16,
		hidden: 2_048,
		ffn: 8_192,
		heads: 32,
		kv_heads: 8,
		head_dim: 64,
		vocab: 128_256,
		context: 2_048,
	};
	ModelRecord { shape, ..model() }
}

fn prompt_large(slot: u8) -> RuntimeCall {
	pallet_jobs::Call::<Runtime>::submit_job {
		slot,
		model: LARGE,
		lane: LaneChoice::Dedicated,
		max_output: economy::OUTPUT,
		prompt: b"hello".to_vec(),
	}
	.into()
}

/// `Bob`, with vouchers, has a slot bound to him for five minutes: that of `Dave` or of `Eve`; both
/// serve a large model.
fn with_throughput(test: impl FnOnce(Sr25519Keyring, Sr25519Keyring)) {
	in_block("development", || {
		let steps = batch(activation(LARGE, large_model()));
		assert_ok!(submit(Alice, sudo(steps)).unwrap());
		join(Dave, LARGE, 1);
		join(Eve, LARGE, 1);
		for sponsor in [Bob, Ferdie] {
			assert_ok!(submit(sponsor, buy(1_000 * GCU)).unwrap());
		}
		let reserve = Call::<Runtime>::reserve_throughput {
			model: LARGE,
			cu_per_minute: 300_000,
			period: 5 * 60_000,
			max_standby: GCU,
		};
		assert_ok!(submit(Bob, reserve).unwrap());
		let [(_, booking)] = &Capacity::bookings(&account(Bob))[..] else {
			panic!("one booking");
		};
		let (bound, free) = match booking.slots[0].worker == account(Dave) {
			true => (Dave, Eve),
			false => (Eve, Dave),
		};
		test(bound, free);
		check_books();
	});
}

#[test]
fn reserved_throughput_should_be_there_when_all_else_is_taken() {
	with_throughput(|bound, free| {
		for slot in 0..3 {
			assert_ok!(submit(Ferdie, prompt_large(slot)).unwrap());
		}
		assert_ok!(submit(Bob, prompt_large(0)).unwrap());
		let job = only_job(Bob);
		match_jobs();
		assert_eq!(
			serve(bound, 12, 30),
			[job],
			"the bound slot is the sponsor's"
		);
		assert_eq!(Jobs::assignments(&account(free)).len(), 1);
		let waiting = Jobs::open_jobs(&account(Ferdie)).len();
		assert_eq!(waiting, 3, "one with the free worker, two in the queue");
		// The slot stays bound: nobody else has it.
		match_jobs();
		assert_eq!(Jobs::assignments(&account(bound)).len(), 0);
		assert_ok!(submit(Bob, prompt_large(0)).unwrap());
		match_jobs();
		assert_eq!(serve(bound, 12, 30).len(), 1);
	});
}

#[test]
fn bound_worker_should_be_paid_for_being_there() {
	with_throughput(|bound, free| {
		let before = Settlement::statement(&account(bound)).paid_total;
		while !Capacity::bookings(&account(Bob)).is_empty() {
			next_block();
			for worker in [bound, free] {
				// Refused while no sign of life is due.
				let _ = report(worker, Outcome::Served);
			}
		}
		while Settlement::statement(&account(bound)).paid_total == before {
			next_block();
		}
		// A fifth of what 370,724 CU a minute earn in five.
		assert_eq!(Settlement::statement(&account(bound)).paid_total, 37);
		assert_eq!(Settlement::statement(&account(free)).paid_total, 0);
		let standby = 370_724 * 5 / 5;
		assert_eq!(vouchers(Bob), 1_000 * u128::from(GCU) - standby);
	});
}

#[test]
fn dedicated_price_should_rise_while_jobs_wait_but_not_for_reserved_throughput() {
	with_throughput(|_, _| {
		for slot in 0..4 {
			assert_ok!(submit(Ferdie, prompt_large(slot)).unwrap());
		}
		let mut jobs = Jobs::open_jobs(&account(Ferdie));
		jobs.sort_by_key(|job| job.slot);
		let reserved: Vec<_> = jobs.iter().map(|job| job.reserved).collect();
		let cu = reserved[0];
		// The second takes the free slot's place in the queue; there are two slots.
		assert_eq!(reserved, [cu, cu, cu * 125 / 100, cu * 150 / 100]);
		assert_ok!(submit(Bob, prompt_large(0)).unwrap());
		assert_eq!(Jobs::open_jobs(&account(Bob))[0].reserved, cu);
	});
}
