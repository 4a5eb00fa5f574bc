//! Attention in chunks of keys: scores, weighted values, and their combination.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{packing, At, Dispatch, Grid};
use crate::{
	gpu::{pipelines::shaders, Gpu, CHUNK},
	model::Shape,
};

/// `Heads` of `heads.wgsl`.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
pub struct Heads {
	heads: u32,
	kv_heads: u32,
	half: u32,
	context: u32,
	chunks: u32,
	score_mantissa: u32,
	blocks: u32,
	f_o: i32,
	window: u32,
}

impl Heads {
	/// The heads of a layer; a `window` of 0 sees everything.
	pub fn new(shape: &Shape, score_mantissa: u16, f_o: i32, window: u32) -> Self {
		Self {
			heads: shape.heads,
			kv_heads: shape.kv_heads,
			half: shape.head_dim / 2,
			context: shape.context,
			chunks: shape.context.div_ceil(CHUNK),
			score_mantissa: u32::from(score_mantissa),
			blocks: shape.q_size().div_ceil(4) as u32,
			f_o,
			window: if window == 0 { u32::MAX } else { window },
		}
	}
}

/// Buffers between the three operators, shared by all layers.
pub struct Scratch {
	/// `[rows, heads, half]`
	pub q: Buffer,
	/// `[rows, heads + kv_heads, half]` two words each: queries and keys before their norm.
	pub raw: Buffer,
	/// `[rows, heads, context]`
	z: Buffer,
	/// `[rows, heads, chunks]`
	z_max: Buffer,
	/// `[rows, heads, chunks]`
	mass: Buffer,
	/// `[rows, heads, chunks, half]` four words each
	weighted: Buffer,
	/// `[rows, heads]` two words each
	reciprocal: Buffer,
	/// `[rows, 4 blocks]`
	o: Buffer,
}

/// Words that one row takes in the largest buffer of a [`Scratch`].
pub fn largest_row(shape: &Shape) -> u64 {
	let chunks = shape.context.div_ceil(CHUNK);
	u64::from(shape.heads) * u64::from(shape.context.max(chunks * shape.head_dim * 2))
}

impl Scratch {
	/// Buffers for so many rows.
	///
	/// # Errors
	/// One larger than a binding may be.
	pub fn new(gpu: &Gpu, shape: &Shape, rows: u64) -> Result<Self, crate::EngineError> {
		let row_heads = rows * u64::from(shape.heads);
		let chunks = u64::from(shape.context.div_ceil(CHUNK));
		let half = u64::from(shape.head_dim / 2);
		Ok(Self {
			q: gpu.words("queries", row_heads * half)?,
			raw: gpu.words(
				"queries and keys",
				rows * (shape.q_size() + shape.kv_size()) as u64,
			)?,
			z: gpu.words("scores", row_heads * u64::from(shape.context))?,
			z_max: gpu.words("largest scores", row_heads * chunks)?,
			mass: gpu.words("probabilities", row_heads * chunks)?,
			weighted: gpu.words("weighted values", row_heads * chunks * half * 4)?,
			reciprocal: gpu.words("reciprocals", row_heads * 2)?,
			o: gpu.words(
				"attention output",
				rows * shape.q_size().next_multiple_of(4) as u64,
			)?,
		})
	}
}

/// What the operators of one layer read and write.
pub struct Attention<'a> {
	/// The device.
	pub gpu: &'a Gpu,
	/// The rows.
	pub batch: &'a Buffer,
	/// `[rows, chunks]` the pages that each row sees.
	pub tables: &'a Buffer,
	/// [`Heads`]
	pub heads: &'a Buffer,
	/// Query heads.
	pub count: u32,
	/// Buffers between the operators.
	pub scratch: &'a Scratch,
	/// `[pages, CHUNK, kv_heads, half]`
	pub k: &'a Buffer,
	/// `[pages, CHUNK, kv_heads, half]`
	pub v: &'a Buffer,
}

impl Attention<'_> {
	/// Scores of all keys that a row sees; `shift` is [`crate::model::Layer::score_shift`].
	pub fn scores(&self, shift: &[i32]) -> Dispatch {
		let shift = self.gpu.upload("score shift", shift);
		let s = self.scratch;
		let buffers = [
			self.batch,
			self.heads,
			self.tables,
			&s.q,
			self.k,
			&shift,
			&s.z,
			&s.z_max,
		];
		Dispatch::new(
			self.gpu,
			&shaders::SCORES,
			vec![],
			&buffers,
			Grid::Chunks(self.count),
		)
	}

	/// Probabilities and the values they weigh, chunk by chunk.
	pub fn values(&self, exp2_table: &Buffer) -> Dispatch {
		let s = self.scratch;
		let buffers = [
			self.batch,
			self.heads,
			self.tables,
			&s.z,
			&s.z_max,
			self.v,
			exp2_table,
			&s.mass,
			&s.weighted,
		];
		Dispatch::new(
			self.gpu,
			&shaders::VALUES,
			vec![],
			&buffers,
			Grid::Chunks(self.count),
		)
	}

	/// The linear input `y` `[rows, 1 + blocks]`; `shift` is [`crate::model::Layer::value_shift`].
	pub fn combine(&self, shift: &[i32], y: &Buffer) -> Dispatch {
		let shift = self.gpu.upload("value shift", shift);
		let s = self.scratch;
		let buffers = [
			self.batch,
			self.heads,
			&s.mass,
			&s.weighted,
			&shift,
			&s.reciprocal,
			&s.o,
			y,
		];
		let constants = packing(self.gpu, At::Rows);
		Dispatch::new(
			self.gpu,
			&shaders::COMBINE,
			constants,
			&buffers,
			Grid::Row(At::Rows),
		)
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use std::ops::Range;

	use one_arithmetic::{normalise, quant, scores, softmax, weigh, Dyadic, EXP2_TABLE};

	use super::*;
	use crate::gpu::ops::testing::*;

	const SHAPE: Shape = Shape {
		layers: 1,
		hidden: 1,
		ffn: 1,
		heads: 3,
		kv_heads: 1,
		head_dim: 10,
		vocab: 1,
		context: 600,
	};
	const ROWS: usize = 3;

	/// Channels `[n, head_dim]` as words `[n, half]`.
	fn words(channels: &[i16]) -> Vec<u32> {
		let word =
			|(low, high): (&i16, &i16)| u32::from(*low as u16) | u32::from(*high as u16) << 16;
		channels
			.chunks(10)
			.flat_map(|head| head[..5].iter().zip(&head[5..]).map(word))
			.collect()
	}

	/// The page of each chunk of keys.
	const TABLE: [u32; 3] = [2, 0, 1];

	/// Words `[positions, half]` in the pages of [`TABLE`].
	fn paged(words: &[u32]) -> Vec<u32> {
		let page = 5 * CHUNK as usize;
		let mut all = vec![0; page * TABLE.len()];
		for (words, to) in words.chunks(page).zip(TABLE) {
			all[to as usize * page..][..words.len()].copy_from_slice(words);
		}
		all
	}

	struct Case {
		q: Vec<i16>,
		k: Vec<i16>,
		v: Vec<i16>,
		score_shift: Vec<i32>,
		value_shift: Vec<i32>,
	}

	impl Case {
		fn draw(draw: &mut Draw, spread: i32) -> Self {
			Self {
				q: draw.many(ROWS * 30, Draw::activation),
				k: draw.many(6000, Draw::activation),
				v: draw.many(6000, Draw::activation),
				score_shift: draw.many(3, |d| d.range(spread, spread + 4)),
				value_shift: draw.many(10, |d| d.range(30, 48)),
			}
		}

		/// Scores of the keys that one row sees, then its output.
		fn twin(&self, row: usize, keys: Range<usize>) -> (Vec<i32>, Vec<i32>) {
			let (mut all, mut out) = (vec![], vec![]);
			for (q, shift) in self.q[row * 30..][..30].chunks(10).zip(&self.score_shift) {
				let (mut z, mut p, mut o) = (vec![0; keys.len()], vec![0; keys.len()], [0; 10]);
				let channels = keys.start * 10..keys.end * 10;
				scores(q, &self.k[channels.clone()], 40_000, *shift, &mut z);
				let sum = softmax(&z, &mut p);
				let mut acc = [0; 10];
				weigh(&p, &self.v[channels], &mut acc);
				normalise(&acc, sum, &self.value_shift, &mut o);
				all.extend(z);
				out.extend(o);
			}
			(all, out)
		}

		fn check(&self, gpu: &Gpu, first: u32, window: u32) {
			let batch = batch(first, ROWS as u32, |_| 0);
			let tables = TABLE[..batch.chunks as usize].repeat(ROWS);
			let scratch = Scratch::new(gpu, &SHAPE, ROWS as u64).unwrap();
			gpu.queue()
				.write_buffer(&scratch.q, 0, bytemuck::cast_slice(&words(&self.q)));
			let y = gpu.words("y", (ROWS * 18) as u64).unwrap();
			let attention = Attention {
				gpu,
				batch: &gpu.uniform(&batch),
				tables: &gpu.upload("tables", &tables),
				heads: &gpu.uniform(&Heads::new(&SHAPE, 40_000, 16, window)),
				count: 3,
				scratch: &scratch,
				k: &storage(gpu, &paged(&words(&self.k))),
				v: &storage(gpu, &paged(&words(&self.v))),
			};
			let values = attention.values(&gpu.upload("exp2", &EXP2_TABLE));
			let scores = attention.scores(&self.score_shift);
			run(
				gpu,
				[scores, values, attention.combine(&self.value_shift, &y)],
				load(&batch),
			);
			let (z, y) = (download(gpu, &scratch.z), download(gpu, &y));
			for row in 0..ROWS {
				let end = first as usize + row + 1;
				let seen = if window == 0 {
					end
				} else {
					end.min(window as usize)
				};
				let keys = end - seen..end;
				let (expected, o) = self.twin(row, keys.clone());
				for (found, expected) in z[row * 1800..].chunks(600).zip(expected.chunks(seen)) {
					assert_eq!(&found[keys.clone()], expected);
				}
				let mut a = [0; 30];
				let s = quant(&o, &mut a);
				assert_eq!(y[row * 18..][..18], pack(gpu, &a, Dyadic::quantized(s, 16)));
			}
		}
	}

	#[test]
	fn attention_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(9);
			for spread in [0, 12, 22, 30, 55] {
				let case = Case::draw(&mut draw, spread);
				for first in [0, 254, 510, 597] {
					for window in [0, 1, 2, 255, 257] {
						case.check(gpu, first, window);
					}
				}
			}
		}
	}
}
