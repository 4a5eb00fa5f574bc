//! Recomputing the Merkle root.

use rayon::prelude::*;

use super::{layout, model_root, tile_hash, Container, Part, Section};
use crate::{hash::Hash, mapped::read_ahead, EngineError};

impl Container {
	/// Recomputes the Merkle root from every byte and checks every weight.
	///
	/// # Errors
	/// [`EngineError::RootMismatch`] if a bit differs, [`EngineError::Malformed`] if a weight is
	/// outside `[-127, 127]`.
	pub fn verify(&self) -> Result<(), EngineError> {
		let sections = layout(&self.header);
		let (mut tiles, mut outside) = (Vec::new(), None);
		for (i, section) in sections.iter().enumerate() {
			// The disk is to read on while this section is hashed.
			if let Some(next) = sections.get(i + 1) {
				read_ahead(&self.map, self.range(next.part));
			}
			let (hashes, sound) = self.check(section);
			tiles.extend(hashes);
			outside = outside.or((!sound).then_some(section.part));
		}
		let root = model_root(tiles);
		match outside {
			_ if root != self.root() => Err(self.mismatch(root)),
			Some(part) => Err(self.malformed(part, "a weight is -128")),
			None => Ok(()),
		}
	}

	/// Hashes of the tiles of a section, and whether none of its weights is -128: in one pass, for
	/// a file may be larger than the memory.
	fn check(&self, section: &Section) -> (Vec<Hash>, bool) {
		let weights = matches!(section.part, Part::Weights(_));
		let check = |tile: &[u8]| (tile_hash(tile), !(weights && tile.contains(&0x80)));
		let tiles = self.bytes(section.part).par_chunks(section.tile);
		let (hashes, sound): (Vec<Hash>, Vec<bool>) = tiles.map(check).unzip();
		(hashes, sound.into_iter().all(|sound| sound))
	}

	fn mismatch(&self, computed: Hash) -> EngineError {
		EngineError::RootMismatch {
			path: self.path.clone(),
			stated: hex::encode(self.root()),
			computed: hex::encode(computed),
		}
	}
}
