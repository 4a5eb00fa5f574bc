//! A back end every step of which is compared with the definition.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
};

use one_engine::{hash::Hash, Backend, Chunk, EngineError, HeadAt, Step, Want, PAGE};

use super::{
	definition::{name, ALL, NO_IDS},
	target::Target,
};

/// What is reported when the device is lost.
pub const LOST: &str = "lost on purpose";

/// What was asked of a back end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
	/// Most sequences fed at once.
	pub batch: usize,
	/// Most tokens of a sequence fed at once.
	pub chunk: usize,
	/// Most tokens that a sequence was let choose at once.
	pub ahead: usize,
	/// Positions fed.
	pub fed: usize,
	/// Failures of the device.
	pub losses: usize,
}

/// Passes on what it is asked, and fails if an answer is wrong.
pub struct Checked {
	pub inner: Box<dyn Backend>,
	/// Names the case in failures.
	pub case: String,
	/// What each sequence of ids gives, by its name.
	pub known: Arc<HashMap<Hash, Step>>,
	/// Whether the head runs at all positions, whatever is asked.
	pub everywhere: bool,
	/// Tokens that it likes to choose at once.
	pub ahead: usize,
	/// A device of its own, to be lost, and the positions until then.
	pub loss: Option<(Target, usize)>,
	pub seen: Arc<Mutex<Seen>>,
	/// The sequence that ends at each place of the pages.
	pub places: HashMap<(u32, usize), Hash>,
}

impl Checked {
	/// Notes what is asked, for so many tokens more of each chunk; loses the device when it is time.
	fn see(&mut self, chunks: &[Chunk<'_>], more: usize) -> Result<(), EngineError> {
		let sizes = || chunks.iter().map(|chunk| chunk.ids.len());
		let fed = sizes().map(|n| n + more).sum();
		if let Some((device, left)) = &mut self.loss {
			if *left < fed {
				device.lose();
				self.seen.lock().unwrap().losses += 1;
				return Err(self.failure(chunks));
			}
			*left -= fed;
		}
		let mut seen = self.seen.lock().unwrap();
		seen.fed += fed;
		seen.ahead = seen.ahead.max(1 + more);
		seen.batch = seen.batch.max(sizes().filter(|n| *n > 0).count());
		seen.chunk = sizes().fold(seen.chunk, usize::max);
		Ok(())
	}

	/// What comes of chunks on a device that is lost: a GPU tells it by itself.
	fn failure(&mut self, chunks: &[Chunk<'_>]) -> EngineError {
		if let Some((Target::Gpu(_), _)) = self.loss {
			let error = self.inner.forward(chunks, Want::NEXT).unwrap_err();
			let told = matches!(error, EngineError::Device(_));
			assert!(told, "{}: {error}", self.case);
		}
		EngineError::Device(LOST.into())
	}

	/// What the definition gives for a chunk.
	fn expected(&mut self, chunk: &Chunk<'_>, want: Want) -> Vec<Step> {
		let place = |position: usize| (chunk.pages[position / PAGE], position % PAGE);
		let start = chunk.start as usize;
		let before = start.checked_sub(1).map(|last| self.places[&place(last)]);
		let mut sequence = before.unwrap_or(NO_IDS);
		let mut step = |(i, id): (usize, &u32)| {
			sequence = name(&sequence, *id);
			self.places.insert(place(start + i), sequence);
			let unknown = || panic!("{}: a token differs before {}", self.case, start + i);
			let known = self.known.get(&sequence).unwrap_or_else(unknown);
			reduced(known, want, i + 1 == chunk.ids.len())
		};
		chunk.ids.iter().enumerate().map(&mut step).collect()
	}
}

/// Fails at the first difference.
fn compare(case: &str, found: &[Step], expected: &[Step]) {
	assert_eq!(found.len(), expected.len(), "{case}");
	for (found, expected) in found.iter().zip(expected) {
		let position = expected.position;
		if let Some(part) = difference(found, expected) {
			panic!("{case}: {part} at position {position} differs");
		}
	}
}

/// What of a step is wanted, at the last position of its chunk or before.
fn reduced(step: &Step, want: Want, last: bool) -> Step {
	let head = want.head == HeadAt::All || want.head == HeadAt::Last && last;
	Step {
		argmax: step.argmax.filter(|_| head),
		logits: step.logits.clone().filter(|_| head && want.logits),
		..*step
	}
}

/// The first part of a step that is not as expected.
fn difference(found: &Step, expected: &Step) -> Option<&'static str> {
	let parts = [
		(
			"the residual",
			found.residual_hash == expected.residual_hash,
		),
		("the logits", found.logits == expected.logits),
		("the greedy token", found.argmax == expected.argmax),
		("the position", found.position == expected.position),
	];
	parts.iter().find(|(_, same)| !same).map(|(part, _)| *part)
}

impl Backend for Checked {
	fn device(&self) -> &str {
		self.inner.device()
	}

	fn pages(&self) -> usize {
		self.inner.pages()
	}

	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError> {
		self.see(chunks, 0)?;
		let want = if self.everywhere { ALL } else { want };
		let steps = self.inner.forward(chunks, want)?;
		let chunks = chunks.iter();
		let expected: Vec<Step> = chunks
			.flat_map(|chunk| self.expected(chunk, want))
			.collect();
		compare(&self.case, &steps, &expected);
		Ok(steps)
	}

	fn steps(&self) -> usize {
		self.ahead
	}

	fn decode(
		&mut self,
		chunks: &[Chunk<'_>],
		steps: usize,
	) -> Result<Vec<Vec<Step>>, EngineError> {
		self.see(chunks, steps - 1)?;
		let found = self.inner.decode(chunks, steps)?;
		for (chunk, found) in chunks.iter().zip(&found) {
			let chosen = found[..steps - 1].iter().map(|step| step.argmax.unwrap());
			let ids: Vec<u32> = chunk.ids.iter().copied().chain(chosen).collect();
			let fed = Chunk {
				ids: &ids,
				..*chunk
			};
			let all = Want {
				head: HeadAt::All,
				..Want::NEXT
			};
			let expected = self.expected(&fed, all);
			compare(&self.case, found, &expected);
		}
		Ok(found)
	}
}
