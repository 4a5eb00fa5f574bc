//! One request on its way: what is fed, what is answered, and which pages it holds.

use one_arithmetic::{penalise, sample, Candidate, Sampling};

use super::pages::Pages;
use crate::{
	backend::{pages_for, Chunk, Step, PAGE},
	hash::{Hash, Hasher},
};

/// Names a request; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub(super) u64);

/// What to generate.
#[derive(Clone, Debug)]
pub struct Decode {
	/// Token ids of the prompt, at least one.
	pub prompt: Vec<u32>,
	/// Most tokens of the answer; the context may end it earlier.
	pub max_tokens: u32,
	/// How tokens are chosen.
	pub sampling: Sampling,
	/// Seed of the choice.
	pub seed: Hash,
	/// Token ids that end an answer: those of the model.
	pub stop_tokens: Vec<u32>,
	/// Sequences of token ids that end an answer: those of the request.
	pub stop_sequences: Vec<Vec<u32>>,
}

impl Decode {
	/// Most tokens of the answer in a context of so many positions.
	pub fn limit(&self, context: u32) -> usize {
		let room = (context as usize).saturating_sub(self.prompt.len());
		room.min(self.max_tokens as usize)
	}

	/// Whether the choice of a token takes more than the largest logit.
	pub const fn needs_logits(&self) -> bool {
		let Sampling {
			temperature,
			repetition_penalty,
			..
		} = self.sampling;
		temperature > 0 || repetition_penalty != Sampling::GREEDY.repetition_penalty
	}

	/// The token that follows `ids`, prompt and answer so far, from the outcome of the last of them.
	pub fn choose(&self, ids: &[u32], last: &Step) -> Option<u32> {
		let Some(logits) = last.logits.as_ref().filter(|_| self.needs_logits()) else {
			return last.argmax;
		};
		let mut penalised = vec![0; logits.len()];
		penalise(
			logits,
			ids,
			self.sampling.repetition_penalty,
			&mut penalised,
		);
		let mut scratch = vec![Candidate::default(); logits.len()];
		let u = uniform(&self.seed, ids.len() as u32);
		sample(&penalised, &self.sampling, u, &mut scratch)
	}

	/// Ids of the longest stop sequence that ends `answer`; 0 if none does.
	pub fn stop(&self, answer: &[u32]) -> usize {
		let tokens = self.stop_tokens.iter().map(std::slice::from_ref);
		let stops = tokens.chain(self.stop_sequences.iter().map(Vec::as_slice));
		let at_end = stops.filter(|stop| answer.ends_with(stop));
		at_end.map(<[u32]>::len).max().unwrap_or(0)
	}
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
	/// It ends with a stop token or a stop sequence.
	Stop,
	/// The limit of tokens, or of the context, was reached.
	Length,
	/// It was cancelled; what there was is kept.
	Cancelled,
}

/// Tokens of an answer and the residual hash of every position fed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
	/// Ids, with those of the stop sequence if there is one.
	pub ids: Vec<u32>,
	/// How many of the ids come before the stop sequence.
	pub spoken: usize,
	/// One hash per position: the prompt and all of the answer but its last token; fewer if the
	/// prompt was cancelled.
	pub residuals: Vec<Hash>,
	/// Why it ended.
	pub finish: Finish,
}

/// The state of one request.
pub(super) struct Sequence {
	pub job: JobId,
	decode: Decode,
	/// Tokens of the answer at most.
	limit: usize,
	/// Prompt, then answer.
	ids: Vec<u32>,
	/// Positions that are in the pages.
	fed: usize,
	/// Of every position fed so far, whether or not it is still in the pages.
	residuals: Vec<Hash>,
	pages: Vec<u32>,
	/// Keys of the full pages that the ids fill, as far as they were needed.
	keys: Vec<Hash>,
}

impl Sequence {
	/// A request that has not begun; `limit` is the most tokens of its answer.
	pub fn new(job: JobId, decode: Decode, limit: usize) -> Self {
		Self {
			job,
			limit,
			ids: decode.prompt.clone(),
			decode,
			fed: 0,
			residuals: vec![],
			pages: vec![],
			keys: vec![],
		}
	}

	/// Ids that are not in the pages: 1 for a sequence that decodes, more for a prompt, at least 1.
	pub fn pending(&self) -> usize {
		self.ids.len() - self.fed
	}

	/// Pages it needs beyond those it holds, until it has fed its ids and so many tokens more.
	pub fn missing(&self, tokens: usize) -> usize {
		pages_for(self.ids.len() + tokens).saturating_sub(self.pages.len())
	}

	/// Takes the full pages with its next ids that others have left, but never all of its ids: the
	/// last must be fed for the token that follows.
	pub fn adopt(&mut self, pages: &mut Pages, model: &Hash) {
		while self.fed.is_multiple_of(PAGE) && self.pending() > PAGE {
			let key = self.key(self.fed / PAGE, model);
			let Some((page, residuals)) = pages.adopt(&key) else {
				return;
			};
			let known = (self.residuals.len() - self.fed).min(PAGE);
			self.residuals.extend_from_slice(&residuals[known..]);
			self.pages.push(page);
			self.fed += PAGE;
		}
	}

	/// Holds pages for `n` more ids, as far as there are any; whether it has enough.
	pub fn reserve(&mut self, n: usize, pages: &mut Pages) -> bool {
		while self.pages.len() < pages_for(self.fed + n) {
			match pages.allocate() {
				Some(page) => self.pages.push(page),
				None => return false,
			}
		}
		true
	}

	/// Gives all pages back, the last first: what others can use least is forgotten first.
	pub fn release(&mut self, pages: &mut Pages) {
		self.pages
			.drain(..)
			.rev()
			.for_each(|page| pages.release(page));
		self.fed = 0;
	}

	/// The next `n` ids.
	pub fn chunk(&self, n: usize) -> Chunk<'_> {
		Chunk {
			pages: &self.pages,
			start: self.fed as u32,
			ids: &self.ids[self.fed..][..n],
		}
	}

	/// Whether a token is chosen once `n` more ids are fed.
	pub fn completes(&self, n: usize) -> bool {
		n == self.pending() && self.answer().len() < self.limit
	}

	/// Whether the choice of a token takes more than the largest logit.
	pub const fn needs_logits(&self) -> bool {
		self.decode.needs_logits()
	}

	/// Tokens that it can take in one call: those left of its answer if it only decodes, greedily.
	pub fn ahead(&self) -> usize {
		if self.pending() > 1 || self.needs_logits() {
			return 1;
		}
		self.limit.saturating_sub(self.answer().len())
	}

	/// Takes the outcome of the ids it fed, and offers the pages that became full.
	pub fn feed(&mut self, steps: &[Step], pages: &mut Pages, model: &Hash) {
		let (before, known) = (self.fed, self.residuals.len() - self.fed);
		let new = steps.iter().skip(known).map(|step| step.residual_hash);
		self.residuals.extend(new);
		self.fed += steps.len();
		for i in before / PAGE..self.fed / PAGE {
			let key = self.key(i, model);
			pages.publish(self.pages[i], key, &self.residuals[i * PAGE..][..PAGE]);
		}
	}

	/// Key of the `i`-th page: a chain over all ids up to its end, from the root of the model.
	fn key(&mut self, i: usize, model: &Hash) -> Hash {
		while self.keys.len() <= i {
			let (at, parent) = (self.keys.len() * PAGE, self.keys.last().unwrap_or(model));
			let hasher = Hasher::new("page").with(parent);
			self.keys
				.push(hasher.numbers(&self.ids[at..][..PAGE]).finish());
		}
		self.keys[i]
	}

	/// The token that follows from the outcome of the last id.
	pub fn choose(&self, last: &Step) -> Option<u32> {
		self.decode.choose(&self.ids, last)
	}

	/// Appends a token of the answer.
	pub fn push(&mut self, token: u32) {
		self.ids.push(token);
	}

	/// Why the answer is complete, if it is.
	pub fn finish(&self) -> Option<Finish> {
		if self.decode.stop(self.answer()) > 0 {
			return Some(Finish::Stop);
		}
		(self.answer().len() >= self.limit).then_some(Finish::Length)
	}

	fn answer(&self) -> &[u32] {
		&self.ids[self.decode.prompt.len()..]
	}

	/// What there is; its pages must have been released.
	pub fn into_answer(mut self, finish: Finish) -> Answer {
		let ids = self.answer().to_vec();
		if !ids.is_empty() {
			// A cancelled answer may have fed its last token too.
			self.residuals.truncate(self.ids.len() - 1);
		}
		Answer {
			spoken: ids.len() - self.decode.stop(&ids),
			ids,
			residuals: self.residuals,
			finish,
		}
	}
}

/// 64 bits that a seed gives for the token at a position.
fn uniform(seed: &Hash, position: u32) -> u64 {
	let hash = Hasher::new("sample").with(seed).number(position).finish();
	let [a, b, c, d, e, f, g, h, ..] = hash;
	u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	#[test]
	fn uniform_should_match_vectors() {
		#[derive(serde::Deserialize)]
		struct Case {
			seed: Hash,
			position: u32,
			u: String,
		}
		let cases = include_str!("../../../arithmetic/vectors/sample.json");
		let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
		assert!(!cases.is_empty());
		for Case { seed, position, u } in cases {
			assert_eq!(uniform(&seed, position).to_string(), u);
		}
	}
}
