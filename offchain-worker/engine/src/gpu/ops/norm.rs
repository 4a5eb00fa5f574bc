//! RMSNorm.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{packing, At, Dispatch, Grid};
use crate::gpu::{pipelines::shaders::RMSNORM, Gpu};
use crate::model;

/// `Norm` of `rmsnorm.wgsl`.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
struct Norm {
	size: u32,
	blocks: u32,
	gain_exponent: i32,
	eps: [u32; 2],
}

/// Normalises `x` `[rows, 8 blocks]` into the linear input `y` `[rows, 1 + blocks]`, and clears the
/// `peaks` `[rows]` of the layer that follows.
pub fn rmsnorm(
	gpu: &Gpu,
	batch: &Buffer,
	norm: &model::Norm,
	eps: u64,
	x: &Buffer,
	y: &Buffer,
	peaks: &Buffer,
	at: At,
) -> Dispatch {
	let size = norm.gain.len();
	let eps = size as u64 * eps;
	let constants = gpu.uniform(&Norm {
		size: size as u32,
		blocks: size.div_ceil(8) as u32,
		gain_exponent: norm.exponent,
		eps: [eps as u32, (eps >> 32) as u32],
	});
	let mut gain: Vec<i32> = norm.gain.iter().map(|g| i32::from(*g)).collect();
	gain.resize(size.next_multiple_of(8), 0);
	let gain = gpu.upload("gain", &gain);
	Dispatch::new(
		gpu,
		&RMSNORM,
		packing(gpu, at),
		&[batch, &constants, x, &gain, y, peaks],
		Grid::Row(at),
	)
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::ops::testing::*;

	#[test]
	fn rmsnorm_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(1);
			for size in [1, 6, 22, 64, 300, 1027] {
				for at in [At::Rows, At::Head] {
					check(gpu, &mut draw, size, at);
				}
			}
		}
	}

	fn check(gpu: &Gpu, draw: &mut Draw, size: usize, at: At) {
		const ROWS: usize = 20;
		let mut x: Vec<i32> = (0..ROWS).flat_map(|_| draw.values(size)).collect();
		x[..size].fill(0);
		x[size..2 * size].fill(i32::MAX);
		let eps = [0, 1, 168, 1 << 46][draw.range(0, 3) as usize];
		let exponent = draw.range(0, 20);
		let norm = model::Norm {
			gain: draw.many(size, |d| d.range(-32_767, 32_767) as i16),
			exponent,
		};
		let batch = batch(0, ROWS as u32);
		let words = 4 * (size.div_ceil(8) + 1);
		let y = gpu.words("y", (ROWS * words) as u64).unwrap();
		let (uniform, peaks) = (gpu.uniform(&batch), storage(gpu, &[7; ROWS]));
		let x_buffer = storage(gpu, &padded(&x, size));
		let dispatch = rmsnorm(gpu, &uniform, &norm, eps, &x_buffer, &y, &peaks, at);
		run(gpu, [dispatch], load(&batch));
		assert_eq!(download(gpu, &peaks), [0; ROWS]);
		for (i, found) in download(gpu, &y).chunks(words).enumerate() {
			let row = if at == At::Head { ROWS - 1 - i } else { i };
			let mut a = vec![0; size];
			let x = &x[row * size..][..size];
			let scale = one_arithmetic::rmsnorm(x, &norm.gain, exponent, eps, &mut a);
			assert_eq!(found, pack(gpu, &a, scale), "row {row} of {size}");
		}
	}
}
