//! A chain from a genesis preset, its blocks, and signed extrinsics.

use crate::books;
use codec::Encode;
use one_runtime::{
	configs::parameters::{dynamic::validators, RuntimeParameters},
	constants::{
		currency::TOTAL_SUPPLY,
		time::{EPOCH_DURATION, SLOT_DURATION},
	},
	genesis,
	transactions::extensions,
	Access, AccountId, Address, Assets, Babe, Balance, Balances, Capacity, Clock, Credits,
	Executive, Header, Jobs, Models, Parameters, Receipts, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeGenesisConfig, RuntimeOrigin, Session, Settlement, SignedPayload, System, Timestamp,
	TxExtension, UncheckedExtrinsic, Validators, Workers,
};
use pallet_capacity::Bookings;
use pallet_jobs::{Reservation, State};
use pallet_validators::HoldReason;
use polkadot_sdk::{
	frame_support::traits::fungible::InspectHold,
	sp_consensus_babe::{
		digests::{PreDigest, SecondaryPlainPreDigest},
		BABE_ENGINE_ID,
	},
	sp_io::TestExternalities,
	sp_keyring::Sr25519Keyring,
	sp_runtime::{
		generic::{Era, Preamble},
		traits::Header as _,
		ApplyExtrinsicResult, BuildStorage, Digest, DigestItem, MultiSignature,
	},
	*,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The slot of the first block: a date in 2026.
const FIRST_SLOT: u64 = 1_780_000_000_000 / SLOT_DURATION;

/// Lays `patch` over `base`, as a chain specification does with a preset.
fn merge(base: &mut Value, patch: Value) {
	match (base, patch) {
		(Value::Object(base), Value::Object(patch)) => patch
			.into_iter()
			.for_each(|(key, value)| merge(&mut base[key.as_str()], value)),
		(base, patch) => *base = patch,
	}
}

/// The genesis configuration of a preset.
pub fn genesis_config(preset: &str) -> RuntimeGenesisConfig {
	let patch = genesis::get_preset(&preset.into()).expect("the preset exists");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	merge(&mut config, serde_json::from_slice(&patch).unwrap());
	serde_json::from_value(config).unwrap()
}

/// The state after genesis.
pub fn at_genesis(preset: &str) -> TestExternalities {
	genesis_config(preset).build_storage().unwrap().into()
}

/// Runs `test` on a chain of this preset, inside of block 1. The chain's invariants are checked
/// afterwards.
pub fn in_block<R>(preset: &str, test: impl FnOnce() -> R) -> R {
	at_genesis(preset).execute_with(|| {
		open_block(0);
		let result = test();
		close_block();
		result
	})
}

/// Starts the next block, made by the validator `author`, and applies its inherent.
pub fn open_block(author: u32) {
	open_block_at(author, next_slot());
}

/// The slot of the next block, unless slots are skipped.
fn next_slot() -> u64 {
	FIRST_SLOT.max(slot() + 1)
}

/// Ends the block and starts the next one.
pub fn next_block() {
	close_block();
	open_block(0);
}

/// Starts the next block in a slot.
pub fn open_block_at(author: u32, slot: u64) {
	let header = Header::new(
		System::block_number() + 1,
		Default::default(),
		Default::default(),
		parent_hash(),
		slot_digest(author, slot),
	);
	books::open();
	Executive::initialize_block(&header);
	let set = pallet_timestamp::Call::<Runtime>::set {
		now: slot * SLOT_DURATION,
	};
	Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(set.into()))
		.unwrap()
		.unwrap();
}

/// Ends the block and checks what must always hold.
pub fn close_block() -> Header {
	let header = Executive::finalize_block();
	books::close();
	check_invariants();
	header
}

/// Checks the invariants of every pallet, and those of them together.
pub fn check_invariants() {
	Clock::do_try_state().unwrap();
	Access::do_try_state().unwrap();
	Credits::do_try_state().unwrap();
	Models::do_try_state().unwrap();
	Workers::do_try_state().unwrap();
	Jobs::do_try_state().unwrap();
	Receipts::do_try_state().unwrap();
	Settlement::do_try_state().unwrap();
	Capacity::do_try_state().unwrap();
	Validators::do_try_state().unwrap();
	assert_eq!(Balances::total_issuance(), TOTAL_SUPPLY);
	check_workers();
	check_bookings();
	check_vouchers();
}

/// A worker's slots in use are the jobs it is at and the idle ones bound to bookings, and what it has
/// accrued, or what was voided of that, is the price of its jobs that are not final.
fn check_workers() {
	let (mut in_use, mut owed) = (BTreeMap::new(), BTreeMap::new());
	for job in pallet_jobs::Jobs::<Runtime>::iter_values() {
		if let Some((worker, _)) = job.state.attempt() {
			*in_use.entry(worker.clone()).or_insert(0) += 1;
		}
		if let State::Completed { worker, price, .. } = job.state {
			*owed.entry(worker).or_insert(0) += price;
		}
	}
	let bound = Bookings::<Runtime>::iter_values().flat_map(|booking| booking.slots);
	for slot in bound.filter(|slot| !slot.busy) {
		*in_use.entry(slot.worker).or_insert(0) += 1;
	}
	for (who, record) in pallet_workers::Workers::<Runtime>::iter() {
		assert_eq!(in_use.remove(&who).unwrap_or_default(), record.used);
	}
	for (who, record) in pallet_settlement::Earnings::<Runtime>::iter() {
		let unsettled = record.accrued + record.voided;
		assert_eq!(owed.remove(&who).unwrap_or_default(), unsettled);
	}
	assert!(in_use.is_empty() && owed.values().all(|price| *price == 0));
}

/// A booking counts its open jobs, and its busy slots are those of their attempts.
fn check_bookings() {
	let mut jobs = BTreeMap::<_, Vec<_>>::new();
	for job in pallet_jobs::Jobs::<Runtime>::iter_values().filter(|job| job.state.is_open()) {
		let booking = match &job.reservation {
			Reservation::Dedicated(vouchers) => vouchers.booking,
			Reservation::Included(_) => None,
		};
		assert_eq!(job.booking, booking);
		let worker = job.state.attempt().map(|(worker, _)| worker.clone());
		booking
			.into_iter()
			.for_each(|id| jobs.entry(id).or_default().push(worker.clone()));
	}
	for (id, booking) in Bookings::<Runtime>::iter() {
		let of_booking = jobs.remove(&id).unwrap_or_default();
		assert_eq!(booking.open as usize, of_booking.len());
		let busy = booking.slots.into_iter().filter(|slot| slot.busy);
		let mut busy: Vec<_> = busy.map(|slot| slot.worker).collect();
		let mut at_work: Vec<_> = of_booking.into_iter().flatten().collect();
		busy.sort();
		at_work.sort();
		assert_eq!(busy, at_work, "slots of booking {id}");
	}
	assert!(jobs.is_empty(), "a job is under no booking");
}

/// The vouchers in escrow are those of open jobs and of bookings.
fn check_vouchers() {
	let mut aside = BTreeMap::<_, Balance>::new();
	let jobs = pallet_jobs::Jobs::<Runtime>::iter_values().filter(|job| job.state.is_open());
	let of_jobs = jobs.filter_map(|job| match job.reservation {
		Reservation::Dedicated(vouchers) => Some(vouchers.lots),
		Reservation::Included(_) => None,
	});
	let of_bookings = Bookings::<Runtime>::iter_values().map(|booking| booking.lots);
	for lot in of_jobs.chain(of_bookings).flatten() {
		*aside.entry(lot.class).or_default() += Balance::from(lot.cu);
	}
	for class in pallet_capacity::Classes::<Runtime>::iter_keys() {
		let held = Assets::balance(Capacity::asset(class), Capacity::escrow(class));
		let owed = aside.remove(&class).unwrap_or_default();
		assert_eq!(held, owed, "vouchers of class {class}");
	}
	assert!(aside.is_empty(), "vouchers of no class are set aside");
}

/// Makes the blocks of this session, by everybody but those `absent` in turn. The next block opens
/// another session.
pub fn fill_session_without(absent: &[Sr25519Keyring]) {
	let opens_session = || next_slot() - *Babe::current_epoch_start() >= EPOCH_DURATION.into();
	while System::block_number() == 0 || !opens_session() {
		make_block(&Session::validators(), absent);
	}
}

/// Makes the rest of the blocks of this session, and the first of the next.
pub fn end_session_without(absent: &[Sr25519Keyring]) {
	fill_session_without(absent);
	let next = Session::queued_keys();
	let next: Vec<_> = next.into_iter().map(|(who, _)| who).collect();
	make_block(&next, absent);
}

/// A block by the next of `validators` that is not `absent`.
fn make_block(validators: &[AccountId], absent: &[Sr25519Keyring]) {
	let is_awake = |who: &AccountId| absent.iter().all(|one| account(*one) != *who);
	let mut awake = (0..)
		.zip(validators)
		.filter(|(_, who)| is_awake(who))
		.cycle();
	let turn = System::block_number() as usize % validators.len();
	let (author, _) = awake.nth(turn).expect("somebody is awake");
	open_block(author);
	close_block();
}

/// Sets a governed parameter of the validators.
pub fn govern(parameter: validators::Parameters) {
	let key_value = RuntimeParameters::Validators(parameter);
	Parameters::set_parameter(RuntimeOrigin::root(), key_value).expect("root sets parameters");
}

/// Lets fewer than four validators be a set.
pub fn allow_small_sets() {
	govern(validators::Parameters::MinValidators(
		validators::MinValidators,
		Some(1),
	));
}

/// Lets protocol time pass without blocks.
pub fn pass(time: u64) {
	pallet_clock::Elapsed::<Runtime>::mutate(|elapsed| *elapsed += time);
}

/// The hash a block of this state builds on. It differs from block to block.
fn parent_hash() -> one_runtime::Hash {
	System::block_number()
		.using_encoded(sp_io::hashing::blake2_256)
		.into()
}

/// Who makes a block, and in which slot.
pub fn slot_digest(authority_index: u32, slot: u64) -> Digest {
	let digest = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
		authority_index,
		slot: slot.into(),
	});
	Digest {
		logs: vec![DigestItem::PreRuntime(BABE_ENGINE_ID, digest.encode())],
	}
}

/// The extensions of the next transaction of `who`.
pub fn next_extensions(who: Sr25519Keyring) -> TxExtension {
	extensions(Era::Immortal, System::account_nonce(who.to_account_id()))
}

/// `call` signed by `who`, with these extensions.
pub fn sign_with(
	who: Sr25519Keyring,
	call: impl Into<RuntimeCall>,
	extension: TxExtension,
) -> UncheckedExtrinsic {
	let payload = SignedPayload::new(call.into(), extension).unwrap();
	let signature: MultiSignature = payload.using_encoded(|bytes| who.sign(bytes)).into();
	let (call, extension, _) = payload.deconstruct();
	UncheckedExtrinsic::from_parts(
		call,
		Preamble::Signed(Address::Id(who.to_account_id()), signature, extension),
	)
}

/// `call` signed by `who`, its fee paid in ONE.
pub fn sign(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	sign_with(who, call, next_extensions(who))
}

/// Signs and applies `call`.
pub fn submit(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> ApplyExtrinsicResult {
	Executive::apply_extrinsic(sign(who, call))
}

/// `call` as root, by the sudo key of the preset.
pub fn sudo(call: impl Into<RuntimeCall>) -> RuntimeCall {
	pallet_sudo::Call::<Runtime>::sudo {
		call: Box::new(call.into()),
	}
	.into()
}

/// Calls of one origin, all or none.
pub fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
	pallet_utility::Call::<Runtime>::batch_all { calls }.into()
}

/// A transfer of ONE.
pub fn transfer(to: Sr25519Keyring, value: Balance) -> RuntimeCall {
	let dest = Address::Id(to.to_account_id());
	pallet_balances::Call::<Runtime>::transfer_keep_alive { dest, value }.into()
}

/// ONE of a validator that is on hold.
pub fn on_hold(reason: HoldReason, who: &AccountId) -> Balance {
	Balances::balance_on_hold(&reason.into(), who)
}

/// Free ONE of an account.
pub fn free(who: Sr25519Keyring) -> Balance {
	Balances::free_balance(account(who))
}

/// An account.
pub fn account(who: Sr25519Keyring) -> AccountId {
	who.to_account_id()
}

/// Whether this block has an event that `is` the one looked for.
pub fn has_event(is: impl Fn(&RuntimeEvent) -> bool) -> bool {
	System::events().iter().any(|record| is(&record.event))
}

/// The slot of the current block.
pub fn slot() -> u64 {
	*Babe::current_slot()
}

/// The time of the current block, in milliseconds.
pub fn now() -> u64 {
	Timestamp::get()
}
