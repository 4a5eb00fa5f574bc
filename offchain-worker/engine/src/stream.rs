//! Text of an answer while it grows.

use crate::{tokenizer::Tokenizer, EngineError};

/// What bytes become that are no character, or not one yet.
const BROKEN: char = '\u{fffd}';
/// Ids of a character at most, as it has no more bytes.
const LONGEST: usize = 4;

/// Turns a growing list of ids into text, whole characters at a time.
///
/// Only a short window is decoded at each token, so a long answer costs no more than its length.
#[derive(Default)]
pub struct TextStream {
	ids: Vec<u32>,
	/// First id of the window: where a character ended before, so that none is split.
	start: usize,
	/// Ids whose text has been returned, but for a character that the last of them begin.
	done: usize,
	/// Bytes of the window's text that have been returned.
	shown: usize,
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
		let text = tokenizer.decode(&self.ids[self.start..])?;
		let (start, end) = match text.ends_with(BROKEN) {
			false => (self.done, text.len()),
			true if self.ids.len() - self.done <= LONGEST => return Ok(String::new()),
			true => self.begun(tokenizer, &text)?,
		};
		let delta = text.get(self.shown..end).unwrap_or_default().to_owned();
		(self.start, self.done) = (start, self.ids.len());
		let window = tokenizer.decode(&self.ids[start..])?;
		self.shown = window.len().saturating_sub(text.len() - end);
		Ok(delta)
	}

	/// A window for the last ids, which may have begun a character, and where that begins in the text
	/// of the present one.
	fn begun(&self, tokenizer: &Tokenizer, text: &str) -> Result<(usize, usize), EngineError> {
		let last = self.ids.len() - LONGEST;
		for start in last + 1..self.ids.len() {
			let head = tokenizer.decode(&self.ids[self.start..start])?;
			let tail = tokenizer.decode(&self.ids[start..])?;
			if text.strip_prefix(&head) == Some(&tail) {
				return Ok((start, head.len()));
			}
		}
		// It begins within an id.
		Ok((last, text.len() - BROKEN.len_utf8()))
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
	#![allow(clippy::unwrap_used)]

	use super::*;

	/// Bytes that end a character and begin the next.
	const JOINT: [u8; 3] = [0x97, 0xa5, 0xe6];

	/// Ids below 256 are bytes, 256 is [`JOINT`].
	fn bytes() -> Tokenizer {
		let itself = |b: &u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..);
		let mut others = ('\u{100}'..).take(256);
		let letter = |b: u8| match itself(&b) {
			true => char::from(b),
			false => others.next().unwrap(),
		};
		let letters: Vec<char> = (0..=255).map(letter).collect();
		let tokens = letters.iter().map(char::to_string);
		let joint = JOINT.map(|b| letters[usize::from(b)]).iter().collect();
		let vocab: serde_json::Map<_, _> =
			tokens.chain([joint]).zip((0..).map(Into::into)).collect();
		let byte_level = serde_json::json!({"type": "ByteLevel", "add_prefix_space": false,
			"trim_offsets": true, "use_regex": true});
		let json = serde_json::json!({"version": "1.0", "added_tokens": [], "decoder": byte_level,
			"model": {"type": "BPE", "vocab": vocab, "merges": []}});
		Tokenizer::parse(json.to_string().as_bytes()).unwrap()
	}

	/// What comes of ids, each of which must cost no more than a few do.
	fn streamed(ids: &[u32]) -> String {
		let (tokenizer, mut stream) = (bytes(), TextStream::default());
		let push = |id: &u32| {
			let delta = stream.push(&tokenizer, *id).unwrap();
			assert!(stream.ids.len() - stream.start <= 2 * LONGEST + 1);
			delta
		};
		ids.iter().map(push).collect()
	}

	#[test]
	fn stream_should_give_the_text_when_it_is_one() {
		let broken = "\u{fffd}".repeat(7);
		for text in [
			"日本語 e\u{301} 🦙 x",
			&format!("a{broken}日{broken}{broken}b"),
			"�🦙��🦙",
		] {
			let ids: Vec<u32> = text.bytes().map(u32::from).collect();
			assert_eq!(streamed(&ids), text);
		}
		let joined = [&[0xe6][..], &[256; 20], &[0x97, 0xa5]].concat();
		assert_eq!(streamed(&joined), "日".repeat(21));
	}

	#[test]
	fn stream_should_cost_its_length_when_its_ids_are_no_text() {
		let text = streamed(&[0xff; 10_000]);
		let broken = text.chars().filter(|c| *c == BROKEN).count();
		assert!(broken == text.chars().count() && broken > 9_990);
	}

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
