//! A validated model, as every back end reads it.

use std::{ops::Range, sync::Arc};

use one_arithmetic::Dyadic;

use crate::backend::PAGE;

/// Sizes of a model of the Llama family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
	/// Transformer layers.
	pub layers: u32,
	/// Size of the residual.
	pub hidden: u32,
	/// Size of the feed-forward block.
	pub ffn: u32,
	/// Query heads.
	pub heads: u32,
	/// Key and value heads; divides `heads`.
	pub kv_heads: u32,
	/// Size of a head, even.
	pub head_dim: u32,
	/// Tokens of the vocabulary.
	pub vocab: u32,
	/// Positions of a sequence.
	pub context: u32,
}

impl Shape {
	/// Size of all query heads together.
	pub const fn q_size(&self) -> usize {
		self.heads as usize * self.head_dim as usize
	}

	/// Size of all key (or value) heads together.
	pub const fn kv_size(&self) -> usize {
		self.kv_heads as usize * self.head_dim as usize
	}

	/// Size of all queries, keys and values of a token together.
	pub const fn qkv_size(&self) -> usize {
		self.q_size() + 2 * self.kv_size()
	}

	/// Query heads that share a key head.
	pub const fn group(&self) -> usize {
		self.heads as usize / self.kv_heads as usize
	}

	/// Bytes of the keys and values of one page of positions in all layers.
	pub const fn page_bytes(&self) -> u64 {
		4 * self.layers as u64 * self.kv_size() as u64 * PAGE as u64
	}

	/// Multiply-accumulates of all linear layers and the head for one token.
	pub const fn linear_macs_per_token(&self) -> u64 {
		let (h, q, kv) = (
			self.hidden as u64,
			self.q_size() as u64,
			self.kv_size() as u64,
		);
		let layer = h * (2 * q + 2 * kv) + 3 * h * self.ffn as u64;
		self.layers as u64 * layer + h * self.vocab as u64
	}

	/// Multiply-accumulates of attention for one token and one key it sees.
	pub const fn attention_macs(&self) -> u64 {
		2 * self.layers as u64 * self.q_size() as u64
	}
}

/// `[rows, cols]` 8-bit weights, row-major, in a shared and usually memory-mapped buffer.
#[derive(Clone)]
pub struct Weight {
	bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
	range: Range<usize>,
	rows: usize,
	cols: usize,
}

impl Weight {
	/// The weights at `start` of `bytes`; `None` if they do not fit.
	pub fn new(
		bytes: Arc<dyn AsRef<[u8]> + Send + Sync>,
		start: usize,
		rows: usize,
		cols: usize,
	) -> Option<Self> {
		let range = start..start.checked_add(rows.checked_mul(cols)?)?;
		(*bytes).as_ref().get(range.clone())?;
		Some(Self {
			bytes,
			range,
			rows,
			cols,
		})
	}

	/// Number of outputs.
	pub const fn rows(&self) -> usize {
		self.rows
	}

	/// Number of inputs.
	pub const fn cols(&self) -> usize {
		self.cols
	}

	/// All weights, `rows * cols`.
	pub fn as_slice(&self) -> &[i8] {
		bytemuck::cast_slice(&(*self.bytes).as_ref()[self.range.clone()])
	}

	/// The weights of output `r`.
	pub fn row(&self, r: usize) -> &[i8] {
		&self.as_slice()[r * self.cols..][..self.cols]
	}
}

/// A linear layer, or the embedding: weights with one scale per row.
#[derive(Clone)]
pub struct Linear {
	/// The weights.
	pub weight: Weight,
	/// `m_w` of each row.
	pub mantissa: Vec<u16>,
	/// Of a linear layer `16 + e_w + f` of each row; of the embedding `-(e_w + F)`.
	pub shift: Vec<i32>,
}

/// The gain of a norm, `gain 2^-exponent`.
#[derive(Clone)]
pub struct Norm {
	/// One mantissa per channel.
	pub gain: Vec<i16>,
	/// The common exponent `E`.
	pub exponent: i32,
}

/// Biases of the linear layers before attention, each in the fraction bits of its layer's output.
#[derive(Clone)]
pub struct QkvBias {
	/// `[heads * head_dim]`.
	pub q: Vec<i32>,
	/// `[kv_heads * head_dim]`.
	pub k: Vec<i32>,
	/// `[kv_heads * head_dim]`.
	pub v: Vec<i32>,
}

/// The norm of every query head, or of every key head, of a layer.
#[derive(Clone)]
pub struct HeadNorm {
	/// Its gain `[head_dim]`, the same for every head.
	pub norm: Norm,
	/// `round(epsilon 2^(2 f_ql))`, or of `f_kl`.
	pub eps: u64,
	/// `f_q` or `f_k` of every channel `[heads, head_dim]`, for [`one_arithmetic::head_norm`].
	pub f: Vec<i32>,
}

/// Norms of queries and keys before RoPE.
#[derive(Clone)]
pub struct QkNorm {
	/// Of the queries.
	pub q: HeadNorm,
	/// Of the keys.
	pub k: HeadNorm,
}

/// One transformer layer; every exponent is ready for the function that takes it.
#[derive(Clone)]
pub struct Layer {
	/// Norm before attention.
	pub attention_norm: Norm,
	/// `[heads * head_dim, hidden]`, to `f_q + 1` fraction bits, or `f_ql` before a norm.
	pub q: Linear,
	/// `[kv_heads * head_dim, hidden]`, to `f_k + 1` fraction bits, or `f_kl` before a norm.
	pub k: Linear,
	/// `[kv_heads * head_dim, hidden]`, to `f_v` fraction bits.
	pub v: Linear,
	/// Added to q, k and v, if the model has biases.
	pub bias: Option<QkvBias>,
	/// Takes q and k to `f_q + 1` and `f_k + 1` fraction bits, if the model has such norms.
	pub qk_norm: Option<QkNorm>,
	/// `C - 16 - e_s` of each query head, for [`one_arithmetic::scores`].
	pub score_shift: Vec<i32>,
	/// `46 + f_v - f_o` of each value channel `[kv_heads, head_dim]`, for [`one_arithmetic::normalise`].
	pub value_shift: Vec<i32>,
	/// Fraction bits of the output of attention.
	pub f_o: i32,
	/// `[hidden, heads * head_dim]`, to `F` fraction bits.
	pub o: Linear,
	/// Norm before the feed-forward block.
	pub ffn_norm: Norm,
	/// `[ffn, hidden]`, to `f_gate` fraction bits.
	pub gate: Linear,
	/// `[ffn, hidden]`, to `f_up` fraction bits.
	pub up: Linear,
	/// Fraction bits of the gate, `12..=20`.
	pub f_gate: u32,
	/// `f_gate + f_up - f_h`, for [`one_arithmetic::swiglu`].
	pub swiglu_shift: i32,
	/// Fraction bits of the hidden values of the feed-forward block.
	pub f_h: i32,
	/// `[hidden, ffn]`, to `F` fraction bits.
	pub down: Linear,
}

/// RoPE tables in Q14, `[context, head_dim / 2]` row-major.
#[derive(Clone)]
pub struct Rope {
	/// Cosines.
	pub cos: Vec<i16>,
	/// Sines.
	pub sin: Vec<i16>,
	/// Entries of a row, `head_dim / 2`.
	pub half: usize,
}

impl Rope {
	/// Cosines and sines of a position.
	pub fn at(&self, position: usize) -> (&[i16], &[i16]) {
		let range = position * self.half..(position + 1) * self.half;
		(&self.cos[range.clone()], &self.sin[range])
	}
}

/// A model of the Llama family, every tensor of the right size and every exponent in its range.
#[derive(Clone)]
pub struct Model {
	/// Merkle root of the container.
	pub root: [u8; 32],
	/// Sizes.
	pub shape: Shape,
	/// `[vocab, hidden]`, to the residual.
	pub embedding: Linear,
	/// The layers.
	pub layers: Vec<Layer>,
	/// The norm before the head.
	pub final_norm: Norm,
	/// `[vocab, hidden]`, to Q16 logits; shares the weights of the embedding if tied.
	pub head: Linear,
	/// RoPE tables.
	pub rope: Rope,
	/// Mantissa of the score multiplier; its exponent is in [`Layer::score_shift`].
	pub score_mantissa: u16,
	/// Newest keys that a query sees, its own among them; 0 for all.
	pub window: u32,
	/// `round(epsilon 2^(2 F))` of every norm of the residual.
	pub eps: u64,
}

impl Model {
	/// Position of the oldest key that a query at `position` sees.
	pub const fn first_key(&self, position: usize) -> usize {
		match self.window as usize {
			0 => 0,
			window => (position + 1).saturating_sub(window),
		}
	}

	/// The scale of the attention output after rounding by `s`.
	pub const fn attention_scale(layer: &Layer, s: u32) -> Dyadic {
		Dyadic::quantized(s, layer.f_o)
	}

	/// The scale of the feed-forward values after rounding by `s`.
	pub const fn ffn_scale(layer: &Layer, s: u32) -> Dyadic {
		Dyadic::quantized(s, layer.f_h)
	}
}
