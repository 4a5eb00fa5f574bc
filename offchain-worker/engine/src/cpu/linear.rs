//! Linear layers over several tokens, in parallel.

use one_arithmetic::{dot, linear_row, Dyadic};
use rayon::prelude::*;

use crate::model::Linear;

/// Multiply-accumulates worth a task of their own.
const TASK: usize = 1 << 16;

/// 16-bit inputs of a linear layer: `[n, size]` and one scale per token.
pub struct Input {
	/// The integers.
	pub a: Vec<i16>,
	/// Their scales.
	pub scales: Vec<Dyadic>,
	/// Integers of a token.
	pub size: usize,
}

impl Input {
	/// Rounds each token of `[n, size]` on its own by `round(x, a)`, which returns the scale.
	pub fn new<T: Sync>(
		xs: &[T],
		size: usize,
		round: impl Fn(&[T], &mut [i16]) -> Dyadic + Sync,
	) -> Self {
		let mut a = vec![0; xs.len()];
		let scales = a.chunks_exact_mut(size).zip(xs.chunks_exact(size));
		let scales = scales.map(|(a, x)| round(x, a)).collect();
		Self { a, scales, size }
	}
}

/// `[n, rows]` outputs.
pub fn linear(layer: &Linear, input: &Input) -> Vec<i32> {
	let (n, rows) = (input.scales.len(), layer.weight.rows());
	if n == 0 {
		return Vec::new();
	}
	let mut columns = vec![0; n * rows];
	let task = (TASK / (n * input.size)).max(1);
	columns
		.par_chunks_mut(task * n)
		.enumerate()
		.for_each(|(i, columns)| {
			for (r, column) in columns.chunks_exact_mut(n).enumerate() {
				fill_row(layer, i * task + r, input, column);
			}
		});
	transpose(columns, n)
}

fn fill_row(layer: &Linear, r: usize, input: &Input, column: &mut [i32]) {
	let (w, m, shift) = (layer.weight.row(r), layer.mantissa[r], layer.shift[r]);
	let inputs = input.a.chunks_exact(input.size).zip(&input.scales);
	for (y, (a, scale)) in column.iter_mut().zip(inputs) {
		*y = linear_row(dot(w, a), m, shift, *scale);
	}
}

/// `[rows, n]` to `[n, rows]`.
fn transpose(columns: Vec<i32>, n: usize) -> Vec<i32> {
	if n == 1 {
		return columns;
	}
	let rows = columns.len() / n;
	let mut out = vec![0; columns.len()];
	for (t, out) in out.chunks_exact_mut(rows).enumerate() {
		out.iter_mut()
			.zip(columns[t..].iter().step_by(n))
			.for_each(|(y, x)| *y = *x);
	}
	out
}
