//! Which files an import reads, and their hash.

use std::{
	fs::File,
	io::Read,
	path::{Path, PathBuf},
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
	let files = match is_gguf(model) {
		true => vec![model.into()],
		false => source_files(model)?,
	};
	let mut hasher = Hasher::new("import").number(IMPORTER_VERSION);
	for path in files {
		let name = path
			.file_name()
			.unwrap_or_default()
			.to_string_lossy()
			.into_owned();
		hasher = hasher.with(&file_hash(name.as_bytes(), &path)?);
	}
	Ok(hasher.finish())
}

/// The files of a folder that an import reads, by name.
fn source_files(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
	let mut files = Vec::new();
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
