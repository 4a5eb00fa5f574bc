//! A model's shape: what its work is computed from, and the bounds that the arithmetic is proven
//! within.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_primitives::models::Cost;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Id of the arithmetic that the [`bounds`] belong to.
pub const ARITHMETIC: u32 = 1;

/// Bounds of arithmetic 1 on a shape; the arithmetic's crate proves every width within them.
pub mod bounds {
	/// Largest number of inputs of a linear layer.
	pub const MAX_INPUTS: u32 = 131_072;
	/// Largest hidden size.
	pub const MAX_HIDDEN: u32 = 65_535;
	/// Largest head size; it is even.
	pub const MAX_HEAD_DIM: u32 = 256;
	/// Largest number of positions of a sequence.
	pub const MAX_POSITIONS: u32 = 131_072;
	/// Largest vocabulary.
	pub const MAX_VOCAB: u32 = 1 << 18;
	/// Largest number of layers; far above any model, it keeps the work of a token in 64 bits.
	pub const MAX_LAYERS: u32 = 1_024;
}

/// Shape of a decoder-only transformer of the Llama family.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shape {
	/// Decoder layers.
	pub layers: u32,
	/// Width of the residual stream.
	pub hidden: u32,
	/// Width between the up and down projections.
	pub ffn: u32,
	/// Query heads.
	pub heads: u32,
	/// Key and value heads; divides `heads`.
	pub kv_heads: u32,
	/// Channels of a head; even.
	pub head_dim: u32,
	/// Token ids.
	pub vocab: u32,
	/// Positions of a sequence.
	pub context: u32,
}

impl Shape {
	/// Whether every dimension is within the [`bounds`] of the arithmetic.
	pub fn is_within_bounds(&self) -> bool {
		self.is_complete() && self.fits_residual() && self.fits_attention() && self.fits_tokens()
	}

	/// Multiply-accumulates per token, and per token and key.
	///
	/// `None` where they do not fit 64 bits, which no shape within the bounds reaches.
	pub fn cost(&self) -> Option<Cost> {
		let [layers, hidden, ffn, heads, kv_heads, head_dim, vocab] = [
			self.layers,
			self.hidden,
			self.ffn,
			self.heads,
			self.kv_heads,
			self.head_dim,
			self.vocab,
		]
		.map(u128::from);
		let queries = heads * head_dim;
		let keys = kv_heads * head_dim;
		let projections = hidden * (2 * queries + 2 * keys);
		let layer = projections.checked_add(3 * hidden * ffn)?;
		let linear = layers.checked_mul(layer)?.checked_add(hidden * vocab)?;
		let attention = layers.checked_mul(2 * queries)?;
		Some(Cost {
			linear: u64::try_from(linear).ok()?,
			attention: u64::try_from(attention).ok()?,
		})
	}

	fn is_complete(&self) -> bool {
		[
			self.layers,
			self.hidden,
			self.ffn,
			self.heads,
			self.kv_heads,
			self.head_dim,
		]
		.into_iter()
		.chain([self.vocab, self.context])
		.all(|dimension| dimension > 0)
	}

	fn fits_residual(&self) -> bool {
		self.layers <= bounds::MAX_LAYERS
			&& self.hidden <= bounds::MAX_HIDDEN
			&& self.ffn <= bounds::MAX_INPUTS
	}

	fn fits_attention(&self) -> bool {
		let queries = u64::from(self.heads) * u64::from(self.head_dim);
		self.head_dim <= bounds::MAX_HEAD_DIM
			&& self.head_dim.is_multiple_of(2)
			&& self.heads.is_multiple_of(self.kv_heads)
			&& queries <= u64::from(bounds::MAX_INPUTS)
	}

	fn fits_tokens(&self) -> bool {
		self.vocab <= bounds::MAX_VOCAB && self.context <= bounds::MAX_POSITIONS
	}
}
