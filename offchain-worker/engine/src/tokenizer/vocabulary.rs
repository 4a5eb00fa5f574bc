//! The tokens of a model by text and by id.

use super::{error, file::for_each_token, index::Index};
use crate::EngineError;

/// Field of the file.
pub const NAME: &str = "model.vocab";

/// Texts and ids of all tokens, in little more memory than a file takes to list them.
pub struct Vocabulary {
	/// Texts of all tokens, one behind the other.
	texts: String,
	/// Ordered by id.
	tokens: Vec<Token>,
	by_text: Index,
}

struct Token {
	id: u32,
	start: u32,
	len: u32,
}

impl Vocabulary {
	/// Reads an object of texts and ids. It is gone through three times, so that nothing has to grow
	/// and texts are kept only of tokens whose ids differ.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`] naming what is malformed, a text or an id that occurs twice.
	pub fn read(object: &str) -> Result<Self, EngineError> {
		let malformed = |reason: &str| error(format!("{NAME}: {reason}"));
		u32::try_from(object.len()).map_err(|_| malformed("has 4 GiB or more"))?;
		let tokens = read_tokens(object)?;
		if let Some(pair) = tokens.windows(2).find(|pair| pair[0].id == pair[1].id) {
			return Err(malformed(&format!("two tokens have the id {}", pair[0].id)));
		}
		let bytes = tokens.iter().map(|token| token.len as usize).sum();
		let mut texts = String::with_capacity(bytes);
		for_each_token(NAME, object, |text, _| texts.push_str(text))?;
		let text = |position: usize| tokens[position].of(&texts);
		let by_text = Index::of(tokens.len(), text)
			.map_err(|twice| malformed(&format!("{:?} occurs twice", text(twice))))?;
		Ok(Self {
			texts,
			tokens,
			by_text,
		})
	}

	/// Number of tokens.
	pub fn len(&self) -> usize {
		self.tokens.len()
	}

	/// Bytes of all texts.
	pub fn bytes(&self) -> usize {
		self.texts.len()
	}

	/// Id of the token with this text.
	pub fn id(&self, text: &str) -> Option<u32> {
		let position = self.by_text.find(text, |position| {
			self.tokens[position].of(&self.texts) == text
		})?;
		Some(self.tokens[position].id)
	}

	/// Text of the token with this id.
	pub fn text(&self, id: u32) -> Option<&str> {
		// Most vocabularies have no gaps.
		let direct = self.tokens.get(id as usize).filter(|token| token.id == id);
		let token = direct.or_else(|| {
			let position = self.tokens.binary_search_by_key(&id, |token| token.id);
			Some(&self.tokens[position.ok()?])
		})?;
		Some(token.of(&self.texts))
	}

	/// Id of the token whose text is that of two others.
	pub fn joined(&self, (left, right): (u32, u32)) -> Option<u32> {
		self.id(&[self.text(left)?, self.text(right)?].concat())
	}

	/// Texts and ids of all tokens.
	pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
		let token = |token: &Token| (token.of(&self.texts), token.id);
		self.tokens.iter().map(token)
	}
}

/// Ids of the tokens of an object, in their order, and where their texts lie in all texts.
fn read_tokens(object: &str) -> Result<Vec<Token>, EngineError> {
	let mut count = 0;
	for_each_token(NAME, object, |_, _| count += 1)?;
	let (mut tokens, mut start) = (Vec::with_capacity(count), 0);
	for_each_token(NAME, object, |text, id| {
		let len = text.len() as u32;
		tokens.push(Token { id, start, len });
		start += len;
	})?;
	tokens.sort_unstable_by_key(|token| token.id);
	Ok(tokens)
}

impl Token {
	fn of<'a>(&self, texts: &'a str) -> &'a str {
		&texts[self.start as usize..(self.start + self.len) as usize]
	}
}
