//! Configurations of the pallets, one file per concern.

pub mod accounts;
pub mod assets;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod consensus;
pub mod fees;
pub mod parameters;
pub mod system;
pub mod validators;
