//! The one interface of all devices.

use crate::EngineError;

/// Names an open sequence of a [`Backend`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceId(pub u32);

/// Tokens to append to one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
	/// The sequence.
	pub sequence: SequenceId,
	/// Token ids, fed at the positions that follow those fed before.
	pub ids: &'a [u32],
}

/// Positions of a chunk at which the head runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadAt {
	/// At none: a prompt that goes on in the next call.
	None,
	/// At the last of each chunk: the end of a prompt, or one token of an answer.
	Last,
	/// At every position: evaluation and audit.
	All,
}

/// What a [`Backend::forward`] returns besides the residual hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
	/// Where the head runs; [`Step::argmax`] is set there.
	pub head: HeadAt,
	/// Whether [`Step::logits`] is set there too.
	pub logits: bool,
}

impl Want {
	/// The next token of each sequence.
	pub const NEXT: Self = Self {
		head: HeadAt::Last,
		logits: false,
	};
	/// Residual hashes only.
	pub const TRACE: Self = Self {
		head: HeadAt::None,
		logits: false,
	};
}

/// The outcome of one fed position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
	/// The sequence.
	pub sequence: SequenceId,
	/// The position within it, from 0.
	pub position: u32,
	/// The greedy next token, where the head ran.
	pub argmax: Option<u32>,
	/// `blake2_256` of the residual before the last norm, `hidden` little-endian `i32`.
	pub residual_hash: [u8; 32],
	/// `vocab` logits in Q16, where asked for.
	pub logits: Option<Vec<i32>>,
}

/// Which device evaluates a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
	/// The first GPU that passes its self-test, else the CPU.
	#[default]
	Auto,
	/// The CPU.
	Cpu,
	/// The GPU adapter with this index.
	Index(usize),
}

impl std::str::FromStr for DeviceChoice {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text {
			"auto" => Ok(Self::Auto),
			"cpu" => Ok(Self::Cpu),
			index => index
				.parse()
				.map(Self::Index)
				.map_err(|_| format!("`{text}` is none of `auto`, `cpu` or an adapter index")),
		}
	}
}

/// One device that evaluates a model; every implementation returns the same bits.
pub trait Backend: Send {
	/// `cpu`, or the name of the adapter.
	fn device(&self) -> &str;

	/// Most sequences open at once.
	fn max_sequences(&self) -> usize;

	/// Opens an empty sequence.
	///
	/// # Errors
	/// [`EngineError::NoFreeSequence`] beyond [`max_sequences`](Self::max_sequences).
	fn open(&mut self) -> Result<SequenceId, EngineError>;

	/// Closes a sequence and frees its cache; a closed one is ignored.
	fn close(&mut self, sequence: SequenceId);

	/// Feeds each chunk at the end of its sequence, a batch when there are several.
	///
	/// Returns one step per fed token, in the order of the chunks and of their ids. An error in
	/// [`check_chunks`](crate::backend::check_chunks) leaves every sequence as it was.
	///
	/// # Errors
	/// Unknown or repeated sequences, ids outside the vocabulary, a full context, device failures.
	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError>;
}

/// Checks what every [`Backend::forward`] must refuse; `length` is the positions fed so far of an
/// open sequence.
///
/// # Errors
/// The first of: unknown sequence, repeated sequence, id outside the vocabulary, full context.
pub fn check_chunks(
	chunks: &[Chunk<'_>],
	vocab: u32,
	context: u32,
	length: impl Fn(SequenceId) -> Option<usize>,
) -> Result<(), EngineError> {
	for (i, chunk) in chunks.iter().enumerate() {
		let SequenceId(id) = chunk.sequence;
		let fed = length(chunk.sequence).ok_or(EngineError::UnknownSequence(id))?;
		if chunks[..i]
			.iter()
			.any(|other| other.sequence == chunk.sequence)
		{
			return Err(EngineError::RepeatedSequence(id));
		}
		if let Some(&id) = chunk.ids.iter().find(|id| **id >= vocab) {
			return Err(EngineError::UnknownToken { id, vocab });
		}
		let tokens = fed + chunk.ids.len();
		if tokens > context as usize {
			return Err(EngineError::ContextExceeded { tokens, context });
		}
	}
	Ok(())
}
