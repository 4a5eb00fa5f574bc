//! One file per topic.
#![allow(clippy::unwrap_used, clippy::panic)]

mod invariants;
mod proposals;
mod records;
mod states;
