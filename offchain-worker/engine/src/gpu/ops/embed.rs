//! Embedding of the tokens of a batch.

use bytemuck::NoUninit;
use wgpu::Buffer;

use super::{Dispatch, Grid};
use crate::gpu::{
	pipelines::shaders::EMBED,
	weights::{Matrix, Shard},
	Gpu,
};

/// `Table` of `embed.wgsl`.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
struct Table {
	blocks: u32,
	pairs: u32,
	first: u32,
	tokens: u32,
}

/// Writes `x` `[rows, 8 blocks]` of `tokens` `[rows]`; each shard writes the rows whose token it holds.
pub fn embed<'a>(
	gpu: &'a Gpu,
	matrix: &'a Matrix,
	tokens: &'a Buffer,
	x: &'a Buffer,
) -> impl Iterator<Item = Dispatch> + 'a {
	matrix
		.shards
		.iter()
		.map(move |shard| embed_shard(gpu, matrix.blocks, shard, tokens, x))
}

fn embed_shard(gpu: &Gpu, blocks: u32, shard: &Shard, tokens: &Buffer, x: &Buffer) -> Dispatch {
	let table = gpu.uniform(&Table {
		blocks,
		pairs: shard.pairs,
		first: 2 * shard.first,
		tokens: 2 * shard.pairs,
	});
	let buffers = [&table, &shard.weights, &shard.scales, tokens, x];
	Dispatch::new(
		gpu,
		&EMBED,
		vec![],
		&buffers,
		Grid::Rows(blocks.div_ceil(64)),
	)
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::{ops::testing::*, weights::plain};

	#[test]
	fn embed_should_equal_its_twin() {
		for gpu in devices() {
			let mut draw = Draw(7);
			let (vocab, hidden) = (23, 22);
			let mut table = draw.linear(vocab, hidden, 10);
			table.shift = draw.many(vocab as usize, |d| d.range(-40, 70));
			let tokens: Vec<u32> = (0..vocab).map(|i| i * 7 % vocab).collect();
			let x = gpu.words("x", 24 * u64::from(vocab)).unwrap();
			let matrix = Matrix::upload(gpu, &plain(&table), hidden as usize).unwrap();
			run(
				gpu,
				embed(gpu, &matrix, &storage(gpu, &tokens), &x),
				load(&batch(0, vocab)),
			);
			let found = download(gpu, &x);
			for (row, id) in found.chunks(24).zip(&tokens) {
				let id = *id as usize;
				let mut expected = [0; 24];
				let weights = table.weight.row(id);
				one_arithmetic::embed(
					weights,
					table.mantissa[id],
					table.shift[id],
					&mut expected[..22],
				);
				assert_eq!(row, expected);
			}
		}
	}
}
