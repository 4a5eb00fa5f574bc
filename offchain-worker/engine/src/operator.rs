//! The lines of the forward pass, which a trace is made of.

use crate::model::Shape;

/// An operator of the forward pass, in the order of evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
	/// The embedding: `i32` residual `[hidden]`.
	Embed,
	/// Input of q, k and v: its scale as `u32` mantissa and `i32` exponent, then `i16` `[hidden]`.
	AttentionNorm,
	/// Queries after RoPE, `i16` `[heads, head_dim]`.
	Q,
	/// Keys after RoPE, `i16` `[kv_heads, head_dim]`.
	K,
	/// Values, `i16` `[kv_heads, head_dim]`.
	V,
	/// Base-2 logits in Q16, `i32` `[heads, keys]`.
	Scores,
	/// Weights in Q22, `u32` `[heads, keys]`, then their sums, `u64` `[heads]`.
	Softmax,
	/// Weighted values, `i32` `[heads, head_dim]`.
	Values,
	/// The residual after attention, `i32` `[hidden]`.
	AttentionOutput,
	/// Input of gate and up, as of [`AttentionNorm`](Self::AttentionNorm).
	FfnNorm,
	/// `i32` `[ffn]`.
	Gate,
	/// `i32` `[ffn]`.
	Up,
	/// `i32` `[ffn]`.
	Swiglu,
	/// The residual after the feed-forward block, `i32` `[hidden]`.
	FfnOutput,
	/// Input of the head, as of [`AttentionNorm`](Self::AttentionNorm).
	FinalNorm,
	/// Logits in Q16, `i32` `[vocab]`.
	Logits,
}

use Operator::*;

const EMBEDDING: [Operator; 1] = [Embed];
const LAYER: [Operator; 13] = [
	AttentionNorm,
	Q,
	K,
	V,
	Scores,
	Softmax,
	Values,
	AttentionOutput,
	FfnNorm,
	Gate,
	Up,
	Swiglu,
	FfnOutput,
];
const HEAD: [Operator; 2] = [FinalNorm, Logits];

impl Operator {
	/// Operators of a stage: 0 is the embedding, `layers + 1` the head; none beyond.
	pub const fn of_stage(stage: u32, layers: u32) -> &'static [Self] {
		match stage {
			0 => &EMBEDDING,
			_ if stage <= layers => &LAYER,
			_ if stage == layers + 1 => &HEAD,
			_ => &[],
		}
	}

	/// Bytes that it gives at a position that sees so many keys.
	pub const fn bytes(self, shape: &Shape, keys: usize) -> usize {
		let (hidden, heads) = (shape.hidden as usize, shape.heads as usize);
		match self {
			Embed | AttentionOutput | FfnOutput => 4 * hidden,
			AttentionNorm | FfnNorm | FinalNorm => 8 + 2 * hidden,
			Q => 2 * shape.q_size(),
			K | V => 2 * shape.kv_size(),
			Scores => 4 * heads * keys,
			Softmax => 4 * heads * keys + 8 * heads,
			Values => 4 * shape.q_size(),
			Gate | Up | Swiglu => 4 * shape.ffn as usize,
			Logits => 4 * shape.vocab as usize,
		}
	}
}

/// An operator at a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
	/// 0 for the embedding, `i + 1` for layer `i`, `layers + 1` for the head.
	pub stage: u32,
	/// One of [`Operator::of_stage`].
	pub operator: Operator,
}
