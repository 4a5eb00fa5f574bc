//! A chain from a genesis preset, its blocks, and signed extrinsics.

use codec::Encode;
use one_runtime::{
	constants::{currency::TOTAL_SUPPLY, time::SLOT_DURATION},
	genesis,
	transactions::extensions,
	Access, AccountId, Address, Babe, Balance, Balances, Clock, Credits, Executive, Header, Jobs,
	Models, Receipts, Runtime, RuntimeCall, RuntimeEvent, RuntimeGenesisConfig, Settlement,
	SignedPayload, System, Timestamp, TxExtension, UncheckedExtrinsic, Workers,
};
use polkadot_sdk::{
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
	let slot = FIRST_SLOT + u64::from(System::block_number());
	open_block_at(author, slot);
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
	assert_eq!(Balances::total_issuance(), TOTAL_SUPPLY);
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
