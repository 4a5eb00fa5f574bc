//! The forward pass.

use std::sync::Arc;

use one_arithmetic::{add, embed, head_norm};
use rayon::prelude::*;

use super::{
	attention::{append, attend, clamp, rotate, weights},
	batch::{tokens, Token},
	cache::Cache,
	kernels::{chosen, Kernels},
	linear::{gated, largest, linear, Input},
	record::{Recorder, Sink},
	watch::Watch,
};
use crate::{
	backend::{check_chunks, Backend, Bounds, Chunk, HeadAt, KernelTime, Step, Want},
	hash::{blake2_256, Hash},
	model::{HeadNorm, Layer, Linear, Model, Norm},
	operator::Operator,
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

	/// The model.
	pub fn model(&self) -> &Model {
		&self.model
	}

	/// The same with the given kernels.
	pub const fn with_kernels(mut self, kernels: &'static dyn Kernels) -> Self {
		self.kernels = kernels;
		self
	}

	/// Feeds one token as [`forward`](Backend::forward) does, and gives what every operator gave.
	///
	/// # Errors
	/// Those of [`forward`](Backend::forward).
	pub fn trace(&mut self, chunk: Chunk<'_>, sink: Sink<'_>) -> Result<Vec<Step>, EngineError> {
		let one = Chunk {
			ids: &chunk.ids[..chunk.ids.len().min(1)],
			..chunk
		};
		let want = Want {
			head: HeadAt::Last,
			logits: true,
		};
		self.pass(&[one], want, Recorder::trace(sink))
	}

	fn pass(
		&mut self,
		chunks: &[Chunk<'_>],
		want: Want,
		record: Recorder<'_>,
	) -> Result<Vec<Step>, EngineError> {
		check_chunks(chunks, Bounds::new(&self.model.shape, self.pages()))?;
		let tokens = tokens(chunks, want.head);
		if tokens.is_empty() {
			return Ok(Vec::new());
		}
		let pages = chunks.iter().flat_map(Chunk::used);
		pages.for_each(|page| self.cache.allocate(*page));
		// On a thread of the pool: a parallel region begun outside would wait to be taken up.
		Ok(rayon::scope(|_| self.run(&tokens, want, record)))
	}

	fn run(&mut self, tokens: &[Token<'_>], want: Want, mut record: Recorder<'_>) -> Vec<Step> {
		let (model, kernels) = (self.model.clone(), self.kernels);
		let mut x = embed_all(&model, tokens);
		record.put(Operator::Embed, &x, i32::to_le_bytes);
		record.lap("embed");
		for (i, layer) in model.layers.iter().enumerate() {
			record.next_stage();
			self.attention(i, layer, tokens, &mut x, &mut record);
			feed_forward(kernels, &model, layer, &mut x, &mut record);
		}
		record.next_stage();
		let heads = head(kernels, &model, tokens, &x, want.logits, &mut record);
		let residuals = x.par_chunks_exact(model.shape.hidden as usize);
		let residuals: Vec<Hash> = residuals.map(residual_hash).collect();
		record.lap("hash");
		let steps = tokens.iter().zip(residuals).zip(heads);
		steps
			.map(|((token, hash), (argmax, logits))| step(token, hash, argmax, logits))
			.collect()
	}

	fn attention(
		&mut self,
		i: usize,
		layer: &Layer,
		tokens: &[Token<'_>],
		x: &mut [i32],
		record: &mut Recorder<'_>,
	) {
		let (model, kernels) = (self.model.clone(), self.kernels);
		let a = norm(kernels, &model, &layer.attention_norm, x);
		record.put_input(Operator::AttentionNorm, &a);
		record.lap("rmsnorm");
		let [q, k, v] = qkv(kernels, layer, &a);
		let (q, k) = (rotate(&model, tokens, &q), rotate(&model, tokens, &k));
		let v = clamp(&v);
		for (operator, x) in [(Operator::Q, &q), (Operator::K, &k), (Operator::V, &v)] {
			record.put(operator, x, i16::to_le_bytes);
		}
		append(&mut self.cache, i, tokens, &k, &v);
		record.lap("qkv");
		self.record_weights(i, tokens, &q, record);
		let shares = record.shares();
		let o = attend(kernels, &model, &self.cache, i, tokens, &q, shares);
		record.put(Operator::Values, &o, i32::to_le_bytes);
		record.lap_attention();
		let a = Input::new(&o, model.shape.q_size(), |o, a| {
			Model::attention_scale(layer, kernels.quant(o, a))
		});
		add_linear(kernels, &layer.o, &a, x);
		record.put(Operator::AttentionOutput, x, i32::to_le_bytes);
		record.lap("residual");
	}

	/// What attention does not keep for a whole token.
	fn record_weights(&self, i: usize, tokens: &[Token<'_>], q: &[i16], record: &mut Recorder<'_>) {
		if record.is_on() {
			let (z, p, sums) = weights(self.kernels, &self.model, &self.cache, i, &tokens[0], q);
			record.put(Operator::Scores, &z, i32::to_le_bytes);
			record.put_weights(Operator::Softmax, &p, &sums);
		}
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

fn feed_forward(
	kernels: &dyn Kernels,
	model: &Model,
	layer: &Layer,
	x: &mut [i32],
	record: &mut Recorder<'_>,
) {
	let a = norm(kernels, model, &layer.ffn_norm, x);
	record.put_input(Operator::FfnNorm, &a);
	record.lap("rmsnorm");
	record_gate(kernels, layer, &a, record);
	let h = gated(kernels, layer, &a);
	record.put(Operator::Swiglu, &h, i32::to_le_bytes);
	record.lap("gate_up");
	let a = Input::new(&h, model.shape.ffn as usize, |h, a| {
		Model::ffn_scale(layer, kernels.quant(h, a))
	});
	add_linear(kernels, &layer.down, &a, x);
	record.put(Operator::FfnOutput, x, i32::to_le_bytes);
	record.lap("residual");
}

/// What the gated product does not keep for a whole token.
fn record_gate(kernels: &dyn Kernels, layer: &Layer, a: &Input, record: &mut Recorder<'_>) {
	if record.is_on() {
		let [gate, up] = linear(kernels, [&layer.gate, &layer.up], a);
		record.put(Operator::Gate, &gate, i32::to_le_bytes);
		record.put(Operator::Up, &up, i32::to_le_bytes);
	}
}

/// Adds the outputs of a layer to the residual.
fn add_linear(kernels: &dyn Kernels, layer: &Linear, a: &Input, x: &mut [i32]) {
	let [y] = linear(kernels, [layer], a);
	let rows = layer.weight.rows();
	x.par_chunks_exact_mut(rows)
		.zip(y.par_chunks_exact(rows))
		.for_each(|(x, y)| add(x, y));
}

/// Tokens whose logits are held at once.
const HEAD_TOKENS: usize = 64;

type Head = (Option<u32>, Option<Vec<i32>>);

/// The greedy token and the logits of every token, where the head runs.
fn head(
	kernels: &dyn Kernels,
	model: &Model,
	tokens: &[Token<'_>],
	x: &[i32],
	want_logits: bool,
	record: &mut Recorder<'_>,
) -> Vec<Head> {
	let (hidden, vocab) = (model.shape.hidden as usize, model.shape.vocab as usize);
	let rows = tokens
		.iter()
		.zip(x.chunks_exact(hidden))
		.filter(|(token, _)| token.head);
	let chosen: Vec<&[i32]> = rows.map(|(_, x)| x).collect();
	let pick = |row: &[i32]| {
		(
			kernels.argmax(row).map(|i| i as u32),
			want_logits.then(|| row.to_vec()),
		)
	};
	let mut heads = Vec::with_capacity(chosen.len());
	for rows in chosen.chunks(HEAD_TOKENS) {
		let a = norm(kernels, model, &model.final_norm, &rows.concat());
		record.put_input(Operator::FinalNorm, &a);
		record.lap("rmsnorm");
		if !want_logits && !record.is_on() {
			let rows = largest(kernels, &model.head, &a).into_iter();
			heads.extend(rows.map(|row| (row.map(|row| row as u32), None)));
			record.lap("head");
			continue;
		}
		let [logits] = linear(kernels, [&model.head], &a);
		record.put(Operator::Logits, &logits, i32::to_le_bytes);
		record.lap("head");
		heads.par_extend(logits.par_chunks_exact(vocab).map(pick));
		record.lap("argmax");
	}
	let mut heads = heads.into_iter();
	let next = |token: &Token<'_>| token.head.then(|| heads.next()).flatten();
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
		self.pass(chunks, want, Recorder::default())
	}

	fn profile(
		&mut self,
		chunks: &[Chunk<'_>],
		want: Want,
	) -> Result<Vec<KernelTime>, EngineError> {
		let mut watch = Watch::start();
		self.pass(chunks, want, Recorder::time(&mut watch))?;
		Ok(watch.times())
	}
}
