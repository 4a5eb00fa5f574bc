//! What can go wrong, named for the person who reads it.

use std::{
	any::Any,
	path::{Path, PathBuf},
};

/// What a caught panic says.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
	let owned = || panic.downcast_ref::<String>().map(String::as_str);
	let literal = panic.downcast_ref::<&str>().copied();
	literal.or_else(owned).unwrap_or("a panic without words")
}

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
	/// A file could not be read or written.
	#[error("{}: {source}", path.display())]
	Io {
		/// The file.
		path: PathBuf,
		/// The cause.
		source: std::io::Error,
	},
	/// A file is not what its format asks for.
	#[error("{}: {field}: {reason}", path.display())]
	Malformed {
		/// The file.
		path: PathBuf,
		/// The field, tensor or section.
		field: String,
		/// What is wrong with it.
		reason: String,
	},
	/// The bytes of a container do not hash to its root.
	#[error("{}: the bytes have root 0x{computed}, the file states 0x{stated}", path.display())]
	RootMismatch {
		/// The container.
		path: PathBuf,
		/// Root at the end of the file, in hexadecimal.
		stated: String,
		/// Root of its bytes, in hexadecimal.
		computed: String,
	},
	/// No model with this root is loaded.
	#[error("no model with root 0x{0}")]
	UnknownModel(String),
	/// A prompt leaves no room for an answer.
	#[error("the prompt has {tokens} tokens, the model takes at most {limit}")]
	PromptTooLong {
		/// Tokens of the prompt.
		tokens: usize,
		/// Most that leave room for one token of answer.
		limit: usize,
	},
	/// A prompt without a single token cannot be continued.
	#[error("the prompt has no token")]
	EmptyPrompt,
	/// A trace has no such tile.
	#[error("the trace has no {0}")]
	UnknownTile(String),
	/// A token id is outside the vocabulary.
	#[error("token id {id} is outside the vocabulary of {vocab}")]
	UnknownToken {
		/// The id.
		id: u32,
		/// Size of the vocabulary.
		vocab: u32,
	},
	/// A sequence is longer than the context of its model.
	#[error("the sequence would have {tokens} positions, the context is {context}")]
	ContextExceeded {
		/// Positions asked for.
		tokens: usize,
		/// Positions of the model.
		context: u32,
	},
	/// A chunk brings too few pages for its positions.
	#[error("{tokens} positions, {pages} pages: too few")]
	TooFewPages {
		/// Positions up to the end of the chunk.
		tokens: usize,
		/// Pages it brings.
		pages: usize,
	},
	/// A page is not one of the back end's.
	#[error("page {page} of the cache does not exist, there are {pages}")]
	UnknownPage {
		/// The page.
		page: u32,
		/// Pages of the back end.
		pages: usize,
	},
	/// A page is written by one chunk and used by another, or used twice by one.
	#[error("page {0} of the cache is written, and used once more in the same call")]
	SharedPage(u32),
	/// A sequence that goes on by itself is fed more than its next token, or none.
	#[error("a sequence that decodes is fed one token, not {0}")]
	NotOneToken(usize),
	/// A field of a request is outside its range.
	#[error("{field} {reason}")]
	InvalidRequest {
		/// The field, such as `top_p`.
		field: String,
		/// What it must be.
		reason: String,
	},
	/// As many requests wait as may.
	#[error("{0} requests wait already")]
	QueueFull(usize),
	/// The cache has no room for a sequence, even alone.
	#[error("the sequence takes {needed} pages of the cache, there is room for {pages}")]
	CacheTooSmall {
		/// Pages it takes.
		needed: usize,
		/// Pages there are.
		pages: usize,
	},
	/// A text cannot be turned into tokens, or back.
	#[error("tokenizer: {0}")]
	Tokenizer(String),
	/// The chat template of the model cannot be rendered.
	#[error("chat template: {0}")]
	Template(String),
	/// A device is missing or failed.
	#[error("device: {0}")]
	Device(String),
	/// Checks of this machine failed.
	#[error("{failed} of {all} checks failed")]
	Unhealthy {
		/// How many.
		failed: usize,
		/// Of how many.
		all: usize,
	},
	/// A device does not compute what the arithmetic defines.
	#[error("device: {device} computes other bits than the CPU, so it is not used")]
	DeviceDiffers {
		/// The adapter.
		device: String,
	},
}

impl EngineError {
	/// Maps an I/O error of `path`, for `map_err`.
	pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
		move |source| Self::Io {
			path: path.to_path_buf(),
			source,
		}
	}

	/// A malformed `field` of `path`.
	pub fn malformed(path: &Path, field: impl Into<String>, reason: impl ToString) -> Self {
		Self::Malformed {
			path: path.into(),
			field: field.into(),
			reason: reason.to_string(),
		}
	}
}
