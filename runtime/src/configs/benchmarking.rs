//! What the benchmarks of pallets find in this runtime.

use crate::{
	configs::{assets::AssetKind, capacity::MaxBookingPeriod, parameters::bounded},
	constants::currency::{ONE_USDC, USDC},
	Access, AccountId, AssetConversion, AssetId, Assets, Balance, Balances, Capacity, Clock,
	Credits, Jobs, Models, Runtime, RuntimeCall, RuntimeOrigin, Settlement, Signature, System,
	Workers,
};
use alloc::{boxed::Box, vec, vec::Vec};
use codec::{Decode, Encode};
use core::fmt::Debug;
use one_primitives::{
	benchmarking::World,
	capacity::BookingId,
	clock::Clock as _,
	inference::MAX_IDS,
	jobs::{Acceptance, JobId, Lane, LaneChoice, Market as _, MAX_PROMPT},
	low_bits,
	models::{ModelId, Models as _, MACS_PER_CU},
	settlement::{Earnings, Inflow, PaidReceipt},
	workers::{crypto::WorkerKey, SlotUse, Workers as _},
	Cu, Moment, ProtocolTime, Usdc,
};
use pallet_capacity::{PriceRecord, MAX_BOUND, MAX_CLASSES};
use pallet_jobs::JobOf;
use pallet_models::{
	shape::{Shape, ARITHMETIC},
	types::ModelRecord,
};
use pallet_workers::{benchmarking::heartbeat, Offer};
use polkadot_sdk::{
	frame_benchmarking::account,
	frame_support::{
		defensive,
		traits::{
			fungible::{self, Mutate as _},
			fungibles,
			tokens::Preservation::Expendable,
			Get, Hooks,
		},
		weights::WeightMeter,
		BoundedVec,
	},
	frame_system::RawOrigin,
	pallet_asset_conversion_tx_payment::BenchmarkHelperTrait,
	sp_application_crypto::RuntimeAppPublic,
	sp_core::{crypto::KeyTypeId, sr25519},
	sp_runtime::{
		traits::{BlakeTwo256, Hash, StaticLookup, TrailingZeroInput},
		DispatchResult,
	},
	*,
};

/// Makes an asset in which fees can be paid.
pub struct FeeAssets;

/// What the treasury pays, and to whom.
pub struct TreasuryArguments;

impl pallet_treasury::ArgumentsFactory<AssetKind, AccountId> for TreasuryArguments {
	fn create_asset_kind(seed: u32) -> AssetKind {
		AssetKind::WithId(seed)
	}

	fn create_beneficiary(seed: [u8; 32]) -> AccountId {
		seed.into()
	}
}

const FUNDS: Balance = 1 << 80;
const LIQUIDITY: Balance = 1 << 60;

fn set_up(id: u32, account: &AccountId) -> DispatchResult {
	let owner = <Runtime as frame_system::Config>::Lookup::unlookup(account.clone());
	Assets::force_create(RuntimeOrigin::root(), id.into(), owner, true, 1)?;
	<Balances as fungible::Mutate<_>>::mint_into(account, FUNDS)?;
	<Assets as fungibles::Mutate<_>>::mint_into(id, account, FUNDS)?;

	let signed = RuntimeOrigin::signed(account.clone());
	let (one, asset) = (Box::new(AssetKind::Native), Box::new(AssetKind::WithId(id)));
	AssetConversion::create_pool(signed.clone(), one.clone(), asset.clone())?;
	AssetConversion::add_liquidity(
		signed,
		one,
		asset,
		LIQUIDITY,
		LIQUIDITY,
		1,
		1,
		account.clone(),
	)
}

impl BenchmarkHelperTrait<AccountId, AssetKind, AssetKind> for FeeAssets {
	fn create_asset_id_parameter(id: u32) -> (AssetKind, AssetKind) {
		(AssetKind::WithId(id), AssetKind::WithId(id))
	}

	fn setup_balances_and_pool(asset: AssetKind, account: AccountId) {
		let AssetKind::WithId(id) = asset else { return };
		if let Err(error) = set_up(id, &account) {
			defensive!("the pool could not be made", error);
		}
	}
}

/// This runtime, as the benchmarks of its own pallets arrange it.
pub struct Chain;

/// Type of the key that [`Chain::sign`] signs with.
const KEY_TYPE: KeyTypeId = KeyTypeId(*b"bnch");
/// CU of each class of vouchers: enough for the premium to keep an escrow alive.
const CLASS: Cu = 100_000_000_000;
/// Micro-USDC per 10^9 CU of the first class; the next ones cost one more each.
const PRICE: Usdc = 100_000;

/// What `result` holds: an arrangement that fails is a mistake of the benchmark.
fn done<T, E: Debug>(result: Result<T, E>) -> T {
	result.expect("the benchmark arranges only what the runtime allows")
}

fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// A record whose fields are all zero.
fn zeroed<T: Decode>() -> T {
	done(T::decode(&mut TrailingZeroInput::zeroes()))
}

/// The number of the first worker that is silent.
const SILENT: u32 = 10_000;

fn public_key() -> sr25519::Public {
	sp_io::crypto::sr25519_generate(KEY_TYPE, Some(b"//Benchmark".to_vec()))
}

/// A model of a few million weights, whose context holds the longest prompt.
fn model_record() -> ModelRecord {
	ModelRecord {
		name: BoundedVec::truncate_from(b"benchmark".to_vec()),
		tokenizer: Default::default(),
		template: Default::default(),
		calibration: Default::default(),
		arithmetic: ARITHMETIC,
		shape: Shape {
			layers: 6,
			hidden: 192,
			ffn: 512,
			heads: 6,
			kv_heads: 2,
			head_dim: 32,
			vocab: 2_048,
			context: 2 * MAX_PROMPT,
		},
		template_tokens: 16,
		min_vram: 64,
		min_tier: 0,
		canary: Default::default(),
		retires_at: None,
	}
}

fn prompt() -> Vec<u8> {
	vec![b'a'; MAX_PROMPT as usize]
}

fn set_utc(utc: Moment) {
	pallet_timestamp::Now::<Runtime>::put(utc);
}

fn transfer(asset: AssetId, from: &AccountId, to: &AccountId, amount: Balance) {
	done(<Assets as fungibles::Mutate<_>>::transfer(
		asset, from, to, amount, Expendable,
	));
}

/// Opens as many classes of vouchers as pay for jobs, unless they are; all vouchers are `buyer`'s.
fn open_classes(buyer: &AccountId) {
	Chain::endow(buyer);
	for class in pallet_capacity::NextClass::<Runtime>::get()..MAX_CLASSES {
		pallet_capacity::Price::<Runtime>::put(PriceRecord {
			price: PRICE + Usdc::from(class),
			since: 0,
		});
		done(Capacity::buy(signed(buyer), CLASS, Usdc::MAX));
	}
}

/// Lets a worker serve jobs for `model` until it has earned `slots`, and lists them as free.
fn earn_slots(who: &AccountId, model: &ModelId, slots: u8) {
	let earned = || pallet_workers::Seats::<Runtime>::get(who, model).map_or(0, |seat| seat.earned);
	while earned() < slots {
		Workers::keep_slot(who, model, SlotUse::Served);
	}
	for _ in 0..slots {
		Workers::return_slot(who, model, SlotUse::Unused);
	}
}

/// CU a minute for which a booking of `model` binds as many slots as it can, the spare ones included.
fn largest_throughput(model: &ModelId) -> Cu {
	let linear = Models::terms(model).map_or(0, |terms| terms.cost.linear);
	let macs = u128::from(linear) * 60 * u128::from(bounded::ProvenRate::get());
	done(Cu::try_from(macs / MACS_PER_CU)) * Cu::from(MAX_BOUND - 2)
}

/// A worker that has earned two slots for `model`, and is silent since.
fn silent_worker(n: JobId, model: &ModelId) -> AccountId {
	let who = Chain::worker(done(u32::try_from(n)) + SILENT, &[*model], 2);
	pallet_workers::Workers::<Runtime>::mutate_extant(&who, |record| record.pulse = None);
	who
}

impl World<AccountId> for Chain {
	fn endow(who: &AccountId) {
		done(Balances::mint_into(who, FUNDS));
		done(<Assets as fungibles::Mutate<_>>::mint_into(
			USDC, who, FUNDS,
		));
	}

	fn impoverish(who: &AccountId) {
		Balances::set_balance(who, 0);
	}

	fn signer() -> AccountId {
		public_key().0.into()
	}

	fn sign(message: &[u8]) -> Vec<u8> {
		let signature = sp_io::crypto::sr25519_sign(KEY_TYPE, &public_key(), message);
		Signature::Sr25519(signature.expect("the key is of this node")).encode()
	}

	fn model(n: u32) -> ModelId {
		let model = BlakeTwo256::hash_of(&n);
		if Models::terms(&model).is_none() {
			done(Models::register(
				RuntimeOrigin::root(),
				model,
				model_record(),
			));
			done(Models::stage(RuntimeOrigin::root(), model));
			Self::pass(bounded::ModelTimelock::get());
			done(Models::activate(RuntimeOrigin::root(), model));
		}
		model
	}

	fn worker(n: u32, models: &[ModelId], slots: u8) -> AccountId {
		let who: AccountId = account("worker", n, 0);
		Self::endow(&who);
		let key = WorkerKey::generate_pair(None);
		let proof = key.sign(&Workers::registration_message(&who));
		let proof = proof.expect("the key is of this node");
		let offer = Offer {
			models: BoundedVec::truncate_from(models.to_vec()),
			slots,
			vram: 1_024,
			peer_id: BoundedVec::truncate_from(vec![7; 38]),
			addresses: Default::default(),
		};
		done(Workers::register(signed(&who), offer, key, proof.clone()));
		let report = heartbeat::<Runtime>(&who);
		done(Workers::report(RawOrigin::Authorized.into(), report, proof));
		for model in models {
			earn_slots(&who, model, slots);
		}
		who
	}

	fn holder(delegate: &AccountId) -> AccountId {
		let holder: AccountId = account("holder", 0, 0);
		let [.., highest] = bounded::Tiers::get();
		Self::endow(&holder);
		done(Access::stake(signed(&holder), highest.threshold));
		System::inc_sufficients(delegate);
		pallet_access::Delegates::<Runtime>::insert(&holder, delegate);
		pallet_access::Principals::<Runtime>::insert(delegate, &holder);
		Self::fill_credit_pot(1_000_000 * ONE_USDC);
		Self::pass_day();
		holder
	}

	fn vouchers(who: &AccountId) {
		let (buyer, sponsor): (AccountId, AccountId) =
			(account("buyer", 0, 0), account("sponsor", 0, 0));
		open_classes(&buyer);
		// Jobs of several accounts draw on several classes, and their first ones on a small one each.
		let half = u64::from(MAX_CLASSES / 2);
		let largest = half + low_bits(who) % half;
		for class in 0..MAX_CLASSES {
			let asset = Capacity::asset(class);
			let is_largest = u64::from(class) == largest;
			let cu = if is_largest { CLASS / 100 } else { 1 };
			transfer(asset, &buyer, who, cu.into());
			transfer(asset, &buyer, &sponsor, 1);
		}
		done(Capacity::allow(signed(&sponsor), who.clone(), Cu::MAX));
	}

	fn booking(sponsor: &AccountId, model: &ModelId) -> BookingId {
		for n in 0..2 * MAX_BOUND {
			Self::worker(n, &[*model], 1);
		}
		let id = pallet_capacity::NextBooking::<Runtime>::get();
		done(Capacity::reserve_throughput(
			signed(sponsor),
			*model,
			largest_throughput(model),
			MaxBookingPeriod::get(),
			Cu::MAX,
		));
		id
	}

	fn submission(model: &ModelId) -> Vec<u8> {
		let call = pallet_jobs::Call::<Runtime>::submit_job {
			slot: 0,
			model: *model,
			lane: LaneChoice::Included,
			max_output: MAX_IDS,
			prompt: prompt(),
		};
		RuntimeCall::from(call).encode()
	}

	fn exit() -> Vec<u8> {
		RuntimeCall::from(pallet_access::Call::<Runtime>::exit {}).encode()
	}

	fn submit(who: &AccountId, lane: Lane, model: &ModelId) -> JobId {
		let choice = match lane {
			Lane::Included => LaneChoice::Included,
			Lane::Dedicated => LaneChoice::Dedicated,
		};
		let slot = (0..).find(|slot| !pallet_jobs::Slots::<Runtime>::contains_key(who, slot));
		let job = pallet_jobs::NextJob::<Runtime>::get();
		done(Jobs::submit_job(
			signed(who),
			slot.unwrap_or_default(),
			*model,
			choice,
			MAX_IDS,
			prompt(),
		));
		job
	}

	fn match_jobs() {
		let block = System::block_number() + 1;
		System::set_block_number(block);
		Jobs::on_poll(block, &mut WeightMeter::new());
	}

	fn accept(job: JobId) {
		let stored = pallet_jobs::Jobs::<Runtime>::get(job).expect("the job is stored");
		let (worker, assigned) = stored.state.attempt().expect("the job is assigned");
		let acceptance = Acceptance {
			job,
			attempt: stored.attempts,
			assigned,
		};
		done(Jobs::accept(worker, &acceptance));
	}

	fn await_result(job: JobId) {
		pallet_jobs::Askers::<Runtime>::insert(job, *b"py/bench");
		pallet_jobs::Jobs::<Runtime>::mutate_extant(job, |record| {
			record.refuser = Some(silent_worker(job, &record.model));
		});
	}

	fn failed_job(owner: &AccountId, model: &ModelId, worker: &AccountId) -> JobId {
		let mut job: JobOf<Runtime> = zeroed();
		job.owner = owner.clone();
		job.model = *model;
		job.avoid = Some(worker.clone());
		pallet_jobs::Jobs::<Runtime>::insert(0, job);
		0
	}

	fn pass(time: ProtocolTime) {
		pallet_clock::Elapsed::<Runtime>::mutate(|elapsed| *elapsed = elapsed.saturating_add(time));
	}

	fn pass_day() {
		set_utc(Clock::day_start(Clock::day() + 1));
		Credits::on_poll(System::block_number(), &mut WeightMeter::new());
	}

	fn pass_window() {
		set_utc(Clock::window_start(Clock::window() + 1));
	}

	fn fill_credit_pot(amount: Usdc) {
		let payer: AccountId = account("payer", 0, 0);
		Self::endow(&payer);
		done(Settlement::fund(&payer, amount));
	}

	fn owe(worker: &AccountId, amount: Usdc) {
		// The first USDC of the books keeps their account alive.
		Self::fill_credit_pot(ONE_USDC);
		let payer: AccountId = account("payer", 0, 0);
		done(Settlement::earn(&payer, worker, amount, 0));
		let paid = PaidReceipt::of_standby(0, 0, amount);
		done(Settlement::mature(worker, paid));
	}
}
