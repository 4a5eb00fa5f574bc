//! Rounding of the hidden values of the feed-forward block.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{packing, At, Dispatch, Grid};
use crate::gpu::{pipelines::shaders::QUANTISE, Gpu};

/// `Hidden` of `quantise.wgsl`.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
struct Hidden {
	blocks: u32,
	f: i32,
}

/// Rounds `h` `[rows, 4 blocks]` with `f` fraction bits into the linear input `y`
/// `[rows, 1 + blocks]`.
pub fn quantise(
	gpu: &Gpu,
	batch: &Buffer,
	blocks: u32,
	f: i32,
	h: &Buffer,
	y: &Buffer,
) -> Dispatch {
	let hidden = gpu.uniform(&Hidden { blocks, f });
	let buffers = [batch, &hidden, h, y];
	Dispatch::new(
		gpu,
		&QUANTISE,
		packing(gpu, At::Rows),
		&buffers,
		Grid::Row(At::Rows),
	)
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::ops::testing::*;
	use one_arithmetic::Dyadic;

	#[test]
	fn quantise_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(2);
			for size in [1, 27, 172, 1025] {
				check(gpu, &mut draw, size);
			}
		}
	}

	fn check(gpu: &Gpu, draw: &mut Draw, size: usize) {
		const ROWS: usize = 30;
		let mut h: Vec<i32> = (0..ROWS).flat_map(|_| draw.values(size)).collect();
		h[..size].fill(0);
		h[size] = 32_640;
		let (blocks, f) = (size.div_ceil(4), draw.range(12, 20));
		let batch = batch(0, ROWS as u32, |_| 0);
		let words = 2 * (blocks + 1);
		let y = gpu.words("y", (ROWS * words) as u64).unwrap();
		let (uniform, buffer) = (gpu.uniform(&batch), storage(gpu, &padded(&h, size)));
		run(
			gpu,
			[quantise(gpu, &uniform, blocks as u32, f, &buffer, &y)],
			load(&batch),
		);
		for (h, found) in h.chunks(size).zip(download(gpu, &y).chunks(words)) {
			let mut a = vec![0; size];
			let s = one_arithmetic::quant(h, &mut a);
			assert_eq!(found, pack(gpu, &a, Dyadic::quantized(s, f)));
		}
	}
}
