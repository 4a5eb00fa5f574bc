//! Norms of the heads of queries and keys, with RoPE.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{linear::Projection, Dispatch, Grid};
use crate::{
	gpu::{pipelines::shaders::HEAD_NORM, weights::pairs_by_head, Gpu},
	model::{self, QkNorm},
};

/// `HeadNorm` of `head_norm.wgsl`.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
struct Parameters {
	eps: [u32; 4],
	gain_exponent: [i32; 2],
	padding: [u32; 2],
}

impl Parameters {
	fn new(norm: &QkNorm) -> Self {
		let [q, k] = [&norm.q, &norm.k].map(|n| n.norm.gain.len() as u64 * n.eps);
		Self {
			eps: [q, q >> 32, k, k >> 32].map(|word| word as u32),
			gain_exponent: [norm.q.norm.exponent, norm.k.norm.exponent],
			padding: [0; 2],
		}
	}
}

/// Norms and rotates `raw` `[rows, heads + kv_heads, half]` to the queries and the keys of `to`.
pub fn head_norm(
	gpu: &Gpu,
	batch: &Buffer,
	norm: &QkNorm,
	raw: &Buffer,
	to: Projection<'_>,
) -> Dispatch {
	let parameters = gpu.uniform(&Parameters::new(norm));
	let gains: Vec<_> = [&norm.q, &norm.k].into_iter().flat_map(gains).collect();
	let bits: Vec<_> = [&norm.q, &norm.k].into_iter().flat_map(bits).collect();
	let heads = 2 * bits.len() / norm.q.norm.gain.len();
	let (gains, bits) = (
		gpu.upload("gains", &gains),
		gpu.upload("fraction bits", &bits),
	);
	let buffers = [
		batch,
		to.heads,
		&parameters,
		&gains,
		&bits,
		to.rope,
		raw,
		to.q,
		to.k,
	];
	Dispatch::new(gpu, &HEAD_NORM, vec![], &buffers, Grid::Rows(heads as u32))
}

/// `[half]` pairs of gains.
fn gains(norm: &model::HeadNorm) -> Vec<[i32; 2]> {
	let gain: Vec<i32> = norm.norm.gain.iter().map(|g| i32::from(*g)).collect();
	pairs_by_head(&gain, gain.len() / 2).collect()
}

/// `f + 1` of the first channel of each pair `[heads, half]`; the second has the same.
fn bits(norm: &model::HeadNorm) -> Vec<i32> {
	let half = norm.norm.gain.len() / 2;
	pairs_by_head(&norm.f, half).map(|[f, _]| f + 1).collect()
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::{
		gpu::ops::{attention::Heads, testing::*},
		model::{Norm, Shape},
	};

	const ROWS: usize = 5;

	/// Three heads of queries, one of keys, of more pairs than a workgroup has threads.
	const SHAPE: Shape = Shape {
		layers: 1,
		hidden: 1,
		ffn: 1,
		heads: 3,
		kv_heads: 1,
		head_dim: 150,
		vocab: 1,
		context: 16,
	};
	const HALF: usize = 75;

	fn draw_norm(draw: &mut Draw, heads: usize, eps: u64) -> model::HeadNorm {
		let f = draw.many(heads * HALF, |d| d.range(-8, 20));
		let of_head = |f: &[i32]| [f, f].concat();
		model::HeadNorm {
			norm: Norm {
				gain: draw.many(2 * HALF, |d| d.range(-32_767, 32_767) as i16),
				exponent: draw.range(8, 16),
			},
			eps,
			f: f.chunks(HALF).flat_map(of_head).collect(),
		}
	}

	/// Words `[half]` of a head of `raw` under its norm and the angles of a position.
	fn twin(norm: &model::HeadNorm, head: usize, raw: &[i32], angles: &[i16]) -> Vec<i32> {
		let mut x: Vec<i32> = raw
			.iter()
			.step_by(2)
			.chain(raw[1..].iter().step_by(2))
			.copied()
			.collect();
		let f = &norm.f[head * 2 * HALF..][..2 * HALF];
		one_arithmetic::head_norm(&mut x, &norm.norm.gain, norm.norm.exponent, norm.eps, f);
		let cos: Vec<_> = angles.iter().step_by(2).copied().collect();
		let sin: Vec<_> = angles[1..].iter().step_by(2).copied().collect();
		let mut y = vec![0; 2 * HALF];
		one_arithmetic::rope(&x, &cos, &sin, &mut y);
		let word = |c| i32::from(y[c]) & 0xffff | i32::from(y[c + HALF]) << 16;
		(0..HALF).map(word).collect()
	}

	#[test]
	fn head_norm_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(10);
			for eps in [0, 1, 168, 1 << 46] {
				check(gpu, &mut draw, eps);
			}
		}
	}

	fn check(gpu: &Gpu, draw: &mut Draw, eps: u64) {
		let norm = QkNorm {
			q: draw_norm(draw, 3, eps),
			k: draw_norm(draw, 1, eps / 2),
		};
		let mut raw: Vec<i32> = (0..ROWS * 4).flat_map(|_| draw.values(2 * HALF)).collect();
		raw[..2 * HALF].fill(0);
		raw[2 * HALF..4 * HALF].fill(i32::MAX);
		let angles = draw.many(2 * 16 * HALF, |d| d.range(-16_384, 16_384) as i16);
		let batch = batch(3, ROWS as u32, |_| 0);
		let [q, k] = [ROWS * 3, 16].map(|heads| gpu.words("out", (heads * HALF) as u64).unwrap());
		let to = Projection {
			heads: &gpu.uniform(&Heads::new(&SHAPE, 40_000, 16, 0)),
			bias: &q,
			rope: &storage(gpu, &angles),
			q: &q,
			k: &k,
			v: &k,
		};
		let dispatch = head_norm(gpu, &gpu.uniform(&batch), &norm, &storage(gpu, &raw), to);
		run(gpu, [dispatch], load(&batch));
		let (q, k) = (download(gpu, &q), download(gpu, &k));
		for (row, raw) in raw.chunks(8 * HALF).enumerate() {
			let angles = &angles[(row + 3) * 2 * HALF..][..2 * HALF];
			for (head, raw) in raw.chunks(2 * HALF).enumerate() {
				let (norm, number, found) = match head {
					3 => (&norm.k, 0, &k[(row + 3) * HALF..]),
					_ => (&norm.q, head, &q[(row * 3 + head) * HALF..]),
				};
				assert_eq!(
					found[..HALF],
					twin(norm, number, raw, angles),
					"{row} {head} {eps}"
				);
			}
		}
	}
}
