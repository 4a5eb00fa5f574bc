//! Which sections a container has, and where.

use std::fmt;

use super::Header;
use crate::model::Shape;

/// Most bytes of a tile.
pub const TILE: usize = 128 << 10;

/// A linear layer of the transformer block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Projection {
	/// Queries.
	Q,
	/// Keys.
	K,
	/// Values.
	V,
	/// Output of attention.
	O,
	/// Gate of the feed-forward block.
	Gate,
	/// Input of the feed-forward block.
	Up,
	/// Output of the feed-forward block.
	Down,
}

impl Projection {
	/// All, in the order of the container.
	pub const ALL: [Self; 7] = [
		Self::Q,
		Self::K,
		Self::V,
		Self::O,
		Self::Gate,
		Self::Up,
		Self::Down,
	];
}

/// A tensor of 8-bit weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tensor {
	/// The embedding, also the head if tied.
	Embedding,
	/// A linear layer.
	Layer(u32, Projection),
	/// The head, if not tied.
	Head,
}

impl Tensor {
	/// Rows and columns.
	pub const fn size(self, shape: &Shape) -> (usize, usize) {
		let (hidden, ffn) = (shape.hidden as usize, shape.ffn as usize);
		match self {
			Self::Embedding | Self::Head => (shape.vocab as usize, hidden),
			Self::Layer(_, projection) => match projection {
				Projection::Q => (shape.q_size(), hidden),
				Projection::K | Projection::V => (shape.kv_size(), hidden),
				Projection::O => (hidden, shape.q_size()),
				Projection::Gate | Projection::Up => (ffn, hidden),
				Projection::Down => (hidden, ffn),
			},
		}
	}
}

/// A part of a layer that is not a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerPart {
	/// `f_o`, `f_gate`, `f_up`, `f_h`, then `f_q`, `f_k`, `f_v` of every channel, each one `i8`.
	Exponents,
	/// Gain before attention.
	AttentionNorm,
	/// Gain before the feed-forward block.
	FfnNorm,
	/// Biases of q, k and v, `i32` each, where the model has them.
	Biases,
	/// `f_ql`, `f_kl` as `i8`, then the `eps` of both as `u64`, where q and k are normalised.
	QkScales,
	/// Gain of the heads of q, where they are normalised.
	QNorm,
	/// Gain of the heads of k, where they are normalised.
	KNorm,
}

impl LayerPart {
	/// Those of a layer, in the order of the container.
	pub fn of(header: &Header) -> Vec<Self> {
		let mut parts = vec![Self::Exponents, Self::AttentionNorm, Self::FfnNorm];
		if header.qkv_bias {
			parts.push(Self::Biases);
		}
		if header.qk_norm {
			parts.extend([Self::QkScales, Self::QNorm, Self::KNorm]);
		}
		parts
	}
}

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
	/// The [`Header`].
	Header,
	/// Stop tokens, `u32` each.
	Stops,
	/// Text of the beginning of a sequence.
	Bos,
	/// Text of the end of a sequence.
	Eos,
	/// The chat template.
	Template,
	/// `tokenizer.json`.
	Tokenizer,
	/// Cosines `[context, head_dim / 2]`, `i16`.
	Cos,
	/// Sines, alike.
	Sin,
	/// A part of a layer.
	Layer(u32, LayerPart),
	/// Gain before the head: the exponent as `i32`, then `i16` each.
	FinalNorm,
	/// Of each row the mantissa as `u16`, then of each row the exponent as `i8`.
	Scales(Tensor),
	/// Weights `[rows, cols]`, `i8`.
	Weights(Tensor),
}

impl fmt::Display for Part {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Layer(i, part) => write!(f, "layer {i} {part:?}"),
			Self::Scales(tensor) => write!(f, "{tensor} scales"),
			Self::Weights(tensor) => write!(f, "{tensor} weights"),
			part => write!(f, "{part:?}"),
		}
	}
}

impl fmt::Display for Tensor {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Layer(i, projection) => write!(f, "layer {i} {projection:?}"),
			tensor => write!(f, "{tensor:?}"),
		}
	}
}

/// A run of bytes of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
	/// What it holds.
	pub part: Part,
	/// Bytes before it.
	pub offset: u64,
	/// Its bytes.
	pub len: u64,
	/// Bytes of each of its tiles but the last.
	pub tile: usize,
}

/// All sections of a container, in order and without gaps.
pub fn layout(header: &Header) -> Vec<Section> {
	let mut offset = 0;
	let place = |part| {
		let section = section(header, part, offset);
		offset += section.len;
		section
	};
	parts(header).map(place).collect()
}

/// Bytes of all sections, found without making room for a list of them.
pub fn sections_len(header: &Header) -> u64 {
	parts(header).map(|part| part_len(header, part)).sum()
}

fn parts(header: &Header) -> impl Iterator<Item = Part> + '_ {
	use Part::{Bos, Cos, Eos, FinalNorm, Sin, Stops, Template, Tokenizer};
	let head = (!header.tied).then(|| tensor_parts(Tensor::Head));
	[Part::Header, Stops, Bos, Eos, Template, Tokenizer, Cos, Sin]
		.into_iter()
		.chain(tensor_parts(Tensor::Embedding))
		.chain((0..header.shape.layers).flat_map(|i| layer_parts(header, i)))
		.chain([FinalNorm])
		.chain(head.into_iter().flatten())
}

fn layer_parts(header: &Header, i: u32) -> impl Iterator<Item = Part> {
	let tensors = move |p| tensor_parts(Tensor::Layer(i, p));
	let own = LayerPart::of(header).into_iter();
	own.map(move |part| Part::Layer(i, part))
		.chain(Projection::ALL.into_iter().flat_map(tensors))
}

fn tensor_parts(tensor: Tensor) -> [Part; 2] {
	[Part::Scales(tensor), Part::Weights(tensor)]
}

fn section(header: &Header, part: Part, offset: u64) -> Section {
	let tile = match part {
		Part::Weights(tensor) => weight_tile(tensor.size(&header.shape).1),
		_ => TILE,
	};
	Section {
		part,
		offset,
		len: part_len(header, part),
		tile,
	}
}

/// Bytes of the largest power-of-two number of rows that fits a tile.
fn weight_tile(cols: usize) -> usize {
	cols << (TILE / cols).max(1).ilog2()
}

fn part_len(header: &Header, part: Part) -> u64 {
	let shape = &header.shape;
	let norm = |size: u32| 4 + 2 * size as u64;
	match part {
		Part::Header => Header::LEN as u64,
		Part::Stops => 4 * header.stops as u64,
		Part::Bos => header.texts.bos as u64,
		Part::Eos => header.texts.eos as u64,
		Part::Template => header.texts.template as u64,
		Part::Tokenizer => header.texts.tokenizer as u64,
		Part::Cos | Part::Sin => shape.context as u64 * shape.head_dim as u64,
		Part::Layer(_, part) => match part {
			LayerPart::Exponents => 4 + shape.qkv_size() as u64,
			LayerPart::Biases => 4 * shape.qkv_size() as u64,
			LayerPart::QkScales => 2 + 2 * 8,
			LayerPart::QNorm | LayerPart::KNorm => norm(shape.head_dim),
			LayerPart::AttentionNorm | LayerPart::FfnNorm => norm(shape.hidden),
		},
		Part::FinalNorm => norm(shape.hidden),
		Part::Scales(tensor) => 3 * tensor.size(shape).0 as u64,
		Part::Weights(tensor) => {
			let (rows, cols) = tensor.size(shape);
			rows as u64 * cols as u64
		}
	}
}
