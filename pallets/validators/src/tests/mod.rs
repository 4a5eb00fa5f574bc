//! Tests of the validators, one file per topic.
#![allow(clippy::unwrap_used, clippy::panic)]

use frame_support::{assert_noop, assert_ok};
use polkadot_sdk::*;
use sp_runtime::{DispatchResult, Perbill, Permill};

use crate::{
	mock::*, Candidates, Convictions, Error, Event, LedgerOf, Ledgers, Offence, Sets, Silent,
	SlashIds, Slashes, Status, MAX_CHUNKS,
};

mod bonds;
mod candidates;
mod election;
mod invariants;
mod liveness;
mod offences;

fn bond(who: AccountId, amount: Balance) -> DispatchResult {
	Validators::bond(RuntimeOrigin::signed(who), amount)
}

fn bond_more(who: AccountId, amount: Balance) -> DispatchResult {
	Validators::bond_more(RuntimeOrigin::signed(who), amount)
}

fn unbond(who: AccountId, amount: Balance) -> DispatchResult {
	Validators::unbond(RuntimeOrigin::signed(who), amount)
}

fn withdraw(who: AccountId) -> DispatchResult {
	Validators::withdraw(RuntimeOrigin::signed(who))
}

fn validate(who: AccountId) -> DispatchResult {
	Validators::validate(RuntimeOrigin::signed(who))
}

fn chill(who: AccountId) -> DispatchResult {
	Validators::chill(RuntimeOrigin::signed(who))
}

fn cancel(slash: u32) -> DispatchResult {
	Validators::cancel_slash(RuntimeOrigin::root(), slash)
}

fn ledger(who: AccountId) -> LedgerOf<Test> {
	Ledgers::<Test>::get(who).unwrap_or_default()
}

/// Gives `who` keys, bonds `amount` and stands for election.
fn join(who: AccountId, amount: Balance) {
	set_keys(who);
	assert_ok!(bond(who, amount));
	assert_ok!(validate(who));
}

fn candidates() -> Vec<AccountId> {
	let list = Candidates::<Test>::get();
	list.into_iter().map(|candidate| candidate.who).collect()
}

fn is_convict(who: AccountId) -> bool {
	matches!(ledger(who).status, Status::Convicted { .. })
}

/// The validators that may not make blocks.
fn disabled() -> Vec<AccountId> {
	let validators = Session::validators();
	let indices = Session::disabled_validators().into_iter();
	indices.map(|index| validators[index as usize]).collect()
}
