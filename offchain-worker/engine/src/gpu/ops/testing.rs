//! Runs single operators on every device and tuning, against their twins in `one-arithmetic`.

#![allow(clippy::unwrap_used)]

use bytemuck::{NoUninit, Zeroable};
use one_arithmetic::{halves, Dyadic, LIMIT16, LIMIT32};
use wgpu::{Buffer, CommandEncoderDescriptor, ComputePassDescriptor};

use super::{Dispatch, Load};
pub use crate::gpu::{context::tests::devices, program::Batch, self_test::Draw};
use crate::gpu::{Gpu, CHUNK, MAX_ROWS};

/// A batch whose rows are the positions of one sequence from `first` on, fed in reverse to the head;
/// its cache begins with the first page.
pub fn batch(first: u32, rows: u32) -> Batch {
	let mut batch = Batch::zeroed();
	assert!(rows as usize <= MAX_ROWS);
	(batch.rows, batch.heads) = (rows, rows);
	batch.chunks = (first + rows - 1) / CHUNK + 1;
	for i in 0..rows {
		let row = &mut batch.row[i as usize];
		(row.cache, row.position) = (first + i, first + i);
		row.head = rows - 1 - i;
	}
	batch
}

pub fn load(batch: &Batch) -> Load {
	Load {
		rows: batch.rows,
		heads: batch.heads,
		chunks: batch.chunks,
	}
}

/// Runs `dispatches` in order.
pub fn run(gpu: &Gpu, dispatches: impl IntoIterator<Item = Dispatch>, load: Load) {
	let mut encoder = gpu
		.device()
		.create_command_encoder(&CommandEncoderDescriptor::default());
	let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
	for dispatch in dispatches {
		dispatch.record(&mut pass, &load);
	}
	drop(pass);
	gpu.queue().submit([encoder.finish()]);
}

/// The words of a storage buffer.
pub fn download(gpu: &Gpu, buffer: &Buffer) -> Vec<i32> {
	let staging = gpu.staging(buffer.size());
	let mut encoder = gpu
		.device()
		.create_command_encoder(&CommandEncoderDescriptor::default());
	encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, buffer.size());
	gpu.queue().submit([encoder.finish()]);
	gpu.read(&staging, buffer.size()).unwrap()
}

/// A storage buffer that can be written.
pub fn storage<T: NoUninit>(gpu: &Gpu, data: &[T]) -> Buffer {
	let bytes = bytemuck::cast_slice::<_, u8>(data);
	let buffer = gpu.words("test", bytes.len().div_ceil(4) as u64).unwrap();
	gpu.queue().write_buffer(&buffer, 0, bytes);
	buffer
}

/// The input of a linear layer as the kernels keep it: `m, e, 0, 0`, then blocks of eight numbers.
pub fn pack(gpu: &Gpu, a: &[i16], scale: Dyadic) -> Vec<i32> {
	let block = |a: &[i16]| {
		let at = |i: usize| a.get(i).copied().unwrap_or(0);
		if gpu.tuning().wide {
			let word = |low: i16, high: i16| i32::from(low) & 0xffff | i32::from(high) << 16;
			return [0, 2, 4, 6].map(|i| word(at(i), at(i + 1)));
		}
		let four = |i: usize| [i, i + 1, i + 2, i + 3].map(|i| halves(at(i)));
		let (high, low) = (
			[0, 4].map(|i| four(i).map(|half| half.0 as u8)),
			[0, 4].map(|i| four(i).map(|half| half.1 as u8)),
		);
		[high[0], high[1], low[0], low[1]].map(i32::from_le_bytes)
	};
	[i32::from(scale.m), scale.e, 0, 0]
		.into_iter()
		.chain(a.chunks(8).flat_map(block))
		.collect()
}

/// `rows` of values padded to a multiple of eight words.
pub fn padded(x: &[i32], size: usize) -> Vec<i32> {
	let mut all = vec![];
	for row in x.chunks(size) {
		all.extend_from_slice(row);
		all.resize(all.len().next_multiple_of(8), 0);
	}
	all
}

impl Draw {
	/// A stored 32-bit value of any magnitude, the limits among them.
	pub fn value(&mut self) -> i32 {
		match self.range(0, 15) {
			0 => LIMIT32,
			1 => -LIMIT32,
			2 => 0,
			_ => self.range(-LIMIT32, LIMIT32) >> self.range(0, 30),
		}
	}

	/// Values of one magnitude.
	pub fn values(&mut self, n: usize) -> Vec<i32> {
		let shift = self.range(0, 30);
		self.many(n, |d| d.value() >> shift)
	}

	/// A 16-bit activation, often at its limit.
	pub fn activation(&mut self) -> i16 {
		match self.range(0, 7) {
			0 => LIMIT16 as i16,
			1 => -LIMIT16 as i16,
			_ => self.range(-LIMIT16, LIMIT16) as i16,
		}
	}

	/// A scale of inputs whose exponent may be far off.
	pub fn dyadic(&mut self) -> Dyadic {
		Dyadic {
			m: self.range(1 << 15, 65_535) as u16,
			e: self.range(-70, 40),
		}
	}
}
