//! The operators of the forward pass, in the instructions of the processor.
//!
//! [`Kernels`] defaults to the functions of `one_arithmetic`, which is what [`Scalar`] keeps. Every
//! other set returns the same bits: its sums are exact whatever their order, its roundings are the
//! same integer expressions without branches. `unsafe` code is confined to this folder.

// Instructions are unsafe to those who have not asked whether the processor has them.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod loops;
#[cfg(target_arch = "aarch64")]
mod neon;
mod set;
#[cfg(test)]
mod tests;
mod tile;
mod weigh;

use one_arithmetic::{dot, linear_row, Dyadic};

pub use set::{all, best, chosen, named, VARIABLE};

/// Implements [`Kernels`] for `$set` with the vectors `$lanes`, compiled for `$features`.
macro_rules! set_of_kernels {
	($set:ident, $lanes:ident, $name:literal, $features:literal) => {
		/// Exists only where `detect` has found the features.
		struct $set(());

		impl Kernels for $set {
			fn name(&self) -> &'static str {
				$name
			}

			fn linear(&self, rows: Rows<'_>, inputs: Inputs<'_>, y: &mut [&mut [i32]]) {
				#[target_feature(enable = $features)]
				fn run(rows: Rows<'_>, inputs: Inputs<'_>, y: &mut [&mut [i32]]) {
					// SAFETY: this function has the features of the vectors.
					unsafe { loops::linear::<$lanes>(rows, inputs, y) }
				}
				check_linear(rows, inputs, y);
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(rows, inputs, y) }
			}

			fn multiply(&self, steps: u32) -> u64 {
				#[target_feature(enable = $features)]
				fn run(steps: u32) -> u64 {
					// SAFETY: this function has the features of the vectors.
					unsafe { tile::multiply::<$lanes>(steps) }
				}
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(steps) }
			}

			fn scores(&self, queries: Queries<'_>, keys: &[i16], z: &mut [&mut [i32]]) {
				#[target_feature(enable = $features)]
				fn run(queries: Queries<'_>, keys: &[i16], z: &mut [&mut [i32]]) {
					// SAFETY: this function has the features of the vectors.
					unsafe { loops::scores::<$lanes>(queries, keys, z) }
				}
				check_scores(queries, keys, z);
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(queries, keys, z) }
			}

			fn softmax(&self, z: &[i32], p: &mut [u32]) -> u64 {
				#[target_feature(enable = $features)]
				fn run(z: &[i32], p: &mut [u32]) -> u64 {
					loops::softmax(z, p)
				}
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(z, p) }
			}

			fn weigh(&self, p: &[&[u32]], values: &[i16], acc: &mut [i64]) {
				#[target_feature(enable = $features)]
				fn run(p: &[&[u32]], values: &[i16], acc: &mut [i64]) {
					// SAFETY: this function has the features of the vectors.
					unsafe { weigh::weigh::<$lanes>(p, values, acc) }
				}
				check_weigh(p, values, acc);
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(p, values, acc) }
			}

			fn rmsnorm(
				&self,
				x: &[i32],
				gain: &[i16],
				exponent: i32,
				eps: u64,
				a: &mut [i16],
			) -> Dyadic {
				#[target_feature(enable = $features)]
				fn run(x: &[i32], gain: &[i16], exponent: i32, eps: u64, a: &mut [i16]) -> Dyadic {
					one_arithmetic::rmsnorm(x, gain, exponent, eps, a)
				}
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(x, gain, exponent, eps, a) }
			}

			fn quant(&self, t: &[i32], a: &mut [i16]) -> u32 {
				#[target_feature(enable = $features)]
				fn run(t: &[i32], a: &mut [i16]) -> u32 {
					one_arithmetic::quant(t, a)
				}
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(t, a) }
			}

			fn swiglu(&self, g: &[i32], u: &[i32], f_gate: u32, shift: i32, h: &mut [i32]) {
				#[target_feature(enable = $features)]
				fn run(g: &[i32], u: &[i32], f_gate: u32, shift: i32, h: &mut [i32]) {
					loops::swiglu(g, u, f_gate, shift, h);
				}
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(g, u, f_gate, shift, h) }
			}

			fn argmax(&self, x: &[i32]) -> Option<usize> {
				#[target_feature(enable = $features)]
				fn run(x: &[i32]) -> Option<usize> {
					loops::argmax(x)
				}
				// SAFETY: the processor has the features, or there were no `self`.
				unsafe { run(x) }
			}
		}
	};
}
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use set_of_kernels;

/// Some rows of a linear layer: `[m.len(), cols]` weights and one scale per row.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
	/// The weights, row-major.
	pub weights: &'a [i8],
	/// Mantissa of each row.
	pub m: &'a [u16],
	/// `16 + e + f` of each row.
	pub shift: &'a [i32],
}

/// Inputs of a linear layer: `[scales.len(), cols]` and one scale per token.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
	/// The integers, at most [`one_arithmetic::LIMIT16`] in magnitude.
	pub a: &'a [i16],
	/// One scale per token.
	pub scales: &'a [Dyadic],
}

/// Query heads that share one key head: `[shift.len(), head_dim]`.
#[derive(Clone, Copy)]
pub struct Queries<'a> {
	/// The queries, at most [`one_arithmetic::LIMIT16`] in magnitude.
	pub q: &'a [i16],
	/// Mantissa of the score multiplier.
	pub m: u16,
	/// `C - 16 - e` of each query.
	pub shift: &'a [i32],
}

/// The operators that take time; each is the function of the same name in `one_arithmetic`.
///
/// All panic if lengths disagree.
pub trait Kernels: Send + Sync {
	/// What [`named`] calls this set.
	fn name(&self) -> &'static str;

	/// `y[token][row]` of every token and row.
	fn linear(&self, rows: Rows<'_>, inputs: Inputs<'_>, y: &mut [&mut [i32]]) {
		check_linear(rows, inputs, y);
		let cols = inputs.a.len() / inputs.scales.len();
		for (r, w) in rows.weights.chunks_exact(cols).enumerate() {
			let tokens = inputs.a.chunks_exact(cols).zip(inputs.scales);
			for (y, (a, scale)) in y.iter_mut().zip(tokens) {
				y[r] = linear_row(dot(w, a), rows.m[r], rows.shift[r], *scale);
			}
		}
	}

	/// Multiply-accumulates as [`linear`](Self::linear) does them, from a few registers and to no end
	/// but to be timed; returns how many, none where there are no vectors.
	fn multiply(&self, _steps: u32) -> u64 {
		0
	}

	/// `z[query][key]` for every query and each of the `keys` `[keys, head_dim]`.
	fn scores(&self, queries: Queries<'_>, keys: &[i16], z: &mut [&mut [i32]]) {
		let dim = check_scores(queries, keys, z);
		let heads = queries.q.chunks_exact(dim).zip(queries.shift);
		for (z, (q, shift)) in z.iter_mut().zip(heads) {
			one_arithmetic::scores(q, keys, queries.m, *shift, z);
		}
	}

	/// Unnormalised probabilities in Q22, and their sum.
	fn softmax(&self, z: &[i32], p: &mut [u32]) -> u64 {
		one_arithmetic::softmax(z, p)
	}

	/// Adds to `acc` `[p.len(), head_dim]` the sums over a run of `values` `[keys, head_dim]`, for
	/// the probabilities `p[query][key]`.
	fn weigh(&self, p: &[&[u32]], values: &[i16], acc: &mut [i64]) {
		let dim = check_weigh(p, values, acc);
		for (p, acc) in p.iter().zip(acc.chunks_exact_mut(dim)) {
			one_arithmetic::weigh(p, values, acc);
		}
	}

	/// Normalises one token.
	fn rmsnorm(&self, x: &[i32], gain: &[i16], exponent: i32, eps: u64, a: &mut [i16]) -> Dyadic {
		one_arithmetic::rmsnorm(x, gain, exponent, eps, a)
	}

	/// Rounds one token to 16 bits; returns the shift.
	fn quant(&self, t: &[i32], a: &mut [i16]) -> u32 {
		one_arithmetic::quant(t, a)
	}

	/// The gated activation.
	fn swiglu(&self, g: &[i32], u: &[i32], f_gate: u32, shift: i32, h: &mut [i32]) {
		one_arithmetic::swiglu(g, u, f_gate, shift, h);
	}

	/// Index of the largest value, the lowest on ties.
	fn argmax(&self, x: &[i32]) -> Option<usize> {
		one_arithmetic::argmax(x)
	}
}

/// The definition itself.
pub struct Scalar;

impl Kernels for Scalar {
	fn name(&self) -> &'static str {
		"scalar"
	}
}

/// The bounds on which the unchecked loads of [`Kernels::linear`] rest.
fn check_linear(rows: Rows<'_>, inputs: Inputs<'_>, y: &[&mut [i32]]) {
	let (n, r) = (inputs.scales.len(), rows.m.len());
	assert!(n > 0 && y.len() == n && rows.shift.len() == r);
	assert!(y.iter().all(|y| y.len() == r));
	let cols = inputs.a.len() / n;
	assert!(cols > 0 && cols * n == inputs.a.len() && cols * r == rows.weights.len());
}

/// The bounds on which the unchecked loads of [`Kernels::scores`] rest; returns the head size.
fn check_scores(queries: Queries<'_>, keys: &[i16], z: &[&mut [i32]]) -> usize {
	let n = queries.shift.len();
	assert!(n > 0 && z.len() == n);
	let dim = queries.q.len() / n;
	assert!(dim > 0 && dim * n == queries.q.len());
	assert!(z.iter().all(|z| z.len() * dim == keys.len()));
	dim
}

/// Checks [`Kernels::weigh`]; returns the head size.
fn check_weigh(p: &[&[u32]], values: &[i16], acc: &[i64]) -> usize {
	assert!(!p.is_empty());
	let dim = acc.len() / p.len();
	assert!(dim > 0 && dim * p.len() == acc.len());
	assert!(p.iter().all(|p| p.len() * dim == values.len()));
	dim
}
