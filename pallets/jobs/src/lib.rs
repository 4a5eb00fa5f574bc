//! The two-lane market: queues, assignment, deadlines.
#![cfg_attr(not(feature = "std"), no_std)]
