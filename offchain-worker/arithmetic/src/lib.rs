//! Integer arithmetic of inference.
#![no_std]
