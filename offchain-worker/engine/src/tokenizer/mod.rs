//! Text to token ids and back.
//!
//! Text is normalized, cut, put together and decoded by the library `tokenizers`. The model between, its
//! tokens and merges, is [`bpe`]: it takes no more than twice the memory of its file, where the tables of
//! the library take twenty times.

mod bpe;
mod file;
mod index;
mod rules;
mod vocabulary;

use bpe::Bpe;
use file::File;
pub(crate) use file::MAX_TOKEN;
pub(crate) use index::Index;
use rules::{added, guarded, Added, Rules};
use tokenizers::{
	DecoderWrapper, Model, NormalizedString, NormalizerWrapper, OffsetType, PostProcessorWrapper,
	PreTokenizer, PreTokenizerWrapper, TokenizerBuilder, TokenizerImpl,
};

use crate::EngineError;

type Inner = TokenizerImpl<
	Bpe,
	NormalizerWrapper,
	PreTokenizerWrapper,
	PostProcessorWrapper,
	DecoderWrapper,
>;

/// The tokenizer of a model, as its `tokenizer.json` defines it.
pub struct Tokenizer {
	inner: Inner,
	/// Texts of the control tokens that have more than one character, the longest first.
	controls: Vec<String>,
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
	/// [`EngineError::Tokenizer`] naming the field that is malformed, or asks for more than is supported:
	/// a model that is not BPE, a token of more than 1,024 bytes, more rules than any tokenizer needs.
	pub fn parse(bytes: &[u8]) -> Result<Self, EngineError> {
		let file = File::parse(std::str::from_utf8(bytes).map_err(error)?)?;
		let mut rules = Rules::default();
		let mut inner = TokenizerBuilder::new()
			.with_normalizer(rules.read("normalizer", file.normalizer)?)
			.with_pre_tokenizer(rules.read("pre_tokenizer", file.pre_tokenizer)?)
			.with_post_processor(rules.read("post_processor", file.post_processor)?)
			.with_decoder(rules.read("decoder", file.decoder)?)
			.with_model(Bpe::read(file.model)?)
			.build()
			.map_err(error)?;
		add_tokens(&mut inner, &file)?;
		let controls = controls(&inner);
		Ok(Self { inner, controls })
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

	/// Texts of the control tokens, which stand for no text: a text that has one is not one.
	pub fn control_texts(&self) -> &[String] {
		&self.controls
	}

	/// Token ids of a rendered chat in which `mark` stands within every control token that is only
	/// text. Without marks they are those of [`encode`](Self::encode).
	///
	/// # Errors
	/// As [`encode`](Self::encode).
	pub fn encode_marked(&self, text: &str, mark: char) -> Result<Vec<u32>, EngineError> {
		let inner = &self.inner;
		let mut pieces = inner
			.get_added_vocabulary()
			.extract_and_normalize(inner.get_normalizer(), text);
		let unmark = |piece: &mut NormalizedString| {
			if piece.get().contains(mark) {
				piece.filter(|c| c != mark);
			}
			Ok(())
		};
		pieces.normalize(unmark).map_err(error)?;
		if let Some(pre_tokenizer) = inner.get_pre_tokenizer() {
			pre_tokenizer.pre_tokenize(&mut pieces).map_err(error)?;
		}
		pieces
			.tokenize(|piece| inner.get_model().tokenize(piece.get()))
			.map_err(error)?;
		let encoding = pieces
			.into_encoding(None, 0, OffsetType::None)
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

	/// Most tokens that `text` adds to whatever it surrounds: one for a special token, else one for
	/// a byte, and one for a prefix that the tokenizer may write.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`] as for [`encode`](Self::encode).
	pub fn most_tokens(&self, text: &str, special: Special) -> Result<u32, EngineError> {
		let added = self.inner.get_added_tokens_decoder();
		let bytes = |id: &u32| match self.inner.id_to_token(*id) {
			Some(token) if !added.contains_key(id) => token.len(),
			_ => 1,
		};
		let most: usize = self.encode(text, special)?.iter().map(bytes).sum();
		Ok(u32::try_from(most).unwrap_or(u32::MAX).saturating_add(1))
	}

	/// Id of a token, by its exact text.
	pub fn id(&self, token: &str) -> Option<u32> {
		self.inner.token_to_id(token)
	}
}

fn add_tokens(inner: &mut Inner, file: &File<'_>) -> Result<(), EngineError> {
	let added = added(file.added_tokens)?;
	let tokens: Vec<_> = added.iter().map(Added::token).collect();
	guarded("added_tokens", || inner.add_tokens(&tokens))?;
	for (token, Added { id, .. }) in tokens.iter().zip(added) {
		// The library gives new tokens the next ids, whatever the file says.
		if inner.token_to_id(&token.content) != Some(id) {
			let reason = format!("{:?} cannot have the id {id}", token.content);
			return Err(error(format!("added_tokens: {reason}")));
		}
	}
	Ok(())
}

/// Texts of the control tokens that have more than one character, the longest first.
fn controls(inner: &Inner) -> Vec<String> {
	let added = inner.get_added_vocabulary().get_added_tokens_decoder();
	let control = |content: &&String| content.chars().nth(1).is_some();
	let special = added.values().filter(|token| token.special);
	let mut controls: Vec<String> = special
		.map(|token| &token.content)
		.filter(control)
		.cloned()
		.collect();
	controls.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
	controls
}

fn error(error: impl ToString) -> EngineError {
	EngineError::Tokenizer(error.to_string())
}
