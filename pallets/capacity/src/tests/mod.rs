//! Tests by topic; each ends with the invariants.

#![allow(clippy::unwrap_used, clippy::panic)]

use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	credits::{LaneFunds, Refusal},
	Cu, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{Permill, TokenError};

use crate::{mock::*, Allowance, Error, Event, Lot, Reservation, MAX_CLASSES};

mod bookings;
mod classes;
mod funds;
mod invariants;
mod price;
mod records;
mod sponsors;

/// What is set aside for a job of `who` that costs `cu` at the most.
fn reserve(who: AccountId, cu: Cu) -> Reservation<AccountId> {
	Capacity::reserve(&who, 0, cu).unwrap()
}
