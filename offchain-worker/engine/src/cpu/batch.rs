//! The tokens of one call, side by side.

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

	/// The pages it sees, each with the positions of it that it sees.
	pub fn seen(&self) -> impl Iterator<Item = (u32, usize)> + 'a {
		let positions = self.position + 1;
		let page = move |(i, page): (usize, &u32)| (*page, PAGE.min(positions - i * PAGE));
		self.pages[..positions.div_ceil(PAGE)]
			.iter()
			.enumerate()
			.map(page)
	}
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
