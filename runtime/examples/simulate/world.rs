//! The real runtime in externalities, and its blocks.
//!
//! A year has ten million blocks; those in which nothing happens are left out. All that they would
//! do is let time pass, have workers report and give authors their stipends, so [`hop_to`] does that
//! in their place; a test compares.

use crate::chain;
use codec::Encode;
use one_primitives::{
	clock::Clock as _,
	settlement::{Earnings as _, PaidReceipt, Treasury as _},
	Moment, ProtocolTime, Usdc,
};
use one_runtime::{
	configs::{assets::treasury, parameters::bounded},
	constants::{
		currency::USDC,
		time::{EPOCH_DURATION, SLOT_DURATION},
	},
	transactions::extensions,
	AccountId, Address, Balance, Clock, Executive, Runtime, RuntimeCall, RuntimeOrigin, Session,
	Settlement, SignedPayload, System, UncheckedExtrinsic,
};
use pallet_jobs::BUCKET;
use polkadot_sdk::{
	frame_support::traits::{Get, UnfilteredDispatchable},
	sp_core::{sr25519, Pair},
	sp_io::{hashing::blake2_256, TestExternalities},
	sp_runtime::{
		generic::{Era, Preamble},
		traits::IdentifyAccount,
		BuildStorage, MultiSignature, MultiSigner,
	},
	*,
};

/// The preset whose periods and sums are those of a live network.
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

/// Leaves out the blocks until `utc`, in which nothing is due, and opens the second from then on: the
/// first may open a session, whose hooks wait. The workers that are `present` report all the while.
/// `close` ends blocks.
pub fn hop_to(utc: Moment, present: &[AccountId], mut close: impl FnMut()) {
	close();
	let slot = (utc / SLOT_DURATION).max(chain::slot() + 1);
	leave_out_until(slot, present);
	chain::begin_block(0, slot);
	close();
	open_next();
}

/// The times after which jobs' deadlines are met.
pub fn deadlines() -> impl Iterator<Item = Moment> {
	let buckets = pallet_jobs::DeadlineCounts::<Runtime>::iter_keys();
	buckets.map(|bucket| utc_of((bucket + 1) * BUCKET) + SLOT_DURATION)
}

/// The first block's time at which protocol time is `time`.
pub fn utc_of(time: ProtocolTime) -> Moment {
	let seen = pallet_clock::LastSeen::<Runtime>::get().unwrap_or_else(chain::now);
	(seen + time.saturating_sub(Clock::protocol())).next_multiple_of(SLOT_DURATION)
}

fn first_bucket() -> Option<u64> {
	pallet_jobs::DeadlineCounts::<Runtime>::iter_keys().min()
}

/// Does what the blocks before `slot` would: stipends accrue, protocol time passes, workers report.
fn leave_out_until(slot: u64, present: &[AccountId]) {
	accrue_stipends(polls_left_out(chain::slot(), slot));
	let last = (slot - 1) * SLOT_DURATION;
	pallet_clock::LastSeen::<Runtime>::mutate(|seen| {
		chain::pass(last.saturating_sub(seen.unwrap_or(last)));
		*seen = Some(last);
	});
	pass_empty_buckets();
	report_in_passing(present);
}

/// Blocks after that of slot `last` up to that of `slot` whose hooks are left out, if that of `slot` is
/// made. Those of a session's first block wait; if it is left out, so do those of the one that is made.
fn polls_left_out(last: u64, slot: u64) -> u64 {
	let first = *pallet_babe::GenesisSlot::<Runtime>::get();
	let session = |slot: u64| slot.saturating_sub(first) / u64::from(EPOCH_DURATION);
	let opened = session(slot) - session(last);
	let made = u64::from(opened == 0);
	(slot - last) - opened - made
}

/// Gives the author the stipends of so many blocks. What each is depends on the last: they are added up
/// one by one, and go by the way that earnings of a day's pot go.
fn accrue_stipends(blocks: u64) {
	let share = bounded::AuthorStipend::get();
	let before = Settlement::credit_pot();
	let after = (0..blocks).fold(before, |pot, _| pot - share.mul_floor(pot));
	let (amount, day) = (before - after, Clock::day());
	let stipend = PaidReceipt::of_stipend(System::block_number().into(), amount);
	Settlement::earmark(day, amount)
		.and_then(|()| Settlement::accrue(day, &author(), amount))
		.and_then(|()| Settlement::mature(&author(), stipend))
		.expect("the pot has what is a part of it");
}

/// Who makes all blocks.
pub fn author() -> AccountId {
	Session::validators().swap_remove(0)
}

/// Moves on to the first second with a deadline.
fn pass_empty_buckets() {
	let now = Clock::protocol() / BUCKET;
	let first = first_bucket().map_or(now, |bucket| bucket.min(now));
	pallet_jobs::DeadlineCursor::<Runtime>::mutate(|cursor| *cursor = first.max(*cursor));
}

/// Lets their last reports be of when the next are due.
fn report_in_passing(present: &[AccountId]) {
	let due = Clock::protocol().saturating_sub(bounded::HeartbeatInterval::get());
	for who in present {
		pallet_workers::Workers::<Runtime>::mutate_extant(who, |record| {
			let pulse = record.pulse.iter_mut();
			pulse.for_each(|pulse| pulse.at = pulse.at.max(due));
		});
	}
}
