//! Root-mean-square normalisation.

use crate::{
	bit_length,
	limits::MAX_HEAD_DIM,
	round::{max_abs, quant_shift},
	rsh, scale, Dyadic,
};

/// Normalises `x` with the gain `g 2^-gain_exponent`: writes the elements, returns their scale.
///
/// `eps` is `round(epsilon 2^(2 f))` for `x` with `f` fraction bits, below 2^47.
///
/// # Panics
/// If `x`, `gain` and `a` differ in length, or are empty.
#[inline(always)]
pub fn rmsnorm(x: &[i32], gain: &[i16], gain_exponent: i32, eps: u64, a: &mut [i16]) -> Dyadic {
	assert!(!x.is_empty() && x.len() == gain.len() && x.len() == a.len());
	let bits = bit_length(max_abs(x) as u64);
	let (s1, s0) = (bits.saturating_sub(15), bits.saturating_sub(16));
	let inverse = inverse_root(x, s1, eps);
	let s2 = quant_products(x, gain, s0, a);
	let e = (s0 + s2) as i32 - s1 as i32 - gain_exponent + inverse.e;
	Dyadic { m: inverse.m, e }
}

/// `m 2^e` near `1 / sqrt(mean xs^2)` of `xs = rsh(x, s1)`.
#[inline(always)]
fn inverse_root(x: &[i32], s1: u32, eps: u64) -> Dyadic {
	let h = x.len() as u64;
	let d = (sum_of_squares(x, s1) + ((h * eps) >> (2 * s1))).max(1);
	let k = (64 - bit_length(d)) >> 1;
	let root = ((d << (2 * k)) / h).isqrt();
	let inverse = (1 << 62) / root;
	let n = bit_length(inverse) - 16;
	Dyadic {
		m: (inverse >> n) as u16,
		e: k as i32 - 62 + n as i32,
	}
}

#[inline(always)]
fn sum_of_squares(x: &[i32], s1: u32) -> u64 {
	x.iter()
		.map(|x| rsh(*x as i64, s1))
		.map(|x| (x * x) as u64)
		.sum()
}

/// `quant(rsh(x g, s0))` without storing the products.
#[inline(always)]
fn quant_products(x: &[i32], gain: &[i16], s0: u32, a: &mut [i16]) -> u32 {
	let product = |(x, g): (&i32, &i16)| rsh(*x as i64 * *g as i64, s0);
	let max = x
		.iter()
		.zip(gain)
		.map(product)
		.map(i64::unsigned_abs)
		.max()
		.unwrap_or(0);
	let s2 = quant_shift(max as u32);
	for (a, xg) in a.iter_mut().zip(x.iter().zip(gain)) {
		*a = rsh(product(xg), s2) as i16;
	}
	s2
}

/// QK-norm of one head: [`rmsnorm`], then back to `f + 1` fraction bits per channel.
///
/// `f` is `f_q` or `f_k` of each channel.
///
/// # Panics
/// If the lengths disagree, or exceed [`MAX_HEAD_DIM`].
pub fn head_norm(x: &mut [i32], gain: &[i16], gain_exponent: i32, eps: u64, f: &[i32]) {
	assert_eq!(x.len(), f.len());
	let mut a = [0i16; MAX_HEAD_DIM];
	let a = &mut a[..x.len()];
	let s = rmsnorm(x, gain, gain_exponent, eps, a);
	for ((x, a), f) in x.iter_mut().zip(a).zip(f) {
		*x = scale(*a as i64 * s.m as i64, -(s.e + f + 1));
	}
}
