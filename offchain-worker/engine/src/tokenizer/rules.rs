//! What stands before and behind the model, as the library reads it: normalizer, pre-tokenizer,
//! post-processor, decoder, added tokens. What they take does not depend on the size of a file, so
//! each has a bound of its own.

use std::panic::{catch_unwind, AssertUnwindSafe};

use serde::Deserialize;
use serde_json::{Map, Value};
use tokenizers::AddedToken;

use super::{
	error,
	file::{short, within, Part},
};
use crate::EngineError;

/// Most that all regular expressions cost together, as [`cost`] counts.
const MAX_COST: usize = 1 << 14;
/// What a class of characters costs, such as `\p{L}`.
const CLASS: usize = 64;
/// Most times as long as it was that a text becomes by the replacements of a part.
const MAX_GROWTH: usize = 64;
/// Most bytes of the list of added tokens.
const MAX_ADDED_LIST: usize = 1 << 20;
/// Most bytes of the added tokens themselves: one automaton searches for all of them.
const MAX_ADDED: usize = 1 << 16;
/// Most bytes of an added token.
const MAX_ADDED_TOKEN: usize = 64;

/// An added token and the id that it shall have.
#[derive(Deserialize)]
pub struct Added {
	pub id: u32,
	content: String,
	single_word: bool,
	lstrip: bool,
	rstrip: bool,
	normalized: bool,
	special: bool,
}

/// Reads parts of one file for the library.
#[derive(Default)]
pub struct Rules {
	/// What the regular expressions of all parts cost.
	cost: usize,
}

impl Rules {
	/// A part; none where it is missing.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`] with its name if it is malformed, or its regular expressions or
	/// replacements are beyond their bounds.
	pub fn read<'a, T: Deserialize<'a>>(
		&mut self,
		name: &str,
		part: Part<'a>,
	) -> Result<Option<T>, EngineError> {
		let Some(value) = short::<Value>(name, part)? else {
			return Ok(None);
		};
		let mut growth = 1_usize;
		each_object(&value, &mut |object| {
			self.cost = self.cost.saturating_add(cost(text(object, "Regex")));
			growth = growth.saturating_mul(self::growth(object));
		});
		if self.cost > MAX_COST {
			return Err(error(format!(
				"{name}: its regular expressions are too large"
			)));
		}
		if growth > MAX_GROWTH {
			return Err(error(format!("{name}: its replacements are too long")));
		}
		guarded(name, || short(name, part))?
	}
}

/// What the library makes of a part, which it may do by a panic.
///
/// # Errors
/// [`EngineError::Tokenizer`] with the name of the part if it panics.
pub fn guarded<T>(name: &str, make: impl FnOnce() -> T) -> Result<T, EngineError> {
	catch_unwind(AssertUnwindSafe(make)).map_err(|_| error(format!("{name}: is malformed")))
}

fn each_object(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
	match value {
		Value::Object(object) => {
			visit(object);
			object.values().for_each(|value| each_object(value, visit));
		}
		Value::Array(list) => list.iter().for_each(|value| each_object(value, visit)),
		_ => (),
	}
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
	object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What a regular expression costs: its characters and classes, times all counts of repetitions,
/// which are written out in its automaton.
fn cost(pattern: &str) -> usize {
	let classes = pattern.matches(['\\', '.', '[']).count();
	let counts = pattern.split('{').skip(1).filter_map(most_repeated);
	counts.fold(pattern.len() + CLASS * classes, usize::saturating_mul)
}

/// The largest number of a repetition such as `{1,3}`, by what stands behind its brace.
fn most_repeated(behind: &str) -> Option<usize> {
	let (numbers, _) = behind.split_once('}')?;
	let numbers = numbers.split(',').map(|number| number.trim().parse());
	numbers.filter_map(Result::ok).max()
}

/// How many times as long a text becomes if all of it is replaced.
fn growth(object: &Map<String, Value>) -> usize {
	let Some(pattern) = object.get("pattern").and_then(Value::as_object) else {
		return 1;
	};
	let (by, of) = (text(object, "content").len(), text(pattern, "String").len());
	match of {
		// An expression, or nothing, matches between all characters.
		0 => by + 1,
		_ => by.div_ceil(of).max(1),
	}
}

/// The list of added tokens.
///
/// # Errors
/// [`EngineError::Tokenizer`] if it is malformed, or there are too many or too long ones.
pub fn added(part: Part<'_>) -> Result<Vec<Added>, EngineError> {
	let added: Vec<Added> = within(MAX_ADDED_LIST, "added_tokens", part)?.unwrap_or_default();
	let lens = || added.iter().map(|token| token.content.len());
	let (all, longest) = (lens().sum::<usize>(), lens().max().unwrap_or_default());
	if all > MAX_ADDED || longest > MAX_ADDED_TOKEN {
		let most = format!("{MAX_ADDED} bytes, or one more than {MAX_ADDED_TOKEN}");
		return Err(error(format!("added_tokens: have more than {most}")));
	}
	Ok(added)
}

impl Added {
	/// As the library has it.
	pub fn token(&self) -> AddedToken {
		AddedToken::from(self.content.clone(), self.special)
			.single_word(self.single_word)
			.lstrip(self.lstrip)
			.rstrip(self.rstrip)
			.normalized(self.normalized)
	}
}
