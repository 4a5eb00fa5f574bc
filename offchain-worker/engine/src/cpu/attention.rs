//! Attention of several tokens over their caches, in parallel.

use std::collections::BTreeMap;

use one_arithmetic::{clamp16, rope, scores, softmax, values};
use rayon::prelude::*;

use super::{batch::Token, cache::Cache};
use crate::{
	backend::SequenceId,
	model::{Layer, Model},
};

/// Caches of all open sequences.
pub type Caches = BTreeMap<SequenceId, Cache>;

/// Rotates every head of `[n, heads * head_dim]` by the position of its token.
pub fn rotate(model: &Model, tokens: &[Token], x: &[i32]) -> Vec<i16> {
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

/// Appends keys and values `[n, kv_heads * head_dim]` of a layer to the caches of their sequences.
pub fn append(caches: &mut Caches, layer: usize, tokens: &[Token], k: &[i16], v: &[i16]) {
	let size = k.len() / tokens.len();
	for ((token, k), v) in tokens
		.iter()
		.zip(k.chunks_exact(size))
		.zip(v.chunks_exact(size))
	{
		if let Some(cache) = caches.get_mut(&token.sequence) {
			cache.append(layer, k, v);
		}
	}
}

/// Output of attention `[n, heads * head_dim]` for the queries `q`.
pub fn attend(model: &Model, caches: &Caches, i: usize, tokens: &[Token], q: &[i16]) -> Vec<i32> {
	let (dim, heads) = (model.shape.head_dim as usize, model.shape.heads as usize);
	let mut o = vec![0; q.len()];
	o.par_chunks_mut(dim)
		.zip(q.par_chunks(dim))
		.enumerate()
		.for_each(|(row, (o, q))| {
			let token = &tokens[row / heads];
			if let Some(cache) = caches.get(&token.sequence) {
				let head = Head {
					model,
					index: i,
					number: row % heads,
				};
				head.attend(cache, token.position + 1, q, o);
			}
		});
	o
}

/// One query head of a layer.
struct Head<'a> {
	model: &'a Model,
	index: usize,
	number: usize,
}

impl Head<'_> {
	fn attend(&self, cache: &Cache, positions: usize, q: &[i16], o: &mut [i32]) {
		let layer: &Layer = &self.model.layers[self.index];
		let kv_head = self.number / self.model.shape.group();
		let (keys, cached) = cache.head(self.index, kv_head, positions);
		let first = self.model.first_key(positions - 1);
		let (keys, cached) = (&keys[first * q.len()..], &cached[first * q.len()..]);
		let (mut z, mut p) = (vec![0; positions - first], vec![0; positions - first]);
		scores(
			q,
			keys,
			self.model.score_mantissa,
			layer.score_shift[self.number],
			&mut z,
		);
		let sum = softmax(&z, &mut p);
		let shift = &layer.value_shift[kv_head * q.len()..][..q.len()];
		values(&p, sum, cached, shift, o);
	}
}
