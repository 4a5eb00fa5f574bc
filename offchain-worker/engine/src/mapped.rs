//! Read-only memory maps.

use std::{fs::File, ops::Range, path::Path};

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

/// Has the system read a range of the file soon, where it can, while other parts are worked on.
pub fn read_ahead(map: &Mmap, range: Range<usize>) {
	// A system that does not reads it when it is needed, which is slower but not wrong.
	#[cfg(unix)]
	let _ = map.advise_range(memmap2::Advice::WillNeed, range.start, range.len());
	#[cfg(not(unix))]
	let _ = (map, range);
}

/// Gives back the memory of the pages read so far, where the system can; they are read again from
/// the file when they are needed.
#[allow(unsafe_code)]
pub fn release(map: &Mmap) {
	#[cfg(unix)]
	// SAFETY: the map is of a file and read-only, so dropping its pages loses no change. A system
	// that refuses keeps the pages, which is slower for others but not wrong.
	let _ = unsafe { map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
	#[cfg(not(unix))]
	let _ = map;
}
