//! Recomputing the Merkle root.

use std::{
	ops::Range,
	sync::mpsc::{sync_channel, SyncSender},
	thread,
};

use rayon::prelude::*;

use super::{layout, model_root, tile_hashes, Container, Part, Section};
use crate::{hash::Hash, mapped::touch, EngineError};

/// Tiles that are hashed together, 4 MiB at most.
const WINDOW: usize = 32;
/// Windows that are read before they are hashed, so that the disk need not wait.
const AHEAD: usize = 8;

/// A leaf of the tree.
struct Tile {
	part: Part,
	/// Where it is in the file.
	range: Range<usize>,
}

impl Container {
	/// Recomputes the Merkle root from every byte and checks every weight.
	///
	/// # Errors
	/// [`EngineError::RootMismatch`] if a bit differs, [`EngineError::Malformed`] if a weight is
	/// outside `[-127, 127]`.
	pub fn verify(&self) -> Result<(), EngineError> {
		let tiles = self.tiles();
		let (mut hashes, mut outside) = (Vec::with_capacity(tiles.len()), None);
		thread::scope(|scope| {
			let (sender, windows) = sync_channel(AHEAD);
			scope.spawn(|| self.read(&tiles, sender));
			for window in windows {
				hashes.extend(self.hash(window));
				outside = outside.or_else(|| self.unsound(window));
			}
		});
		let root = model_root(hashes);
		match outside {
			_ if root != self.root() => Err(self.mismatch(root)),
			Some(part) => Err(self.malformed(part, "a weight is -128")),
			None => Ok(()),
		}
	}

	/// All tiles, in order.
	fn tiles(&self) -> Vec<Tile> {
		let tiles = |section: &Section| {
			let (part, step) = (section.part, section.tile);
			let Range { start, end } = self.range(part);
			let range = move |start: usize| start..end.min(start + step);
			(start..end).step_by(step).map(move |start| Tile {
				part,
				range: range(start),
			})
		};
		layout(&self.header).iter().flat_map(tiles).collect()
	}

	/// Sends windows of tiles when they are in memory.
	fn read<'a>(&self, tiles: &'a [Tile], to: SyncSender<&'a [Tile]>) {
		for window in tiles.chunks(WINDOW) {
			for tile in window {
				touch(&self.map, tile.range.clone());
			}
			if to.send(window).is_err() {
				return;
			}
		}
	}

	fn hash(&self, tiles: &[Tile]) -> Vec<Hash> {
		let bytes = |tile: &Tile| &self.map[tile.range.clone()];
		tile_hashes(&tiles.iter().map(bytes).collect::<Vec<_>>())
	}

	/// The first part of which a weight is -128.
	fn unsound(&self, tiles: &[Tile]) -> Option<Part> {
		let weights = |tile: &&Tile| matches!(tile.part, Part::Weights(_));
		let unsound = |tile: &&Tile| self.map[tile.range.clone()].contains(&0x80);
		let found = tiles.par_iter().filter(weights).find_first(unsound);
		found.map(|tile| tile.part)
	}

	fn mismatch(&self, computed: Hash) -> EngineError {
		EngineError::RootMismatch {
			path: self.path.clone(),
			stated: hex::encode(self.root()),
			computed: hex::encode(computed),
		}
	}
}
