//! Attention of several tokens over their pages, in parallel.

use one_arithmetic::{clamp16, normalise, rope, scores, softmax, weigh};
use rayon::prelude::*;

use super::{batch::Token, cache::Cache};
use crate::model::{Layer, Model};

/// Rotates every head of `[n, heads * head_dim]` by the position of its token.
pub fn rotate(model: &Model, tokens: &[Token<'_>], x: &[i32]) -> Vec<i16> {
	let dim = model.shape.head_dim as usize;
	let mut y = vec![0; x.len()];
	let size = x.len() / tokens.len();
	let rows = x
		.chunks_exact(size)
		.zip(y.chunks_exact_mut(size))
		.zip(tokens);
	for ((x, y), token) in rows {
		let (cos, sin) = model.rope.at(token.position);
		let heads = x.chunks_exact(dim).zip(y.chunks_exact_mut(dim));
		heads.for_each(|(x, y)| rope(x, cos, sin, y));
	}
	y
}

/// Values as they are cached.
pub fn clamp(v: &[i32]) -> Vec<i16> {
	v.iter().map(|v| clamp16(*v as i64)).collect()
}

/// Writes keys and values `[n, kv_heads * head_dim]` of a layer to the pages of their tokens.
pub fn append(cache: &mut Cache, layer: usize, tokens: &[Token<'_>], k: &[i16], v: &[i16]) {
	let size = k.len() / tokens.len();
	let rows = k.chunks_exact(size).zip(v.chunks_exact(size));
	for (token, (k, v)) in tokens.iter().zip(rows) {
		let (page, slot) = token.place();
		cache.write(page, slot, layer, k, v);
	}
}

/// Output of attention `[n, heads * head_dim]` for the queries `q`.
pub fn attend(model: &Model, cache: &Cache, i: usize, tokens: &[Token<'_>], q: &[i16]) -> Vec<i32> {
	let (dim, heads) = (model.shape.head_dim as usize, model.shape.heads as usize);
	let mut o = vec![0; q.len()];
	o.par_chunks_mut(dim)
		.zip(q.par_chunks(dim))
		.enumerate()
		.for_each(|(row, (o, q))| {
			let head = Head {
				model,
				cache,
				index: i,
				number: row % heads,
			};
			head.attend(&tokens[row / heads], q, o);
		});
	o
}

/// One query head of a layer.
struct Head<'a> {
	model: &'a Model,
	cache: &'a Cache,
	index: usize,
	number: usize,
}

impl Head<'_> {
	fn attend(&self, token: &Token<'_>, q: &[i16], o: &mut [i32]) {
		let layer: &Layer = &self.model.layers[self.index];
		let kv_head = self.number / self.model.shape.group();
		let first = self.model.first_key(token.position);
		let (m, shift) = (self.model.score_mantissa, layer.score_shift[self.number]);
		let mut z = vec![0; token.position + 1 - first];
		for run in token.runs(first) {
			let keys = self.cache.keys(self.index, kv_head, &run);
			scores(q, keys, m, shift, &mut z[run.keys]);
		}
		let mut p = vec![0; z.len()];
		let sum = softmax(&z, &mut p);
		let mut acc = vec![0; o.len()];
		for run in token.runs(first) {
			let values = self.cache.values(self.index, kv_head, &run);
			weigh(&p[run.keys], values, &mut acc);
		}
		let shift = &layer.value_shift[kv_head * o.len()..][..o.len()];
		normalise(&acc, sum, shift, o);
	}
}
