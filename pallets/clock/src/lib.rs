//! Protocol time: the clock of every deadline, which stands still while the chain does.
#![cfg_attr(not(feature = "std"), no_std)]
