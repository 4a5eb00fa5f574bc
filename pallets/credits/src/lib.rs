//! The day ledger of compute credits and the ChargeCredit transaction extension.
#![cfg_attr(not(feature = "std"), no_std)]
