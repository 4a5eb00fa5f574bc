//! Types and traits by which the pallets of ONE know each other; one file per pallet.
//!
//! Units used throughout:
//!
//! | unit | type | meaning |
//! |---|---|---|
//! | CU | [`Cu`] | compute unit: one million multiply-accumulates |
//! | USDC | [`Usdc`] | micro-USDC, 10^-6 USDC |
//! | ONE | runtime balance | 10^-12 ONE |
//! | UTC | [`Moment`] | milliseconds since the Unix epoch |
//! | protocol time | [`ProtocolTime`] | milliseconds in which the chain made blocks |

#![cfg_attr(not(feature = "std"), no_std)]

pub mod access;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod capacity;
pub mod clock;
pub mod credits;
pub mod inference;
pub mod jobs;
pub mod models;
pub mod pauses;
pub mod price;
pub mod receipts;
pub mod reputation;
pub mod settlement;
pub mod workers;

use codec::Encode;
use polkadot_sdk::sp_io::hashing::blake2_256;

/// The low 64 bits of the Blake2-256 hash of `seed`, to draw by where fairness alone is at stake.
pub fn low_bits(seed: &impl Encode) -> u64 {
	let [a, b, c, d, e, f, g, h, ..] = seed.using_encoded(blake2_256);
	u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Compute units: one million multiply-accumulates each.
pub type Cu = u64;
/// Micro-USDC: 10^-6 USDC, the smallest unit of the asset.
pub type Usdc = u128;
/// UTC in milliseconds since the Unix epoch.
pub type Moment = u64;
/// Milliseconds of protocol time: what every deadline is counted in.
pub type ProtocolTime = u64;
