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
		let mut tiles = Vec::new();
		for (i, section) in sections.iter().enumerate() {
			// The disk is to read on while this section is hashed.
			if let Some(next) = sections.get(i + 1) {
				read_ahead(&self.map, self.range(next.part));
			}
			tiles.extend(self.tiles(section));
		}
		let root = model_root(tiles);
		if root != self.root() {
			return Err(self.mismatch(root));
		}
		sections
			.iter()
			.try_for_each(|section| self.check_weights(section))
	}

	fn tiles(&self, section: &Section) -> Vec<Hash> {
		self.bytes(section.part)
			.par_chunks(section.tile)
			.map(tile_hash)
			.collect()
	}

	fn check_weights(&self, section: &Section) -> Result<(), EngineError> {
		let Part::Weights(_) = section.part else {
			return Ok(());
		};
		if self
			.bytes(section.part)
			.par_chunks(section.tile)
			.any(|tile| tile.contains(&0x80))
		{
			return Err(self.malformed(section.part, "a weight is -128"));
		}
		Ok(())
	}

	fn mismatch(&self, computed: Hash) -> EngineError {
		EngineError::RootMismatch {
			path: self.path.clone(),
			stated: hex::encode(self.root()),
			computed: hex::encode(computed),
		}
	}
}
