//! Recomputing the Merkle root.

use rayon::prelude::*;

use super::{layout, model_root, tile_hashes, Container, Part, Section};
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
			tiles.extend(tile_hashes(self.bytes(section.part), section.tile));
			// Here, while its pages are in memory: a file may be larger than that.
			if !self.is_sound(section) {
				outside = outside.or(Some(section.part));
			}
		}
		let root = model_root(tiles);
		match outside {
			_ if root != self.root() => Err(self.mismatch(root)),
			Some(part) => Err(self.malformed(part, "a weight is -128")),
			None => Ok(()),
		}
	}

	/// Whether no weight of a section is -128.
	fn is_sound(&self, section: &Section) -> bool {
		let weights = matches!(section.part, Part::Weights(_));
		let tiles = self.bytes(section.part).par_chunks(section.tile);
		!weights || tiles.all(|tile| !tile.contains(&0x80))
	}

	fn mismatch(&self, computed: Hash) -> EngineError {
		EngineError::RootMismatch {
			path: self.path.clone(),
			stated: hex::encode(self.root()),
			computed: hex::encode(computed),
		}
	}
}
