//! Text of an answer while it grows.

use crate::{tokenizer::Tokenizer, EngineError};

/// Turns a growing list of ids into text, whole characters at a time.
///
/// Only a short window is decoded at each token, so a long answer costs no more than its length.
#[derive(Default)]
pub struct TextStream {
	ids: Vec<u32>,
	/// First id of the window: where a character ended before, so that none is split.
	start: usize,
	/// Ids whose text has been returned.
	done: usize,
}

impl TextStream {
	/// Ids it has taken.
	pub const fn len(&self) -> usize {
		self.ids.len()
	}

	/// Whether it has taken none.
	pub const fn is_empty(&self) -> bool {
		self.ids.is_empty()
	}

	/// Appends a token and returns the text that became certain, which may be none.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`].
	pub fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<String, EngineError> {
		self.ids.push(id);
		let before = tokenizer.decode(&self.ids[self.start..self.done])?;
		let after = tokenizer.decode(&self.ids[self.start..])?;
		if after.ends_with('\u{fffd}') {
			return Ok(String::new());
		}
		let delta = after.strip_prefix(&before).unwrap_or_default().to_owned();
		self.start = self.done;
		self.done = self.ids.len();
		Ok(delta)
	}
}

/// Ends a growing text at the first of some stop strings, for whoever reads text instead of ids.
///
/// What may be the beginning of one is held back until it is certain.
#[derive(Default)]
pub struct StopText {
	stops: Vec<String>,
	text: String,
	/// Bytes of the text that were returned.
	shown: usize,
	/// Where the text ends, if a stop string has come.
	end: Option<usize>,
}

impl StopText {
	/// At the beginning of a text; empty stop strings are ignored.
	pub fn new(stops: &[String]) -> Self {
		let stops = stops.iter().filter(|stop| !stop.is_empty());
		Self {
			stops: stops.cloned().collect(),
			..Self::default()
		}
	}

	/// Whether a stop string has come.
	pub const fn is_over(&self) -> bool {
		self.end.is_some()
	}

	/// Appends text and returns what is certain to come before any stop string.
	pub fn push(&mut self, delta: &str) -> &str {
		self.text += delta;
		let unseen = &self.text[self.shown..];
		let found = self
			.stops
			.iter()
			.filter_map(|stop| unseen.find(stop.as_str()));
		if let (None, Some(at)) = (self.end, found.min()) {
			self.end = Some(self.shown + at);
		}
		self.show(self.end.unwrap_or_else(|| self.certain()))
	}

	/// What was held back, once no more text comes.
	pub fn rest(&mut self) -> &str {
		self.show(self.end.unwrap_or(self.text.len()))
	}

	/// Cuts the whole text, of which this has seen the beginning, where it ends.
	pub fn cut(&self, text: &mut String) {
		if let Some(end) = self.end.filter(|end| text.is_char_boundary(*end)) {
			text.truncate(end);
		}
	}

	fn show(&mut self, end: usize) -> &str {
		let from = std::mem::replace(&mut self.shown, end);
		&self.text[from..end]
	}

	/// Where the longest end of the text that begins a stop string begins.
	fn certain(&self) -> usize {
		let unseen = &self.text[self.shown..];
		let begins = |at: &usize| {
			self.stops
				.iter()
				.any(|stop| stop.starts_with(&unseen[*at..]))
		};
		let places = unseen.char_indices().map(|(at, _)| at);
		self.shown + places.into_iter().find(begins).unwrap_or(unseen.len())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn shown(stops: &[&str], deltas: &[&str]) -> (Vec<String>, bool) {
		let stops: Vec<String> = stops.iter().map(|stop| stop.to_string()).collect();
		let mut text = StopText::new(&stops);
		let mut all: Vec<String> = deltas.iter().map(|delta| text.push(delta).into()).collect();
		all.push(text.rest().into());
		(all, text.is_over())
	}

	#[test]
	fn stop_text_should_end_at_the_first_stop_however_the_text_comes() {
		let (all, over) = shown(&["END", ""], &["a E", "N", "xé", "EN", "D b", "c"]);
		assert_eq!(all, ["a ", "", "ENxé", "", "", "", ""]);
		assert!(over);
		let (all, over) = shown(&["yz", "bcd"], &["abcdyz"]);
		assert_eq!((all.concat().as_str(), over), ("a", true));
	}

	#[test]
	fn stop_text_should_show_everything_when_no_stop_comes() {
		assert_eq!(shown(&["END"], &["xE", "N"]).0, ["x", "", "EN"]);
		assert_eq!(
			shown(&[], &["a", "b"]),
			(vec!["a".into(), "b".into(), "".into()], false)
		);
	}

	#[test]
	fn stop_text_should_cut_the_whole_text() {
		let mut text = StopText::new(&["é".into()]);
		text.push("aé");
		let mut whole = String::from("aéb");
		text.cut(&mut whole);
		assert_eq!(whole, "a");
	}
}
