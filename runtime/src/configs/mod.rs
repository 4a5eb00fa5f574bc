//! Configurations of the pallets, one file per concern.

pub mod accounts;
pub mod assets;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod capacity;
pub mod clock;
pub mod consensus;
pub mod credits;
pub mod fees;
pub mod governance;
pub mod market;
pub mod parameters;
pub mod settlement;
pub mod system;
pub mod validators;
