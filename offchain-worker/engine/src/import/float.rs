//! The float operations of calibration, in one fixed order on every machine.
//!
//! Only IEEE basic operations, and `libm` for the rest, so that every importer finds the same peaks.

use std::{array, ops::Range};

use rayon::prelude::*;

use super::weights::Matrix;

/// Partial sums of a product, so that the compiler may vectorise a fixed order.
const LANES: usize = 4;

/// Rows of a matrix that are held as `f64` at a time.
const ROWS: usize = 16;

/// Tokens of one parallel task.
const TOKENS: usize = 64;

/// `sum a b`, in interleaved partial sums.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
	tile([a], [b])[0][0]
}

/// `sum a b` of every pair: a tile in registers halves what is loaded for a product, and leaves the
/// order of each sum alone.
fn tile<const A: usize, const B: usize>(a: [&[f64]; A], b: [&[f64]; B]) -> [[f64; B]; A] {
	let (a, b) = (
		a.map(<[f64]>::as_chunks::<LANES>),
		b.map(<[f64]>::as_chunks::<LANES>),
	);
	let steps = a.iter().chain(&b).map(|x| x.0.len()).min().unwrap_or(0);
	let (left, right) = (a.map(|x| &x.0[..steps]), b.map(|x| &x.0[..steps]));
	let mut sums = [[[0.0; LANES]; B]; A];
	for i in 0..steps {
		for (sums, a) in sums.iter_mut().zip(&left) {
			for (sums, b) in sums.iter_mut().zip(&right) {
				(0..LANES).for_each(|lane| sums[lane] += a[i][lane] * b[i][lane]);
			}
		}
	}
	let rest = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
	array::from_fn(|i| array::from_fn(|j| sums[i][j].iter().sum::<f64>() + rest(a[i].1, b[j].1)))
}

/// `y = W x` for each of the rows of `xs`: `[n, cols]` to `[n, rows]`.
pub fn linear(weight: &Matrix<'_>, xs: &[f64]) -> Vec<f64> {
	let (rows, cols) = (weight.rows(), weight.cols());
	let mut ys = vec![0.0; xs.len() / cols * rows];
	ys.par_chunks_mut(TOKENS * rows)
		.zip(xs.par_chunks(TOKENS * cols))
		.for_each(|(ys, xs)| products(weight, 0..rows, xs, |t, r, y| ys[t * rows + r] = y));
	ys
}

/// The largest magnitude of `W x` for all rows of `xs`, without holding the products.
pub fn linear_peak(weight: &Matrix<'_>, xs: &[f64]) -> f64 {
	let block_peak = |block: usize| {
		let rows = block * ROWS..weight.rows().min((block + 1) * ROWS);
		let mut peak = 0.0;
		products(weight, rows, xs, |_, _, y| peak = f64::max(peak, y.abs()));
		peak
	};
	let blocks = (0..weight.rows().div_ceil(ROWS)).into_par_iter();
	blocks.map(block_peak).reduce(|| 0.0, f64::max)
}

/// Tells `each` the token, the row and the product, for all tokens of `xs` and all of `rows`.
fn products(
	weight: &Matrix<'_>,
	rows: Range<usize>,
	xs: &[f64],
	mut each: impl FnMut(usize, usize, f64),
) {
	let cols = weight.cols();
	let mut block = vec![0.0; ROWS * cols];
	for first in rows.clone().step_by(ROWS) {
		let block = &mut block[..ROWS.min(rows.end - first) * cols];
		for (r, row) in block.chunks_exact_mut(cols).enumerate() {
			weight.read_row(first + r, row);
		}
		block_products(block, xs, cols, |t, r, y| each(t, first + r, y));
	}
}

/// All products of rows and tokens of size `cols`, two by two; the last of an odd number is its own
/// neighbour.
fn block_products(rows: &[f64], xs: &[f64], cols: usize, mut each: impl FnMut(usize, usize, f64)) {
	let (row, x) = (|r| &rows[r * cols..][..cols], |t| &xs[t * cols..][..cols]);
	let pairs = |n: usize| (0..n).step_by(2).map(move |i| [i, (i + 1).min(n - 1)]);
	for tokens in pairs(xs.len() / cols) {
		for rows in pairs(rows.len() / cols) {
			let sums = tile(rows.map(row), tokens.map(x));
			for (r, sums) in rows.iter().zip(sums) {
				for (t, sum) in tokens.iter().zip(sums) {
					each(*t, *r, sum);
				}
			}
		}
	}
}

/// RMSNorm of each row of `xs`, `[n, gain.len()]`.
pub fn rmsnorm(xs: &[f64], gain: &[f64], epsilon: f64) -> Vec<f64> {
	let row = |x: &[f64]| {
		let scale = 1.0 / (dot(x, x) / x.len() as f64 + epsilon).sqrt();
		x.iter()
			.zip(gain)
			.map(|(x, g)| x * scale * g)
			.collect::<Vec<_>>()
	};
	xs.chunks_exact(gain.len()).flat_map(row).collect()
}

/// `g = silu(g) u`.
pub fn swiglu(g: &mut [f64], u: &[f64]) {
	for (g, u) in g.iter_mut().zip(u) {
		*g = *g / (1.0 + libm::exp(-*g)) * u;
	}
}

/// Rotates one head by the angles of its position, rotate-half.
pub fn rope(head: &mut [f64], angles: &[(f64, f64)]) {
	let (left, right) = head.split_at_mut(angles.len());
	for ((l, r), (cos, sin)) in left.iter_mut().zip(right).zip(angles) {
		(*l, *r) = (*l * cos - *r * sin, *r * cos + *l * sin);
	}
}

/// `x += y`.
pub fn add(x: &mut [f64], y: &[f64]) {
	x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

/// The largest magnitude.
pub fn peak(x: &[f64]) -> f64 {
	x.iter().fold(0.0, |peak, x| f64::max(peak, x.abs()))
}

/// The largest magnitude of each channel of `[n, channels]`.
pub fn channel_peaks(xs: &[f64], channels: usize) -> Vec<f64> {
	let mut peaks = vec![0.0; channels];
	for x in xs.chunks_exact(channels) {
		peaks
			.iter_mut()
			.zip(x)
			.for_each(|(peak, x)| *peak = f64::max(*peak, x.abs()));
	}
	peaks
}
