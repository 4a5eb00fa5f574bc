//! What a model is, for a catalogue.

use serde::Serialize;

use super::loaded::{template, tokenizer};
use crate::{
	chat::{Chat, Message},
	container::{Container, Part},
	hash::{blake2_256, Hash},
	import::calibration_hash,
	model::Shape,
	template::Template,
	tokenizer::{Special, Tokenizer},
	EngineError, ARITHMETIC_ID,
};

/// What a model is, for a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
	/// Name of its file or folder.
	pub name: String,
	/// Merkle root of its container.
	#[serde(serialize_with = "hex_hash")]
	pub root: Hash,
	/// Sizes.
	pub shape: Shape,
	/// Multiply-accumulates of one token outside attention.
	pub linear_macs_per_token: u64,
	/// Multiply-accumulates of attention of one token for each key it sees.
	pub attention_macs: u64,
	/// Positions of prompt and answer together.
	pub context: u32,
	/// Tokens of the vocabulary.
	pub vocab: u32,
	/// `blake2_256` of `tokenizer.json`.
	#[serde(serialize_with = "hex_hash")]
	pub tokenizer_hash: Hash,
	/// `blake2_256` of the chat template, of nothing if there is none.
	#[serde(serialize_with = "hex_hash")]
	pub template_hash: Hash,
	/// `blake2_256` of the text that imports calibrate on.
	#[serde(serialize_with = "hex_hash")]
	pub calibration_hash: Hash,
	/// The arithmetic that defines its results.
	pub arithmetic: u32,
	/// Most tokens that the chat template adds to a prompt, whose own are at most its bytes.
	pub template_tokens: u32,
}

impl ModelInfo {
	/// What a container says of its model.
	///
	/// # Errors
	/// [`EngineError::Malformed`] if its tokenizer or its template is not sound.
	pub fn of(container: &Container) -> Result<Self, EngineError> {
		let parts = (tokenizer(container)?, template(container)?);
		Self::with(container, &parts.0, parts.1.as_ref())
	}

	pub(super) fn with(
		container: &Container,
		tokenizer: &Tokenizer,
		template: Option<&Template>,
	) -> Result<Self, EngineError> {
		let shape = container.header().shape;
		Ok(Self {
			name: container.name(),
			root: container.root(),
			shape,
			linear_macs_per_token: shape.linear_macs_per_token(),
			attention_macs: shape.attention_macs(),
			context: shape.context,
			vocab: shape.vocab,
			tokenizer_hash: blake2_256(container.tokenizer()),
			template_hash: blake2_256(container.bytes(Part::Template)),
			calibration_hash: calibration_hash(),
			arithmetic: ARITHMETIC_ID,
			template_tokens: template_tokens(tokenizer, template)?,
		})
	}
}

fn template_tokens(tokenizer: &Tokenizer, template: Option<&Template>) -> Result<u32, EngineError> {
	match template {
		Some(template) => {
			let empty = template.render(&Chat::of(&[Message::user("")]), true)?;
			tokenizer.most_tokens(&empty, Special::Written)
		}
		None => tokenizer.most_tokens("", Special::Add),
	}
}

fn hex_hash<S: serde::Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&to_hex(hash))
}

/// `0x` and the hexadecimal digits of a hash.
pub fn to_hex(hash: &Hash) -> String {
	format!("0x{}", hex::encode(hash))
}
