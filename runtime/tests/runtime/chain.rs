//! A chain from a genesis preset, its blocks, and signed extrinsics.

use crate::{books, invariants};
use codec::Encode;
use one_runtime::{
	configs::parameters::{dynamic::validators, RuntimeParameters},
	constants::time::{EPOCH_DURATION, SLOT_DURATION},
	genesis,
	transactions::extensions,
	AccountId, Address, Babe, Balance, Balances, Executive, Header, Parameters, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeGenesisConfig, RuntimeOrigin, Session, SignedPayload, System,
	Timestamp, TxExtension, UncheckedExtrinsic,
};
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

/// Starts the next block in a slot, and has its end audited.
pub fn open_block_at(author: u32, slot: u64) {
	books::open();
	begin_block(author, slot);
}

/// Starts the next block in a slot.
pub fn begin_block(author: u32, slot: u64) {
	let header = Header::new(
		System::block_number() + 1,
		Default::default(),
		Default::default(),
		parent_hash(),
		slot_digest(author, slot),
	);
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

/// Checks all that must hold in any state.
pub fn check_invariants() {
	invariants::check().unwrap();
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

/// A transfer of USDC or vouchers.
pub fn transfer_asset(asset: u32, to: AccountId, amount: Balance) -> RuntimeCall {
	let (id, target) = (asset.into(), Address::Id(to));
	pallet_assets::Call::<Runtime, pallet_assets::Instance1>::transfer { id, target, amount }.into()
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
