//! Text of an answer while it grows.

use crate::{tokenizer::Tokenizer, EngineError};

/// Turns a growing list of ids into text, whole characters at a time.
///
/// Only a short window is decoded at each token, so a long answer costs no more than its length.
pub struct TextStream<'a> {
	tokenizer: &'a Tokenizer,
	ids: Vec<u32>,
	/// First id of the window: where a character ended before, so that none is split.
	start: usize,
	/// Ids whose text has been returned.
	done: usize,
}

impl<'a> TextStream<'a> {
	/// A stream at the beginning of an answer.
	pub const fn new(tokenizer: &'a Tokenizer) -> Self {
		Self {
			tokenizer,
			ids: Vec::new(),
			start: 0,
			done: 0,
		}
	}

	/// Appends a token and returns the text that became certain, which may be none.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`].
	pub fn push(&mut self, id: u32) -> Result<String, EngineError> {
		self.ids.push(id);
		let before = self.tokenizer.decode(&self.ids[self.start..self.done])?;
		let after = self.tokenizer.decode(&self.ids[self.start..])?;
		if after.ends_with('\u{fffd}') {
			return Ok(String::new());
		}
		let delta = after.strip_prefix(&before).unwrap_or_default().to_owned();
		self.start = self.done;
		self.done = self.ids.len();
		Ok(delta)
	}
}
