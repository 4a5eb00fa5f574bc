//! The model registry.
#![cfg_attr(not(feature = "std"), no_std)]
