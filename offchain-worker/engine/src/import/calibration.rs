//! The text that calibration runs over, recorded with the importer.

use super::folder::Folder;
use crate::{
	chat::{Chat, Message},
	hash::{blake2_256, Hash},
	template::Template,
	tokenizer::Special,
	EngineError,
};

/// Questions and answers: pairs behind an empty line, the question on the first line.
const TEXT: &str = include_str!("calibration.txt");

/// Pairs that share a sequence, so that calibration also sees later positions.
const PAIRS: usize = 4;

/// `blake2_256` of the calibration text.
pub fn calibration_hash() -> Hash {
	blake2_256(TEXT.as_bytes())
}

/// Token ids of the calibration text, each sequence cut to the context of the model.
///
/// A model with a chat template reads it as chats, another as plain text.
///
/// # Errors
/// [`EngineError::Malformed`] if the tokenizer or the template fails on it.
pub fn sequences(folder: &Folder) -> Result<Vec<Vec<u32>>, EngineError> {
	let pairs: Vec<(&str, &str)> = pairs().collect();
	pairs
		.chunks(PAIRS)
		.map(|pairs| sequence(folder, pairs))
		.collect()
}

fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
	TEXT.trim()
		.split("\n\n")
		.filter_map(|pair| pair.split_once('\n'))
}

fn sequence(folder: &Folder, pairs: &[(&str, &str)]) -> Result<Vec<u32>, EngineError> {
	let shape = &folder.config.shape;
	let malformed =
		|reason| EngineError::malformed(&folder.file("tokenizer.json"), "vocabulary", reason);
	let (text, special) = match &folder.template {
		Some(template) => (chat(folder, template, pairs)?, Special::Written),
		None => (plain(pairs), Special::Add),
	};
	let encoded = folder.tokenizer.encode(&text, special);
	let mut ids = encoded.map_err(|error| malformed(error.to_string()))?;
	ids.truncate(shape.context as usize);
	if ids.is_empty() {
		return Err(malformed("gives no token for the calibration text".into()));
	}
	match ids.iter().find(|id| **id >= shape.vocab) {
		Some(id) => Err(malformed(format!(
			"gives id {id}, the model has {}",
			shape.vocab
		))),
		None => Ok(ids),
	}
}

fn chat(
	folder: &Folder,
	template: &Template,
	pairs: &[(&str, &str)],
) -> Result<String, EngineError> {
	let messages: Vec<Message<'_>> = pairs
		.iter()
		.flat_map(|(q, a)| [Message::user(q), Message::assistant(a)])
		.collect();
	template
		.render(&Chat::of(&messages), false)
		.map_err(|error| EngineError::malformed(&folder.template_file, "chat_template", error))
}

fn plain(pairs: &[(&str, &str)]) -> String {
	pairs.iter().map(|(q, a)| format!("{q}\n{a}\n")).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_paragraph_should_be_a_pair() {
		assert_eq!(pairs().count(), TEXT.trim().split("\n\n").count());
	}
}
