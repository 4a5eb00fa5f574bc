//! Worker registration, bond, keys, liveness and reports.
#![cfg_attr(not(feature = "std"), no_std)]
