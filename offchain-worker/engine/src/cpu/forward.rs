//! The forward pass.

use std::sync::Arc;

use one_arithmetic::{add, argmax, embed, head_norm, quant, rmsnorm, swiglu, Dyadic};

use super::{
	attention::{append, attend, clamp, rotate},
	batch::{tokens, Token},
	cache::Cache,
	linear::{linear, Input},
};
use crate::{
	backend::{check_chunks, Backend, Bounds, Chunk, Step, Want},
	hash::{blake2_256, Hash},
	model::{HeadNorm, Layer, Model, Norm, Shape},
	EngineError,
};

/// Evaluates a model on the CPU.
pub struct CpuBackend {
	model: Arc<Model>,
	cache: Cache,
}

impl CpuBackend {
	/// A back end for `model` with a cache of so many pages, each allocated when it is first used.
	pub fn new(model: Arc<Model>, pages: usize) -> Self {
		let cache = Cache::new(&model.shape, pages);
		Self { model, cache }
	}

	fn run(&mut self, tokens: &[Token<'_>], want: Want) -> Vec<Step> {
		let model = self.model.clone();
		let mut x = embed_all(&model, tokens);
		for (i, layer) in model.layers.iter().enumerate() {
			self.attention(i, layer, tokens, &mut x);
			feed_forward(&model, layer, &mut x);
		}
		let heads = head(&model, tokens, &x, want.logits);
		let residuals = x
			.chunks_exact(model.shape.hidden as usize)
			.map(residual_hash);
		let steps = tokens.iter().zip(residuals).zip(heads);
		steps
			.map(|((token, hash), (argmax, logits))| step(token, hash, argmax, logits))
			.collect()
	}

	fn attention(&mut self, i: usize, layer: &Layer, tokens: &[Token<'_>], x: &mut [i32]) {
		let model = self.model.clone();
		let a = norm(&model, &layer.attention_norm, x);
		let [q, k, v] = qkv(layer, &a);
		let (q, k) = (rotate(&model, tokens, &q), rotate(&model, tokens, &k));
		append(&mut self.cache, i, tokens, &k, &clamp(&v));
		let o = attend(&model, &self.cache, i, tokens, &q);
		let a = Input::new(&o, model.shape.q_size(), |o, a| {
			Model::attention_scale(layer, quant(o, a))
		});
		add(x, &linear(&layer.o, &a));
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

fn norm(model: &Model, norm: &Norm, x: &[i32]) -> Input {
	Input::new(x, model.shape.hidden as usize, |x, a| {
		rmsnorm(x, &norm.gain, norm.exponent, model.eps, a)
	})
}

/// Queries, keys and values of every token, before RoPE.
fn qkv(layer: &Layer, a: &Input) -> [Vec<i32>; 3] {
	let mut qkv = [&layer.q, &layer.k, &layer.v].map(|weights| linear(weights, a));
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
	let heads = x.chunks_exact_mut(dim).zip(f.chunks_exact(dim).cycle());
	heads.for_each(|(head, f)| head_norm(head, &norm.gain, norm.exponent, *eps, f));
}

fn feed_forward(model: &Model, layer: &Layer, x: &mut [i32]) {
	let a = norm(model, &layer.ffn_norm, x);
	let (g, u) = (linear(&layer.gate, &a), linear(&layer.up, &a));
	let mut h = vec![0; g.len()];
	swiglu(&g, &u, layer.f_gate, layer.swiglu_shift, &mut h);
	let round = |h: &[i32], a: &mut [i16]| -> Dyadic { Model::ffn_scale(layer, quant(h, a)) };
	add(
		x,
		&linear(
			&layer.down,
			&Input::new(&h, model.shape.ffn as usize, round),
		),
	);
}

type Head = (Option<u32>, Option<Vec<i32>>);

/// The greedy token and the logits of every token, where the head runs.
fn head(model: &Model, tokens: &[Token<'_>], x: &[i32], want_logits: bool) -> Vec<Head> {
	let (hidden, vocab) = (model.shape.hidden as usize, model.shape.vocab as usize);
	let rows = tokens
		.iter()
		.zip(x.chunks_exact(hidden))
		.filter(|(token, _)| token.head);
	let chosen: Vec<i32> = rows.flat_map(|(_, x)| x.iter().copied()).collect();
	let logits = linear(&model.head, &norm(model, &model.final_norm, &chosen));
	let mut rows = logits.chunks_exact(vocab);
	let pick = |row: &[i32]| {
		(
			argmax(row).map(|i| i as u32),
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
		Ok(self.run(&tokens, want))
	}
}
