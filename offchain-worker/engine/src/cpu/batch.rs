//! The tokens of one call, side by side.

use crate::backend::{Chunk, HeadAt, SequenceId};

/// One fed token.
#[derive(Clone, Copy, Debug)]
pub struct Token {
	/// Its sequence.
	pub sequence: SequenceId,
	/// Its position.
	pub position: usize,
	/// Its id.
	pub id: u32,
	/// Whether the head runs here.
	pub head: bool,
}

/// All tokens of `chunks` in order.
pub fn tokens(
	chunks: &[Chunk<'_>],
	head: HeadAt,
	cache: impl Fn(SequenceId) -> Option<usize>,
) -> Vec<Token> {
	let mut tokens = Vec::new();
	for chunk in chunks {
		let start = cache(chunk.sequence).unwrap_or(0);
		for (i, &id) in chunk.ids.iter().enumerate() {
			let head = match head {
				HeadAt::None => false,
				HeadAt::Last => i + 1 == chunk.ids.len(),
				HeadAt::All => true,
			};
			tokens.push(Token {
				sequence: chunk.sequence,
				position: start + i,
				id,
				head,
			});
		}
	}
	tokens
}
