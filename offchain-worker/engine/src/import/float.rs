//! The float operations of calibration, in one fixed order on every machine.
//!
//! Only IEEE basic operations, and `libm` for the rest, so that every importer finds the same peaks.

use rayon::prelude::*;

use super::weights::Matrix;

/// Partial sums of a product, so that the compiler may vectorise a fixed order.
const LANES: usize = 8;

/// Rows of one parallel task.
const ROWS: usize = 16;

/// `sum a b`, in eight interleaved partial sums.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
	let mut sums = [0.0; LANES];
	let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
	let rest = a
		.remainder()
		.iter()
		.zip(b.remainder())
		.map(|(a, b)| a * b)
		.sum::<f64>();
	for (a, b) in a.zip(b) {
		for lane in 0..LANES {
			sums[lane] += a[lane] * b[lane];
		}
	}
	sums.iter().sum::<f64>() + rest
}

/// `y = W x` for each of the rows of `xs`: `[n, cols]` to `[n, rows]`.
pub fn linear(weight: &Matrix<'_>, xs: &[f64]) -> Vec<f64> {
	let (rows, cols) = (weight.rows(), weight.cols());
	let n = xs.len() / cols;
	let mut columns = vec![0.0; rows * n];
	columns
		.par_chunks_mut(ROWS * n)
		.enumerate()
		.for_each(|(block, columns)| {
			let mut row = vec![0.0; cols];
			for (r, column) in columns.chunks_exact_mut(n).enumerate() {
				weight.read_row(block * ROWS + r, &mut row);
				for (y, x) in column.iter_mut().zip(xs.chunks_exact(cols)) {
					*y = dot(&row, x);
				}
			}
		});
	transpose(&columns, n)
}

fn transpose(columns: &[f64], n: usize) -> Vec<f64> {
	let rows = columns.len() / n;
	(0..columns.len())
		.map(|i| columns[i % rows * n + i / rows])
		.collect()
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

/// `silu(g) u`.
pub fn swiglu(g: &[f64], u: &[f64]) -> Vec<f64> {
	g.iter()
		.zip(u)
		.map(|(g, u)| g / (1.0 + libm::exp(-g)) * u)
		.collect()
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
