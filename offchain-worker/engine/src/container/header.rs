//! The fixed start of a container.

use one_arithmetic::{limits, Dyadic, ARITHMETIC_ID};

use crate::model::Shape;

const MAGIC: [u8; 8] = *b"ONEMODEL";
const VERSION: u32 = 2;
/// Most layers of a model.
const MAX_LAYERS: u32 = 1_024;
/// Most stop tokens.
const MAX_STOPS: u32 = 64;
/// Most bytes of a tokenizer or a template.
const MAX_TEXT: u32 = 256 << 20;
/// With a hidden size below 2^16, `h eps` stays in 64 bits.
const MAX_EPS: u64 = 1 << 47;

/// Bytes of the texts of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextSizes {
	/// Text of the token that begins a sequence, for the chat template.
	pub bos: u32,
	/// Text of the token that ends a sequence, for the chat template.
	pub eos: u32,
	/// The chat template; 0 for a model that takes raw text.
	pub template: u32,
	/// `tokenizer.json`.
	pub tokenizer: u32,
}

/// What a container says of itself before its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
	/// Sizes of the model.
	pub shape: Shape,
	/// Whether the head shares the weights of the embedding.
	pub tied: bool,
	/// Whether q, k and v have biases.
	pub qkv_bias: bool,
	/// Whether each head of q and k is normalised before RoPE.
	pub qk_norm: bool,
	/// Newest keys that a query sees, below the context; 0 for all.
	pub window: u32,
	/// Fraction bits of the residual, `8..=20`.
	pub residual_bits: u32,
	/// `round(epsilon 2^(2 F))` of the norms.
	pub eps: u64,
	/// The score multiplier.
	pub score: Dyadic,
	/// Sizes of the texts.
	pub texts: TextSizes,
	/// Number of stop tokens.
	pub stops: u32,
}

/// What keeps a header from being accepted: its field, and why.
pub type Obstacle = (&'static str, String);

impl Header {
	/// Bytes of an encoded header.
	pub const LEN: usize = 8 + 4 * 24;

	/// The little-endian encoding.
	pub fn encode(&self) -> Vec<u8> {
		let mut bytes = MAGIC.to_vec();
		for word in self.words() {
			bytes.extend_from_slice(&word.to_le_bytes());
		}
		bytes
	}

	fn words(&self) -> [u32; 24] {
		let Shape {
			layers,
			hidden,
			ffn,
			heads,
			kv_heads,
			head_dim,
			vocab,
			context,
		} = self.shape;
		let TextSizes {
			bos,
			eos,
			template,
			tokenizer,
		} = self.texts;
		let (eps_low, eps_high) = (self.eps as u32, (self.eps >> 32) as u32);
		let (m, e) = (self.score.m as u32, self.score.e as u32);
		[
			VERSION,
			ARITHMETIC_ID,
			layers,
			hidden,
			ffn,
			heads,
			kv_heads,
			head_dim,
			vocab,
			context,
			self.tied as u32,
			self.qkv_bias as u32,
			self.qk_norm as u32,
			self.window,
			self.residual_bits,
			eps_low,
			eps_high,
			m,
			e,
			bos,
			eos,
			template,
			tokenizer,
			self.stops,
		]
	}

	/// Decodes and checks a header.
	///
	/// # Errors
	/// The first field that is outside the limits of the arithmetic or of this format.
	pub fn decode(bytes: &[u8]) -> Result<Self, Obstacle> {
		if bytes.len() < Self::LEN || bytes[..8] != MAGIC {
			return Err(("header", "not a container of this project".into()));
		}
		let word = |i: usize| {
			let start = 8 + 4 * i;
			u32::from_le_bytes([
				bytes[start],
				bytes[start + 1],
				bytes[start + 2],
				bytes[start + 3],
			])
		};
		expect("version", word(0), VERSION)?;
		expect("arithmetic", word(1), ARITHMETIC_ID)?;
		let header = Self {
			shape: decode_shape(&word),
			tied: flag("tied", word(10))?,
			qkv_bias: flag("qkv bias", word(11))?,
			qk_norm: flag("qk norm", word(12))?,
			window: word(13),
			residual_bits: word(14),
			eps: word(15) as u64 | (word(16) as u64) << 32,
			score: decode_score(word(17), word(18))?,
			texts: TextSizes {
				bos: word(19),
				eos: word(20),
				template: word(21),
				tokenizer: word(22),
			},
			stops: word(23),
		};
		header.check()?;
		Ok(header)
	}

	/// Checks every field against the limits.
	///
	/// # Errors
	/// The first field outside its range.
	pub fn check(&self) -> Result<(), Obstacle> {
		check_shape(&self.shape)?;
		within("window", self.window, 0, self.shape.context - 1)?;
		within("residual fraction bits", self.residual_bits, 8, 20)?;
		within("score exponent", self.score.e.unsigned_abs(), 0, 64)?;
		check_eps(self.eps)?;
		let TextSizes {
			bos,
			eos,
			template,
			tokenizer,
		} = self.texts;
		within("bos token", bos, 0, MAX_TEXT)?;
		within("eos token", eos, 0, MAX_TEXT)?;
		within("chat template", template, 0, MAX_TEXT)?;
		within("tokenizer", tokenizer, 1, MAX_TEXT)?;
		within("stop tokens", self.stops, 0, MAX_STOPS)
	}
}

fn decode_shape(word: &impl Fn(usize) -> u32) -> Shape {
	Shape {
		layers: word(2),
		hidden: word(3),
		ffn: word(4),
		heads: word(5),
		kv_heads: word(6),
		head_dim: word(7),
		vocab: word(8),
		context: word(9),
	}
}

fn decode_score(m: u32, e: u32) -> Result<Dyadic, Obstacle> {
	let m = u16::try_from(m).map_err(|_| ("score mantissa", format!("{m} exceeds 16 bits")))?;
	Dyadic::new(m, e as i32).ok_or_else(|| ("score mantissa", format!("{m} is not normalised")))
}

/// Checks the sizes of a model against the limits of the arithmetic.
///
/// # Errors
/// The first size outside its range.
pub fn check_shape(shape: &Shape) -> Result<(), Obstacle> {
	within("layers", shape.layers, 1, MAX_LAYERS)?;
	within("hidden size", shape.hidden, 1, limits::MAX_HIDDEN)?;
	within("feed-forward size", shape.ffn, 1, limits::MAX_INPUTS)?;
	within("heads", shape.heads, 1, limits::MAX_INPUTS)?;
	within("key heads", shape.kv_heads, 1, shape.heads)?;
	within("head size", shape.head_dim, 2, limits::MAX_HEAD_DIM as u32)?;
	within("vocabulary", shape.vocab, 1, limits::MAX_VOCAB)?;
	within("context", shape.context, 1, limits::MAX_POSITIONS)?;
	if !shape.heads.is_multiple_of(shape.kv_heads) {
		return Err((
			"key heads",
			format!("{} does not divide {}", shape.kv_heads, shape.heads),
		));
	}
	if !shape.head_dim.is_multiple_of(2) {
		return Err(("head size", format!("{} is odd", shape.head_dim)));
	}
	let all_heads = shape.heads as u64 * shape.head_dim as u64;
	if all_heads > limits::MAX_INPUTS as u64 {
		return Err((
			"heads",
			format!("{all_heads} inputs exceed {}", limits::MAX_INPUTS),
		));
	}
	Ok(())
}

/// Checks that `eps` of a norm keeps its sums in 64 bits.
///
/// # Errors
/// If it does not.
pub fn check_eps(eps: u64) -> Result<(), Obstacle> {
	if eps < MAX_EPS {
		return Ok(());
	}
	Err(("eps", format!("{eps} is not below {MAX_EPS}")))
}

fn within(field: &'static str, x: u32, low: u32, high: u32) -> Result<(), Obstacle> {
	if (low..=high).contains(&x) {
		return Ok(());
	}
	Err((field, format!("{x} is outside {low} to {high}")))
}

fn expect(field: &'static str, x: u32, expected: u32) -> Result<(), Obstacle> {
	if x == expected {
		return Ok(());
	}
	Err((field, format!("{x} is not the supported {expected}")))
}

fn flag(field: &'static str, x: u32) -> Result<bool, Obstacle> {
	match x {
		0 => Ok(false),
		1 => Ok(true),
		_ => Err((field, format!("{x} is not a flag"))),
	}
}
