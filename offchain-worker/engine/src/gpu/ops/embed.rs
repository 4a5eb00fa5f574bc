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

/// Writes `x` `[rows, 8 blocks]`; each shard writes the rows whose token it holds.
pub fn embed<'a>(
	gpu: &'a Gpu,
	batch: &'a Buffer,
	matrix: &'a Matrix,
	x: &'a Buffer,
) -> impl Iterator<Item = Dispatch> + 'a {
	matrix
		.shards
		.iter()
		.map(move |shard| embed_shard(gpu, batch, matrix.blocks, shard, x))
}

fn embed_shard(gpu: &Gpu, batch: &Buffer, blocks: u32, shard: &Shard, x: &Buffer) -> Dispatch {
	let table = gpu.uniform(&Table {
		blocks,
		pairs: shard.pairs,
		first: 2 * shard.first,
		tokens: 2 * shard.pairs,
	});
	let buffers = [batch, &table, &shard.weights, &shard.scales, x];
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
			let batch = batch(0, vocab, |i| i * 7 % vocab);
			let x = gpu.words("x", 24 * u64::from(vocab)).unwrap();
			let matrix = Matrix::upload(gpu, &plain(&table), hidden as usize);
			run(
				gpu,
				embed(gpu, &gpu.uniform(&batch), &matrix, &x),
				load(&batch),
			);
			let found = download(gpu, &x);
			for (i, row) in found.chunks(24).enumerate() {
				let id = batch.row[i].token as usize;
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
