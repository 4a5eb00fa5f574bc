//! Sequences side by side, fed and continued.

use crate::{
	backend::{Backend, Chunk, SequenceId, Want},
	model::Shape,
	EngineError,
};

/// Open sequences of a back end.
pub struct Batch<'a> {
	backend: &'a mut dyn Backend,
	vocab: u32,
	sequences: Vec<SequenceId>,
}

impl<'a> Batch<'a> {
	/// Opens `n` empty sequences.
	///
	/// # Errors
	/// Those of [`Backend::open`].
	pub fn open(
		backend: &'a mut dyn Backend,
		shape: &Shape,
		n: usize,
	) -> Result<Self, EngineError> {
		let sequences = (0..n)
			.map(|_| backend.open())
			.collect::<Result<Vec<_>, _>>()?;
		Ok(Self {
			backend,
			vocab: shape.vocab,
			sequences,
		})
	}

	/// Feeds `n` tokens to each sequence at once.
	///
	/// # Errors
	/// Those of [`Backend::forward`].
	pub fn prefill(&mut self, n: usize) -> Result<(), EngineError> {
		let prompt = |i: u32| (0..n as u32).map(|t| (t * t + i) % self.vocab).collect();
		let prompts: Vec<Vec<u32>> = (0..self.sequences.len() as u32).map(prompt).collect();
		self.feed(&prompts).map(drop)
	}

	/// Generates `n` tokens in each sequence, one at a time; returns those of each step.
	///
	/// # Errors
	/// Those of [`Backend::forward`].
	pub fn generate(&mut self, n: usize) -> Result<Vec<Vec<u32>>, EngineError> {
		let first = (0..self.sequences.len() as u32).map(|i| i % self.vocab);
		let mut last: Vec<u32> = first.collect();
		let step = |_| {
			last = self.feed(&last.iter().map(|id| vec![*id]).collect::<Vec<_>>())?;
			Ok(last.clone())
		};
		(0..n).map(step).collect()
	}

	/// Closes the sequences.
	pub fn close(self) {
		for sequence in self.sequences {
			self.backend.close(sequence);
		}
	}

	/// Feeds each sequence its ids; returns the next token of each.
	fn feed(&mut self, ids: &[Vec<u32>]) -> Result<Vec<u32>, EngineError> {
		let chunks: Vec<_> = self
			.sequences
			.iter()
			.zip(ids)
			.map(|(sequence, ids)| Chunk {
				sequence: *sequence,
				ids,
			})
			.collect();
		let steps = self.backend.forward(&chunks, Want::NEXT)?;
		Ok(steps.iter().filter_map(|step| step.argmax).collect())
	}
}
