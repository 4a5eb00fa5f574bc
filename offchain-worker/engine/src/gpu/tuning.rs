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
	/// Of linear layers, at single rows, and at tiles of them: as many sums as a thread holds well.
	pub sharing: [Sharing; 2],
	/// Threads that share the keys of an output of attention.
	pub keys: u32,
	/// 16-bit inputs instead of `dot4I8Packed` on their halves.
	pub wide: bool,
	/// Bytes of a shard of weights at most, whatever the device takes: its copy on the host has
	/// the same size.
	pub shard: u64,
}

/// Best where a processor runs the shaders: few threads, dear reads of memory, and no instruction for
/// `dot4I8Packed`.
pub(super) const SERIAL: Tuning = Tuning {
	sharing: [
		// As many threads as run in lockstep there: they read a strip in order.
		Sharing {
			rows: 1,
			pairs: 4,
			lanes: 8,
			split: 1,
		},
		// More of them round the inputs of a tile together.
		Sharing {
			rows: 8,
			pairs: 4,
			lanes: 24,
			split: 1,
		},
	],
	// llvmpipe ends a thread's loops after 65,535 turns in all, which fewer would take at the longest context.
	keys: 4,
	wide: true,
	shard: 256 << 20,
};
/// Best where many threads wait for memory.
pub(super) const PARALLEL: Tuning = Tuning {
	sharing: parallel(32, 8),
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
		sharing: parallel(64, 4),
		..PARALLEL
	},
	Tuning {
		sharing: parallel(16, 16),
		..PARALLEL
	},
];

/// Few sums a thread, and many threads.
const fn parallel(lanes: u32, split: u32) -> [Sharing; 2] {
	let single = Sharing {
		rows: 1,
		pairs: 1,
		lanes,
		split,
	};
	let tile = Sharing {
		rows: 4,
		pairs: 2,
		..single
	};
	[single, tile]
}

/// Sizes of the layer that is measured: between those of models of 0.1 and of 3 billion weights.
const OUTPUTS: u32 = 1_024;
const INPUTS: u32 = 2_048;
/// Rows of a measurement: a sequence that decodes, and a tile.
const ROWS: [u32; 2] = [1, 8];
/// Runs of one measurement, and measurements of which the shortest counts.
const RUNS: usize = 8;
const ROUNDS: usize = 5;

/// The candidate whose linear layer takes the shortest.
///
/// # Errors
/// What the device reports.
pub(super) fn fastest(gpu: &Gpu) -> Result<Tuning, EngineError> {
	let linear = Draw(1).linear(OUTPUTS, INPUTS, 0);
	let candidate = |tuning| Candidate::new(gpu.tuned(tuning), &linear);
	let mut all: Vec<_> = CANDIDATES
		.into_iter()
		.map(candidate)
		.collect::<Result<_, _>>()?;
	// By turns, so that what else the machine does for a while makes none of them slow.
	for _ in 0..ROUNDS {
		all.iter_mut().try_for_each(Candidate::measure)?;
		let least = all.iter().map(Candidate::time).min().unwrap_or_default();
		all.retain(|candidate| candidate.time() <= 2 * least);
	}
	let best = all.iter().min_by_key(|candidate| candidate.time());
	Ok(best.map_or(SERIAL, |best| best.gpu.tuning()))
}

/// One tuning under measurement.
struct Candidate {
	gpu: Gpu,
	/// At each of [`ROWS`].
	layers: Vec<Layer>,
}

impl Candidate {
	fn new(gpu: Gpu, linear: &Linear) -> Result<Self, EngineError> {
		let matrix = Matrix::upload(&gpu, &plain(linear), INPUTS as usize)?;
		let layers = ROWS.map(|rows| Layer::new(&gpu, &matrix, rows)).into_iter();
		let layers = layers.collect::<Result<_, _>>()?;
		Ok(Self { gpu, layers })
	}

	fn measure(&mut self) -> Result<(), EngineError> {
		for layer in &mut self.layers {
			layer.least = layer.least.min(layer.time(&self.gpu)?);
		}
		log::debug!(target: "engine", "{:?} takes {:?}", self.gpu.tuning(), self.time());
		Ok(())
	}

	/// The shortest times added up.
	fn time(&self) -> Duration {
		self.layers.iter().map(|layer| layer.least).sum()
	}
}

/// A linear layer at so many rows.
struct Layer {
	load: Load,
	dispatches: Vec<Dispatch>,
	/// The shortest time so far.
	least: Duration,
}

impl Layer {
	fn new(gpu: &Gpu, matrix: &Matrix, rows: u32) -> Result<Self, EngineError> {
		let load = Load {
			rows,
			heads: rows,
			chunks: 1,
		};
		let layer = Self {
			load,
			dispatches: dispatches(gpu, matrix, rows)?,
			least: Duration::MAX,
		};
		// The first run compiles, where a driver does so late.
		layer.time(gpu)?;
		Ok(layer)
	}

	fn time(&self, gpu: &Gpu) -> Result<Duration, EngineError> {
		let mut encoder = gpu
			.device()
			.create_command_encoder(&CommandEncoderDescriptor::default());
		let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
		let runs = RUNS * self.dispatches.len();
		for dispatch in self.dispatches.iter().cycle().take(runs) {
			dispatch.record(&mut pass, &self.load);
		}
		drop(pass);
		let start = Instant::now();
		gpu.queue().submit([encoder.finish()]);
		gpu.wait()?;
		Ok(start.elapsed())
	}
}

fn dispatches(gpu: &Gpu, matrix: &Matrix, rows: u32) -> Result<Vec<Dispatch>, EngineError> {
	let mut batch = Batch::zeroed();
	(batch.rows, batch.heads) = (rows, rows);
	let words = |what, row: u32| gpu.words(what, u64::from(rows * row));
	let layer = Operator {
		gpu,
		batch: &gpu.uniform(&batch),
		matrix,
		inputs: &words("inputs", INPUTS / 2 + 4)?,
	};
	Ok(layer.head(OUTPUTS, &words("logits", OUTPUTS)?))
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::{context::tests::devices, ops::attention::QUADS, weights::STRIP};

	#[test]
	fn fastest_should_be_a_candidate_of_this_device() {
		for gpu in devices() {
			assert!(CANDIDATES.contains(&fastest(gpu).unwrap()));
		}
	}

	#[test]
	fn every_candidate_should_fit_a_workgroup() {
		for tuning in CANDIDATES {
			assert!(QUADS * tuning.keys <= 256);
			for sharing in tuning.sharing {
				assert!(sharing.lanes * sharing.split <= 256);
				assert!(sharing.pairs <= 4 && sharing.rows <= 8);
				let run = STRIP as u32 / sharing.pairs;
				assert!(sharing.pairs == 1 || sharing.lanes.is_multiple_of(run));
			}
		}
	}
}
