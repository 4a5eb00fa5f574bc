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

/// Has a range of the file in memory, by touching its pages in order: the system then reads on by
/// itself, further than where it is told to.
pub fn touch(map: &Mmap, range: Range<usize>) {
	const PAGE: usize = 4096;
	for byte in map[range].iter().step_by(PAGE) {
		std::hint::black_box(*byte);
	}
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
