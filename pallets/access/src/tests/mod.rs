//! Tests of the stakes, one file per topic.
#![allow(clippy::unwrap_used, clippy::panic)]

use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use one_primitives::{
	access::{Access as _, LockId, PayFromStake as _, Standing, TierId},
	clock::Day,
};
use polkadot_sdk::*;

use sp_runtime::testing::TestSignature;

use crate::{
	mock::*, Delegates, Error, Event, HoldReason, Population, Principals, Stakes, MAX_CHUNKS,
};

mod delegation;
mod fees;
mod invariants;
mod leaving;
mod locks;
mod staking;
mod tiers;

fn stake(who: AccountId, amount: Balance) -> sp_runtime::DispatchResult {
	Access::stake(RuntimeOrigin::signed(who), amount)
}

fn unstake(who: AccountId, amount: Balance) -> sp_runtime::DispatchResult {
	Access::unstake(RuntimeOrigin::signed(who), amount)
}

fn withdraw(who: AccountId) -> sp_runtime::DispatchResult {
	Access::withdraw(RuntimeOrigin::signed(who))
}

fn exit(who: AccountId) -> sp_runtime::DispatchResult {
	Access::exit(RuntimeOrigin::signed(who))
}

fn lock(who: AccountId, lock: LockId) -> sp_runtime::DispatchResult {
	Access::lock(RuntimeOrigin::signed(who), lock)
}

/// With a proof of `delegate`'s key.
fn delegate(who: AccountId, delegate: AccountId) -> sp_runtime::DispatchResult {
	let proof = TestSignature(delegate, Access::delegation_message(&who));
	Access::delegate(RuntimeOrigin::signed(who), delegate, proof)
}

fn undelegate(who: AccountId) -> sp_runtime::DispatchResult {
	Access::undelegate(RuntimeOrigin::signed(who))
}

fn tier(who: AccountId, day: Day) -> Option<TierId> {
	Access::standing(&who, day).map(|standing| standing.tier)
}

/// Accounts in each tier, whatever binds them.
fn population(day: Day) -> [u32; 3] {
	Access::population(day).map(|by_lock| by_lock.iter().sum())
}

fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Stake.into(), &who)
}
