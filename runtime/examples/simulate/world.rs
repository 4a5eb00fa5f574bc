//! The real runtime in externalities, and its blocks.
//!
//! A year has ten million blocks; those in which nothing happens are left out. All that they would
//! do is move protocol time, so [`skip_to`] moves it in their place; a test compares.

use crate::chain;
use codec::Encode;
use one_primitives::{clock::Clock as _, Moment, Usdc};
use one_runtime::{
	configs::assets::treasury,
	constants::{currency::USDC, time::SLOT_DURATION},
	transactions::extensions,
	AccountId, Address, Balance, Clock, Executive, Runtime, RuntimeCall, RuntimeOrigin,
	SignedPayload, System, UncheckedExtrinsic,
};
use pallet_jobs::BUCKET;
use polkadot_sdk::{
	frame_support::traits::UnfilteredDispatchable,
	sp_core::{sr25519, Pair},
	sp_io::{hashing::blake2_256, TestExternalities},
	sp_runtime::{
		generic::{Era, Preamble},
		traits::IdentifyAccount,
		BuildStorage, MultiSignature, MultiSigner,
	},
};

/// The preset whose periods are those of a live network.
const PRESET: &str = "local";
/// The first midnight of the simulation: a date in 2026.
pub const FIRST_MIDNIGHT: Moment = 1_780_012_800_000;
/// A day, and a settlement window.
pub const DAY: Moment = 24 * 60 * 60 * 1_000;
pub const WINDOW: Moment = DAY / 4;

/// An account and its key.
pub struct Actor {
	pub account: AccountId,
	pair: sr25519::Pair,
}

impl Actor {
	pub fn new(name: &str) -> Self {
		let pair = sr25519::Pair::from_seed(&blake2_256(name.as_bytes()));
		let account = MultiSigner::from(pair.public()).into_account();
		Self { account, pair }
	}

	/// `call` signed, its fee paid in ONE.
	pub fn sign(&self, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
		let extension = extensions(Era::Immortal, System::account_nonce(&self.account));
		let payload = SignedPayload::new(call.into(), extension).expect("the era is immortal");
		let signature: MultiSignature = payload.using_encoded(|bytes| self.pair.sign(bytes)).into();
		let (call, extension, _) = payload.deconstruct();
		let who = Address::Id(self.account.clone());
		UncheckedExtrinsic::from_parts(call, Preamble::Signed(who, signature, extension))
	}

	/// Signs and applies `call`.
	///
	/// # Errors
	/// What the pool or the dispatch says.
	pub fn send(&self, call: impl Into<RuntimeCall>) -> Result<(), String> {
		apply(self.sign(call))
	}
}

/// Applies an extrinsic to the open block.
pub fn apply(extrinsic: UncheckedExtrinsic) -> Result<(), String> {
	match Executive::apply_extrinsic(extrinsic) {
		Ok(Ok(())) => Ok(()),
		Ok(Err(error)) => Err(format!("{error:?}")),
		Err(error) => Err(format!("{error:?}")),
	}
}

/// Makes `call` as governance does, or as an account that governance acts for.
pub fn dispatch_as(origin: RuntimeOrigin, call: impl Into<RuntimeCall>) {
	let result = call.into().dispatch_bypass_filter(origin);
	result.expect("governance makes calls that succeed");
}

/// The state after genesis, in which these accounts have so much ONE of the treasury and so much
/// USDC.
pub fn genesis(funds: &[(AccountId, Balance, Usdc)]) -> TestExternalities {
	let mut config = chain::genesis_config(PRESET);
	let given: Balance = funds.iter().map(|(_, one, _)| one).sum();
	let balances = &mut config.balances.balances;
	balances
		.iter_mut()
		.filter(|(who, _)| *who == treasury())
		.for_each(|(_, balance)| *balance -= given);
	for (who, one, usdc) in funds {
		balances.push((who.clone(), *one));
		if *usdc > 0 {
			config.assets.accounts.push((USDC, who.clone(), *usdc));
		}
	}
	config.build_storage().expect("the preset is sound").into()
}

/// Opens the first block.
pub fn begin() {
	chain::begin_block(0, (FIRST_MIDNIGHT - DAY) / SLOT_DURATION);
}

/// Opens the block after the one that was just closed.
pub fn open_next() {
	chain::begin_block(0, chain::slot() + 1);
}

/// Leaves out the blocks until `utc` in which nothing is due, and opens the second block from then
/// on: the first opens a session, whose hooks wait. `close` ends blocks.
pub fn skip_to(utc: Moment, mut close: impl FnMut()) {
	while let Some(due) = next_due().filter(|due| *due < utc) {
		hop_to(due, &mut close);
	}
	hop_to(utc, close);
}

/// The time after which the first of all jobs' deadlines is met.
fn next_due() -> Option<Moment> {
	let over = (first_bucket()? + 1) * BUCKET;
	let wait = over.saturating_sub(Clock::protocol());
	Some((chain::now() + wait).next_multiple_of(SLOT_DURATION))
}

fn first_bucket() -> Option<u64> {
	pallet_jobs::DeadlineCounts::<Runtime>::iter_keys().min()
}

fn hop_to(utc: Moment, mut close: impl FnMut()) {
	close();
	chain::begin_block(0, (utc / SLOT_DURATION).max(chain::slot() + 1));
	close();
	let seen = pallet_clock::LastSeen::<Runtime>::get().unwrap_or(utc);
	let next = chain::now() + SLOT_DURATION;
	// The tick of the next block adds two slots itself.
	chain::pass((next - seen).saturating_sub(2 * SLOT_DURATION));
	pass_empty_buckets();
	open_next();
}

/// Moves on, as the blocks that were left out would, to the first second with a deadline.
fn pass_empty_buckets() {
	let now = Clock::protocol() / BUCKET;
	let first = first_bucket().map_or(now, |bucket| bucket.min(now));
	pallet_jobs::DeadlineCursor::<Runtime>::mutate(|cursor| *cursor = first.max(*cursor));
}
