//! A model on the device: its buffers, and the list of dispatches of a forward pass.

use bytemuck::{Pod, Zeroable};
use one_arithmetic::EXP2_TABLE;
use wgpu::Buffer;

use super::{
	ops::{
		argmax::argmax,
		attention::{largest_row, quads, Attention, Heads, Scratch, Tiles},
		embed::embed,
		linear::Operator,
		norm::rmsnorm,
		qkv::{Ends, Projection},
		At, Dispatch,
	},
	weights::{plain, zip, Matrix},
	Gpu, CHUNK, MAX_ROWS,
};
use crate::{
	backend::pages_for,
	model::{Layer, Rope, Shape},
	EngineError, Model,
};

/// One fed token, `Row` of `batch.wgsl`.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Row {
	/// Its position in the caches: page times [`CHUNK`](crate::gpu::CHUNK) plus place within.
	pub cache: u32,
	/// Position in its sequence.
	pub position: u32,
	/// Of entry `i`: the row at which the head runs as the `i`-th.
	pub head: u32,
	/// Up to the alignment of the next row.
	padding: u32,
}

/// `Batch` of `batch.wgsl`.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Batch {
	/// Rows fed.
	pub rows: u32,
	/// Rows at which the head runs.
	pub heads: u32,
	/// Chunks of keys of the longest sequence.
	pub chunks: u32,
	/// Up to the alignment of the rows.
	padding: u32,
	/// The rows.
	pub row: [Row; MAX_ROWS],
}

/// What the host writes before a pass and reads after it.
pub struct Interface {
	/// [`Batch`]
	pub batch: Buffer,
	/// `[rows, chunks]` the pages that each row sees, `chunks` as in [`Batch`].
	pub tables: Buffer,
	/// `[rows, stride]` the residual, before the last norm at the end.
	pub x: Buffer,
	/// `[heads, vocab]`
	pub logits: Buffer,
	/// Before a pass `[rows]` the tokens fed, after it `[heads]` those that follow: a pass feeds
	/// what the one before has chosen.
	pub tokens: Buffer,
}

/// A model ready to run.
pub struct Program {
	/// Rows of one pass at most.
	pub rows: usize,
	/// Pages of the caches.
	pub pages: usize,
	/// Channels of a row of the residual, padded to a multiple of eight.
	pub stride: u32,
	/// Input and output.
	pub interface: Interface,
	/// Embedding and layers.
	pub body: Vec<Dispatch>,
	/// Last norm, head and argmax.
	pub head: Vec<Dispatch>,
}

impl Program {
	/// Uploads `model` with caches of `pages`, or as many as fit a binding.
	///
	/// # Errors
	/// A model too large for the bindings or the memory of the device.
	pub fn new(gpu: &Gpu, model: &Model, pages: usize) -> Result<Self, EngineError> {
		let rows = fitting_rows(gpu, &model.shape);
		let pages = fitting_pages(gpu, &model.shape, pages)?;
		let shared = Shared::new(gpu, model, rows, pages)?;
		let embedding = Matrix::upload(gpu, &plain(&model.embedding), shared.hidden())?;
		let interface = &shared.interface;
		let mut body: Vec<_> = embed(gpu, &embedding, &interface.tokens, &interface.x).collect();
		for layer in &model.layers {
			body.extend(shared.layer(layer)?);
		}
		let head = shared.head(&embedding)?;
		gpu.check()?;
		let stride = shared.stride();
		Ok(Self {
			rows: rows as usize,
			pages,
			stride,
			interface: shared.interface,
			body,
			head,
		})
	}
}

/// As many rows as the largest buffer of a pass holds.
fn fitting_rows(gpu: &Gpu, shape: &Shape) -> u64 {
	let row = largest_row(shape)
		.max(u64::from(shape.vocab))
		.max(u64::from(shape.ffn) + 7);
	(gpu.binding_limit() / (4 * row)).clamp(1, MAX_ROWS as u64)
}

fn fitting_pages(gpu: &Gpu, shape: &Shape, wanted: usize) -> Result<usize, EngineError> {
	let fitting = (gpu.binding_limit() / (4 * page_words(shape))) as usize;
	match wanted.min(fitting) {
		0 => Err(gpu.error("no room for a page of the cache")),
		pages => Ok(pages),
	}
}

/// Words of the keys (or values) of a page in one layer.
fn page_words(shape: &Shape) -> u64 {
	u64::from(CHUNK * shape.kv_heads * 4 * quads(shape))
}

/// What the layers of a model share.
struct Shared<'a> {
	gpu: &'a Gpu,
	model: &'a Model,
	pages: usize,
	interface: Interface,
	attention: Scratch,
	/// Input of the layers that read the residual.
	normed: Buffer,
	/// `[rows, stride]` hidden values of the feed-forward block.
	h: Buffer,
	/// `[rows]` largest magnitude of what attention, or the feed-forward block, gives its last layer.
	peaks: Buffer,
	rope: Buffer,
	exp2_table: Buffer,
}

/// Blocks of eight channels.
fn blocks(size: usize) -> u32 {
	size.div_ceil(8) as u32
}

/// Stride of a row of so many channels.
fn stride(size: usize) -> u32 {
	8 * blocks(size)
}

impl<'a> Shared<'a> {
	fn new(gpu: &'a Gpu, model: &'a Model, rows: u64, pages: usize) -> Result<Self, EngineError> {
		let shape = &model.shape;
		let (hidden, ffn) = (shape.hidden as usize, shape.ffn as usize);
		let words = |what, row| gpu.words(what, rows * row);
		Ok(Self {
			gpu,
			model,
			pages,
			interface: Interface {
				batch: gpu.uniform(&Batch::zeroed()),
				tables: words("page tables", pages_for(shape.context as usize) as u64)?,
				x: words("residual", stride(hidden).into())?,
				logits: words("logits", u64::from(shape.vocab))?,
				tokens: words("tokens", 1)?,
			},
			attention: Scratch::new(gpu, shape, rows)?,
			normed: words("normed", 4 * (u64::from(blocks(hidden)) + 1))?,
			h: words("hidden values", stride(ffn).into())?,
			peaks: words("peaks", 1)?,
			rope: gpu.upload("rope", &rope_words(&model.rope)),
			exp2_table: gpu.upload("exp2", &EXP2_TABLE),
		})
	}

	fn hidden(&self) -> usize {
		self.model.shape.hidden as usize
	}

	fn stride(&self) -> u32 {
		stride(self.hidden())
	}

	fn layer(&self, layer: &Layer) -> Result<Vec<Dispatch>, EngineError> {
		let mut all = self.attention(layer)?;
		all.extend(self.feed_forward(layer)?);
		Ok(all)
	}

	fn attention(&self, layer: &Layer) -> Result<Vec<Dispatch>, EngineError> {
		let shape = &self.model.shape;
		let heads = Heads::new(shape, self.model.score_mantissa, self.model.window);
		let heads = self.gpu.uniform(&heads);
		let words = self.pages as u64 * page_words(shape);
		let (k, v) = (
			self.gpu.words("keys", words)?,
			self.gpu.words("values", words)?,
		);
		let attention = Attention {
			gpu: self.gpu,
			batch: &self.interface.batch,
			tables: &self.interface.tables,
			heads: &heads,
			tiles: Tiles::new(shape),
			quads: quads(shape),
			scratch: &self.attention,
			k: &k,
			v: &v,
		};
		let mut all = vec![self.norm(&layer.attention_norm, At::Rows)];
		all.extend(self.project(layer, &heads, &k, &v)?);
		all.push(attention.scores(&layer.score_shift));
		all.push(attention.values(&self.exp2_table, &layer.value_shift, &self.peaks));
		let o = Matrix::upload(self.gpu, &plain(&layer.o), shape.q_size())?;
		all.extend(self.residual(&o, &self.attention.o, layer.f_o));
		Ok(all)
	}

	fn project(
		&self,
		layer: &Layer,
		heads: &Buffer,
		k: &Buffer,
		v: &Buffer,
	) -> Result<Vec<Dispatch>, EngineError> {
		let half = self.model.shape.head_dim as usize / 2;
		let ends = Ends {
			batch: &self.interface.batch,
			inputs: &self.normed,
			heads,
			rope: &self.rope,
			q: &self.attention.q,
			k,
			v,
		};
		Ok(Projection::upload(self.gpu, layer, half)?.dispatches(self.gpu, ends))
	}

	fn feed_forward(&self, layer: &Layer) -> Result<Vec<Dispatch>, EngineError> {
		let ffn = self.model.shape.ffn as usize;
		let (table, h, peaks) = (&self.exp2_table, &self.h, &self.peaks);
		let gate_up = Matrix::upload(self.gpu, &zip(&layer.gate, &layer.up), self.hidden())?;
		let down = Matrix::upload(self.gpu, &plain(&layer.down), ffn)?;
		let mut all = vec![self.norm(&layer.ffn_norm, At::Rows)];
		let linear = self.linear(&gate_up, &self.normed);
		all.extend(linear.gate_up(stride(ffn), layer, table, h, peaks));
		all.extend(self.residual(&down, h, layer.f_h));
		Ok(all)
	}

	/// Adds what `matrix` makes of `inputs`, of `f` fraction bits, to the residual.
	fn residual(&self, matrix: &Matrix, inputs: &Buffer, f: i32) -> Vec<Dispatch> {
		let (hidden, x) = (self.model.shape.hidden, &self.interface.x);
		let linear = self.linear(matrix, inputs);
		linear.residual(hidden, self.stride(), f, &self.peaks, x)
	}

	fn head(&self, embedding: &Matrix) -> Result<Vec<Dispatch>, EngineError> {
		let (model, vocab) = (self.model, self.model.shape.vocab);
		let matrix = if model.head.weight.as_slice().as_ptr()
			== model.embedding.weight.as_slice().as_ptr()
		{
			embedding.rescale(self.gpu, &model.head)
		} else {
			Matrix::upload(self.gpu, &plain(&model.head), self.hidden())?
		};
		let (logits, tokens) = (&self.interface.logits, &self.interface.tokens);
		let mut all = vec![self.norm(&model.final_norm, At::Head)];
		all.extend(self.linear(&matrix, &self.normed).head(vocab, logits));
		all.push(argmax(self.gpu, vocab, logits, tokens));
		Ok(all)
	}

	fn norm(&self, norm: &crate::model::Norm, at: At) -> Dispatch {
		let Interface { batch, x, .. } = &self.interface;
		let (eps, to) = (self.model.eps, &self.normed);
		rmsnorm(self.gpu, batch, norm, eps, x, to, &self.peaks, at)
	}

	fn linear<'b>(&'b self, matrix: &'b Matrix, inputs: &'b Buffer) -> Operator<'b> {
		Operator {
			gpu: self.gpu,
			batch: &self.interface.batch,
			matrix,
			inputs,
		}
	}
}

/// Cosine in the low, sine in the high half of a word.
fn rope_words(rope: &Rope) -> Vec<u32> {
	let word = |(cos, sin): (&i16, &i16)| u32::from(*cos as u16) | u32::from(*sin as u16) << 16;
	rope.cos.iter().zip(&rope.sin).map(word).collect()
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::{context::tests::devices, self_test};

	/// Each dispatch waits for the one before.
	#[test]
	fn layer_should_take_eight_dispatches() {
		let Some(gpu) = devices().first() else { return };
		let model = self_test::model();
		let program = Program::new(gpu, &model, 1).unwrap();
		assert_eq!(program.body.len(), 1 + 8 * model.layers.len());
		assert!(model.layers.iter().any(|layer| layer.qk_norm.is_some()));
	}
}
