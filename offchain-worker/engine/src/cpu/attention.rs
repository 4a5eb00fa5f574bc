//! Attention of several tokens over their pages, in parallel.

use std::ops::Range;

use one_arithmetic::{clamp16, normalise, rope};
use rayon::prelude::*;

use super::{
	batch::Token,
	cache::Cache,
	kernels::{Kernels, Queries},
	watch::{timed, Shares},
};
use crate::model::{Layer, Model, Shape};

/// Rotates every head of `[n, heads * head_dim]` by the position of its token.
pub fn rotate(model: &Model, tokens: &[Token<'_>], x: &[i32]) -> Vec<i16> {
	let dim = model.shape.head_dim as usize;
	let mut y = vec![0; x.len()];
	let size = x.len() / tokens.len();
	let rows = x.par_chunks_exact(size).zip(y.par_chunks_exact_mut(size));
	rows.zip(tokens).for_each(|((x, y), token)| {
		let (cos, sin) = model.rope.at(token.position);
		let heads = x.chunks_exact(dim).zip(y.chunks_exact_mut(dim));
		heads.for_each(|(x, y)| rope(x, cos, sin, y));
	});
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

/// Query rows that a task takes at once, for the keys and values to be read once.
const QUERIES: usize = 12;

/// Output of attention `[n, heads * head_dim]` for the queries `q`.
pub fn attend(
	kernels: &dyn Kernels,
	model: &Model,
	cache: &Cache,
	i: usize,
	tokens: &[Token<'_>],
	q: &[i16],
	shares: Option<&Shares>,
) -> Vec<i32> {
	let mut o = vec![0; q.len()];
	let layer = Attention {
		kernels,
		model,
		cache,
		index: i,
	};
	let tasks = tasks(&model.shape, tokens, q, &mut o);
	let tasks = tasks.into_par_iter().with_max_len(1);
	tasks.for_each(|task| layer.attend(task, shares));
	o
}

/// Logits, weights and sums of weights of one token, `[heads, keys]` and `[heads]`.
pub fn weights(
	kernels: &dyn Kernels,
	model: &Model,
	cache: &Cache,
	i: usize,
	token: &Token<'_>,
	q: &[i16],
) -> (Vec<i32>, Vec<u32>, Vec<u64>) {
	let layer = Attention {
		kernels,
		model,
		cache,
		index: i,
	};
	let (mut z, mut p, mut sums) = (Vec::new(), Vec::new(), Vec::new());
	for task in tasks(
		&model.shape,
		std::slice::from_ref(token),
		q,
		&mut vec![0; q.len()],
	) {
		z.extend(layer.scores(&task));
		let first = p.len();
		p.resize(z.len(), 0);
		sums.extend(layer.softmax(&task, &z[first..], &mut p[first..]));
	}
	(z, p, sums)
}

/// The query heads of one key head, for some tokens in a row.
struct Task<'a> {
	tokens: &'a [Token<'a>],
	kv_head: usize,
	/// Of each token `[group, head_dim]`.
	q: Vec<&'a [i16]>,
	/// Of each token `[group, head_dim]`.
	o: Vec<&'a mut [i32]>,
}

impl<'a> Task<'a> {
	fn new(tokens: &'a [Token<'a>], kv_head: usize) -> Self {
		Self {
			tokens,
			kv_head,
			q: Vec::with_capacity(tokens.len()),
			o: Vec::with_capacity(tokens.len()),
		}
	}

	/// The token that sees furthest.
	const fn last(&self) -> &Token<'a> {
		&self.tokens[self.tokens.len() - 1]
	}

	/// The keys that any of the tokens sees.
	fn keys(&self, model: &Model) -> Range<usize> {
		model.first_key(self.tokens[0].position)..self.last().position + 1
	}
}

fn tasks<'a>(
	shape: &Shape,
	tokens: &'a [Token<'a>],
	q: &'a [i16],
	o: &'a mut [i32],
) -> Vec<Task<'a>> {
	let group = shape.group() * shape.head_dim as usize;
	let mut rows = q
		.chunks_exact(shape.q_size())
		.zip(o.chunks_exact_mut(shape.q_size()));
	let mut tasks = Vec::new();
	for tokens in tokens
		.chunk_by(Token::precedes)
		.flat_map(|tokens| tokens.chunks(QUERIES.div_ceil(shape.group())))
	{
		let first = tasks.len();
		tasks.extend((0..shape.kv_heads as usize).map(|head| Task::new(tokens, head)));
		for (q, o) in rows.by_ref().take(tokens.len()) {
			let heads = q.chunks_exact(group).zip(o.chunks_exact_mut(group));
			for (task, (q, o)) in tasks[first..].iter_mut().zip(heads) {
				task.q.push(q);
				task.o.push(o);
			}
		}
	}
	tasks
}

/// What the tasks of one layer share.
struct Attention<'a> {
	kernels: &'a dyn Kernels,
	model: &'a Model,
	cache: &'a Cache,
	index: usize,
}

impl Attention<'_> {
	fn attend(&self, task: Task<'_>, shares: Option<&Shares>) {
		let z = timed(shares.map(|to| &to.scores), || self.scores(&task));
		timed(shares.map(|to| &to.values), || self.values(task, &z));
	}

	/// The output of the queries whose logits are `z`.
	fn values(&self, task: Task<'_>, z: &[i32]) {
		let dim = self.model.shape.head_dim as usize;
		let mut p = vec![0; z.len()];
		let sums = self.softmax(&task, z, &mut p);
		let acc = self.weigh(&task, &p);
		let shift = &self.layer().value_shift[task.kv_head * dim..][..dim];
		let heads = task.o.into_iter().flat_map(|o| o.chunks_exact_mut(dim));
		for ((o, acc), sum) in heads.zip(acc.chunks_exact(dim)).zip(sums) {
			normalise(acc, sum, shift, o);
		}
	}

	fn layer(&self) -> &Layer {
		&self.model.layers[self.index]
	}

	/// Logits `[queries, keys]`; those of keys that a query does not see are not to be read.
	fn scores(&self, task: &Task<'_>) -> Vec<i32> {
		let group = self.model.shape.group();
		let shift = &self.layer().score_shift[task.kv_head * group..][..group];
		let queries = Queries {
			q: &task.q.concat(),
			m: self.model.score_mantissa,
			shift: &shift.repeat(task.tokens.len()),
		};
		let keys = task.keys(self.model);
		let mut z = vec![0; queries.shift.len() * keys.len()];
		for run in task.last().runs(keys.start) {
			let rows = z.chunks_exact_mut(keys.len());
			let mut rows: Vec<_> = rows.map(|z| &mut z[run.keys.clone()]).collect();
			let keys = self.cache.keys(self.index, task.kv_head, &run);
			self.kernels.scores(queries, keys, &mut rows);
		}
		z
	}

	/// Weights `[queries, keys]`, 0 where a query does not see; returns the sum of each query.
	fn softmax(&self, task: &Task<'_>, z: &[i32], p: &mut [u32]) -> Vec<u64> {
		let keys = task.keys(self.model);
		let rows = z.chunks_exact(keys.len());
		let rows = rows.zip(p.chunks_exact_mut(keys.len())).enumerate();
		let sums = rows.map(|(query, (z, p))| {
			let position = task.tokens[query / self.model.shape.group()].position;
			let first = self.model.first_key(position);
			let seen = first - keys.start..position + 1 - keys.start;
			self.kernels.softmax(&z[seen.clone()], &mut p[seen])
		});
		sums.collect()
	}

	/// Weighted sums of the values `[queries, head_dim]`.
	fn weigh(&self, task: &Task<'_>, p: &[u32]) -> Vec<i64> {
		let keys = task.keys(self.model);
		let mut acc = vec![0; p.len() / keys.len() * self.model.shape.head_dim as usize];
		for run in task.last().runs(keys.start) {
			let rows = p.chunks_exact(keys.len());
			let rows: Vec<_> = rows.map(|p| &p[run.keys.clone()]).collect();
			let values = self.cache.values(self.index, task.kv_head, &run);
			self.kernels.weigh(&rows, values, &mut acc);
		}
		acc
	}
}
