//! Operators as loops without branches, which the compiler vectorises for the features of its caller.

use one_arithmetic::{halves, Dyadic, EXP2_TABLE, LIMIT32};

use super::{
	tile::{columns_of, dots, Lanes, BLOCK, COLUMNS},
	Inputs, Queries, Rows,
};

/// [`super::Kernels::linear`].
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub unsafe fn linear<L: Lanes>(rows: Rows<'_>, inputs: Inputs<'_>, y: &mut [&mut [i32]]) {
	let size = inputs.a.len() / inputs.scales.len();
	let columns = columns_of::<L>(inputs.scales.len());
	let tiles = inputs.a.chunks(columns * size);
	let tiles = tiles.zip(inputs.scales.chunks(columns));
	let mut out = [[0; BLOCK]; COLUMNS];
	for ((a, scales), y) in tiles.zip(y.chunks_mut(columns)) {
		for (b, weights) in rows.weights.chunks(BLOCK * size).enumerate() {
			dots::<L, i8>(weights, a, size, &mut out);
			let at = b * BLOCK..b * BLOCK + weights.len() / size;
			let (m, shift) = (&rows.m[at.clone()], &rows.shift[at.clone()]);
			for ((y, dots), scale) in y.iter_mut().zip(&out).zip(scales) {
				linear_rows(dots, m, shift, *scale, &mut y[at.clone()]);
			}
		}
	}
}

#[inline(always)]
fn linear_rows(dots: &[i64; BLOCK], m: &[u16], shift: &[i32], input: Dyadic, y: &mut [i32]) {
	for (((y, dot), m), shift) in y.iter_mut().zip(dots).zip(m).zip(shift) {
		let product = *m as u32 * input.m as u32;
		let m = (product >> 16) + ((product >> 15) & 1);
		*y = scale(dot * m as i64, -(shift + input.e));
	}
}

/// [`super::Kernels::scores`]: `q k = 256 (hi k) + lo k`, of which both sums are dot products of a
/// tile, the [`halves`] of each query being two columns.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub unsafe fn scores<L: Lanes>(queries: Queries<'_>, keys: &[i16], z: &mut [&mut [i32]]) {
	let size = queries.q.len() / queries.shift.len();
	let at_once = (columns_of::<L>(2 * z.len()) / 2).max(1);
	let mut columns = Vec::with_capacity(2 * at_once * size);
	let mut out = [[0; BLOCK]; COLUMNS];
	let tiles = queries
		.q
		.chunks(at_once * size)
		.zip(queries.shift.chunks(at_once));
	for ((q, shift), z) in tiles.zip(z.chunks_mut(at_once)) {
		split(q, size, &mut columns);
		for (b, keys) in keys.chunks(BLOCK * size).enumerate() {
			dots::<L, i16>(keys, &columns, size, &mut out);
			let at = b * BLOCK..b * BLOCK + keys.len() / size;
			for ((z, dots), shift) in z.iter_mut().zip(out.chunks_exact(2)).zip(shift) {
				score_row(&dots[0], &dots[1], queries.m, *shift, &mut z[at.clone()]);
			}
		}
	}
}

/// Of each query its high halves, then its low ones.
#[inline(always)]
fn split(q: &[i16], size: usize, columns: &mut Vec<i16>) {
	columns.clear();
	for q in q.chunks_exact(size) {
		columns.extend(q.iter().map(|q| halves(*q).0 as i16));
		columns.extend(q.iter().map(|q| halves(*q).1 as i16));
	}
}

#[inline(always)]
fn score_row(high: &[i64; BLOCK], low: &[i64; BLOCK], m: u16, shift: i32, z: &mut [i32]) {
	for ((z, high), low) in z.iter_mut().zip(high).zip(low) {
		*z = scale((256 * high + low) * m as i64, shift);
	}
}

/// [`one_arithmetic::softmax`].
#[inline(always)]
pub fn softmax(z: &[i32], p: &mut [u32]) -> u64 {
	assert!(!z.is_empty() && z.len() == p.len());
	let max = z.iter().fold(i32::MIN, |max, z| max.max(*z));
	let mut sum = 0;
	for (p, z) in p.iter_mut().zip(z) {
		let e = exp2(max.wrapping_sub(*z) as u32);
		*p = (e >> 8) + ((e >> 7) & 1);
		sum += *p as u64;
	}
	sum
}

/// [`one_arithmetic::swiglu`].
#[inline(always)]
pub fn swiglu(g: &[i32], u: &[i32], f_gate: u32, shift: i32, h: &mut [i32]) {
	assert!(g.len() == h.len() && u.len() == h.len());
	for ((h, &g), &u) in h.iter_mut().zip(g).zip(u) {
		let w = rsh(g as i64 * sigmoid(g, f_gate) as i64, 15);
		*h = scale(w * u as i64, shift);
	}
}

/// [`one_arithmetic::argmax`]: the maximum, then its first place.
#[inline(always)]
pub fn argmax(x: &[i32]) -> Option<usize> {
	let max = x.iter().fold(i32::MIN, |max, x| max.max(*x));
	x.iter().position(|x| *x == max)
}

/// [`one_arithmetic::exp2`]; where the fraction is 0, `T[255] + 256 (T[256] - T[255]) / 256 = 2^31`
/// stands for the missing case.
#[inline(always)]
pub fn exp2(n: u32) -> u32 {
	let (whole, fraction) = (n >> 16, n & 0xffff);
	let g = 65_536 - fraction;
	let i = ((g - 1) >> 8) as usize & 255;
	let r = g - ((i as u32) << 8);
	let (low, high) = (EXP2_TABLE[i], EXP2_TABLE[i + 1]);
	let v = low + (((high - low) * r) >> 8);
	if whole < 31 {
		v >> (whole + 1)
	} else {
		0
	}
}

/// [`one_arithmetic::sigmoid`].
#[inline(always)]
fn sigmoid(g: i32, f: u32) -> u32 {
	const SATURATION: u32 = 20 << 12;
	const LOG2_E: u32 = 23_637;
	let a = round(g.unsigned_abs(), f - 12).min(SATURATION);
	let e = round(exp2((a * LOG2_E) >> 10), 14);
	let s = half_reciprocal(e);
	if g >= 0 {
		s
	} else {
		round(e * s, 16)
	}
}

/// `rsh` of an unsigned number.
#[inline(always)]
fn round(x: u32, s: u32) -> u32 {
	(x >> s) + ((x >> s.saturating_sub(1)) & (s > 0) as u32)
}

/// `floor((2^31 + d / 2) / d)` for `d = 2^16 + e`, `e <= 2^16`: interpolated from a table, which
/// is off by less than 1, then corrected by the remainder.
#[inline(always)]
pub fn half_reciprocal(e: u32) -> u32 {
	let d = 65_536 + e;
	let i = (e >> 8) as usize & 511;
	let (high, low) = (RECIPROCALS[i], RECIPROCALS[i + 1]);
	let q = ((high << 8) - (high - low) * (e & 255)) >> 16;
	let remainder = ((1 << 31) + (d >> 1)).wrapping_sub(q * d) as i32;
	let (above, below) = (remainder >= d as i32, remainder < 0);
	q + above as u32 - below as u32
}

/// `2^39 / (2^16 + 256 i)`, at the steps of [`half_reciprocal`]; beyond 256 never read.
const RECIPROCALS: [u32; 513] = {
	let mut table = [0; 513];
	let mut i = 0;
	while i < table.len() {
		table[i] = ((1u64 << 39) / (65_536 + 256 * i as u64)) as u32;
		i += 1;
	}
	table
};

/// [`one_arithmetic::rsh`].
#[inline(always)]
fn rsh(x: i64, s: u32) -> i64 {
	(x >> s) + ((x >> s.saturating_sub(1)) & (s > 0) as i64)
}

/// [`one_arithmetic::scale`]: a shift to either side, the other being by 0.
#[inline(always)]
pub fn scale(x: i64, s: i32) -> i32 {
	let rounded = sat32(rsh(x, s.clamp(0, 62) as u32));
	let shifted = sat32(rounded << (-s).clamp(0, 31));
	if s > 62 {
		0
	} else {
		shifted as i32
	}
}

#[inline(always)]
fn sat32(x: i64) -> i64 {
	x.clamp(-LIMIT32 as i64, LIMIT32 as i64)
}
