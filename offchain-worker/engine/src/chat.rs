//! Conversations, as chat templates take them.
//!
//! What people write must stay text: a user who writes `<|im_end|>` has not ended a turn. So the
//! texts of control tokens are marked in a chat before it is rendered, by a character that the chat
//! does not have, and tokenised as text; the control tokens that the template itself writes are not
//! marked. A chat without such texts is rendered as it is.

use std::{collections::HashSet, ops::RangeInclusive};

use minijinja::{value::ValueKind, Value};

use crate::{json, template::Template, tokenizer::Tokenizer, EngineError};

/// Characters that texts have no use for: Unicode leaves the first to programs, the others to anyone.
const MARKS: [RangeInclusive<char>; 2] = ['\u{fdd0}'..='\u{fdef}', '\u{f0000}'..='\u{ffffd}'];

/// One turn of a chat.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
	/// `system`, `user`, `assistant` or `tool`.
	pub role: &'a str,
	/// The text.
	pub content: &'a str,
}

impl<'a> Message<'a> {
	/// A turn of the user.
	pub const fn user(content: &'a str) -> Self {
		Self {
			role: "user",
			content,
		}
	}

	/// A turn of the model.
	pub const fn assistant(content: &'a str) -> Self {
		Self {
			role: "assistant",
			content,
		}
	}

	fn value(&self) -> Value {
		Value::from_pairs([("role", self.role), ("content", self.content)])
	}
}

/// A chat: its messages, and whatever else a template may ask for, such as `tools`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
	variables: Value,
}

impl Chat {
	/// A chat of plain messages.
	pub fn of(messages: &[Message<'_>]) -> Self {
		let messages: Value = messages.iter().map(Message::value).collect();
		Self {
			variables: Value::from_pairs([("messages", messages)]),
		}
	}

	/// A chat from a JSON object: `messages`, each with `role`, `content` and, where there are,
	/// `tool_calls` and `name`; `tools`; and any other variable, such as `date_string`. The order of
	/// keys is kept.
	///
	/// # Errors
	/// [`EngineError::Template`] for malformed JSON, or if `messages` is no list.
	pub fn from_json(text: &str) -> Result<Self, EngineError> {
		let error = |reason: String| EngineError::Template(format!("chat: {reason}"));
		let variables = json::parse(text).map_err(|reason| error(reason.to_string()))?;
		let messages = variables.get_attr("messages").unwrap_or_default();
		if variables.kind() != ValueKind::Map || messages.kind() != ValueKind::Seq {
			return Err(error("messages: is not a list".into()));
		}
		Ok(Self { variables })
	}

	/// What a template sees.
	pub(crate) const fn variables(&self) -> &Value {
		&self.variables
	}

	/// Token ids of the chat, followed by the start of an answer if `answer` is set.
	///
	/// # Errors
	/// [`EngineError::Template`] if the template refuses the chat, [`EngineError::Tokenizer`].
	pub fn ids(
		&self,
		template: &Template,
		tokenizer: &Tokenizer,
		answer: bool,
	) -> Result<Vec<u32>, EngineError> {
		let mark = self.unused_mark()?;
		let controls = tokenizer.control_texts();
		let guarded = Self {
			variables: guard(&self.variables, controls, mark),
		};
		tokenizer.encode_marked(&template.render(&guarded, answer)?, mark)
	}

	/// A character that occurs nowhere in the chat.
	fn unused_mark(&self) -> Result<char, EngineError> {
		let mut used = HashSet::new();
		each_text(&self.variables, &mut |text| {
			used.extend(text.chars().filter(|c| !c.is_ascii()));
		});
		MARKS
			.into_iter()
			.flatten()
			.find(|mark| !used.contains(mark))
			.ok_or_else(|| EngineError::Template("chat: uses every private character".into()))
	}
}

fn each_text(value: &Value, visit: &mut dyn FnMut(&str)) {
	if let Some(text) = value.as_str() {
		return visit(text);
	}
	for item in value.try_iter().into_iter().flatten() {
		if value.kind() == ValueKind::Map {
			each_text(&value.get_item(&item).unwrap_or_default(), visit);
		}
		each_text(&item, visit);
	}
}

/// The same value with every control token in its texts, keys too, split behind its first character.
fn guard(value: &Value, controls: &[String], mark: char) -> Value {
	let item = |item: Value| guard(&item, controls, mark);
	match (value.kind(), value.try_iter()) {
		(ValueKind::String, _) => {
			guard_text(value.as_str().unwrap_or_default(), controls, mark).into()
		}
		(ValueKind::Seq, Ok(items)) => items.map(item).collect(),
		(ValueKind::Map, Ok(keys)) => Value::from_pairs(keys.map(|key| {
			let value = value.get_item(&key).unwrap_or_default();
			(item(key), item(value))
		})),
		_ => value.clone(),
	}
}

fn guard_text(text: &str, controls: &[String], mark: char) -> String {
	let mut guarded = text.to_owned();
	for control in controls {
		let first = control.chars().next().map_or(0, char::len_utf8);
		if guarded.contains(control) {
			let (head, tail) = control.split_at(first);
			guarded = guarded.replace(control, &format!("{head}{mark}{tail}"));
		}
	}
	guarded
}
