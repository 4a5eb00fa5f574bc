//! Types and traits shared by the pallets.
#![cfg_attr(not(feature = "std"), no_std)]
