//! Writing a container.

use std::{
	borrow::Cow,
	fs::File,
	io::{BufWriter, Write},
	path::Path,
};

use rayon::prelude::*;

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

/// Writes a container to `path` and returns its root; the file appears only when it is whole.
///
/// # Errors
/// Errors of `source`, and of the file.
pub fn write(path: &Path, header: &Header, source: &mut dyn Source) -> Result<Hash, EngineError> {
	let io = || EngineError::io(path);
	let partial = path.with_extension(format!("partial-{}", std::process::id()));
	let mut out = BufWriter::new(File::create(&partial).map_err(io())?);
	let root = write_sections(path, &mut out, header, source)?;
	out.write_all(&root).map_err(io())?;
	let file = out.into_inner().map_err(|error| io()(error.into_error()))?;
	file.sync_all().map_err(io())?;
	std::fs::rename(&partial, path).map_err(io())?;
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
