//! Reading files from the disk, not from memory.

use std::{
	fs::File,
	io::Read,
	path::Path,
	time::{Duration, Instant},
};

use crate::EngineError;

/// Bytes read at most: enough to tell a speed.
const MOST: u64 = 2 << 30;
/// Bytes of one read.
const BLOCK: usize = 8 << 20;

/// Bytes of a file.
///
/// # Errors
/// [`EngineError::Io`].
pub fn size(path: &Path) -> Result<u64, EngineError> {
	Ok(path.metadata().map_err(EngineError::io(path))?.len())
}

/// Bytes per second in 10^9.
pub fn gbps(bytes: u64, time: Duration) -> f64 {
	bytes as f64 / time.as_secs_f64() / 1e9
}

/// Drops what the system keeps of a file in memory; does nothing where only Linux could.
///
/// # Errors
/// [`EngineError::Io`].
pub fn forget(path: &Path) -> Result<(), EngineError> {
	let file = File::open(path).map_err(EngineError::io(path))?;
	#[cfg(target_os = "linux")]
	{
		use rustix::fs::{fadvise, Advice};
		// What has not been written yet would stay.
		file.sync_all().map_err(EngineError::io(path))?;
		fadvise(&file, 0, None, Advice::DontNeed).map_err(|e| EngineError::io(path)(e.into()))?;
	}
	drop(file);
	Ok(())
}

/// Bytes per second of reading the start of a file in order, in 10^9.
///
/// # Errors
/// [`EngineError::Io`].
pub fn read_gbps(path: &Path) -> Result<f64, EngineError> {
	read(path).map(|(bytes, time)| gbps(bytes, time))
}

/// Reads the start of a file in order: how many bytes in what time.
///
/// # Errors
/// [`EngineError::Io`].
pub fn read(path: &Path) -> Result<(u64, Duration), EngineError> {
	forget(path)?;
	let mut file = File::open(path).map_err(EngineError::io(path))?.take(MOST);
	let mut block = vec![0; BLOCK];
	let (start, mut bytes) = (Instant::now(), 0);
	loop {
		match file.read(&mut block).map_err(EngineError::io(path))? {
			0 => return Ok((bytes, start.elapsed())),
			n => bytes += n as u64,
		}
	}
}

/// Bytes that may still be written to the disk of `folder`.
///
/// # Errors
/// [`EngineError::Io`].
#[cfg(unix)]
pub fn free(folder: &Path) -> Result<u64, EngineError> {
	let disk = rustix::fs::statvfs(folder).map_err(|e| EngineError::io(folder)(e.into()))?;
	Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
