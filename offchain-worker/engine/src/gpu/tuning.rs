//! How kernels share their work: measured on the device when it is opened.

use std::time::{Duration, Instant};

use bytemuck::Zeroable;
use wgpu::{CommandEncoderDescriptor, ComputePassDescriptor};

use super::{
	ops::{
		linear::{Operator, Sharing},
		Dispatch, Load,
	},
	program::Batch,
	self_test::Draw,
	weights::{plain, Matrix},
	Gpu,
};
use crate::{model::Linear, EngineError};

/// One way to share the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tuning {
	/// Threads of a workgroup next to each other, which have different outputs.
	pub lanes: u32,
	/// Threads that share the inputs of an output.
	pub split: u32,
	/// Pairs of outputs of a thread at a single row.
	pub pairs: u32,
	/// Rows of a tile, and pairs of outputs of a thread there: as many sums as a thread holds well.
	pub tile: [u32; 2],
	/// Threads that share the keys of an output of attention.
	pub keys: u32,
	/// 16-bit inputs instead of `dot4I8Packed` on their halves.
	pub wide: bool,
	/// Bytes of a shard of weights at most, whatever the device takes: its copy on the host has
	/// the same size.
	pub shard: u64,
}

impl Tuning {
	/// At single rows, and at tiles of them.
	pub fn sharing(&self) -> [Sharing; 2] {
		let &Self {
			lanes,
			split,
			pairs,
			tile,
			..
		} = self;
		[[1, pairs], tile].map(|[rows, pairs]| Sharing {
			rows,
			pairs,
			lanes,
			split,
		})
	}
}

/// Best where a processor runs the shaders: few threads, dear reads of memory, and no instruction for
/// `dot4I8Packed`.
pub(super) const SERIAL: Tuning = Tuning {
	lanes: 24,
	split: 1,
	pairs: 4,
	tile: [4, 4],
	// llvmpipe ends a thread's loops after 65,535 turns in all, which fewer would take at the longest context.
	keys: 4,
	wide: true,
	shard: 256 << 20,
};
/// Best where many threads wait for memory.
pub(super) const PARALLEL: Tuning = Tuning {
	lanes: 32,
	split: 8,
	pairs: 1,
	tile: [4, 2],
	keys: 16,
	wide: false,
	..SERIAL
};
const CANDIDATES: [Tuning; 6] = [
	SERIAL,
	PARALLEL,
	Tuning {
		wide: false,
		..SERIAL
	},
	Tuning {
		wide: true,
		..PARALLEL
	},
	Tuning {
		lanes: 64,
		split: 4,
		..PARALLEL
	},
	Tuning {
		lanes: 16,
		split: 16,
		..PARALLEL
	},
];

/// Sizes of the layer that is measured: between those of models of 0.1 and of 3 billion weights.
const OUTPUTS: u32 = 1_024;
const INPUTS: u32 = 2_048;
/// Rows of a measurement: a sequence that decodes, and a tile.
const ROWS: [u32; 2] = [1, 4];
/// Runs of one measurement, and measurements of which the shortest counts.
const RUNS: usize = 8;
const REPEATS: usize = 3;

/// The candidate whose linear layer takes the shortest.
///
/// # Errors
/// What the device reports.
pub(super) fn fastest(gpu: &Gpu) -> Result<Tuning, EngineError> {
	let linear = Draw(1).linear(OUTPUTS, INPUTS, 0);
	let mut best = (Duration::MAX, CANDIDATES[0]);
	for tuning in CANDIDATES {
		let time = measure(&gpu.tuned(tuning), &linear)?;
		log::debug!(target: "engine", "{tuning:?} takes {time:?}");
		if time < best.0 {
			best = (time, tuning);
		}
	}
	Ok(best.1)
}

/// The shortest times at each of [`ROWS`], added up.
fn measure(gpu: &Gpu, linear: &Linear) -> Result<Duration, EngineError> {
	let matrix = Matrix::upload(gpu, &plain(linear), INPUTS as usize)?;
	ROWS.into_iter().try_fold(Duration::ZERO, |sum, rows| {
		Ok(sum + shortest(gpu, &matrix, rows)?)
	})
}

fn shortest(gpu: &Gpu, matrix: &Matrix, rows: u32) -> Result<Duration, EngineError> {
	let mut batch = Batch::zeroed();
	(batch.rows, batch.heads) = (rows, rows);
	let words = |what, row: u32| gpu.words(what, u64::from(rows * row));
	let layer = Operator {
		gpu,
		batch: &gpu.uniform(&batch),
		matrix,
		inputs: &words("inputs", INPUTS / 2 + 4)?,
	};
	let dispatches = layer.head(OUTPUTS, &words("logits", OUTPUTS)?);
	// The first run compiles, where a driver does so late.
	(0..=REPEATS)
		.map(|_| time(gpu, &dispatches, rows))
		.skip(1)
		.try_fold(Duration::MAX, |least, time| Ok(least.min(time?)))
}

fn time(gpu: &Gpu, dispatches: &[Dispatch], rows: u32) -> Result<Duration, EngineError> {
	let load = Load {
		rows,
		heads: rows,
		chunks: 1,
	};
	let mut encoder = gpu
		.device()
		.create_command_encoder(&CommandEncoderDescriptor::default());
	let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
	for dispatch in dispatches.iter().cycle().take(RUNS * dispatches.len()) {
		dispatch.record(&mut pass, &load);
	}
	drop(pass);
	let start = Instant::now();
	gpu.queue().submit([encoder.finish()]);
	gpu.wait()?;
	Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::{context::tests::devices, ops::attention::QUADS};

	#[test]
	fn fastest_should_be_a_candidate_of_this_device() {
		for gpu in devices() {
			assert!(CANDIDATES.contains(&fastest(gpu).unwrap()));
		}
	}

	#[test]
	fn every_candidate_should_fit_a_workgroup() {
		for tuning in CANDIDATES {
			assert!(tuning.lanes * tuning.split <= 256);
			assert!(QUADS * tuning.keys <= 256);
			for sharing in tuning.sharing() {
				assert!(sharing.pairs <= 4 && sharing.rows * sharing.pairs <= 16);
			}
		}
	}
}
