//! From what a person names to a container: a container itself, or a published model, a folder or a
//! GGUF file, that is imported into a cache.

use std::{
	io::Write,
	path::{Path, PathBuf},
};

use crate::{
	container::{Container, EXTENSION},
	gguf::is_gguf,
	hash::Hash,
	import::{import, source_hash, source_state, Progress},
	EngineError,
};

/// Opens and verifies the model at `path`, importing it first if it is a published one.
///
/// # Errors
/// Those of [`import`], [`Container::open`] and [`Container::verify`].
pub fn resolve(path: &Path, progress: Progress<'_>) -> Result<Container, EngineError> {
	if path.is_dir() || is_gguf(path) {
		resolve_published(path, &cache_dir()?, progress)
	} else {
		open_verified(path)
	}
}

/// Opens a published model by way of `cache`; a cached container that is not sound is made anew.
///
/// # Errors
/// Those of [`import`], [`Container::open`] and [`Container::verify`].
pub fn resolve_published(
	path: &Path,
	cache: &Path,
	progress: Progress<'_>,
) -> Result<Container, EngineError> {
	let cached = cache_path(path, cache)?;
	if let Ok(container) = open_verified(&cached) {
		return Ok(container);
	}
	if let Some(parent) = cached.parent() {
		std::fs::create_dir_all(parent).map_err(EngineError::io(parent))?;
	}
	import(path, &cached, progress)?;
	open_verified(&cached)
}

/// The models in `folder`: itself if it is one, else its containers and its published models, by
/// name.
///
/// # Errors
/// [`EngineError::Io`].
pub fn find(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
	if is_model(folder) {
		return Ok(vec![folder.into()]);
	}
	let mut found = Vec::new();
	for entry in std::fs::read_dir(folder).map_err(EngineError::io(folder))? {
		let path = entry.map_err(EngineError::io(folder))?.path();
		if is_model(&path) {
			found.push(path);
		}
	}
	found.sort();
	Ok(found)
}

fn is_model(path: &Path) -> bool {
	let is_container = path.extension().is_some_and(|other| other == EXTENSION) && path.is_file();
	is_container || is_gguf(path) || path.join("config.json").is_file()
}

fn open_verified(path: &Path) -> Result<Container, EngineError> {
	let container = Container::open(path)?;
	container.verify()?;
	Ok(container)
}

/// Where the container of a published model is kept: below the hash of its files, under its name.
fn cache_path(model: &Path, cache: &Path) -> Result<PathBuf, EngineError> {
	let full = model.canonicalize().map_err(EngineError::io(model))?;
	let name = match is_gguf(&full) {
		true => full.file_stem(),
		false => full.file_name(),
	};
	let name = name.unwrap_or_default().to_string_lossy();
	let key = hex::encode(noted_hash(&full, cache)?);
	Ok(cache
		.join("models")
		.join(key)
		.join(format!("{name}.{EXTENSION}")))
}

/// The hash of a published model's files. It is noted in the cache, so that the weights are not read
/// at every start, and read only to name what is made of them.
fn noted_hash(model: &Path, cache: &Path) -> Result<Hash, EngineError> {
	let Some(state) = source_state(model)? else {
		return source_hash(model);
	};
	let folder = cache.join("sources");
	let note = folder.join(hex::encode(state));
	let noted = std::fs::read_to_string(&note).ok();
	let noted = noted.and_then(|text| Hash::try_from(hex::decode(text).ok()?).ok());
	if let Some(hash) = noted {
		return Ok(hash);
	}
	let hash = source_hash(model)?;
	if source_state(model)? == Some(state) {
		// Without a note the next start reads them again.
		let kept = std::fs::create_dir_all(&folder).and_then(|()| keep(&note, &folder, &hash));
		kept.unwrap_or_else(|error| log::debug!(target: "engine", "{}: {error}", note.display()));
	}
	Ok(hash)
}

/// Writes a note whole or not at all.
fn keep(note: &Path, folder: &Path, hash: &Hash) -> std::io::Result<()> {
	let mut file = tempfile::NamedTempFile::new_in(folder)?;
	file.write_all(hex::encode(hash).as_bytes())?;
	file.persist(note)?;
	Ok(())
}

/// `$ONE_CACHE`, else `one-protocol` in the cache folder of the user.
///
/// # Errors
/// [`EngineError::Io`] if the environment names no home.
pub fn cache_dir() -> Result<PathBuf, EngineError> {
	let var = |name| {
		std::env::var_os(name)
			.filter(|value| !value.is_empty())
			.map(PathBuf::from)
	};
	let user = || var("XDG_CACHE_HOME").or_else(|| Some(var("HOME")?.join(".cache")));
	var("ONE_CACHE")
		.or_else(|| Some(user()?.join("one-protocol")))
		.ok_or_else(|| {
			let source = std::io::Error::other("set ONE_CACHE to a folder for imported models");
			EngineError::Io {
				path: "cache".into(),
				source,
			}
		})
}
