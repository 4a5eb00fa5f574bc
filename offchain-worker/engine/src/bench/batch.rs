//! Sequences side by side, fed and continued.

use std::slice::from_ref;

use crate::{
	backend::{Backend, Chunk, KernelTime, Step, Want},
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
		let chunks = chunks(&self.tables, self.fed, prompts.iter().map(Vec::as_slice));
		self.backend.forward(&chunks, Want::NEXT)?;
		self.fed += n as u32;
		Ok(())
	}

	/// What feeding `n` more tokens to each sequence at once spends in each kernel.
	///
	/// # Errors
	/// Those of [`Backend::profile`].
	pub fn profile(&mut self, n: usize, want: Want) -> Result<Vec<KernelTime>, EngineError> {
		let ids = vec![0; n];
		let prompts = self.tables.iter().map(|_| ids.as_slice());
		let chunks = chunks(&self.tables, self.fed, prompts);
		self.backend.profile(&chunks, want)
	}

	/// Generates `n` tokens in each sequence, as many at once as pays; returns those of each.
	///
	/// # Errors
	/// Those of [`Backend::decode`].
	pub fn generate(&mut self, n: usize) -> Result<Vec<Vec<u32>>, EngineError> {
		let first = (0..self.tables.len() as u32).map(|i| i % self.vocab);
		let mut last: Vec<u32> = first.collect();
		let mut all = vec![Vec::with_capacity(n); last.len()];
		let most = self.backend.steps();
		for left in (1..=n).rev().step_by(most) {
			let next = self.decode(&last, left.min(most))?;
			last = next.iter().filter_map(|ids| ids.last()).copied().collect();
			all.iter_mut()
				.zip(next)
				.for_each(|(all, ids)| all.extend(ids));
		}
		Ok(all)
	}

	/// Feeds each sequence one id and those that follow; returns the tokens chosen.
	fn decode(&mut self, ids: &[u32], steps: usize) -> Result<Vec<Vec<u32>>, EngineError> {
		let chunks = chunks(&self.tables, self.fed, ids.iter().map(from_ref));
		let all = self.backend.decode(&chunks, steps)?;
		self.fed += steps as u32;
		let tokens = |steps: Vec<Step>| steps.iter().filter_map(|step| step.argmax).collect();
		Ok(all.into_iter().map(tokens).collect())
	}
}

/// The ids of each sequence, all at the same position.
fn chunks<'a>(
	tables: &'a [Vec<u32>],
	start: u32,
	ids: impl Iterator<Item = &'a [u32]>,
) -> Vec<Chunk<'a>> {
	tables
		.iter()
		.zip(ids)
		.map(|(pages, ids)| Chunk { pages, start, ids })
		.collect()
}
