//! What a driver has compiled, kept from one start to the next.

#![allow(unsafe_code)] // The driver takes its own bytes back; a hash tells that they are.

use std::{
	fs,
	path::{Path, PathBuf},
};

use wgpu::{
	util::pipeline_cache_key, AdapterInfo, Device, Features, PipelineCache, PipelineCacheDescriptor,
};

use crate::{
	hash::{blake2_256, Hash},
	source::cache_dir,
	EngineError,
};

/// A pipeline cache and its file: the hash of its bytes, then the bytes.
pub(super) struct DiskCache {
	path: PathBuf,
	cache: PipelineCache,
}

impl DiskCache {
	/// The cache of a device, empty if nothing sound was kept; none if the device has no such thing.
	pub fn open(device: &Device, info: &AdapterInfo) -> Option<Self> {
		let key = pipeline_cache_key(info)?;
		if !device.features().contains(Features::PIPELINE_CACHE) {
			return None;
		}
		let path = cache_dir().ok()?.join("pipelines").join(key);
		let data = fs::read(&path).ok().and_then(checked);
		let descriptor = PipelineCacheDescriptor {
			label: Some("pipelines"),
			data: data.as_deref(),
			fallback: true,
		};
		// SAFETY: the bytes are those that `save` got from a cache of this kind of device, by their
		// hash; the driver itself refuses those of another version.
		let cache = unsafe { device.create_pipeline_cache(&descriptor) };
		Some(Self { path, cache })
	}

	/// The cache, to compile with.
	pub const fn get(&self) -> &PipelineCache {
		&self.cache
	}

	/// Writes the file anew; what keeps it from being written is logged.
	pub fn save(&self) {
		let Some(data) = self.cache.get_data() else {
			return;
		};
		if let Err(error) = write(&self.path, &data) {
			log::warn!(target: "engine", "compiled shaders are not kept: {error}");
		}
	}
}

/// The bytes behind their hash, if it is theirs.
fn checked(file: Vec<u8>) -> Option<Vec<u8>> {
	let (hash, data) = file.split_at_checked(size_of::<Hash>())?;
	(blake2_256(data) == hash).then(|| data.to_vec())
}

/// Replaces the file at once, so that nobody reads half of it.
fn write(path: &Path, data: &[u8]) -> Result<(), EngineError> {
	let folder = path.parent().unwrap_or(Path::new("."));
	fs::create_dir_all(folder).map_err(EngineError::io(folder))?;
	let file = tempfile::NamedTempFile::new_in(folder).map_err(EngineError::io(folder))?;
	let bytes = [&blake2_256(data)[..], data].concat();
	fs::write(file.path(), bytes).map_err(EngineError::io(file.path()))?;
	let moved = file.persist(path).map_err(|error| error.error);
	moved.map(|_| ()).map_err(EngineError::io(path))
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	#[test]
	fn checked_should_take_only_what_was_written() {
		let room = tempfile::TempDir::new().unwrap();
		let path = room.path().join("folder").join("cache");
		write(&path, b"compiled").unwrap();
		let file = fs::read(&path).unwrap();
		assert_eq!(checked(file.clone()).unwrap(), b"compiled");
		for i in 0..file.len() {
			let mut flipped = file.clone();
			flipped[i] ^= 1;
			assert_eq!(checked(flipped), None);
			assert_eq!(checked(file[..i].to_vec()), None);
		}
	}
}
