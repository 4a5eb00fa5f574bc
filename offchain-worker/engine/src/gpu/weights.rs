//! Matrices in the order the kernels read them: `[strips, blocks of eight inputs, pairs of outputs]`.
//!
//! Threads next to each other hold pairs next to each other, so their loads join, and go through a
//! strip in the order of memory. A matrix beyond the limit of a binding is cut into shards of whole
//! pairs.

use bytemuck::allocation::try_zeroed_vec;
use rayon::prelude::*;
use wgpu::Buffer;

use super::Gpu;
use crate::{
	model::{Linear, Weight},
	EngineError,
};

/// Pairs of outputs of a strip, of which the last may have fewer; that of `strip.wgsl`.
pub(super) const STRIP: usize = 32;

/// One output of a layer, or padding.
type Output<'a> = Option<(&'a Linear, usize)>;

/// Two outputs that one thread computes.
pub(super) type Pair<'a> = [Output<'a>; 2];

/// Outputs `2 i` and `2 i + 1` of a layer.
pub(super) fn plain(linear: &Linear) -> Vec<Pair<'_>> {
	let rows = linear.weight.rows();
	let output = |r| (r < rows).then_some((linear, r));
	(0..rows)
		.step_by(2)
		.map(|r| [output(r), output(r + 1)])
		.collect()
}

/// Channels `c` and `c + half` of each head of a layer.
pub(super) fn by_head(linear: &Linear, half: usize) -> impl Iterator<Item = Pair<'_>> {
	let heads = linear.weight.rows() / (2 * half);
	(0..heads).flat_map(move |head| {
		let first = head * 2 * half;
		(first..first + half).map(move |r| [Some((linear, r)), Some((linear, r + half))])
	})
}

/// Numbers of the channels `c` and `c + half` of each head, in the order of [`by_head`].
pub(super) fn pairs_by_head(xs: &[i32], half: usize) -> impl Iterator<Item = [i32; 2]> + '_ {
	let head = move |head: &'_ [i32]| {
		(0..half)
			.map(|c| [head[c], head[c + half]])
			.collect::<Vec<_>>()
	};
	xs.chunks_exact(2 * half).flat_map(head)
}

/// The same output of two layers.
pub(super) fn zip<'a>(left: &'a Linear, right: &'a Linear) -> Vec<Pair<'a>> {
	(0..left.weight.rows())
		.map(|r| [Some((left, r)), Some((right, r))])
		.collect()
}

/// Some of the pairs of a matrix.
pub(super) struct Shard {
	/// First pair.
	pub first: u32,
	/// Number of pairs.
	pub pairs: u32,
	/// `[strips, blocks, STRIP, 2]` eight weights each.
	pub weights: Buffer,
	/// `[pairs, 2]` mantissa and shift.
	pub scales: Buffer,
}

/// A matrix on the device.
pub(super) struct Matrix {
	/// Blocks of eight inputs, the last padded by zeros.
	pub blocks: u32,
	/// Its parts.
	pub shards: Vec<Shard>,
}

impl Matrix {
	/// Uploads `pairs` of layers with the same number of inputs.
	///
	/// # Errors
	/// What the device reports, such as a lack of memory.
	pub fn upload(gpu: &Gpu, pairs: &[Pair<'_>], inputs: usize) -> Result<Self, EngineError> {
		Self::upload_groups(gpu, pairs, 1, inputs)
	}

	/// The same in shards of whole groups of so many pairs.
	///
	/// # Errors
	/// Those of [`upload`](Self::upload).
	pub fn upload_groups(
		gpu: &Gpu,
		pairs: &[Pair<'_>],
		group: usize,
		inputs: usize,
	) -> Result<Self, EngineError> {
		let blocks = inputs.div_ceil(8);
		let limit = gpu.binding_limit().min(gpu.tuning().shard);
		let fitting = (limit / (16 * blocks as u64)) as usize;
		let most = (fitting / group).max(1) * group;
		let shards = (0..pairs.len())
			.step_by(most)
			.map(|first| {
				let pairs = &pairs[first..(first + most).min(pairs.len())];
				Shard::upload(gpu, pairs, first, blocks)
			})
			.collect::<Result<_, _>>()?;
		Ok(Self {
			blocks: blocks as u32,
			shards,
		})
	}

	/// The same weights with the scales of `linear`, which shares them.
	pub fn rescale(&self, gpu: &Gpu, linear: &Linear) -> Self {
		let pairs = plain(linear);
		let shards = self.shards.iter().map(|shard| {
			let own = &pairs[shard.first as usize..][..shard.pairs as usize];
			Shard {
				scales: scales(gpu, own),
				weights: shard.weights.clone(),
				..*shard
			}
		});
		Self {
			blocks: self.blocks,
			shards: shards.collect(),
		}
	}
}

impl Shard {
	/// Nothing is written beyond what the device has no room for.
	fn upload(
		gpu: &Gpu,
		pairs: &[Pair<'_>],
		first: usize,
		blocks: usize,
	) -> Result<Self, EngineError> {
		let words = interleave(pairs, blocks).ok_or_else(|| gpu.error("no memory for weights"))?;
		let shard = Self {
			first: first as u32,
			pairs: pairs.len() as u32,
			weights: gpu.upload("weights", bytemuck::cast_slice::<_, u32>(&words)),
			scales: scales(gpu, pairs),
		};
		gpu.flush();
		gpu.check()?;
		Ok(shard)
	}
}

/// `[strips, blocks, STRIP]` words of the two outputs of a pair; `None` without memory for them, which a
/// software rasteriser may have taken.
fn interleave(pairs: &[Pair<'_>], blocks: usize) -> Option<Vec<[[u32; 2]; 2]>> {
	let mut words: Vec<[[u32; 2]; 2]> = try_zeroed_vec(blocks * pairs.len()).ok()?;
	let strips = words.par_chunks_mut(blocks * STRIP);
	strips
		.zip(pairs.par_chunks(STRIP))
		.for_each(|(strip, pairs)| fill(strip, pairs));
	Some(words)
}

/// The words of one strip `[blocks, pairs]`.
fn fill(strip: &mut [[[u32; 2]; 2]], pairs: &[Pair<'_>]) {
	for (block, row) in strip.chunks_exact_mut(pairs.len()).enumerate() {
		for (words, pair) in row.iter_mut().zip(pairs) {
			*words =
				pair.map(|output| output.map_or([0; 2], |(l, r)| weights(&l.weight, r, block)));
		}
	}
}

/// Eight weights of output `r` as little-endian bytes.
fn weights(weight: &Weight, r: usize, block: usize) -> [u32; 2] {
	let row = &weight.row(r)[8 * block..];
	let mut bytes = [0; 8];
	for (byte, w) in bytes.iter_mut().zip(row) {
		*byte = *w as u8;
	}
	bytemuck::cast(bytes)
}

fn scales(gpu: &Gpu, pairs: &[Pair<'_>]) -> Buffer {
	let scale =
		|output: Output<'_>| output.map_or([0; 2], |(l, r)| [i32::from(l.mantissa[r]), l.shift[r]]);
	let scales: Vec<[[i32; 2]; 2]> = pairs.iter().map(|pair| pair.map(scale)).collect();
	gpu.upload("scales", bytemuck::cast_slice::<_, i32>(&scales))
}
