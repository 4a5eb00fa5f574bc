//! Writing a container.

use std::{
	borrow::Cow,
	fs::File,
	io::{BufWriter, Write},
	path::Path,
};

use rayon::prelude::*;
use tempfile::Builder;

use super::{layout, model_root, tile_hash, Header, Part, Section};
use crate::{hash::Hash, EngineError};

/// Supplies the bytes of each section but the header, in the order of the container.
pub trait Source {
	/// The bytes of `part`, as many as the layout asks for.
	///
	/// # Errors
	/// What keeps the part from being made.
	fn bytes(&mut self, part: Part) -> Result<Cow<'_, [u8]>, EngineError>;
}

/// Writes a container to `path` and returns its root; the file appears only when it is whole, and
/// nothing stays of one that fails.
///
/// # Errors
/// Errors of `source`, and of the file.
pub fn write(path: &Path, header: &Header, source: &mut dyn Source) -> Result<Hash, EngineError> {
	let io = || EngineError::io(path);
	// A name of its own: the same model may be imported twice at once.
	let folder = path.parent().unwrap_or(Path::new(""));
	let partial = Builder::new()
		.prefix("partial-")
		.make_in(folder, |path| File::create_new(path))
		.map_err(io())?;
	let mut out = BufWriter::new(partial.as_file());
	let root = write_sections(path, &mut out, header, source)?;
	out.write_all(&root).map_err(io())?;
	out.flush().map_err(io())?;
	drop(out);
	partial.as_file().sync_all().map_err(io())?;
	partial.persist(path).map_err(|error| io()(error.error))?;
	Ok(root)
}

fn write_sections(
	path: &Path,
	out: &mut impl Write,
	header: &Header,
	source: &mut dyn Source,
) -> Result<Hash, EngineError> {
	let mut tiles = Vec::new();
	for section in layout(header) {
		let bytes = match section.part {
			Part::Header => Cow::Owned(header.encode()),
			part => source.bytes(part)?,
		};
		check_len(path, &section, &bytes)?;
		tiles.par_extend(bytes.par_chunks(section.tile).map(tile_hash));
		out.write_all(&bytes).map_err(EngineError::io(path))?;
	}
	Ok(model_root(tiles))
}

fn check_len(path: &Path, section: &Section, bytes: &[u8]) -> Result<(), EngineError> {
	if bytes.len() as u64 == section.len {
		return Ok(());
	}
	let reason = format!("{} bytes instead of {}", bytes.len(), section.len);
	Err(EngineError::malformed(
		path,
		section.part.to_string(),
		reason,
	))
}
