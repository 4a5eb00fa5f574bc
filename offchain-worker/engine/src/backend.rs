//! The one interface of all devices.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::{model::Shape, EngineError};

/// Positions of one page of a KV cache.
pub const PAGE: usize = 256;

/// Pages that hold so many positions.
pub const fn pages_for(positions: usize) -> usize {
	positions.div_ceil(PAGE)
}

/// Tokens to append to one sequence.
///
/// A back end owns pages and knows nothing of sequences: which pages hold which positions is the
/// caller's, so several sequences may read the same page, and one that ends just stops being fed.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
	/// Pages of the sequence in the order of positions, at least for `start + ids.len()` of them.
	pub pages: &'a [u32],
	/// Position of the first id; all before it are in the pages.
	pub start: u32,
	/// Token ids, fed at the positions from `start` on.
	pub ids: &'a [u32],
}

impl<'a> Chunk<'a> {
	/// Position after the last id.
	const fn end(&self) -> usize {
		self.start as usize + self.ids.len()
	}

	/// The pages that are written.
	fn written(&self) -> &'a [u32] {
		&self.pages[self.start as usize / PAGE..pages_for(self.end())]
	}

	/// The pages that are read or written, in the order of positions.
	pub(crate) fn used(&self) -> &'a [u32] {
		&self.pages[..pages_for(self.end())]
	}
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
	/// The position within its sequence, from 0.
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
	/// A hardware GPU that passes its self-test, else the CPU.
	#[default]
	Auto,
	/// The CPU.
	Cpu,
	/// A GPU, a software rasteriser where there is no other.
	Gpu,
	/// The GPU adapter with this index.
	Index(usize),
}

impl std::str::FromStr for DeviceChoice {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text {
			"auto" => Ok(Self::Auto),
			"cpu" => Ok(Self::Cpu),
			"gpu" => Ok(Self::Gpu),
			index => index.parse().map(Self::Index).map_err(|_| {
				format!("`{text}` is none of `auto`, `cpu`, `gpu` or an adapter index")
			}),
		}
	}
}

/// What a pass spends in one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct KernelTime {
	/// Its name: that of its `.wgsl` file, which also stands for the same work on the CPU; `hash` is
	/// that of the residuals.
	pub kernel: &'static str,
	/// Seconds of the device, in all its dispatches together.
	pub seconds: f64,
}

/// The time of each kernel, the longest first.
pub(crate) fn kernel_times(seconds: BTreeMap<&'static str, f64>) -> Vec<KernelTime> {
	let time = |(kernel, seconds)| KernelTime { kernel, seconds };
	let mut times: Vec<_> = seconds.into_iter().map(time).collect();
	times.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
	times
}

/// One device that evaluates a model; every implementation returns the same bits.
pub trait Backend: Send {
	/// `cpu`, or the name of the adapter.
	fn device(&self) -> &str;

	/// Pages of storage; a page is named by its index.
	fn pages(&self) -> usize;

	/// Feeds each chunk, a batch when there are several.
	///
	/// Returns one step per fed token, in the order of the chunks and of their ids. An error in
	/// [`check_chunks`](crate::backend::check_chunks) leaves every page as it was.
	///
	/// # Errors
	/// Those of [`check_chunks`](crate::backend::check_chunks), and device failures.
	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError>;

	/// Steps of one [`decode`](Self::decode) that pay: more than one where the host waits long for
	/// what the device has chosen.
	fn steps(&self) -> usize {
		1
	}

	/// Feeds each chunk, which is one token, and then `steps - 1` times the greedy next one.
	///
	/// Returns the steps of each chunk: what as many calls of [`forward`](Self::forward) would.
	///
	/// # Errors
	/// Those of [`check_decode`](crate::backend::check_decode), and device failures; what the pages
	/// have from `start` on is then unknown.
	fn decode(
		&mut self,
		chunks: &[Chunk<'_>],
		steps: usize,
	) -> Result<Vec<Vec<Step>>, EngineError> {
		check_single(chunks)?;
		let mut all = vec![Vec::with_capacity(steps); chunks.len()];
		let mut ids: Vec<u32> = chunks.iter().flat_map(|chunk| chunk.ids).copied().collect();
		for fed in 0..steps as u32 {
			let next = chunks.iter().zip(&ids).map(|(chunk, id)| Chunk {
				start: chunk.start + fed,
				ids: std::slice::from_ref(id),
				..*chunk
			});
			let steps = self.forward(&next.collect::<Vec<_>>(), Want::NEXT)?;
			ids = steps.iter().filter_map(|step| step.argmax).collect();
			append(&mut all, steps);
		}
		Ok(all)
	}

	/// What the last pass of [`forward`](Self::forward) spends in each kernel, the longest first;
	/// nothing where the device does not tell.
	///
	/// # Errors
	/// Those of [`forward`](Self::forward).
	fn profile(
		&mut self,
		chunks: &[Chunk<'_>],
		want: Want,
	) -> Result<Vec<KernelTime>, EngineError> {
		let _ = (chunks, want);
		Ok(vec![])
	}
}

/// Appends the outcome of one pass, a step of each chunk.
pub(crate) fn append(all: &mut [Vec<Step>], pass: Vec<Step>) {
	all.iter_mut()
		.zip(pass)
		.for_each(|(all, step)| all.push(step));
}

/// Tokens of one call where many are fed: enough to fill a device.
pub(crate) const FEED: usize = 128;

/// Feeds a chunk of any length in as many calls as it takes; `take` gets the steps of each.
///
/// # Errors
/// Those of [`Backend::forward`] and of `take`.
pub fn feed(
	backend: &mut dyn Backend,
	chunk: Chunk<'_>,
	want: Want,
	take: &mut dyn FnMut(&[Step]) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
	for (i, ids) in chunk.ids.chunks(FEED).enumerate() {
		let start = chunk.start + (i * FEED) as u32;
		let chunk = Chunk {
			start,
			ids,
			..chunk
		};
		take(&backend.forward(&[chunk], want)?)?;
	}
	Ok(())
}

/// Sizes within which the chunks of a call must stay.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
	/// Tokens of the vocabulary.
	pub vocab: u32,
	/// Positions of a sequence.
	pub context: u32,
	/// Pages of the back end.
	pub pages: usize,
}

impl Bounds {
	/// Those of a model on a back end of so many pages.
	pub const fn new(shape: &Shape, pages: usize) -> Self {
		Self {
			vocab: shape.vocab,
			context: shape.context,
			pages,
		}
	}
}

/// Checks everything that a [`Backend::forward`] relies on.
///
/// # Errors
/// The first of: id outside the vocabulary, full context, too few pages, unknown page, page that is
/// written by one chunk and used by another or used twice by one.
pub fn check_chunks(chunks: &[Chunk<'_>], bounds: Bounds) -> Result<(), EngineError> {
	chunks
		.iter()
		.try_for_each(|chunk| check_chunk(chunk, bounds))?;
	check_sharing(chunks)
}

/// Checks everything that a [`Backend::decode`] relies on.
///
/// # Errors
/// [`EngineError::NotOneToken`], then those of [`check_chunks`] for as many ids as steps.
pub fn check_decode(chunks: &[Chunk<'_>], steps: usize, bounds: Bounds) -> Result<(), EngineError> {
	check_single(chunks)?;
	let ids: Vec<_> = chunks.iter().map(|chunk| chunk.ids.repeat(steps)).collect();
	let fed = chunks
		.iter()
		.zip(&ids)
		.map(|(chunk, ids)| Chunk { ids, ..*chunk });
	check_chunks(&fed.collect::<Vec<_>>(), bounds)
}

fn check_single(chunks: &[Chunk<'_>]) -> Result<(), EngineError> {
	match chunks.iter().find(|chunk| chunk.ids.len() != 1) {
		Some(chunk) => Err(EngineError::NotOneToken(chunk.ids.len())),
		None => Ok(()),
	}
}

fn check_chunk(chunk: &Chunk<'_>, bounds: Bounds) -> Result<(), EngineError> {
	let Bounds {
		vocab,
		context,
		pages,
	} = bounds;
	let tokens = chunk.end();
	if let Some(&id) = chunk.ids.iter().find(|id| **id >= vocab) {
		return Err(EngineError::UnknownToken { id, vocab });
	}
	if tokens > context as usize {
		return Err(EngineError::ContextExceeded { tokens, context });
	}
	if chunk.pages.len() < pages_for(tokens) {
		let pages = chunk.pages.len();
		return Err(EngineError::TooFewPages { tokens, pages });
	}
	match chunk.used().iter().find(|page| **page as usize >= pages) {
		Some(&page) => Err(EngineError::UnknownPage { page, pages }),
		None => Ok(()),
	}
}

/// A page that is written has one place in one chunk; only then is what is read independent of the
/// order in which a device works.
fn check_sharing(chunks: &[Chunk<'_>]) -> Result<(), EngineError> {
	let fed = || chunks.iter().filter(|chunk| !chunk.ids.is_empty());
	let mut uses: HashMap<u32, usize> = HashMap::new();
	for page in fed().flat_map(Chunk::used) {
		*uses.entry(*page).or_default() += 1;
	}
	let shared = |page: &&u32| uses.get(*page) != Some(&1);
	match fed().flat_map(Chunk::written).find(shared) {
		Some(&page) => Err(EngineError::SharedPage(page)),
		None => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	const BOUNDS: Bounds = Bounds {
		vocab: 10,
		context: 1_000,
		pages: 8,
	};
	const IDS: [u32; 600] = [3; 600];

	fn chunk(pages: &[u32], start: u32, ids: usize) -> Chunk<'_> {
		Chunk {
			pages,
			start,
			ids: &IDS[..ids],
		}
	}

	fn refused(chunks: &[Chunk<'_>]) -> String {
		check_chunks(chunks, BOUNDS).unwrap_err().to_string()
	}

	#[test]
	fn check_should_pass_when_only_read_pages_are_shared() {
		let chunks = [
			chunk(&[0, 1], 256, 256),
			chunk(&[0, 2, 9], 300, 1),
			chunk(&[0], 0, 0),
		];
		check_chunks(&chunks, BOUNDS).unwrap();
		check_chunks(&[chunk(&[0, 1, 2], 100, 600)], BOUNDS).unwrap();
		check_chunks(&[], BOUNDS).unwrap();
	}

	#[test]
	fn check_should_refuse_pages_that_are_missing_or_unknown() {
		assert!(refused(&[chunk(&[0, 1], 500, 13)]).contains("513 positions, 2 pages"));
		assert!(refused(&[chunk(&[], 0, 1)]).contains("1 positions, 0 pages"));
		assert!(refused(&[chunk(&[0, 8], 300, 1)]).contains("page 8"));
		assert!(refused(&[chunk(&[0, 1, 2, 3], 1_000, 1)]).contains("1001 positions"));
		assert!(refused(&[chunk(&[u32::MAX; 2], u32::MAX, 600)]).contains("positions"));
		assert!(refused(&[Chunk {
			ids: &[10],
			..chunk(&[0], 0, 1)
		}])
		.contains("token id 10"));
	}

	#[test]
	fn check_should_refuse_what_cannot_go_on_for_so_many_steps() {
		let refused = |chunk, steps| {
			let refused = check_decode(&[chunk], steps, BOUNDS);
			refused.unwrap_err().to_string()
		};
		check_decode(&[chunk(&[0], 250, 1), chunk(&[1], 0, 1)], 6, BOUNDS).unwrap();
		assert!(refused(chunk(&[0], 250, 1), 7).contains("257 positions, 1 pages"));
		assert!(refused(chunk(&[0, 8], 250, 1), 7).contains("page 8"));
		assert!(refused(chunk(&[0, 1, 2, 3], 999, 1), 2).contains("1001 positions"));
		assert!(refused(chunk(&[0], 0, 2), 1).contains("one token, not 2"));
		assert!(refused(chunk(&[0], 0, 0), 1).contains("one token, not 0"));
		let written = [chunk(&[0, 1], 255, 1), chunk(&[1], 0, 1)];
		check_decode(&[chunk(&[0, 1], 255, 1), chunk(&[2], 0, 1)], 2, BOUNDS).unwrap();
		assert!(check_decode(&written, 2, BOUNDS).is_err());
	}

	#[test]
	fn check_should_refuse_a_page_that_is_written_and_used_elsewhere() {
		for [a, b] in [
			[chunk(&[0], 0, 1), chunk(&[0], 1, 1)],
			[chunk(&[0, 1], 256, 1), chunk(&[2, 1], 255, 2)],
			[chunk(&[0, 1], 256, 1), chunk(&[1, 2], 256, 1)],
		] {
			assert!(refused(&[a, b]).contains("is written"), "{a:?} {b:?}");
			assert!(refused(&[b, a]).contains("is written"));
		}
		assert!(refused(&[chunk(&[0, 0], 0, 300)]).contains("page 0 of the cache is written"));
		assert!(refused(&[chunk(&[1, 1], 256, 1)]).contains("page 1 of the cache is written"));
	}
}
