//! Writing a container.

use std::{ops::Range, path::Path};

use super::{layout, model_root, Draft, Header, Part};
use crate::{hash::Hash, EngineError};

/// Supplies the bytes of each section but the header, in the order of the container.
pub trait Source {
	/// The bytes `range` of `part`, which are whole tiles.
	///
	/// # Errors
	/// What keeps the part from being made.
	fn bytes(&mut self, part: Part, range: Range<u64>) -> Result<Vec<u8>, EngineError>;
}

/// Writes a container to `path` and returns its root; the file appears only when it is whole, and
/// nothing stays of one that fails.
///
/// # Errors
/// Errors of `source`, and of the file.
pub fn write(path: &Path, header: &Header, source: &mut dyn Source) -> Result<Hash, EngineError> {
	complete(Draft::new(path)?, header, source, &mut |_| ())
}

/// Writes what a draft does not hold yet, and gives the file its name; `progress` hears of each
/// part that is done.
///
/// # Errors
/// As [`write`].
pub fn complete(
	mut draft: Draft,
	header: &Header,
	source: &mut dyn Source,
	progress: &mut dyn FnMut(Part),
) -> Result<Hash, EngineError> {
	let (mut tiles, mut end) = (Vec::new(), 0);
	for section in layout(header) {
		tiles.extend(match draft.kept(&section)? {
			Some(tiles) => tiles,
			None => draft.write(&section, |range| match section.part {
				Part::Header => Ok(header.encode()),
				part => source.bytes(part, range),
			})?,
		});
		end = section.offset + section.len;
		progress(section.part);
	}
	let root = model_root(tiles);
	draft.finish(end, &root)?;
	Ok(root)
}
