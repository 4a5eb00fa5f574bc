//! The greedy next token.

use wgpu::Buffer;

use super::{At, Dispatch, Grid};
use crate::gpu::{pipelines::shaders::ARGMAX, Gpu};

/// Writes the index of the largest of `logits` `[heads, vocab]` to `token` `[heads]`.
pub fn argmax(gpu: &Gpu, vocab: u32, logits: &Buffer, token: &Buffer) -> Dispatch {
	let vocab = gpu.uniform(&vocab);
	Dispatch::new(
		gpu,
		&ARGMAX,
		vec![],
		&[&vocab, logits, token],
		Grid::Row(At::Head),
	)
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::ops::testing::*;

	#[test]
	fn argmax_should_equal_its_twin_when_there_are_ties() {
		for gpu in devices() {
			let mut draw = Draw(3);
			for vocab in [1, 37, 512, 2049] {
				let mut logits = draw.many(20 * vocab, |d| d.range(-5, 5));
				logits[..vocab].fill(-i32::MAX);
				logits[vocab - 1] = -i32::MAX;
				let batch = batch(0, 20);
				let token = gpu.words("token", 20).unwrap();
				run(
					gpu,
					[argmax(gpu, vocab as u32, &storage(gpu, &logits), &token)],
					load(&batch),
				);
				let twin = |row| one_arithmetic::argmax(row).unwrap() as i32;
				let expected: Vec<_> = logits.chunks(vocab).map(twin).collect();
				assert_eq!(download(gpu, &token), expected);
			}
		}
	}
}
