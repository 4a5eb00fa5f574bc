//! Fee pot, ONE to USDC conversion, earnings, periodic payout.
#![cfg_attr(not(feature = "std"), no_std)]
