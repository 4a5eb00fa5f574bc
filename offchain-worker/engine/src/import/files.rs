//! Which files an import reads, and their hash.

use std::{
	fs::{File, Metadata},
	io::Read,
	path::{Path, PathBuf},
	time::{Duration, SystemTime},
};

use super::IMPORTER_VERSION;
use crate::{
	gguf::is_gguf,
	hash::{Hash, Hasher},
	EngineError,
};

/// Hash of the names and bytes of all files that an import reads.
///
/// # Errors
/// [`EngineError::Io`].
pub fn source_hash(model: &Path) -> Result<Hash, EngineError> {
	let mut hasher = Hasher::new("import").number(IMPORTER_VERSION);
	for path in source_files(model)? {
		let name = path
			.file_name()
			.unwrap_or_default()
			.to_string_lossy()
			.into_owned();
		hasher = hasher.with(&file_hash(name.as_bytes(), &path)?);
	}
	Ok(hasher.finish())
}

/// Most bytes of a file of JSON or of a template, which parsed takes some thirty times as many.
pub const MAX_TEXT: u64 = 1 << 20;
/// Most bytes of a tokenizer, as the container has it.
pub const MAX_TOKENIZER: u64 = 256 << 20;

/// The bytes of a file that has at most `most`.
///
/// # Errors
/// [`EngineError::Io`]; [`EngineError::Malformed`] if it has more.
pub fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, EngineError> {
	let file = File::open(path).map_err(EngineError::io(path))?;
	let len = file.metadata().map_err(EngineError::io(path))?.len();
	if len > most {
		let reason = format!("{len} bytes, more than {most}");
		return Err(EngineError::malformed(path, "length", reason));
	}
	let mut bytes = Vec::with_capacity(len as usize);
	let read = file.take(most).read_to_end(&mut bytes);
	read.map_err(EngineError::io(path))?;
	Ok(bytes)
}

/// Files that changed so lately may change again unseen: the clocks of file systems tick slowly.
const SETTLED: Duration = Duration::from_secs(2);

/// Hash of what tells, without reading them, whether the files that an import reads are those of
/// an earlier time: their places, sizes and times of change. `None` if they have changed just now.
///
/// # Errors
/// [`EngineError::Io`].
pub fn source_state(model: &Path) -> Result<Option<Hash>, EngineError> {
	let mut hasher = Hasher::new("import state").number(IMPORTER_VERSION);
	let latest = SystemTime::now() - SETTLED;
	for path in source_files(model)? {
		let metadata = path.metadata().map_err(EngineError::io(&path))?;
		let modified = metadata.modified().map_err(EngineError::io(&path))?;
		if modified > latest {
			return Ok(None);
		}
		let state = format!(
			"{path:?} {} {modified:?} {:?}",
			metadata.len(),
			change(&metadata)
		);
		hasher = hasher.number(state.len() as u32).with(state.as_bytes());
	}
	Ok(Some(hasher.finish()))
}

/// What nobody can set back: the file, and when anything of it changed.
#[cfg(unix)]
fn change(metadata: &Metadata) -> [i64; 4] {
	use std::os::unix::fs::MetadataExt;
	let (device, inode) = (metadata.dev() as i64, metadata.ino() as i64);
	[device, inode, metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn change(_: &Metadata) -> [i64; 0] {
	[]
}

/// The files of a model that an import reads, by name.
///
/// # Errors
/// [`EngineError::Io`].
pub fn source_files(model: &Path) -> Result<Vec<PathBuf>, EngineError> {
	if is_gguf(model) {
		return Ok(vec![model.into()]);
	}
	let (folder, mut files) = (model, Vec::new());
	for entry in std::fs::read_dir(folder).map_err(EngineError::io(folder))? {
		let path = entry.map_err(EngineError::io(folder))?.path();
		if path.is_file() && is_source(&path) {
			files.push(path);
		}
	}
	files.sort();
	Ok(files)
}

fn is_source(path: &Path) -> bool {
	let extension = path.extension().unwrap_or_default();
	["json", "jinja", "safetensors"]
		.iter()
		.any(|source| extension == *source)
}

fn file_hash(name: &[u8], path: &Path) -> Result<Hash, EngineError> {
	let mut file = File::open(path).map_err(EngineError::io(path))?;
	let mut buffer = vec![0; 1 << 20];
	let mut hasher = Hasher::new("import file")
		.number(name.len() as u32)
		.with(name);
	loop {
		match file.read(&mut buffer).map_err(EngineError::io(path))? {
			0 => return Ok(hasher.finish()),
			n => hasher = hasher.with(&buffer[..n]),
		}
	}
}
