//! Attention: scores of all keys, then the values they weigh.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{Dispatch, Grid};
use crate::{
	gpu::{pipelines::shaders, Gpu, CHUNK},
	model::Shape,
};

/// Quads of words of a head that a workgroup weighs, `LANES` of `values.wgsl`.
pub const QUADS: u32 = 8;
/// Query heads of a tile at most, `MAX_HEADS` of `heads.wgsl`.
const MAX_HEADS: u32 = 4;

/// `Heads` of `heads.wgsl`.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
pub struct Heads {
	heads: u32,
	kv_heads: u32,
	half: u32,
	quads: u32,
	context: u32,
	chunks: u32,
	score_mantissa: u32,
	stride: u32,
	window: u32,
}

impl Heads {
	/// The heads of a layer; a `window` of 0 sees everything.
	pub fn new(shape: &Shape, score_mantissa: u16, window: u32) -> Self {
		Self {
			heads: shape.heads,
			kv_heads: shape.kv_heads,
			half: shape.head_dim / 2,
			quads: quads(shape),
			context: shape.context,
			chunks: shape.context.div_ceil(CHUNK),
			score_mantissa: u32::from(score_mantissa),
			stride: shape.q_size().next_multiple_of(8) as u32,
			window: if window == 0 { u32::MAX } else { window },
		}
	}
}

/// Quads of words, two channels each, of a head.
pub fn quads(shape: &Shape) -> u32 {
	shape.head_dim.div_ceil(8)
}

/// How query heads that share a key head are dealt out to workgroups.
#[derive(Clone, Copy)]
pub struct Tiles {
	/// Of all heads together.
	count: u32,
	/// Query heads of each.
	heads: u32,
}

impl Tiles {
	/// As few for each key head as hold its query heads.
	pub const fn new(shape: &Shape) -> Self {
		let group = shape.heads / shape.kv_heads;
		let tiles = group.div_ceil(MAX_HEADS);
		Self {
			count: shape.kv_heads * tiles,
			heads: group.div_ceil(tiles),
		}
	}
}

/// Buffers of the operators, shared by all layers.
pub struct Scratch {
	/// `[rows, heads, 4 quads]`
	pub q: Buffer,
	/// `[rows, heads, context]`
	z: Buffer,
	/// `[rows, heads, chunks]`
	z_max: Buffer,
	/// `[rows, stride]` the output.
	pub o: Buffer,
}

/// Words that one row takes in the largest buffer of a [`Scratch`].
pub fn largest_row(shape: &Shape) -> u64 {
	u64::from(shape.heads) * u64::from(shape.context.max(shape.head_dim + 7))
}

impl Scratch {
	/// Buffers for so many rows.
	///
	/// # Errors
	/// One larger than a binding may be.
	pub fn new(gpu: &Gpu, shape: &Shape, rows: u64) -> Result<Self, crate::EngineError> {
		let row_heads = rows * u64::from(shape.heads);
		let chunks = u64::from(shape.context.div_ceil(CHUNK));
		Ok(Self {
			q: gpu.words("queries", row_heads * 4 * u64::from(quads(shape)))?,
			z: gpu.words("scores", row_heads * u64::from(shape.context))?,
			z_max: gpu.words("largest scores", row_heads * chunks)?,
			o: gpu.words(
				"attention output",
				rows * shape.q_size().next_multiple_of(8) as u64,
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
	/// Its tiles.
	pub tiles: Tiles,
	/// [`quads`] of a head.
	pub quads: u32,
	/// Buffers between the operators.
	pub scratch: &'a Scratch,
	/// `[pages, CHUNK, kv_heads, 4 quads]`
	pub k: &'a Buffer,
	/// `[pages, CHUNK, kv_heads, 4 quads]`
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
			vec![("HEADS", self.tiles.heads)],
			&buffers,
			Grid::Chunks(self.tiles.count),
		)
	}

	/// The output, and its largest magnitude in `peaks` `[rows]`; `shift` is
	/// [`crate::model::Layer::value_shift`].
	pub fn values(&self, exp2_table: &Buffer, shift: &[i32], peaks: &Buffer) -> Dispatch {
		let shift = self.gpu.upload("value shift", shift);
		let s = self.scratch;
		let buffers = [
			self.batch,
			self.heads,
			self.tables,
			&s.z,
			&s.z_max,
			self.v,
			exp2_table,
			&shift,
			&s.o,
			peaks,
		];
		let split = self.gpu.tuning().keys;
		Dispatch::new(
			self.gpu,
			&shaders::VALUES,
			vec![("HEADS", self.tiles.heads), ("SPLIT", split)],
			&buffers,
			Grid::Tiles(self.quads.div_ceil(QUADS), self.tiles.count),
		)
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use std::ops::Range;

	use one_arithmetic::{normalise, scores, softmax, weigh, EXP2_TABLE};

	use super::*;
	use crate::gpu::ops::testing::*;

	/// Channels of a head, whose words take two workgroups.
	const SIZE: usize = 74;
	const HALF: usize = SIZE / 2;
	/// Two tiles, whose last head stands in for a sixth.
	const HEADS: usize = 5;
	const STRIDE: usize = (HEADS * SIZE).next_multiple_of(8);

	const fn shape(context: usize) -> Shape {
		Shape {
			layers: 1,
			hidden: 1,
			ffn: 1,
			heads: HEADS as u32,
			kv_heads: 1,
			head_dim: SIZE as u32,
			vocab: 1,
			context: context as u32,
		}
	}
	const ROWS: usize = 3;

	/// Words of a head with their padding.
	const WORDS: usize = HALF.next_multiple_of(4);

	/// Channels `[n, head_dim]` as words `[n, 4 quads]`.
	fn words(channels: &[i16]) -> Vec<u32> {
		let word =
			|(low, high): (&i16, &i16)| u32::from(*low as u16) | u32::from(*high as u16) << 16;
		channels
			.chunks(SIZE)
			.flat_map(|head| {
				let words = head[..HALF].iter().zip(&head[HALF..]).map(word);
				words.chain([0; WORDS - HALF])
			})
			.collect()
	}

	/// The page of each of so many chunks of keys.
	fn table(chunks: u32) -> impl Iterator<Item = u32> {
		(0..chunks).map(move |i| (i + 2) % chunks)
	}

	/// Words `[positions, 4 quads]` in the pages of [`table`].
	fn paged(words: &[u32]) -> Vec<u32> {
		let page = WORDS * CHUNK as usize;
		let chunks = words.chunks(page);
		let mut all = vec![0; page * chunks.len()];
		for (to, words) in table(chunks.len() as u32).zip(chunks) {
			all[to as usize * page..][..words.len()].copy_from_slice(words);
		}
		all
	}

	struct Case {
		shape: Shape,
		q: Vec<i16>,
		k: Vec<i16>,
		v: Vec<i16>,
		score_shift: Vec<i32>,
		value_shift: Vec<i32>,
	}

	impl Case {
		fn draw(draw: &mut Draw, context: usize, spread: i32) -> Self {
			Self {
				shape: shape(context),
				q: draw.many(ROWS * HEADS * SIZE, Draw::activation),
				k: draw.many(context * SIZE, Draw::activation),
				v: draw.many(context * SIZE, Draw::activation),
				score_shift: draw.many(HEADS, |d| d.range(spread, spread + 4)),
				value_shift: draw.many(SIZE, |d| d.range(30, 48)),
			}
		}

		/// Sums as large as they can be: each key alike, each channel at its limit.
		fn largest(draw: &mut Draw, context: usize) -> Self {
			let mut case = Self::draw(draw, context, 12);
			case.q.fill(32_639);
			case.k.fill(-32_639);
			case.v.fill(32_639);
			case
		}

		/// Scores of the keys that one row sees, then its output.
		fn twin(&self, row: usize, keys: Range<usize>) -> (Vec<i32>, Vec<i32>) {
			let (mut all, mut out) = (vec![], vec![]);
			for (q, shift) in self.q[row * HEADS * SIZE..][..HEADS * SIZE]
				.chunks(SIZE)
				.zip(&self.score_shift)
			{
				let (mut z, mut p, mut o) = (vec![0; keys.len()], vec![0; keys.len()], [0; SIZE]);
				let channels = keys.start * SIZE..keys.end * SIZE;
				scores(q, &self.k[channels.clone()], 40_000, *shift, &mut z);
				let sum = softmax(&z, &mut p);
				let mut acc = [0; SIZE];
				weigh(&p, &self.v[channels], &mut acc);
				normalise(&acc, sum, &self.value_shift, &mut o);
				all.extend(z);
				out.extend(o);
			}
			(all, out)
		}

		fn check(&self, gpu: &Gpu, first: u32, window: u32) {
			let batch = batch(first, ROWS as u32);
			let (shape, context) = (&self.shape, self.shape.context as usize);
			let table = table(self.shape.context.div_ceil(CHUNK));
			let tables: Vec<_> = table.take(batch.chunks as usize).collect();
			let scratch = Scratch::new(gpu, shape, ROWS as u64).unwrap();
			gpu.queue()
				.write_buffer(&scratch.q, 0, bytemuck::cast_slice(&words(&self.q)));
			let attention = Attention {
				gpu,
				batch: &gpu.uniform(&batch),
				tables: &gpu.upload("tables", &tables.repeat(ROWS)),
				heads: &gpu.uniform(&Heads::new(shape, 40_000, window)),
				tiles: Tiles::new(shape),
				quads: quads(shape),
				scratch: &scratch,
				k: &storage(gpu, &paged(&words(&self.k))),
				v: &storage(gpu, &paged(&words(&self.v))),
			};
			let (exp2, peaks) = (gpu.upload("exp2", &EXP2_TABLE), storage(gpu, &[0; ROWS]));
			let values = attention.values(&exp2, &self.value_shift, &peaks);
			run(
				gpu,
				[attention.scores(&self.score_shift), values],
				load(&batch),
			);
			let [z, found, peaks] = [&scratch.z, &scratch.o, &peaks].map(|b| download(gpu, b));
			for row in 0..ROWS {
				let end = first as usize + row + 1;
				let seen = if window == 0 {
					end
				} else {
					end.min(window as usize)
				};
				let keys = end - seen..end;
				let (expected, o) = self.twin(row, keys.clone());
				for (found, expected) in z[row * HEADS * context..]
					.chunks(context)
					.zip(expected.chunks(seen))
				{
					assert_eq!(&found[keys.clone()], expected);
				}
				assert_eq!(found[row * STRIDE..][..HEADS * SIZE], o);
				assert_eq!(Some(peaks[row]), o.iter().map(|x| x.abs()).max());
			}
		}
	}

	#[test]
	fn attention_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(9);
			let mut cases: Vec<_> = [0, 12, 22, 30, 55]
				.map(|spread| Case::draw(&mut draw, 600, spread))
				.into();
			cases.push(Case::largest(&mut draw, 600));
			for case in cases {
				for first in [0, 254, 510, 597] {
					for window in [0, 1, 2, 255, 257] {
						case.check(gpu, first, window);
					}
				}
			}
		}
	}

	#[test]
	fn attention_should_equal_its_twin_when_the_context_is_the_longest() {
		for gpu in devices() {
			let context = one_arithmetic::limits::MAX_POSITIONS as usize;
			Case::largest(&mut Draw(10), context).check(gpu, (context - ROWS) as u32, 0);
		}
	}
}
