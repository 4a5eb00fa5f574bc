//! The tokens of one call, side by side.

use std::ops::Range;

use crate::backend::{Chunk, HeadAt, PAGE};

/// One fed token.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
	/// Pages of its sequence.
	pub pages: &'a [u32],
	/// Its position.
	pub position: usize,
	/// Its id.
	pub id: u32,
	/// Whether the head runs here.
	pub head: bool,
}

impl<'a> Token<'a> {
	/// Where its key and value are: the page, and the place within.
	pub const fn place(&self) -> (u32, usize) {
		(self.pages[self.position / PAGE], self.position % PAGE)
	}

	/// Whether `next` is at the next position of the same pages.
	pub fn precedes(&self, next: &Self) -> bool {
		std::ptr::eq(self.pages, next.pages) && self.position + 1 == next.position
	}

	/// The keys it sees from position `first` on, page by page.
	pub fn runs(&self, first: usize) -> impl Iterator<Item = Run> + 'a {
		let end = self.position + 1;
		let run = move |(i, page): (usize, &u32)| {
			let keys = first.max(i * PAGE)..end.min((i + 1) * PAGE);
			Run {
				page: *page,
				slots: keys.start - i * PAGE..keys.end - i * PAGE,
				keys: keys.start - first..keys.end - first,
			}
		};
		let pages = self.pages[..end.div_ceil(PAGE)].iter().enumerate();
		pages.skip(first / PAGE).map(run)
	}
}

/// Some of the keys of a token that lie next to each other.
pub struct Run {
	/// Their page.
	pub page: u32,
	/// Where they are in it.
	pub slots: Range<usize>,
	/// Where they are among all keys that the token sees.
	pub keys: Range<usize>,
}

/// All tokens of `chunks` in order.
pub fn tokens<'a>(chunks: &[Chunk<'a>], head: HeadAt) -> Vec<Token<'a>> {
	chunks
		.iter()
		.flat_map(|chunk| of_chunk(*chunk, head))
		.collect()
}

fn of_chunk(chunk: Chunk<'_>, head: HeadAt) -> impl Iterator<Item = Token<'_>> {
	let last = chunk.ids.len().saturating_sub(1);
	chunk.ids.iter().enumerate().map(move |(i, &id)| Token {
		pages: chunk.pages,
		position: chunk.start as usize + i,
		id,
		head: head == HeadAt::All || (head == HeadAt::Last && i == last),
	})
}
