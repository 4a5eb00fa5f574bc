//! The cells of the matrix, and the requests of a case.

use one_engine::{scheduler::Decode, Sampling, PAGE};

use super::subject::Subject;
use crate::common::Draw;

/// Requests served at once.
pub const BATCHES: [usize; 3] = [1, 4, 32];
/// Tokens of a step.
pub const CHUNKS: [usize; 4] = [1, 7, 64, 512];
/// Tokens that a device chooses at once.
pub const AHEAD: [usize; 2] = [1, 8];

/// How requests are served.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
	pub batch: usize,
	pub chunk: usize,
	pub ahead: usize,
	/// Whether pages with the same beginning are used again.
	pub reuse: bool,
	/// Whether requests are so long that they have pages in common and all meet.
	pub long: bool,
	/// Whether the device is lost on the way.
	pub loss: bool,
	/// Whether the head runs at all positions instead of where a token is chosen.
	pub everywhere: bool,
}

/// One for each chunk: over a few subjects, every value meets every value of the others.
pub fn sample(subject: usize) -> [Conditions; CHUNKS.len()] {
	std::array::from_fn(|i| {
		let (low, high) = ((subject ^ i) & 1 == 1, (subject ^ i) & 2 == 2);
		Conditions {
			batch: BATCHES[(subject + i) % BATCHES.len()],
			chunk: CHUNKS[i],
			ahead: AHEAD[usize::from(high)],
			reuse: low,
			long: true,
			loss: i == (subject / 2) % CHUNKS.len(),
			everywhere: low ^ high ^ (subject & 4 == 4),
		}
	})
}

fn drawn(draw: &mut Draw) -> Conditions {
	Conditions {
		batch: BATCHES[draw.below(BATCHES.len())],
		chunk: CHUNKS[draw.below(CHUNKS.len())],
		ahead: AHEAD[draw.below(AHEAD.len())],
		reuse: draw.below(2) == 0,
		long: draw.below(LONG) == 0,
		loss: draw.below(LOSSES) == 0,
		everywhere: draw.below(2) == 0,
	}
}

/// One of so many drawn cases loses its device, which takes longer than all else to open.
const LOSSES: usize = 32;
/// One of so many has long requests, which take ten times as long.
const LONG: usize = 16;

/// Some requests of a subject, and how they are served.
pub struct Case<'a> {
	pub subject: &'a Subject,
	pub number: usize,
	pub conditions: Conditions,
	pub requests: Vec<Decode>,
	/// Decides where the device is lost.
	pub lost_at: usize,
}

impl<'a> Case<'a> {
	/// The first are those of [`sample`], all others are drawn.
	pub fn new(subject: &'a Subject, number: usize) -> Self {
		let mut draw = Draw((number * 64 + subject.number) as u64);
		let sample = sample(subject.number).get(number).copied();
		let conditions = sample.unwrap_or_else(|| drawn(&mut draw));
		Self {
			subject,
			number,
			conditions,
			lost_at: draw.word() as usize,
			requests: Requests {
				subject,
				conditions,
				draw,
			}
			.all(),
		}
	}

	/// Tokens of the shortest answer.
	pub fn room(&self) -> usize {
		let context = self.subject.model.shape.context;
		let limits = self.requests.iter().map(|request| request.limit(context));
		limits.min().unwrap_or(0)
	}

	/// Positions of all requests, each fed once.
	pub fn positions(&self) -> usize {
		let context = self.subject.model.shape.context;
		let fed = |request: &Decode| request.prompt.len() + request.limit(context) - 1;
		self.requests.iter().map(fed).sum()
	}
}

impl std::fmt::Display for Case<'_> {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let Self {
			subject,
			number,
			conditions,
			..
		} = self;
		write!(f, "{}, ONE_CASE={number}, {conditions:?}", subject.name)
	}
}

/// Draws requests.
struct Requests<'a> {
	subject: &'a Subject,
	conditions: Conditions,
	draw: Draw,
}

impl Requests<'_> {
	/// Long ones one after another, until the last of them is answered beside as many short ones as
	/// fit the batch.
	fn all(mut self) -> Vec<Decode> {
		let mut prompts = self.long();
		prompts.extend((1..self.conditions.batch).map(|_| self.short()));
		let patience = match self.conditions.long {
			true => self.patience(&prompts),
			false => 0,
		};
		prompts
			.into_iter()
			.map(|prompt| self.request(prompt, patience))
			.collect()
	}

	/// Prompts with a common beginning of full pages: one alone where each would take hundreds of
	/// steps, a third where two are begun in the same step.
	fn long(&mut self) -> Vec<Vec<u32>> {
		let Conditions {
			chunk, reuse, long, ..
		} = self.conditions;
		let room = self.subject.model.shape.context as usize - 1;
		let pages = chunk.div_ceil(PAGE).min(room / PAGE);
		let beginning = self.ids(PAGE * pages * usize::from(long));
		let count = match chunk {
			1 if !reuse => 1,
			..=PAGE => 2,
			_ => 3,
		};
		let mut prompt = |_| {
			let end = self.end();
			[&beginning[..], &self.ids(end)].concat()
		};
		(0..count).map(&mut prompt).collect()
	}

	/// Ids behind the common pages: a few, or so many that the answer begins at the end of a page.
	fn end(&mut self) -> usize {
		match self.conditions.chunk > 1 && self.draw.below(3) == 0 {
			true => PAGE - 1 - self.draw.below(3),
			false => 1 + self.draw.below(20),
		}
	}

	fn short(&mut self) -> Vec<u32> {
		// One id alone would not wait for its turn, and be answered before the long ones.
		let most = if self.rate() == 1 { 2 } else { 8 };
		let length = 2 + self.draw.below(most);
		self.ids(length)
	}

	/// Tokens of prompts that a step feeds at least, beside those of a batch of answers.
	fn rate(&self) -> usize {
		self.conditions
			.chunk
			.saturating_sub(self.conditions.batch)
			.max(1)
	}

	/// Steps in which all short prompts are fed.
	fn patience(&self, prompts: &[Vec<u32>]) -> u32 {
		let short = prompts.iter().map(Vec::len).filter(|n| *n < PAGE);
		short.sum::<usize>().div_ceil(self.rate()) as u32
	}

	fn request(&mut self, prompt: Vec<u32>, patience: u32) -> Decode {
		let sampling = Sampling {
			temperature: 1 + self.draw.below(1_500) as u32,
			top_k: self.draw.below(50) as u32,
			top_p: 5_000 + self.draw.below(5_000) as u32,
			repetition_penalty: 1_000 + self.draw.below(500) as u32,
		};
		// A device chooses ahead only what is chosen greedily.
		let ahead = self.conditions.ahead;
		Decode {
			prompt,
			max_tokens: patience + (1 + ahead + self.draw.below(5)) as u32,
			sampling: if self.draw.below(2) == 0 && ahead == 1 {
				sampling
			} else {
				Sampling::GREEDY
			},
			seed: [self.draw.below(256) as u8; 32],
			stop_tokens: vec![],
			stop_sequences: vec![],
		}
	}

	fn ids(&mut self, n: usize) -> Vec<u32> {
		let vocab = self.subject.model.shape.vocab as usize;
		(0..n).map(|_| self.draw.below(vocab) as u32).collect()
	}
}
