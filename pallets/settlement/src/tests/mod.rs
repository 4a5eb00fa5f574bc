//! Tests by topic; each ends with the invariants.

#![allow(clippy::unwrap_used, clippy::panic)]

mod fees;
mod invariants;
mod ledger;
mod payout;
mod price;
mod sale;
mod statements;
mod stipend;
