//! Continuous batching: requests join and leave between the steps of one back end.
//!
//! A step feeds one token of every answer that is under way and as much of the prompts as the
//! budget leaves. Where all that is under way is decoded greedily, a device goes on by itself for
//! several tokens. Requests are served in the order of their arrival: where pages run out, the
//! youngest gives its own back and is fed again later, so the oldest always goes on. None of this
//! changes a bit of any answer.

mod lost;
mod pages;
mod sequence;

use std::{
	collections::VecDeque,
	iter::once,
	mem::take,
	slice::from_ref,
	sync::atomic::{AtomicU64, Ordering},
};

use rayon::prelude::*;

use crate::{
	backend::{pages_for, Backend, HeadAt, Step, Want},
	device::CacheSize,
	hash::Hash,
	model::Shape,
	EngineError,
};
use lost::Lost;
use pages::Pages;
use sequence::Sequence;

pub use sequence::{Answer, Decode, Finish, JobId};

/// Stop sequences of a request at most.
pub const MAX_STOPS: usize = 32;
/// Token ids of a stop sequence at most.
pub const MAX_STOP_IDS: usize = 64;

/// How much of a model is served at once.
#[derive(Clone, Copy, Debug)]
pub struct Options {
	/// Memory for keys and values.
	pub cache: CacheSize,
	/// Requests under way at once.
	pub batch: usize,
	/// Requests that wait to begin.
	pub queue: usize,
	/// Tokens of one step: enough to fill a device, few enough that nobody waits long for the next.
	pub budget: usize,
	/// Tokens of each answer in one step at most, on a device that prefers several: all wait so long
	/// for a cancellation, and for a request to begin.
	pub ahead: usize,
	/// Whether a request takes over what earlier ones with the same beginning have left.
	pub reuse: bool,
}

impl Default for Options {
	fn default() -> Self {
		Self {
			cache: CacheSize::Sequences(2),
			batch: 32,
			queue: 1_024,
			budget: 256,
			ahead: 8,
			reuse: true,
		}
	}
}

/// What one step has brought one request: a token, the end, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
	/// The request.
	pub job: JobId,
	/// The token that was chosen.
	pub token: Option<u32>,
	/// The whole answer, if it is complete.
	pub answer: Option<Answer>,
}

/// Serves many requests on one back end.
pub struct Scheduler {
	backend: Box<dyn Backend>,
	/// Root of the model, where the keys of pages begin.
	model: Hash,
	vocab: u32,
	context: u32,
	options: Options,
	pages: Pages,
	/// By age, like those under way, which are all older unless one had to give its pages back.
	waiting: VecDeque<Sequence>,
	running: Vec<Sequence>,
}

impl Scheduler {
	/// A scheduler for the model with this root on `backend`, all of whose pages it takes.
	pub fn new(backend: Box<dyn Backend>, model: Hash, shape: &Shape, options: Options) -> Self {
		Self {
			pages: Pages::new(backend.pages(), options.reuse),
			backend,
			model,
			vocab: shape.vocab,
			context: shape.context,
			options,
			waiting: VecDeque::new(),
			running: Vec::new(),
		}
	}

	/// Name of the device.
	pub fn device(&self) -> &str {
		self.backend.device()
	}

	/// Whether no request is under way or waiting.
	pub fn is_idle(&self) -> bool {
		self.running.is_empty() && self.waiting.is_empty()
	}

	/// Takes a request.
	///
	/// # Errors
	/// [`EngineError::QueueFull`], [`EngineError::EmptyPrompt`], [`EngineError::PromptTooLong`],
	/// [`EngineError::UnknownToken`], [`EngineError::InvalidRequest`], and
	/// [`EngineError::CacheTooSmall`] for one that would not fit even alone.
	pub fn submit(&mut self, decode: Decode) -> Result<JobId, EngineError> {
		/// Unique in the process, so that a job of one model is none of another.
		static NEXT: AtomicU64 = AtomicU64::new(0);
		if self.waiting.len() >= self.options.queue {
			return Err(EngineError::QueueFull(self.options.queue));
		}
		let limit = self.check(&decode)?;
		let job = JobId(NEXT.fetch_add(1, Ordering::Relaxed));
		self.waiting.push_back(Sequence::new(job, decode, limit));
		Ok(job)
	}

	/// Most tokens of the answer to a valid request.
	fn check(&self, decode: &Decode) -> Result<usize, EngineError> {
		let (tokens, room) = (decode.prompt.len(), self.context.saturating_sub(1) as usize);
		match tokens {
			0 => return Err(EngineError::EmptyPrompt),
			_ if tokens > room => {
				return Err(EngineError::PromptTooLong {
					tokens,
					limit: room,
				})
			}
			_ => (),
		}
		let vocab = self.vocab;
		if let Some(&id) = decode.prompt.iter().find(|id| **id >= vocab) {
			return Err(EngineError::UnknownToken { id, vocab });
		}
		check_choice(decode)?;
		let limit = decode.limit(self.context);
		let (needed, pages) = (pages_for(tokens + limit.max(1)), self.pages.len());
		if needed > pages {
			return Err(EngineError::CacheTooSmall { needed, pages });
		}
		Ok(limit)
	}

	/// Ends a request; what it has been answered so far, unless it is unknown or over.
	pub fn cancel(&mut self, job: JobId) -> Option<Answer> {
		let is = |sequence: &Sequence| sequence.job == job;
		let mut sequence = match self.running.iter().position(is) {
			Some(i) => self.running.remove(i),
			None => self.waiting.remove(self.waiting.iter().position(is)?)?,
		};
		sequence.release(&mut self.pages);
		Some(sequence.into_answer(Finish::Cancelled))
	}

	/// Feeds one batch; nothing happens if there is nothing to do.
	///
	/// # Errors
	/// What the back end reports. No request is lost by it: all wait to be fed again, after
	/// [`restart`](Self::restart) if the back end is broken.
	pub fn step(&mut self) -> Result<Vec<Progress>, EngineError> {
		self.admit();
		let progress = match self.ahead() {
			..=1 => self.feed(),
			steps => self.decode(steps),
		};
		if progress.is_err() {
			self.halt();
		}
		progress
	}

	/// Goes on with a new back end for the same model; the old one is gone before it is opened, so
	/// that both need not fit the device.
	///
	/// # Errors
	/// Those of `open`; the requests wait for the next attempt.
	pub fn restart(
		&mut self,
		open: impl FnOnce() -> Result<Box<dyn Backend>, EngineError>,
	) -> Result<(), EngineError> {
		self.halt();
		self.backend = Box::new(Lost::from(&*self.backend));
		self.backend = open()?;
		self.pages = Pages::new(self.backend.pages(), self.options.reuse);
		Ok(())
	}

	/// Ends all requests without an answer.
	pub fn abort(&mut self) -> Vec<JobId> {
		self.halt();
		self.waiting
			.drain(..)
			.map(|sequence| sequence.job)
			.collect()
	}

	/// Evaluates something else in pages for so many positions.
	///
	/// # Errors
	/// [`EngineError::CacheTooSmall`] if requests under way hold them.
	pub fn lend<T>(
		&mut self,
		positions: usize,
		evaluate: impl FnOnce(&mut dyn Backend, &[u32]) -> T,
	) -> Result<T, EngineError> {
		let (needed, pages) = (pages_for(positions), self.pages.available());
		if needed > pages {
			return Err(EngineError::CacheTooSmall { needed, pages });
		}
		let lent: Vec<u32> = (0..needed).filter_map(|_| self.pages.allocate()).collect();
		let outcome = evaluate(&mut *self.backend, &lent);
		lent.into_iter().for_each(|page| self.pages.release(page));
		Ok(outcome)
	}

	/// Lets waiting requests begin, in order, as far as there are pages for all they have.
	fn admit(&mut self) {
		while self.running.len() < self.options.batch.max(1) {
			let Some(next) = self.waiting.front_mut() else {
				return;
			};
			next.adopt(&mut self.pages, &self.model);
			let promised: usize = self.running.iter().map(|s| s.missing(1)).sum();
			if promised + next.missing(1) > self.pages.available() {
				return next.release(&mut self.pages);
			}
			self.running.extend(self.waiting.pop_front());
		}
	}

	/// Tokens that each running sequence feeds next, its pages reserved: every one that decodes
	/// feeds its token, prompts share the rest of the budget.
	fn plan(&mut self) -> Vec<usize> {
		let decoding = self.running.iter().filter(|s| s.pending() == 1).count();
		let mut left = self.options.budget.max(decoding + 1) - decoding;
		let mut plan = Vec::new();
		while let Some(sequence) = self.running.get_mut(plan.len()) {
			sequence.adopt(&mut self.pages, &self.model);
			let pending = sequence.pending();
			let n = if pending == 1 { 1 } else { pending.min(left) };
			if !sequence.reserve(n, &mut self.pages) {
				self.preempt();
				continue;
			}
			if pending > 1 {
				left -= n;
			}
			plan.push(n);
		}
		plan
	}

	/// The youngest gives its pages back and waits.
	fn preempt(&mut self) {
		if let Some(mut youngest) = self.running.pop() {
			youngest.release(&mut self.pages);
			self.waiting.push_front(youngest);
		}
	}

	/// All wait, and nothing in the pages is relied on.
	fn halt(&mut self) {
		while !self.running.is_empty() {
			self.preempt();
		}
		self.pages.clear();
	}

	/// Tokens that every answer under way takes next: one unless all are chosen by the device, and
	/// there are pages for all of them.
	fn ahead(&self) -> usize {
		let most = self.options.ahead.min(self.backend.steps());
		let tokens = self.running.iter().map(Sequence::ahead).min();
		let tokens = tokens.unwrap_or(1).clamp(1, most.max(1));
		let missing = |sequence: &Sequence| sequence.missing(tokens - 1);
		if self.running.iter().map(missing).sum::<usize>() > self.pages.available() {
			return 1;
		}
		tokens
	}

	/// Feeds every answer its token and those that follow, as many as `steps` together; what comes
	/// after the end of one goes back with its pages.
	fn decode(&mut self, steps: usize) -> Result<Vec<Progress>, EngineError> {
		for sequence in &mut self.running {
			sequence.reserve(steps, &mut self.pages);
		}
		let chunks: Vec<_> = self.running.iter().map(|s| s.chunk(1)).collect();
		let all = self.backend.decode(&chunks, steps)?;
		let mut progress = Vec::new();
		for (sequence, steps) in take(&mut self.running).into_iter().zip(&all) {
			let rounds = steps.iter().map(|step| (from_ref(step), step.argmax));
			progress.extend(self.advance(sequence, rounds));
		}
		Ok(progress)
	}

	/// Feeds one token of every answer and as much of the prompts as the budget leaves.
	fn feed(&mut self) -> Result<Vec<Progress>, EngineError> {
		let plan = self.plan();
		let steps = self.forward(&plan)?;
		Ok(self.absorb(&plan, &steps))
	}

	fn forward(&mut self, plan: &[usize]) -> Result<Vec<Step>, EngineError> {
		let fed = || self.running.iter().zip(plan);
		let chunks: Vec<_> = fed().map(|(s, n)| s.chunk(*n)).collect();
		let chosen = || fed().filter(|(s, n)| s.completes(**n));
		let want = Want {
			head: match chosen().next() {
				Some(_) => HeadAt::Last,
				None => HeadAt::None,
			},
			logits: chosen().any(|(s, _)| s.needs_logits()),
		};
		if chunks.is_empty() {
			return Ok(Vec::new());
		}
		self.backend.forward(&chunks, want)
	}

	/// Takes in the outcome of a plan.
	fn absorb(&mut self, plan: &[usize], steps: &[Step]) -> Vec<Progress> {
		let tokens = choose(&self.running, plan, steps);
		let (mut rest, mut progress) = (steps, Vec::new());
		let fed = plan.iter().zip(tokens);
		for (sequence, (n, token)) in take(&mut self.running).into_iter().zip(fed) {
			let (own, others) = rest.split_at(*n);
			rest = others;
			progress.extend(self.advance(sequence, once((own, token))));
		}
		progress
	}

	/// Takes a sequence through rounds, the steps of what it fed and the token chosen then, to its
	/// end or back among the running.
	fn advance<'a>(
		&mut self,
		mut sequence: Sequence,
		rounds: impl Iterator<Item = (&'a [Step], Option<u32>)>,
	) -> Vec<Progress> {
		let (job, mut progress) = (sequence.job, Vec::new());
		for (steps, token) in rounds {
			let done = !steps.is_empty() && steps.len() == sequence.pending();
			sequence.feed(steps, &mut self.pages, &self.model);
			token.into_iter().for_each(|token| sequence.push(token));
			if let Some(finish) = sequence.finish().filter(|_| done) {
				sequence.release(&mut self.pages);
				let answer = Some(sequence.into_answer(finish));
				progress.push(Progress { job, token, answer });
				return progress;
			}
			progress.extend(token.map(|id| Progress {
				job,
				token: Some(id),
				answer: None,
			}));
		}
		self.running.push(sequence);
		progress
	}
}

/// The next token of each sequence that is fed to its end.
fn choose(running: &[Sequence], plan: &[usize], steps: &[Step]) -> Vec<Option<u32>> {
	let ends = plan.iter().scan(0, |end, n| {
		*end += n;
		Some(*end)
	});
	let pick = |((sequence, n), end): ((&Sequence, &usize), usize)| {
		let last = end.checked_sub(1).and_then(|last| steps.get(last))?;
		sequence.completes(*n).then(|| sequence.choose(last))?
	};
	let fed = running.iter().zip(plan).zip(ends);
	if running.iter().any(Sequence::needs_logits) {
		let fed: Vec<_> = fed.collect();
		return fed.into_par_iter().map(pick).collect();
	}
	fed.map(pick).collect()
}

fn check_choice(decode: &Decode) -> Result<(), EngineError> {
	let invalid = |field: &str, reason| EngineError::InvalidRequest {
		field: field.into(),
		reason,
	};
	decode
		.sampling
		.check()
		.map_err(|(field, low, high)| invalid(field, format!("must be in {low}..={high}")))?;
	let stops = &decode.stop_sequences;
	if stops.len() > MAX_STOPS {
		let reason = format!("there are {}, at most {MAX_STOPS}", stops.len());
		return Err(invalid("stop_sequences", reason));
	}
	if stops
		.iter()
		.any(|ids| ids.is_empty() || ids.len() > MAX_STOP_IDS)
	{
		let reason = format!("each must have 1 to {MAX_STOP_IDS} ids");
		return Err(invalid("stop_sequences", reason));
	}
	Ok(())
}

#[cfg(test)]
mod tests;
