//! Tests of the credits, one file per topic.
#![allow(clippy::unwrap_used, clippy::panic)]

use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	credits::{LaneFunds, Refusal},
	Cu,
};
use polkadot_sdk::*;
use sp_runtime::Perbill;

use crate::{mock::*, Days, Error, Event, Ledgers, Reservation, Today};

mod days;
mod extension;
mod funds;
mod invariants;
mod nonce;

/// Gives `who` a tier and goes to the day on which it counts.
fn holder(who: AccountId, tier: u8) {
	World::enter(who, Some(tier));
	next_day();
}

/// Holder 1 of the lowest tier, with only the existential deposit free.
fn poor_holder() {
	Balances::force_set_balance(RuntimeOrigin::root(), 1, ED).unwrap();
	holder(1, 0);
}
