//! Text to token ids and back.

use tokenizers::Tokenizer as Inner;

use crate::EngineError;

/// The tokenizer of a model, as its `tokenizer.json` defines it.
pub struct Tokenizer {
	inner: Inner,
}

/// Whether the tokenizer adds what its own post-processor asks for, such as `<s>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
	/// Raw text: as the tokenizer would have it.
	Add,
	/// A rendered chat template, which writes them itself.
	Written,
}

impl Tokenizer {
	/// Parses the bytes of `tokenizer.json`; its truncation and padding are dropped.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`] naming what is malformed.
	pub fn parse(bytes: &[u8]) -> Result<Self, EngineError> {
		let mut inner = Inner::from_bytes(bytes).map_err(error)?;
		inner.with_truncation(None).map_err(error)?;
		inner.with_padding(None);
		Ok(Self { inner })
	}

	/// Token ids of `text`.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`] if a rule of the tokenizer fails on this text.
	pub fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>, EngineError> {
		let encoding = self
			.inner
			.encode_fast(text, special == Special::Add)
			.map_err(error)?;
		Ok(encoding.get_ids().to_vec())
	}

	/// Text of `ids` without special tokens.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`] if a rule of the decoder fails.
	pub fn decode(&self, ids: &[u32]) -> Result<String, EngineError> {
		self.inner.decode(ids, true).map_err(error)
	}

	/// Id of a token, by its exact text.
	pub fn id(&self, token: &str) -> Option<u32> {
		self.inner.token_to_id(token)
	}
}

fn error(error: impl ToString) -> EngineError {
	EngineError::Tokenizer(error.to_string())
}
