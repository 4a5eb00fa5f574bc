//! Read-only memory maps.

use std::{fs::File, path::Path};

use memmap2::Mmap;

use crate::EngineError;

/// Maps a file.
///
/// # Errors
/// [`EngineError::Io`].
#[allow(unsafe_code)]
pub fn map(path: &Path) -> Result<Mmap, EngineError> {
	let file = File::open(path).map_err(EngineError::io(path))?;
	// SAFETY: model files are written elsewhere and renamed into place, never changed in place, so
	// the mapped bytes stay as they are. Nothing relies on their content being valid.
	unsafe { Mmap::map(&file) }.map_err(EngineError::io(path))
}
