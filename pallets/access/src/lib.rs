//! Stake thresholds: stake, unstake, cooldown, tiers.
#![cfg_attr(not(feature = "std"), no_std)]
