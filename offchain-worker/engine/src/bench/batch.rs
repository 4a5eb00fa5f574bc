//! Sequences side by side, fed and continued.

use crate::{
	backend::{Backend, Chunk, Want},
	model::Shape,
	EngineError,
};

/// Sequences that take turns in the pages of a back end, all of the same length.
pub struct Batch<'a> {
	backend: &'a mut dyn Backend,
	vocab: u32,
	/// Pages of each sequence.
	tables: Vec<Vec<u32>>,
	/// Positions fed.
	fed: u32,
}

impl<'a> Batch<'a> {
	/// `n` empty sequences, which share the pages of `backend` evenly.
	pub fn new(backend: &'a mut dyn Backend, shape: &Shape, n: usize) -> Self {
		let each = (backend.pages() / n) as u32;
		let table = |i: u32| (i * each..(i + 1) * each).collect();
		Self {
			backend,
			vocab: shape.vocab,
			tables: (0..n as u32).map(table).collect(),
			fed: 0,
		}
	}

	/// Feeds `n` tokens to each sequence at once.
	///
	/// # Errors
	/// Those of [`Backend::forward`].
	pub fn prefill(&mut self, n: usize) -> Result<(), EngineError> {
		let prompt = |i: u32| (0..n as u32).map(|t| (t * t + i) % self.vocab).collect();
		let prompts: Vec<Vec<u32>> = (0..self.tables.len() as u32).map(prompt).collect();
		self.feed(&prompts).map(drop)
	}

	/// Generates `n` tokens in each sequence, one at a time; returns those of each step.
	///
	/// # Errors
	/// Those of [`Backend::forward`].
	pub fn generate(&mut self, n: usize) -> Result<Vec<Vec<u32>>, EngineError> {
		let first = (0..self.tables.len() as u32).map(|i| i % self.vocab);
		let mut last: Vec<u32> = first.collect();
		let step = |_| {
			last = self.feed(&last.iter().map(|id| vec![*id]).collect::<Vec<_>>())?;
			Ok(last.clone())
		};
		(0..n).map(step).collect()
	}

	/// Feeds each sequence its ids, all equally many; returns the next token of each.
	fn feed(&mut self, ids: &[Vec<u32>]) -> Result<Vec<u32>, EngineError> {
		let start = self.fed;
		let chunk = |(pages, ids)| Chunk { pages, start, ids };
		let tables = self.tables.iter().map(Vec::as_slice);
		let chunks: Vec<_> = tables
			.zip(ids.iter().map(Vec::as_slice))
			.map(chunk)
			.collect();
		let steps = self.backend.forward(&chunks, Want::NEXT)?;
		self.fed += ids.first().map_or(0, Vec::len) as u32;
		Ok(steps.iter().filter_map(|step| step.argmax).collect())
	}
}
