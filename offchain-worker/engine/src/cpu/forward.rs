//! The forward pass.

use std::sync::Arc;

use one_arithmetic::{add, argmax, embed, head_norm, quant, rmsnorm, swiglu, Dyadic};

use super::{
	attention::{append, attend, clamp, rotate, Caches},
	batch::{tokens, Token},
	cache::Cache,
	linear::{linear, Input},
};
use crate::{
	backend::{check_chunks, Backend, Chunk, SequenceId, Step, Want},
	hash::{blake2_256, Hash},
	model::{HeadNorm, Layer, Model, Norm},
	EngineError,
};

/// Evaluates a model on the CPU.
pub struct CpuBackend {
	model: Arc<Model>,
	caches: Caches,
	max_sequences: usize,
	next: u32,
}

impl CpuBackend {
	/// A back end for `model` with room for `max_sequences`.
	pub const fn new(model: Arc<Model>, max_sequences: usize) -> Self {
		Self {
			model,
			caches: Caches::new(),
			max_sequences,
			next: 0,
		}
	}

	fn len(&self, sequence: SequenceId) -> Option<usize> {
		self.caches.get(&sequence).map(|cache| cache.len)
	}

	fn run(&mut self, tokens: &[Token], want: Want) -> Vec<Step> {
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

	fn attention(&mut self, i: usize, layer: &Layer, tokens: &[Token], x: &mut [i32]) {
		let model = self.model.clone();
		let a = norm(&model, &layer.attention_norm, x);
		let [q, k, v] = qkv(layer, &a);
		let (q, k) = (rotate(&model, tokens, &q), rotate(&model, tokens, &k));
		append(&mut self.caches, i, tokens, &k, &clamp(&v));
		let o = attend(&model, &self.caches, i, tokens, &q);
		let a = Input::new(&o, model.shape.q_size(), |o, a| {
			Model::attention_scale(layer, quant(o, a))
		});
		add(x, &linear(&layer.o, &a));
	}
}

fn embed_all(model: &Model, tokens: &[Token]) -> Vec<i32> {
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
fn head(model: &Model, tokens: &[Token], x: &[i32], want_logits: bool) -> Vec<Head> {
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
	let next = |token: &Token| {
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

fn step(token: &Token, hash: Hash, argmax: Option<u32>, logits: Option<Vec<i32>>) -> Step {
	let position = token.position as u32;
	Step {
		sequence: token.sequence,
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

	fn max_sequences(&self) -> usize {
		self.max_sequences
	}

	fn open(&mut self) -> Result<SequenceId, EngineError> {
		if self.caches.len() >= self.max_sequences {
			return Err(EngineError::NoFreeSequence(self.max_sequences));
		}
		let id = SequenceId(self.next);
		self.next = self.next.wrapping_add(1);
		self.caches.insert(id, Cache::new(&self.model.shape));
		Ok(id)
	}

	fn close(&mut self, sequence: SequenceId) {
		self.caches.remove(&sequence);
	}

	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError> {
		let shape = self.model.shape;
		check_chunks(chunks, shape.vocab, shape.context, |sequence| {
			self.len(sequence)
		})?;
		let tokens = tokens(chunks, want.head, |sequence| self.len(sequence));
		if tokens.is_empty() {
			return Ok(Vec::new());
		}
		let steps = self.run(&tokens, want);
		for token in &tokens {
			if let Some(cache) = self.caches.get_mut(&token.sequence) {
				cache.len = token.position + 1;
			}
		}
		Ok(steps)
	}
}
