//! Tests, one file a topic.

#![allow(clippy::unwrap_used, clippy::panic)]

mod invariants;
mod receive;
mod settle;
