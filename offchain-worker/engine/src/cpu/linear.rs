//! Linear layers over several tokens, in parallel.

use std::ops::Range;

use one_arithmetic::Dyadic;
use rayon::prelude::*;

use super::kernels::{Inputs, Kernels, Rows};
use crate::model::{Layer, Linear};

/// Bytes of weights of a task: they stay in the second-level cache while all tokens pass.
const TASK_BYTES: usize = 1 << 18;
/// Multiply-accumulates below which a task is not worth another thread.
const TASK_MACS: usize = 1 << 15;

/// 16-bit inputs of a linear layer: `[n, cols]` and one scale per token.
pub struct Input {
	/// The integers.
	pub a: Vec<i16>,
	/// Their scales.
	pub scales: Vec<Dyadic>,
}

impl Input {
	/// Rounds each token of `[n, size]` on its own by `round(x, a)`, which returns the scale.
	pub fn new<T: Sync>(
		xs: &[T],
		size: usize,
		round: impl Fn(&[T], &mut [i16]) -> Dyadic + Sync,
	) -> Self {
		let mut a = vec![0; xs.len()];
		let tokens = a.par_chunks_exact_mut(size).zip(xs.par_chunks_exact(size));
		let scales = tokens.map(|(a, x)| round(x, a)).collect();
		Self { a, scales }
	}

	fn as_inputs(&self) -> Inputs<'_> {
		Inputs {
			a: &self.a,
			scales: &self.scales,
		}
	}
}

/// `[n, rows]` outputs of each of several layers with one input, all in one parallel region.
pub fn linear<const N: usize>(
	kernels: &dyn Kernels,
	layers: [&Linear; N],
	input: &Input,
) -> [Vec<i32>; N] {
	let n = input.scales.len();
	let mut outputs = layers.map(|layer| vec![0; n * layer.weight.rows()]);
	let tasks: Vec<_> = layers
		.into_iter()
		.zip(&mut outputs)
		.flat_map(|(layer, y)| tasks(layer, n, y).map(move |task| (layer, task)))
		.collect();
	tasks
		.into_par_iter()
		.with_max_len(1)
		.for_each(|(layer, mut task)| fill(kernels, layer, task.rows, input, &mut task.y));
	outputs
}

/// The row with the largest output of each token, the first of several; the outputs, which are many
/// where the rows are a vocabulary, stay with their task.
pub fn largest(kernels: &dyn Kernels, layer: &Linear, input: &Input) -> Vec<Option<usize>> {
	let (all, n) = (layer.weight.rows(), input.scales.len());
	let each = rows_of_task(all, layer.weight.cols(), n);
	let starts: Vec<usize> = (0..all).step_by(each).collect();
	let of_task = |start: &usize| -> Vec<Option<(i32, usize)>> {
		let rows = *start..all.min(start + each);
		let y = part(kernels, layer, rows.clone(), input);
		let tokens = y.chunks_exact(rows.len());
		tokens
			.map(|y| kernels.argmax(y).map(|i| (y[i], start + i)))
			.collect()
	};
	let tasks: Vec<_> = starts.par_iter().with_max_len(1).map(of_task).collect();
	let first_largest = |token: usize| {
		let tasks = tasks.iter().filter_map(|task| task[token]);
		let larger = |a: (i32, usize), b: (i32, usize)| if b.0 > a.0 { b } else { a };
		tasks.reduce(larger).map(|(_, row)| row)
	};
	(0..n).map(first_largest).collect()
}

/// `[n, ffn]` gated values of a layer; each task multiplies its rows of the gate and of the
/// projection up.
pub fn gated(kernels: &dyn Kernels, layer: &Layer, input: &Input) -> Vec<i32> {
	let n = input.scales.len();
	let mut h = vec![0; n * layer.gate.weight.rows()];
	let tasks: Vec<_> = tasks(&layer.gate, n, &mut h).collect();
	tasks.into_par_iter().with_max_len(1).for_each(|task| {
		let g = part(kernels, &layer.gate, task.rows.clone(), input);
		let u = part(kernels, &layer.up, task.rows.clone(), input);
		let tokens = g.chunks_exact(task.rows.len());
		for ((h, g), u) in task
			.y
			.into_iter()
			.zip(tokens)
			.zip(u.chunks_exact(task.rows.len()))
		{
			kernels.swiglu(g, u, layer.f_gate, layer.swiglu_shift, h);
		}
	});
	h
}

/// Some rows of a layer, and where their outputs of every token go.
struct Task<'a> {
	rows: Range<usize>,
	y: Vec<&'a mut [i32]>,
}

/// Splits the outputs `[n, rows]` of a layer evenly among the threads.
fn tasks<'a>(layer: &Linear, n: usize, y: &'a mut [i32]) -> impl Iterator<Item = Task<'a>> {
	let (rows, cols) = (layer.weight.rows(), layer.weight.cols());
	let each = rows_of_task(rows, cols, n);
	let mut tasks: Vec<Task<'a>> = (0..rows)
		.step_by(each)
		.map(|r| Task {
			rows: r..rows.min(r + each),
			y: Vec::with_capacity(n),
		})
		.collect();
	for y in y.chunks_exact_mut(rows) {
		let parts = tasks.iter_mut().zip(y.chunks_mut(each));
		parts.for_each(|(task, y)| task.y.push(y));
	}
	tasks.into_iter().filter(|task| !task.y.is_empty())
}

fn rows_of_task(rows: usize, cols: usize, n: usize) -> usize {
	let threads = rayon::current_num_threads();
	let rounds = (rows * cols).div_ceil(threads * TASK_BYTES);
	let worth = (rows * cols * n).div_ceil(TASK_MACS);
	rows.div_ceil((threads * rounds).min(worth).max(1))
		.next_multiple_of(4)
}

/// The outputs `[n, rows.len()]` of some rows of a layer.
fn part(kernels: &dyn Kernels, layer: &Linear, rows: Range<usize>, input: &Input) -> Vec<i32> {
	let mut y = vec![0; input.scales.len() * rows.len()];
	let mut tokens: Vec<_> = y.chunks_exact_mut(rows.len()).collect();
	fill(kernels, layer, rows, input, &mut tokens);
	y
}

fn fill(
	kernels: &dyn Kernels,
	layer: &Linear,
	rows: Range<usize>,
	input: &Input,
	y: &mut [&mut [i32]],
) {
	let cols = layer.weight.cols();
	let rows = Rows {
		weights: &layer.weight.as_slice()[rows.start * cols..rows.end * cols],
		m: &layer.mantissa[rows.clone()],
		shift: &layer.shift[rows],
	};
	kernels.linear(rows, input.as_inputs(), y);
}
