//! From what a person names to a container: a container itself, or a published model, a folder or a
//! GGUF file, that is imported into a cache.

use std::path::{Path, PathBuf};

use crate::{
	container::{Container, EXTENSION},
	gguf::is_gguf,
	import::{import, source_hash, Progress},
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
	let key = hex::encode(source_hash(&full)?);
	Ok(cache
		.join("models")
		.join(key)
		.join(format!("{name}.{EXTENSION}")))
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
