//! `tokenizer.json` in its parts. What grows with a vocabulary is handed on entry by entry, never
//! made into a tree; the rest is short, or refused.

use std::fmt;

use serde::{
	de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
	Deserialize, Deserializer,
};
use serde_json::value::RawValue;

use super::error;
use crate::EngineError;

/// Most bytes of a part that is not a list of tokens or merges.
pub const MAX_PART: usize = 16 << 10;
/// Most bytes of a token, so that its ways to be merged stay few.
pub const MAX_TOKEN: usize = 1_024;

/// The parts of a file that make a difference to ids; its truncation and padding do not.
#[derive(Deserialize)]
pub struct File<'a> {
	#[serde(borrow)]
	pub added_tokens: Part<'a>,
	#[serde(borrow)]
	pub normalizer: Part<'a>,
	#[serde(borrow)]
	pub pre_tokenizer: Part<'a>,
	#[serde(borrow)]
	pub post_processor: Part<'a>,
	#[serde(borrow)]
	pub decoder: Part<'a>,
	#[serde(borrow)]
	pub model: Part<'a>,
}

/// The text of a part; none where it is missing or `null`.
pub type Part<'a> = Option<&'a RawValue>;

impl<'a> File<'a> {
	/// # Errors
	/// [`EngineError::Tokenizer`] if the text is not one JSON object.
	pub fn parse(text: &'a str) -> Result<Self, EngineError> {
		object(text)?;
		serde_json::from_str(text).map_err(error)
	}
}

/// Refuses what is no object before a parser quotes it.
fn object(text: &str) -> Result<(), EngineError> {
	let first = text.trim_start().chars().next();
	(first == Some('{'))
		.then_some(())
		.ok_or_else(|| error("is not an object"))
}

/// A part that must be there and is an object.
///
/// # Errors
/// [`EngineError::Tokenizer`] with its name if it is not.
pub fn required<'a>(name: &str, part: Part<'a>) -> Result<&'a str, EngineError> {
	let text = part.map_or("", RawValue::get);
	object(text).map_err(|_| error(format!("{name}: is not an object")))?;
	Ok(text)
}

/// A short part, parsed; none where it is missing or `null`.
///
/// # Errors
/// [`EngineError::Tokenizer`] with its name if it is malformed or has more than [`MAX_PART`] bytes.
pub fn short<'a, T: Deserialize<'a>>(name: &str, part: Part<'a>) -> Result<Option<T>, EngineError> {
	within(MAX_PART, name, part)
}

/// As [`short`], of at most `most` bytes.
///
/// # Errors
/// As [`short`].
pub fn within<'a, T: Deserialize<'a>>(
	most: usize,
	name: &str,
	part: Part<'a>,
) -> Result<Option<T>, EngineError> {
	let Some(part) = part else { return Ok(None) };
	let text = part.get();
	if text.len() > most {
		return Err(error(format!("{name}: has more than {most} bytes")));
	}
	let parsed = serde_json::from_str(text);
	parsed.map(Some).map_err(|reason| malformed(name, &reason))
}

/// Calls `take` with the text and the id of each token of a vocabulary.
///
/// # Errors
/// [`EngineError::Tokenizer`] with its name, what is wrong and where in it.
pub fn for_each_token(
	name: &str,
	text: &str,
	take: impl FnMut(&str, u32),
) -> Result<(), EngineError> {
	let mut json = serde_json::Deserializer::from_str(text);
	json.deserialize_map(Tokens(take))
		.map_err(|reason| malformed(name, &reason))
}

/// Calls `take` with both tokens of each merge.
///
/// # Errors
/// As [`for_each_token`]; the first error of `take`.
pub fn for_each_merge(
	name: &str,
	text: &str,
	take: impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), EngineError> {
	let mut json = serde_json::Deserializer::from_str(text);
	json.deserialize_seq(Merges(take))
		.map_err(|reason| malformed(name, &reason))
}

/// The reason ends in line and column, which count from where the part begins.
fn malformed(name: &str, reason: &serde_json::Error) -> EngineError {
	error(format!("{name}: {reason} of it"))
}

struct Tokens<F>(F);

impl<'de, F: FnMut(&str, u32)> Visitor<'de> for Tokens<F> {
	type Value = ();

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("an object of tokens and their ids")
	}

	fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
		let mut token = String::new();
		while map.next_key_seed(Token(&mut token))?.is_some() {
			let id: &RawValue = map.next_value()?;
			let id = id.get().parse();
			self.0(
				&token,
				id.map_err(|_| A::Error::custom("an id is not of 32 bits"))?,
			);
		}
		Ok(())
	}
}

struct Merges<F>(F);

impl<'de, F: FnMut(&str, &str) -> Result<(), String>> Visitor<'de> for Merges<F> {
	type Value = ();

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("a list of merges")
	}

	fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
		let (mut left, mut right) = (String::new(), String::new());
		while let Some(listed) = list.next_element_seed(Merge(&mut left, &mut right))? {
			if listed {
				self.0(&left, &right).map_err(A::Error::custom)?;
			}
		}
		Ok(())
	}
}

/// Both tokens of a merge: a list of two, or one text with a space between. False for the line that
/// states the version of a list of texts.
struct Merge<'b>(&'b mut String, &'b mut String);

impl<'de> DeserializeSeed<'de> for Merge<'_> {
	type Value = bool;

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
		deserializer.deserialize_any(self)
	}
}

impl<'de> Visitor<'de> for Merge<'_> {
	type Value = bool;

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("two tokens")
	}

	fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
		if text.starts_with("#version") {
			return Ok(false);
		}
		let (left, right) = text
			.split_once(' ')
			.filter(|(_, right)| !right.contains(' '))
			.ok_or_else(|| E::custom("a merge is not two tokens"))?;
		Token(self.0).visit_str(left)?;
		Token(self.1).visit_str(right)?;
		Ok(true)
	}

	fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
		let left = list.next_element_seed(Token(self.0))?;
		let right = list.next_element_seed(Token(self.1))?;
		let more = list.next_element::<IgnoredAny>()?;
		match (left, right, more) {
			(Some(()), Some(()), None) => Ok(true),
			_ => Err(A::Error::custom("a merge is not two tokens")),
		}
	}
}

/// The text of a token, into a buffer.
struct Token<'b>(&'b mut String);

impl<'de> DeserializeSeed<'de> for Token<'_> {
	type Value = ();

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
		deserializer.deserialize_str(self)
	}
}

impl<'de> Visitor<'de> for Token<'_> {
	type Value = ();

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("a token")
	}

	fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
		if text.len() > MAX_TOKEN {
			let reason = format!("a token has more than {MAX_TOKEN} bytes");
			return Err(E::custom(reason));
		}
		self.0.clear();
		self.0.push_str(text);
		Ok(())
	}
}
