//! Linear layers, each with the epilogue of its place in the model.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{packing, At, Dispatch, Grid, Tiled};
use crate::{
	gpu::{
		pipelines::{shaders, Constants, Shader},
		weights::{Matrix, Shard},
		Gpu,
	},
	model::Layer,
};

/// `Matrix` of `linear.wgsl`.
#[derive(Clone, Copy, Default, NoUninit)]
#[repr(C)]
pub struct Parameters {
	blocks: u32,
	pairs: u32,
	first: u32,
	outputs: u32,
	stride: u32,
	f_input: i32,
	f_gate: u32,
	swiglu_shift: i32,
}

/// How threads share the work, as in `linear.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharing {
	/// Rows of a thread.
	pub rows: u32,
	/// Pairs of outputs of a thread.
	pub pairs: u32,
	/// Threads of a workgroup next to each other, which have different outputs.
	pub lanes: u32,
	/// Threads that share the inputs of an output.
	pub split: u32,
}

impl Sharing {
	fn constants(self) -> Constants {
		vec![
			("TILE", self.rows),
			("PAIRS", self.pairs),
			("LANES", self.lanes),
			("SPLIT", self.split),
		]
	}

	/// Workgroups for so many pairs of outputs.
	const fn groups(self, pairs: u32) -> u32 {
		pairs.div_ceil(self.lanes * self.pairs)
	}
}

/// A shader of linear layers, and what it is compiled for.
pub struct Kernel<'a> {
	/// The shader.
	pub shader: &'a Shader,
	/// Rows it runs at.
	pub at: At,
	/// How it shares the work at single rows, and at tiles of them.
	pub sharing: [Sharing; 2],
	/// Its own constants.
	pub constants: Constants,
}

impl Kernel<'_> {
	fn constants(&self, gpu: &Gpu, sharing: Sharing) -> Constants {
		let mut constants = packing(gpu, self.at);
		constants.extend(sharing.constants());
		constants.extend(&self.constants);
		constants
	}

	fn tiled(&self, gpu: &Gpu, pairs: u32) -> Tiled {
		let [_, sharing] = self.sharing;
		let constants = self.constants(gpu, sharing);
		Tiled {
			pipeline: gpu.pipelines().get(gpu, self.shader, constants),
			rows: sharing.rows,
			groups: sharing.groups(pairs),
		}
	}
}

/// A matrix and its inputs.
#[derive(Clone, Copy)]
pub struct Operator<'a> {
	/// The device.
	pub gpu: &'a Gpu,
	/// The rows.
	pub batch: &'a Buffer,
	/// The weights.
	pub matrix: &'a Matrix,
	/// `[rows, 1 + blocks]` as a norm writes them; of [`residual`](Self::residual) `[rows, 8 blocks]`
	/// numbers of 32 bits.
	pub inputs: &'a Buffer,
}

impl Operator<'_> {
	/// Adds `outputs` to `x` `[rows, stride]`; the inputs have `f` fraction bits, and their largest
	/// magnitudes are in `peaks` `[rows]`.
	pub fn residual(
		&self,
		outputs: u32,
		stride: u32,
		f: i32,
		peaks: &Buffer,
		x: &Buffer,
	) -> Vec<Dispatch> {
		let parameters = Parameters {
			outputs,
			stride,
			f_input: f,
			..Default::default()
		};
		self.shards(&shaders::RESIDUAL, At::Rows, parameters, &[peaks, x])
	}

	/// Gate, up and SwiGLU to `h` `[rows, stride]`, the largest magnitudes to `peaks` `[rows]`.
	pub fn gate_up(
		&self,
		stride: u32,
		layer: &Layer,
		exp2_table: &Buffer,
		h: &Buffer,
		peaks: &Buffer,
	) -> Vec<Dispatch> {
		let parameters = Parameters {
			stride,
			f_gate: layer.f_gate,
			swiglu_shift: layer.swiglu_shift,
			..Default::default()
		};
		let buffers = [exp2_table, h, peaks];
		self.shards(&shaders::GATE_UP, At::Rows, parameters, &buffers)
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
		let kernel = Kernel {
			shader,
			at,
			sharing: self.gpu.tuning().sharing,
			constants: vec![],
		};
		self.run(&kernel, parameters, outputs)
	}

	/// `kernel` on every shard of the matrix; `outputs` are what it binds beyond the inputs.
	pub fn run(
		&self,
		kernel: &Kernel<'_>,
		parameters: Parameters,
		outputs: &[&Buffer],
	) -> Vec<Dispatch> {
		let shards = self.matrix.shards.iter();
		let dispatch = |shard| self.dispatch(kernel, shard, parameters, outputs);
		shards.map(dispatch).collect()
	}

	fn dispatch(
		&self,
		kernel: &Kernel<'_>,
		shard: &Shard,
		parameters: Parameters,
		outputs: &[&Buffer],
	) -> Dispatch {
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
		let [single, _] = kernel.sharing;
		let grid = Grid::Shares(kernel.at, single.groups(shard.pairs));
		let constants = kernel.constants(self.gpu, single);
		Dispatch {
			tiled: Some(kernel.tiled(self.gpu, shard.pairs)),
			..Dispatch::new(self.gpu, kernel.shader, constants, &buffers, grid)
		}
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use one_arithmetic::{quant, swiglu, Dyadic, EXP2_TABLE};

	use super::*;
	use crate::{
		gpu::{
			ops::testing::*,
			self_test::SHAPE,
			weights::{plain, zip, Pair},
		},
		model::Linear,
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
			let batch = batch(3, rows.len() as u32);
			Self {
				rows,
				packed: storage(gpu, &packed),
				batch,
				uniform: gpu.uniform(&batch),
			}
		}

		fn run(&self, gpu: &Gpu, pairs: &[Pair<'_>], f: impl Fn(Operator<'_>) -> Vec<Dispatch>) {
			let matrix = Matrix::upload(gpu, pairs, self.rows[0].0.len()).unwrap();
			let (batch, inputs) = (&self.uniform, &self.packed);
			run(
				gpu,
				f(Operator {
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
				(10, 9, 2600),
			] {
				let linear = draw_linear(&mut draw, outputs, size);
				let (stride, f) = (outputs.next_multiple_of(8), draw.range(12, 20));
				let raw: Vec<i32> = (0..rows).flat_map(|_| draw.values(size)).collect();
				let mut x = draw.many(rows * outputs as usize, Draw::value);
				let [inputs, buffer] = [(&raw, size), (&x, outputs as usize)]
					.map(|(x, n)| storage(gpu, &padded(x, n)));
				let peak = |row: &[i32]| row.iter().fold(0, |most, x| x.abs().max(most));
				let peaks: Vec<i32> = raw.chunks(size).map(peak).collect();
				let peaks = storage(gpu, &peaks);
				let batch = batch(3, rows as u32);
				let operator = Operator {
					gpu,
					batch: &gpu.uniform(&batch),
					matrix: &Matrix::upload(gpu, &plain(&linear), size).unwrap(),
					inputs: &inputs,
				};
				let dispatches = operator.residual(outputs, stride, f, &peaks, &buffer);
				run(gpu, dispatches, load(&batch));
				for (x, raw) in x.chunks_mut(outputs as usize).zip(raw.chunks(size)) {
					let mut a = vec![0; size];
					let scale = Dyadic::quantized(quant(raw, &mut a), f);
					one_arithmetic::add(x, &twin(&linear, &(a, scale)));
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
				let mut layer = draw.layer(&SHAPE);
				(layer.f_gate, layer.swiglu_shift) = (f_gate, draw.range(4, 28));
				let [gate, up] = [(); 2].map(|()| draw_linear(&mut draw, 45, 30));
				let inputs = Inputs::draw(gpu, &mut draw, 7, 30);
				let (h, table) = (
					gpu.words("h", 7 * 48).unwrap(),
					gpu.upload("exp2", &EXP2_TABLE),
				);
				let peaks = storage(gpu, &[0; 7]);
				inputs.run(gpu, &zip(&gate, &up), |l| {
					l.gate_up(48, &layer, &table, &h, &peaks)
				});
				let found = download(gpu, &h);
				let found = found.chunks(48).zip(download(gpu, &peaks));
				for ((found, peak), row) in found.zip(&inputs.rows) {
					let mut expected = [0; 45];
					let shift = layer.swiglu_shift;
					let (gate, up) = (twin(&gate, row), twin(&up, row));
					swiglu(&gate, &up, f_gate, shift, &mut expected);
					assert_eq!(&found[..45], expected);
					assert_eq!(Some(peak), expected.iter().map(|x| x.abs()).max());
				}
			}
		}
	}
}
