//! ONE-INT/1, the integer arithmetic of inference.
//!
//! The same model and the same token ids give the same bits on every processor, at any batch size,
//! split or order. This crate is the definition: a GPU kernel or a faster CPU path is right when it
//! returns what these functions return. A changed rounding is a new [`ARITHMETIC_ID`].
//!
//! Terms: a value `v` with `f` *fraction bits* stands for `v 2^-f`; a [`Dyadic`] is `m 2^e`; every
//! `i16` activation lies in `[-LIMIT16, LIMIT16]` so that its [`halves`] are two `i8`.
//! All functions are total within the bounds of [`limits`]: no such input overflows or panics,
//! clamps act only where written. Slices whose lengths disagree panic.
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

mod argmax;
mod attention;
mod dyadic;
mod embed;
mod exp2;
mod exp2_table;
pub mod limits;
mod linear;
mod norm;
mod residual;
mod rope;
mod round;
mod sample;
mod sigmoid;
mod swiglu;

pub use argmax::argmax;
pub use attention::{normalise, scores, softmax, weigh};
pub use dyadic::Dyadic;
pub use embed::embed;
pub use exp2::exp2;
pub use exp2_table::TABLE as EXP2_TABLE;
pub use limits::{LIMIT16, LIMIT32};
pub use linear::{dot, linear, linear_row};
pub use norm::{head_norm, rmsnorm};
pub use residual::add;
pub use rope::{clamp16, rope};
pub use round::{bit_length, halves, max_abs, quant, quant_shift, rsh, sat32, scale};
pub use sample::{penalise, sample, Candidate, Sampling};
pub use sigmoid::sigmoid;
pub use swiglu::swiglu;

/// Identifier of this arithmetic, bound into every model root and request hash.
pub const ARITHMETIC_ID: u32 = 1;
