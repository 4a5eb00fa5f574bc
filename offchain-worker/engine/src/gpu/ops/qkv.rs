//! Queries, keys and values, with the norms of their heads and RoPE.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{
	linear::{Kernel, Operator, Parameters, Sharing},
	At, Dispatch,
};
use crate::{
	gpu::{
		pipelines::shaders,
		weights::{by_head, pairs_by_head, Matrix, Pair},
		Gpu,
	},
	model::{HeadNorm, Layer, Linear, QkNorm},
	EngineError,
};

/// Threads of a workgroup at most, as in `linear.wgsl`.
const MAX_THREADS: u32 = 256;

/// `HeadNorm` of `head_norm.wgsl`.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
struct Norms {
	eps: [u32; 4],
	gain_exponent: [i32; 2],
	padding: [u32; 2],
}

impl Norms {
	/// Zeros for a layer without.
	fn new(norm: Option<&QkNorm>) -> Self {
		let both = norm.map_or([None; 2], |norm| [Some(&norm.q), Some(&norm.k)]);
		let eps = |n: &HeadNorm| n.norm.gain.len() as u64 * n.eps;
		let [q, k] = both.map(|n| n.map_or(0, eps));
		Self {
			eps: [q, q >> 32, k, k >> 32].map(|word| word as u32),
			gain_exponent: both.map(|n| n.map_or(0, |n| n.norm.exponent)),
			padding: [0; 2],
		}
	}
}

/// The weights of queries, keys and values of a layer.
pub struct Projection {
	matrix: Matrix,
	/// [`Norms`]
	norms: Buffer,
	/// `[pairs]` biases, gains and fraction bits.
	channels: Buffer,
	/// Pairs of a head, if heads are normed.
	normed: Option<u32>,
}

/// What queries, keys and values are computed from, and where they go.
#[derive(Clone, Copy)]
pub struct Ends<'a> {
	/// The rows.
	pub batch: &'a Buffer,
	/// `[rows, 1 + blocks]` as a norm writes them.
	pub inputs: &'a Buffer,
	/// `Heads` of `heads.wgsl`.
	pub heads: &'a Buffer,
	/// `[context, half]`
	pub rope: &'a Buffer,
	/// `[rows, heads, 4 quads]`
	pub q: &'a Buffer,
	/// `[pages, CHUNK, kv_heads, 4 quads]`
	pub k: &'a Buffer,
	/// `[pages, CHUNK, kv_heads, 4 quads]`
	pub v: &'a Buffer,
}

impl Projection {
	/// Uploads those of `layer`, whose heads have `half` pairs of channels.
	///
	/// # Errors
	/// What the device reports, such as a lack of memory.
	pub fn upload(gpu: &Gpu, layer: &Layer, half: usize) -> Result<Self, EngineError> {
		let linears = [&layer.q, &layer.k, &layer.v];
		let pairs: Vec<Pair<'_>> = linears
			.into_iter()
			.flat_map(|linear| by_head(linear, half))
			.collect();
		let (norm, inputs) = (layer.qk_norm.as_ref(), layer.q.weight.cols());
		Ok(Self {
			matrix: Matrix::upload_groups(gpu, &pairs, norm.map_or(1, |_| half), inputs)?,
			norms: gpu.uniform(&Norms::new(norm)),
			channels: gpu.upload("channels", &channels(layer, half)),
			normed: norm.map(|_| half as u32),
		})
	}

	/// Queries to `q`, keys and values to the caches.
	pub fn dispatches(&self, gpu: &Gpu, ends: Ends<'_>) -> Vec<Dispatch> {
		let Ends { batch, inputs, .. } = ends;
		let operator = Operator {
			gpu,
			batch,
			matrix: &self.matrix,
			inputs,
		};
		let kernel = Kernel {
			shader: &shaders::QKV,
			at: At::Rows,
			sharing: self.sharing(gpu),
			constants: vec![("NORMED", self.normed.is_some() as u32)],
		};
		let (norms, channels) = (&self.norms, &self.channels);
		let Ends { heads, rope, .. } = ends;
		let buffers = [heads, norms, channels, rope, ends.q, ends.k, ends.v];
		operator.run(&kernel, Parameters::default(), &buffers)
	}

	/// A head a workgroup, if they are normed.
	fn sharing(&self, gpu: &Gpu) -> [Sharing; 2] {
		let sharing = gpu.tuning().sharing;
		let of_head = |half, sharing: Sharing| Sharing {
			pairs: 1,
			lanes: half,
			split: sharing.split.min(MAX_THREADS / half).max(1),
			..sharing
		};
		match self.normed {
			Some(half) => sharing.map(|sharing| of_head(half, sharing)),
			None => sharing,
		}
	}
}

/// Biases, gains and fraction bits of all pairs, zeros where there are none.
fn channels(layer: &Layer, half: usize) -> Vec<[i32; 4]> {
	let none = |linear: &Linear| vec![0; linear.weight.rows()];
	let bias = match &layer.bias {
		Some(bias) => [bias.q.clone(), bias.k.clone(), bias.v.clone()],
		None => [&layer.q, &layer.k, &layer.v].map(none),
	};
	let norms = layer.qk_norm.iter().flat_map(|norm| [&norm.q, &norm.k]);
	let mut norms = norms.flat_map(|norm| norm_pairs(norm, half));
	let pairs = bias.iter().flat_map(|bias| pairs_by_head(bias, half));
	let channel = |[left, right]: [i32; 2]| {
		let [gains, bits] = norms.next().unwrap_or_default();
		[left, right, gains, bits]
	};
	pairs.map(channel).collect()
}

/// Both gains in one word, and `f + 1`, which both channels share, of each pair `[heads, half]`.
fn norm_pairs(norm: &HeadNorm, half: usize) -> impl Iterator<Item = [i32; 2]> + '_ {
	let gain = &norm.norm.gain;
	let pair = move |(i, [f, _]): (usize, [i32; 2])| {
		let [low, high] = [gain[i % half], gain[i % half + half]];
		[i32::from(low) & 0xffff | i32::from(high) << 16, f + 1]
	};
	pairs_by_head(&norm.f, half).enumerate().map(pair)
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use one_arithmetic::{rope, Dyadic};

	use super::*;
	use crate::{
		gpu::{
			ops::{
				attention::{quads, Heads},
				testing::*,
			},
			self_test,
		},
		model::Shape,
	};

	const ROWS: usize = 9;
	/// Position of the first row.
	const FIRST: usize = 3;

	/// Heads of more pairs than a warp has threads.
	const LARGE: Shape = Shape {
		heads: 3,
		kv_heads: 1,
		head_dim: 150,
		..self_test::SHAPE
	};

	/// What the operator computes, on the CPU.
	struct Twin<'a> {
		layer: &'a Layer,
		size: usize,
		angles: &'a [i16],
	}

	impl Twin<'_> {
		/// The biased outputs of one of the three matrices.
		fn biased(&self, i: usize, (a, scale): &(Vec<i16>, Dyadic)) -> Vec<i32> {
			let linear = [&self.layer.q, &self.layer.k, &self.layer.v][i];
			let mut y = vec![0; linear.weight.rows()];
			let (weight, mantissa) = (linear.weight.as_slice(), &linear.mantissa);
			one_arithmetic::linear(weight, mantissa, &linear.shift, a, *scale, &mut y);
			if let Some(bias) = &self.layer.bias {
				one_arithmetic::add(&mut y, [&bias.q, &bias.k, &bias.v][i]);
			}
			y
		}

		/// Words of queries (0) or keys (1) at a position.
		fn rotated(&self, i: usize, row: &(Vec<i16>, Dyadic), position: usize) -> Vec<i32> {
			let mut y = self.biased(i, row);
			if let Some(norm) = &self.layer.qk_norm {
				let HeadNorm { norm, eps, f } = [&norm.q, &norm.k][i];
				for (y, f) in y.chunks_mut(self.size).zip(f.chunks(self.size)) {
					one_arithmetic::head_norm(y, &norm.gain, norm.exponent, *eps, f);
				}
			}
			let angles = self.angles[position * self.size..][..self.size].chunks(2);
			let (cos, sin): (Vec<_>, Vec<_>) = angles.map(|pair| (pair[0], pair[1])).unzip();
			let mut out = vec![];
			for head in y.chunks(self.size) {
				let mut rotated = vec![0; self.size];
				rope(head, &cos, &sin, &mut rotated);
				out.extend(self.words(&rotated));
			}
			out
		}

		fn values(&self, row: &(Vec<i16>, Dyadic)) -> Vec<i32> {
			let clamped = self.biased(2, row).into_iter();
			let clamped: Vec<i16> = clamped.map(|x| one_arithmetic::clamp16(x.into())).collect();
			clamped
				.chunks(self.size)
				.flat_map(|head| self.words(head))
				.collect()
		}

		fn words(&self, head: &[i16]) -> Vec<i32> {
			let (low, high) = head.split_at(self.size / 2);
			let word =
				|(low, high): (&i16, &i16)| i32::from(*low) & 0xffff | i32::from(*high) << 16;
			let mut words: Vec<i32> = low.iter().zip(high).map(word).collect();
			words.resize(words.len().next_multiple_of(4), 0);
			words
		}
	}

	#[test]
	fn qkv_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(8);
			for shape in [self_test::SHAPE, LARGE] {
				let layer = draw.layer(&shape);
				check(gpu, &mut draw, &shape, &layer);
				for eps in [0, 1, 168, 1 << 46] {
					let mut layer = draw.full_layer(&shape);
					if let Some(norm) = &mut layer.qk_norm {
						(norm.q.eps, norm.k.eps) = (eps, eps / 2);
					}
					check(gpu, &mut draw, &shape, &layer);
				}
			}
		}
	}

	fn check(gpu: &Gpu, draw: &mut Draw, shape: &Shape, layer: &Layer) {
		let (size, hidden) = (shape.head_dim as usize, shape.hidden as usize);
		let mut rows = draw.many(ROWS, |d| (d.many(hidden, Draw::activation), d.dyadic()));
		rows[0].0.fill(0);
		rows[1].0.fill(32_639);
		let inputs: Vec<_> = rows
			.iter()
			.flat_map(|(a, scale)| pack(gpu, a, *scale))
			.collect();
		let angles = draw.many(16 * size, |d| d.range(-16_384, 16_384) as i16);
		let batch = batch(FIRST as u32, ROWS as u32);
		let words = 4 * quads(shape) as usize;
		let [q_words, kv_words] = [shape.heads, shape.kv_heads].map(|heads| heads as usize * words);
		let [q, k, v] = [ROWS * q_words, 16 * kv_words, 16 * kv_words]
			.map(|words| gpu.words("out", words as u64).unwrap());
		let ends = Ends {
			batch: &gpu.uniform(&batch),
			inputs: &storage(gpu, &inputs),
			heads: &gpu.uniform(&Heads::new(shape, 40_000, 0)),
			rope: &storage(gpu, &angles),
			q: &q,
			k: &k,
			v: &v,
		};
		let projection = Projection::upload(gpu, layer, size / 2).unwrap();
		run(gpu, projection.dispatches(gpu, ends), load(&batch));
		let [q, k, v] = [q, k, v].map(|buffer| download(gpu, &buffer));
		let angles = &angles;
		let twin = Twin {
			layer,
			size,
			angles,
		};
		for (i, row) in rows.iter().enumerate() {
			let position = i + FIRST;
			assert_eq!(q[i * q_words..][..q_words], twin.rotated(0, row, position));
			assert_eq!(
				k[position * kv_words..][..kv_words],
				twin.rotated(1, row, position)
			);
			assert_eq!(v[position * kv_words..][..kv_words], twin.values(row));
		}
	}
}
