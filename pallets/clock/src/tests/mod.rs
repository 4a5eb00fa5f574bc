//! Tests of the clocks, one file per topic.
#![allow(clippy::unwrap_used, clippy::panic)]

mod calendar;
mod protocol_time;
