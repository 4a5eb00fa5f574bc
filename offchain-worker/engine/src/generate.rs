//! Prefill and greedy decoding over any back end.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
	backend::{Backend, Chunk, HeadAt, Step, Want},
	hash::Hash,
	EngineError,
};

/// Prompt tokens of one call: large enough to fill a device, small enough to notice a cancellation.
pub const PREFILL: usize = 128;

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
	/// The model chose a stop token.
	Stop,
	/// The limit of tokens, or of the context, was reached.
	Length,
	/// It was cancelled; what there was is kept.
	Cancelled,
}

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Decode<'a> {
	/// Token ids of the prompt, at least one.
	pub prompt: &'a [u32],
	/// Most tokens of the answer.
	pub max_tokens: u32,
	/// Positions of the model; prompt and answer stay within.
	pub context: u32,
	/// Token ids that end an answer.
	pub stops: &'a [u32],
}

/// Tokens of an answer and the residual hash of every position fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
	/// Ids, with the stop token if there is one.
	pub ids: Vec<u32>,
	/// One hash per position fed: the prompt and all of the answer but its last token.
	pub residuals: Vec<Hash>,
	/// Why it ended.
	pub finish: Finish,
}

/// Generates greedily in the pages of the back end, which must be free; `on_token` gets each id as it is chosen.
///
/// # Errors
/// [`EngineError::EmptyPrompt`], [`EngineError::PromptTooLong`], and those of the back end.
pub fn generate(
	backend: &mut dyn Backend,
	decode: &Decode<'_>,
	cancel: &AtomicBool,
	on_token: &mut dyn FnMut(u32) -> Result<(), EngineError>,
) -> Result<Answer, EngineError> {
	check(decode)?;
	let pages = (0..backend.pages() as u32).collect();
	let mut run = Run {
		backend,
		pages,
		cancel,
		residuals: Vec::new(),
	};
	let (ids, finish) = run.answer(decode, on_token)?;
	Ok(Answer {
		ids,
		residuals: run.residuals,
		finish,
	})
}

fn check(decode: &Decode<'_>) -> Result<(), EngineError> {
	let (tokens, limit) = (
		decode.prompt.len(),
		decode.context.saturating_sub(1) as usize,
	);
	match tokens {
		0 => Err(EngineError::EmptyPrompt),
		_ if tokens > limit => Err(EngineError::PromptTooLong { tokens, limit }),
		_ => Ok(()),
	}
}

struct Run<'a> {
	backend: &'a mut dyn Backend,
	pages: Vec<u32>,
	cancel: &'a AtomicBool,
	residuals: Vec<Hash>,
}

impl Run<'_> {
	fn answer(
		&mut self,
		decode: &Decode<'_>,
		on_token: &mut dyn FnMut(u32) -> Result<(), EngineError>,
	) -> Result<(Vec<u32>, Finish), EngineError> {
		let limit = (decode.context as usize - decode.prompt.len()).min(decode.max_tokens as usize);
		let mut ids = Vec::new();
		let Some(mut next) = self.prefill(decode.prompt)? else {
			return Ok((ids, Finish::Cancelled));
		};
		while ids.len() < limit {
			if self.cancelled() {
				return Ok((ids, Finish::Cancelled));
			}
			ids.push(next);
			on_token(next)?;
			if decode.stops.contains(&next) {
				return Ok((ids, Finish::Stop));
			}
			if ids.len() < limit {
				next = self.next(next)?;
			}
		}
		Ok((ids, Finish::Length))
	}

	/// Feeds the prompt; the first token of the answer, or nothing if cancelled.
	fn prefill(&mut self, prompt: &[u32]) -> Result<Option<u32>, EngineError> {
		let mut rest = prompt;
		while rest.len() > PREFILL {
			if self.cancelled() {
				return Ok(None);
			}
			let (chunk, after) = rest.split_at(PREFILL);
			self.feed(chunk, HeadAt::None)?;
			rest = after;
		}
		self.feed(rest, HeadAt::Last)
	}

	/// Feeds ids and keeps their residual hashes; the greedy next token, if the head ran.
	fn feed(&mut self, ids: &[u32], head: HeadAt) -> Result<Option<u32>, EngineError> {
		let chunk = Chunk {
			pages: &self.pages,
			start: self.residuals.len() as u32,
			ids,
		};
		let steps = self.backend.forward(
			&[chunk],
			Want {
				head,
				logits: false,
			},
		)?;
		self.residuals
			.extend(steps.iter().map(|step: &Step| step.residual_hash));
		Ok(steps.last().and_then(|step| step.argmax))
	}

	fn next(&mut self, id: u32) -> Result<u32, EngineError> {
		let missing = || EngineError::Device("the head returned no token".into());
		self.feed(&[id], HeadAt::Last)?.ok_or_else(missing)
	}

	fn cancelled(&self) -> bool {
		self.cancel.load(Ordering::Relaxed)
	}
}
