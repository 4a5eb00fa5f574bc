//! The canonical container of a model: one file whose bytes are a function of the model alone.
//!
//! Sections follow each other without padding, in the order of [`layout`]; their sizes follow from
//! the [`Header`]. Each section is cut into tiles of at most 128 KiB (whole rows, for weights), each
//! tile is a leaf of the Merkle tree, and the root of the tree ends the file.

mod draft;
mod header;
mod layout;
mod open;
mod tensors;
mod verify;
mod write;

pub use draft::Draft;
pub use header::{check_shape, Header, TextSizes};
pub use layout::{layout, LayerPart, Part, Projection, Section, Tensor, TILE};
pub use open::Container;
pub use write::{complete, write, Source};

use rayon::prelude::*;

use crate::hash::{lanes, merkle_root, Hash, Hasher};

/// Extension of container files.
pub const EXTENSION: &str = "one";

/// Leaves of `tiles`, each in its place.
fn tile_hashes(tiles: &[&[u8]]) -> Vec<Hash> {
	let leaf = Hasher::new("model leaf");
	tiles
		.par_chunks(lanes())
		.flat_map_iter(|tiles| leaf.finish_each(tiles.iter().copied()))
		.collect()
}

/// Root over all tiles in file order.
fn model_root(tiles: Vec<Hash>) -> Hash {
	let count = tiles.len() as u32;
	let top = merkle_root("model node", &[], tiles).unwrap_or_default();
	Hasher::new("model root").number(count).with(&top).finish()
}
