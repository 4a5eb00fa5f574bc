//! The forward pass.

use std::sync::Arc;

use one_arithmetic::{add, embed, head_norm};
use rayon::prelude::*;

use super::{
	attention::{append, attend, clamp, rotate},
	batch::{tokens, Token},
	cache::Cache,
	kernels::{chosen, Kernels},
	linear::{gated, linear, Input},
};
use crate::{
	backend::{check_chunks, Backend, Bounds, Chunk, Step, Want},
	hash::{blake2_256, Hash},
	model::{HeadNorm, Layer, Linear, Model, Norm, Shape},
	EngineError,
};

/// Evaluates a model on the CPU.
pub struct CpuBackend {
	model: Arc<Model>,
	kernels: &'static dyn Kernels,
	cache: Cache,
}

impl CpuBackend {
	/// A back end for `model` with a cache of so many pages, each allocated when it is first used,
	/// and the kernels of [`chosen`].
	pub fn new(model: Arc<Model>, pages: usize) -> Self {
		Self {
			kernels: chosen(),
			cache: Cache::new(&model.shape, pages),
			model,
		}
	}

	/// The same with the given kernels.
	pub const fn with_kernels(mut self, kernels: &'static dyn Kernels) -> Self {
		self.kernels = kernels;
		self
	}

	fn run(&mut self, tokens: &[Token<'_>], want: Want) -> Vec<Step> {
		let model = self.model.clone();
		let mut x = embed_all(&model, tokens);
		for (i, layer) in model.layers.iter().enumerate() {
			self.attention(i, layer, tokens, &mut x);
			feed_forward(self.kernels, &model, layer, &mut x);
		}
		let heads = head(self.kernels, &model, tokens, &x, want.logits);
		let residuals = x.par_chunks_exact(model.shape.hidden as usize);
		let residuals: Vec<Hash> = residuals.map(residual_hash).collect();
		let steps = tokens.iter().zip(residuals).zip(heads);
		steps
			.map(|((token, hash), (argmax, logits))| step(token, hash, argmax, logits))
			.collect()
	}

	fn attention(&mut self, i: usize, layer: &Layer, tokens: &[Token<'_>], x: &mut [i32]) {
		let (model, kernels) = (self.model.clone(), self.kernels);
		let a = norm(kernels, &model, &layer.attention_norm, x);
		let [q, k, v] = qkv(kernels, layer, &a);
		let (q, k) = (rotate(&model, tokens, &q), rotate(&model, tokens, &k));
		append(&mut self.cache, i, tokens, &k, &clamp(&v));
		let o = attend(kernels, &model, &self.cache, i, tokens, &q);
		let a = Input::new(&o, model.shape.q_size(), |o, a| {
			Model::attention_scale(layer, kernels.quant(o, a))
		});
		add_linear(kernels, &layer.o, &a, x);
	}
}

fn embed_all(model: &Model, tokens: &[Token<'_>]) -> Vec<i32> {
	let (hidden, table) = (model.shape.hidden as usize, &model.embedding);
	let mut x = vec![0; tokens.len() * hidden];
	for (x, token) in x.chunks_exact_mut(hidden).zip(tokens) {
		let id = token.id as usize;
		embed(table.weight.row(id), table.mantissa[id], table.shift[id], x);
	}
	x
}

fn norm(kernels: &dyn Kernels, model: &Model, norm: &Norm, x: &[i32]) -> Input {
	Input::new(x, model.shape.hidden as usize, |x, a| {
		kernels.rmsnorm(x, &norm.gain, norm.exponent, model.eps, a)
	})
}

/// Queries, keys and values of every token, before RoPE.
fn qkv(kernels: &dyn Kernels, layer: &Layer, a: &Input) -> [Vec<i32>; 3] {
	let mut qkv = linear(kernels, [&layer.q, &layer.k, &layer.v], a);
	if let Some(bias) = &layer.bias {
		for (x, bias) in qkv.iter_mut().zip([&bias.q, &bias.k, &bias.v]) {
			x.chunks_exact_mut(bias.len()).for_each(|x| add(x, bias));
		}
	}
	if let Some(norm) = &layer.qk_norm {
		norm_heads(&norm.q, &mut qkv[0]);
		norm_heads(&norm.k, &mut qkv[1]);
	}
	qkv
}

fn norm_heads(HeadNorm { norm, eps, f }: &HeadNorm, x: &mut [i32]) {
	let dim = norm.gain.len();
	x.par_chunks_exact_mut(f.len()).for_each(|x| {
		let heads = x.chunks_exact_mut(dim).zip(f.chunks_exact(dim));
		heads.for_each(|(head, f)| head_norm(head, &norm.gain, norm.exponent, *eps, f));
	});
}

fn feed_forward(kernels: &dyn Kernels, model: &Model, layer: &Layer, x: &mut [i32]) {
	let a = norm(kernels, model, &layer.ffn_norm, x);
	let h = gated(kernels, layer, &a);
	let a = Input::new(&h, model.shape.ffn as usize, |h, a| {
		Model::ffn_scale(layer, kernels.quant(h, a))
	});
	add_linear(kernels, &layer.down, &a, x);
}

/// Adds the outputs of a layer to the residual.
fn add_linear(kernels: &dyn Kernels, layer: &Linear, a: &Input, x: &mut [i32]) {
	let [y] = linear(kernels, [layer], a);
	let rows = layer.weight.rows();
	x.par_chunks_exact_mut(rows)
		.zip(y.par_chunks_exact(rows))
		.for_each(|(x, y)| add(x, y));
}

type Head = (Option<u32>, Option<Vec<i32>>);

/// The greedy token and the logits of every token, where the head runs.
fn head(
	kernels: &dyn Kernels,
	model: &Model,
	tokens: &[Token<'_>],
	x: &[i32],
	want_logits: bool,
) -> Vec<Head> {
	let (hidden, vocab) = (model.shape.hidden as usize, model.shape.vocab as usize);
	let rows = tokens
		.iter()
		.zip(x.chunks_exact(hidden))
		.filter(|(token, _)| token.head);
	let chosen: Vec<i32> = rows.flat_map(|(_, x)| x.iter().copied()).collect();
	let a = norm(kernels, model, &model.final_norm, &chosen);
	let [logits] = linear(kernels, [&model.head], &a);
	let mut rows = logits.chunks_exact(vocab);
	let pick = |row: &[i32]| {
		(
			kernels.argmax(row).map(|i| i as u32),
			want_logits.then(|| row.to_vec()),
		)
	};
	let next = |token: &Token<'_>| {
		if token.head {
			rows.next().map(pick)
		} else {
			None
		}
	};
	tokens
		.iter()
		.map(next)
		.map(Option::unwrap_or_default)
		.collect()
}

/// Hash of the residual as little-endian `i32`.
pub fn residual_hash(x: &[i32]) -> Hash {
	let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
	blake2_256(&bytes)
}

fn step(token: &Token<'_>, hash: Hash, argmax: Option<u32>, logits: Option<Vec<i32>>) -> Step {
	let position = token.position as u32;
	Step {
		position,
		argmax,
		residual_hash: hash,
		logits,
	}
}

impl Backend for CpuBackend {
	fn device(&self) -> &str {
		"cpu"
	}

	fn pages(&self) -> usize {
		self.cache.len()
	}

	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError> {
		let Shape { vocab, context, .. } = self.model.shape;
		let pages = self.pages();
		check_chunks(
			chunks,
			Bounds {
				vocab,
				context,
				pages,
			},
		)?;
		let tokens = tokens(chunks, want.head);
		if tokens.is_empty() {
			return Ok(Vec::new());
		}
		let pages = chunks.iter().flat_map(Chunk::used);
		pages.for_each(|page| self.cache.allocate(*page));
		// On a thread of the pool: a parallel region begun outside would wait to be taken up.
		Ok(rayon::scope(|_| self.run(&tokens, want)))
	}
}
