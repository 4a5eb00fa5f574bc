//! Linear layers, each with the epilogue of its place in the model.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{packing, At, Dispatch, Grid, TILE};
use crate::gpu::{
	pipelines::{shaders, Constants, Shader},
	weights::Matrix,
	Gpu,
};

/// `Matrix` of `linear.wgsl`.
#[derive(Clone, Copy, Default, NoUninit)]
#[repr(C)]
struct Parameters {
	blocks: u32,
	pairs: u32,
	first: u32,
	outputs: u32,
	stride: u32,
	f_gate: u32,
	swiglu_shift: i32,
}

/// What all linear layers share.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
	/// The device.
	pub gpu: &'a Gpu,
	/// The rows.
	pub batch: &'a Buffer,
	/// The weights.
	pub matrix: &'a Matrix,
	/// `[rows, 1 + blocks]`
	pub inputs: &'a Buffer,
}

/// The cache and tables that queries, keys and values need.
#[derive(Clone, Copy)]
pub struct Projection<'a> {
	/// `Heads` of `heads.wgsl`.
	pub heads: &'a Buffer,
	/// `[pairs]` two numbers each.
	pub bias: &'a Buffer,
	/// `[context, half]`
	pub rope: &'a Buffer,
	/// `[rows, heads, half]`
	pub q: &'a Buffer,
	/// `[pages, CHUNK, kv_heads, half]`
	pub k: &'a Buffer,
	/// `[pages, CHUNK, kv_heads, half]`
	pub v: &'a Buffer,
}

impl Layer<'_> {
	/// Queries to `q`, keys and values to the caches.
	pub fn qkv(&self, to: Projection<'_>) -> Vec<Dispatch> {
		let buffers = [to.heads, to.bias, to.rope, to.q, to.k, to.v];
		self.shards(&shaders::QKV, At::Rows, Parameters::default(), &buffers)
	}

	/// Queries and keys as they are to `raw` `[rows, heads + kv_heads, half]`, values to the cache.
	pub fn qkv_raw(&self, to: Projection<'_>, raw: &Buffer) -> Vec<Dispatch> {
		let buffers = [to.heads, to.bias, raw, to.v];
		self.shards(&shaders::QKV_RAW, At::Rows, Parameters::default(), &buffers)
	}

	/// Adds `outputs` to `x` `[rows, stride]`.
	pub fn residual(&self, outputs: u32, stride: u32, x: &Buffer) -> Vec<Dispatch> {
		let parameters = Parameters {
			outputs,
			stride,
			..Default::default()
		};
		self.shards(&shaders::RESIDUAL, At::Rows, parameters, &[x])
	}

	/// Gate, up and SwiGLU to `h` `[rows, stride]`.
	pub fn gate_up(
		&self,
		stride: u32,
		f_gate: u32,
		swiglu_shift: i32,
		exp2_table: &Buffer,
		h: &Buffer,
	) -> Vec<Dispatch> {
		let parameters = Parameters {
			stride,
			f_gate,
			swiglu_shift,
			..Default::default()
		};
		self.shards(&shaders::GATE_UP, At::Rows, parameters, &[exp2_table, h])
	}

	/// `outputs` logits at the rows of the head to `logits` `[heads, outputs]`.
	pub fn head(&self, outputs: u32, logits: &Buffer) -> Vec<Dispatch> {
		let parameters = Parameters {
			outputs,
			stride: outputs,
			..Default::default()
		};
		self.shards(&shaders::HEAD, At::Head, parameters, &[logits])
	}

	fn shards(
		&self,
		shader: &Shader,
		at: At,
		parameters: Parameters,
		outputs: &[&Buffer],
	) -> Vec<Dispatch> {
		let tuning = self.gpu.tuning();
		let shard = |shard: &crate::gpu::weights::Shard| {
			let parameters = self.gpu.uniform(&Parameters {
				blocks: self.matrix.blocks,
				pairs: shard.pairs,
				first: shard.first,
				..parameters
			});
			let inputs = [
				self.batch,
				&parameters,
				&shard.weights,
				&shard.scales,
				self.inputs,
			];
			let buffers: Vec<_> = inputs.into_iter().chain(outputs.iter().copied()).collect();
			let grid = Grid::Tiles(at, shard.pairs.div_ceil(tuning.lanes));
			let single = Dispatch::new(self.gpu, shader, self.constants(at, 1), &buffers, grid);
			let tiled = self
				.gpu
				.pipelines()
				.get(self.gpu, shader, self.constants(at, TILE));
			Dispatch {
				tiled: Some(tiled),
				..single
			}
		};
		self.matrix.shards.iter().map(shard).collect()
	}

	fn constants(&self, at: At, tile: u32) -> Constants {
		let tuning = self.gpu.tuning();
		let mut constants = packing(self.gpu, at);
		constants.extend([
			("TILE", tile),
			("LANES", tuning.lanes),
			("SPLIT", tuning.split),
		]);
		constants
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use one_arithmetic::{rope, swiglu, Dyadic, EXP2_TABLE};

	use super::*;
	use crate::{
		gpu::{
			ops::{attention::Heads, testing::*},
			weights::{by_head, pairs_by_head, plain, zip, Pair},
		},
		model::{Linear, Shape},
	};

	/// Rows of inputs, on the host and on the device.
	struct Inputs {
		rows: Vec<(Vec<i16>, Dyadic)>,
		packed: Buffer,
		batch: Batch,
		uniform: Buffer,
	}

	impl Inputs {
		fn draw(gpu: &Gpu, draw: &mut Draw, rows: usize, size: usize) -> Self {
			let mut rows = draw.many(rows, |d| (d.many(size, Draw::activation), d.dyadic()));
			rows[0].0.fill(32_639);
			let packed: Vec<_> = rows
				.iter()
				.flat_map(|(a, scale)| pack(gpu, a, *scale))
				.collect();
			let batch = batch(3, rows.len() as u32, |_| 0);
			Self {
				rows,
				packed: storage(gpu, &packed),
				batch,
				uniform: gpu.uniform(&batch),
			}
		}

		fn run(&self, gpu: &Gpu, pairs: &[Pair<'_>], f: impl Fn(Layer<'_>) -> Vec<Dispatch>) {
			let matrix = Matrix::upload(gpu, pairs, self.rows[0].0.len());
			let (batch, inputs) = (&self.uniform, &self.packed);
			run(
				gpu,
				f(Layer {
					gpu,
					batch,
					matrix: &matrix,
					inputs,
				}),
				load(&self.batch),
			);
		}
	}

	fn draw_linear(draw: &mut Draw, rows: u32, cols: usize) -> Linear {
		let mut linear = draw.linear(rows, cols as u32, 0);
		linear.shift = draw.many(rows as usize, |d| d.range(-20, 50));
		linear
	}

	fn twin(linear: &Linear, (a, scale): &(Vec<i16>, Dyadic)) -> Vec<i32> {
		let mut y = vec![0; linear.weight.rows()];
		let Linear {
			weight,
			mantissa,
			shift,
		} = linear;
		one_arithmetic::linear(weight.as_slice(), mantissa, shift, a, *scale, &mut y);
		y
	}

	#[test]
	fn residual_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(4);
			for (rows, outputs, size) in [
				(1, 37, 6),
				(3, 64, 172),
				(9, 71, 701),
				(6, 5, 1),
				(1, 4, 9000),
			] {
				let linear = draw_linear(&mut draw, outputs, size);
				let stride = outputs.next_multiple_of(4);
				let inputs = Inputs::draw(gpu, &mut draw, rows, size);
				let mut x = draw.many(rows * outputs as usize, Draw::value);
				let buffer = storage(gpu, &padded(&x, outputs as usize));
				inputs.run(gpu, &plain(&linear), |l| {
					l.residual(outputs, stride, &buffer)
				});
				for (x, row) in x.chunks_mut(outputs as usize).zip(&inputs.rows) {
					one_arithmetic::add(x, &twin(&linear, row));
				}
				assert_eq!(
					download(gpu, &buffer),
					padded(&x, outputs as usize),
					"{outputs} x {size}"
				);
			}
		}
	}

	#[test]
	fn head_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(5);
			let linear = draw_linear(&mut draw, 131, 66);
			let inputs = Inputs::draw(gpu, &mut draw, 5, 66);
			let logits = gpu.words("logits", 5 * 131).unwrap();
			inputs.run(gpu, &plain(&linear), |l| l.head(131, &logits));
			let expected: Vec<_> = inputs
				.rows
				.iter()
				.flat_map(|row| twin(&linear, row))
				.collect();
			assert_eq!(download(gpu, &logits), expected);
		}
	}

	#[test]
	fn gate_up_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(6);
			for f_gate in [12, 15, 20] {
				let (gate, up) = (
					draw_linear(&mut draw, 45, 30),
					draw_linear(&mut draw, 45, 30),
				);
				let inputs = Inputs::draw(gpu, &mut draw, 7, 30);
				let h = gpu.words("h", 7 * 48).unwrap();
				let (shift, table) = (draw.range(4, 28), gpu.upload("exp2", &EXP2_TABLE));
				inputs.run(gpu, &zip(&gate, &up), |l| {
					l.gate_up(48, f_gate, shift, &table, &h)
				});
				for (found, row) in download(gpu, &h).chunks(48).zip(&inputs.rows) {
					let mut expected = [0; 45];
					swiglu(
						&twin(&gate, row),
						&twin(&up, row),
						f_gate,
						shift,
						&mut expected,
					);
					assert_eq!(&found[..45], expected);
				}
			}
		}
	}

	const SHAPE: Shape = Shape {
		layers: 1,
		hidden: 22,
		ffn: 1,
		heads: 4,
		kv_heads: 2,
		head_dim: 10,
		vocab: 1,
		context: 16,
	};

	/// Heads of `[heads, half]` words as channels.
	fn unpack(words: &[i32]) -> Vec<i16> {
		let low = |word: &i32| *word as i16;
		let high = |word: &i32| (*word >> 16) as i16;
		words
			.chunks(5)
			.flat_map(|head| head.iter().map(low).chain(head.iter().map(high)))
			.collect()
	}

	#[test]
	fn qkv_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(8);
			let [q, k, v] = [40, 20, 20].map(|rows| draw_linear(&mut draw, rows, 22));
			let pairs: Vec<_> = [&q, &k, &v]
				.into_iter()
				.flat_map(|l| by_head(l, 5))
				.collect();
			let bias = draw.many(40 + 20 + 20, Draw::value);
			let biases: Vec<_> = pairs_by_head(&bias, 5).collect();
			let tables = draw.many(2 * 16 * 5, |d| d.range(-16_384, 16_384) as i16);
			let inputs = Inputs::draw(gpu, &mut draw, 9, 22);
			let [q_out, k_out, v_out] =
				[9 * 20, 16 * 10, 16 * 10].map(|words| gpu.words("out", words).unwrap());
			let heads = gpu.uniform(&Heads::new(&SHAPE, 40_000, 16, 0));
			let (rope_table, biases) = (storage(gpu, &tables), gpu.upload("bias", &biases));
			inputs.run(gpu, &pairs, |l| {
				l.qkv(Projection {
					heads: &heads,
					bias: &biases,
					rope: &rope_table,
					q: &q_out,
					k: &k_out,
					v: &v_out,
				})
			});
			let [q_out, k_out, v_out] = [q_out, k_out, v_out].map(|b| unpack(&download(gpu, &b)));
			for (i, row) in inputs.rows.iter().enumerate() {
				let position = i + 3;
				let (cos, sin): (Vec<_>, Vec<_>) = tables[position * 10..][..10]
					.chunks(2)
					.map(|pair| (pair[0], pair[1]))
					.unzip();
				let biased = |linear, first: usize| {
					let mut y = twin(linear, row);
					one_arithmetic::add(&mut y, &bias[first..][..linear.weight.rows()]);
					y
				};
				let rotated = |linear, first| {
					let mut out = vec![];
					for head in biased(linear, first).chunks(10) {
						let mut y = [0; 10];
						rope(head, &cos, &sin, &mut y);
						out.extend(y);
					}
					out
				};
				let clamped = biased(&v, 60)
					.into_iter()
					.map(|x| one_arithmetic::clamp16(x.into()));
				assert_eq!(q_out[i * 40..][..40], rotated(&q, 0));
				assert_eq!(k_out[position * 20..][..20], rotated(&k, 40));
				assert_eq!(v_out[position * 20..][..20], clamped.collect::<Vec<_>>());
			}
		}
	}
}
