//! Tests, one file a topic.

#![allow(clippy::unwrap_used, clippy::panic)]

mod attempts;
mod booked;
mod cancel;
mod deadlines;
mod inference;
mod invariants;
mod lanes;
mod matching;
mod quote;
mod receipts;
mod shared;
mod states;
mod submit;
mod throughput;
