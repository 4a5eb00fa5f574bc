//! Weighted sums of values, for any vector width.
//!
//! A weight `p <= 2^22` is `2^11 high + low` with halves of at most 2^11. Values are taken of two
//! keys at a time, so that one instruction adds two products a lane: 16 such steps stay below 2^31,
//! `16 * 2 * 2^11 * 32,639`.

use super::tile::Lanes;

/// Keys after which the sums are widened.
const KEYS: usize = 32;
/// Bits of the lower half of a weight.
const LOW: u32 = 11;
/// Queries whose sums fit the registers.
const QUERIES: usize = 4;
/// Most lanes of [`Lanes::Sums`].
const LANES: usize = 16;

/// Of each pair of keys the lower halves of both weights, and the upper ones.
type Pairs = [[i32; 2]; KEYS / 2];

/// [`super::Kernels::weigh`].
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub unsafe fn weigh<L: Lanes>(p: &[&[u32]], values: &[i16], acc: &mut [i64]) {
	let dim = acc.len() / p.len();
	for (run, values) in values.chunks(KEYS * dim).enumerate() {
		let keys = run * KEYS..run * KEYS + values.len() / dim;
		for (p, acc) in p.chunks(QUERIES).zip(acc.chunks_mut(QUERIES * dim)) {
			let mut pairs = [[[0; 2]; KEYS / 2]; QUERIES];
			for (pairs, p) in pairs.iter_mut().zip(p) {
				*pairs = pair(&p[keys.clone()]);
			}
			match p.len() {
				1 => weigh_run::<L, 1>(&pairs, values, dim, acc),
				2 => weigh_run::<L, 2>(&pairs, values, dim, acc),
				3 => weigh_run::<L, 3>(&pairs, values, dim, acc),
				_ => weigh_run::<L, 4>(&pairs, values, dim, acc),
			}
			for (p, acc) in p.iter().zip(acc.chunks_exact_mut(dim)) {
				weigh_rest::<L>(&p[keys.clone()], values, acc);
			}
		}
	}
}

#[inline(always)]
fn pair(p: &[u32]) -> Pairs {
	let mut padded = [0; KEYS];
	padded[..p.len()].copy_from_slice(p);
	let join = |even: u32, odd: u32| (even | odd << 16) as i32;
	let mut pairs = [[0; 2]; KEYS / 2];
	for (pair, p) in pairs.iter_mut().zip(padded.as_chunks::<2>().0) {
		let low = p.map(|p| p & ((1 << LOW) - 1));
		let high = p.map(|p| p >> LOW);
		*pair = [join(low[0], low[1]), join(high[0], high[1])];
	}
	pairs
}

/// At most [`KEYS`] keys for `Q` queries, all channels that fill vectors.
#[inline(always)]
unsafe fn weigh_run<L: Lanes, const Q: usize>(
	pairs: &[Pairs; QUERIES],
	values: &[i16],
	dim: usize,
	acc: &mut [i64],
) {
	assert!(acc.len() == Q * dim);
	let keys = values.len() / dim;
	for c in (0..dim - dim % L::SUMS).step_by(L::SUMS) {
		let mut sums = [[L::zero(); 2]; Q];
		for even in (0..keys).step_by(2) {
			// The key beyond an odd number has weight 0: any value will do.
			let odd = (even + 1).min(keys - 1);
			// SAFETY: `c + SUMS <= dim`, and `values` holds `keys` rows of `dim`.
			let at = values.as_ptr().add(c);
			let v = L::interleave(at.add(even * dim), at.add(odd * dim));
			for (sums, pairs) in sums.iter_mut().zip(pairs) {
				for (sum, pair) in sums.iter_mut().zip(pairs[even / 2]) {
					*sum = L::multiply_add(*sum, v, L::repeat(pair));
				}
			}
		}
		for (sums, acc) in sums.iter().zip(acc.chunks_exact_mut(dim)) {
			add::<L>(*sums, &mut acc[c..c + L::SUMS]);
		}
	}
}

#[inline(always)]
unsafe fn add<L: Lanes>([low, high]: [L::Sums; 2], acc: &mut [i64]) {
	let (mut l, mut h) = ([0; LANES], [0; LANES]);
	// SAFETY: both have room for SUMS <= LANES sums.
	L::store(low, l.as_mut_ptr());
	L::store(high, h.as_mut_ptr());
	for ((acc, l), h) in acc.iter_mut().zip(l).zip(h) {
		*acc = acc.wrapping_add(l as i64).wrapping_add((h as i64) << LOW);
	}
}

/// The channels that fill no vector.
#[inline(always)]
fn weigh_rest<L: Lanes>(p: &[u32], values: &[i16], acc: &mut [i64]) {
	let dim = acc.len();
	let rest = &mut acc[dim - dim % L::SUMS..];
	if rest.is_empty() {
		return;
	}
	for (p, v) in p.iter().zip(values.chunks_exact(dim)) {
		let v = &v[dim - rest.len()..];
		rest.iter_mut()
			.zip(v)
			.for_each(|(acc, v)| *acc += *p as i64 * *v as i64);
	}
}
