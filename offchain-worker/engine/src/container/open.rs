//! Opening a container.

use std::{
	collections::BTreeMap,
	ops::Range,
	path::{Path, PathBuf},
	sync::Arc,
};

use memmap2::Mmap;

use super::{header::Obstacle, layout, layout::sections_len, Header, Part};
use crate::{hash::Hash, mapped::map, EngineError};

/// A memory-mapped container whose header and length are sound.
pub struct Container {
	pub(super) path: PathBuf,
	pub(super) map: Arc<Mmap>,
	pub(super) header: Header,
	ranges: BTreeMap<Part, Range<usize>>,
	root: Hash,
}

impl Container {
	/// Maps the file at `path` and checks its header and its length.
	///
	/// The tiles are not read: see [`verify`](Self::verify).
	///
	/// # Errors
	/// [`EngineError::Io`] and [`EngineError::Malformed`].
	pub fn open(path: &Path) -> Result<Self, EngineError> {
		if path.is_dir() {
			let reason =
				"a folder; name a file NAME.one, which `import` makes of a published model";
			return Err(EngineError::malformed(path, "container", reason));
		}
		let map = map(path)?;
		let malformed = |(field, reason): Obstacle| EngineError::malformed(path, field, reason);
		let header = Header::decode(&map).map_err(malformed)?;
		let root = read_root(&map, sections_len(&header)).map_err(malformed)?;
		let ranges = layout(&header)
			.into_iter()
			.map(|s| (s.part, s.offset as usize..(s.offset + s.len) as usize))
			.collect();
		Ok(Self {
			path: path.into(),
			map: Arc::new(map),
			header,
			ranges,
			root,
		})
	}

	/// Merkle root, as the file states it.
	pub const fn root(&self) -> Hash {
		self.root
	}

	/// The header.
	pub const fn header(&self) -> &Header {
		&self.header
	}

	/// The file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// Name of the model: that of its file.
	pub fn name(&self) -> String {
		self.path
			.file_stem()
			.unwrap_or_default()
			.to_string_lossy()
			.into_owned()
	}

	/// The bytes of a section; empty for one that this model does not have.
	pub fn bytes(&self, part: Part) -> &[u8] {
		&self.map[self.range(part)]
	}

	pub(super) fn range(&self, part: Part) -> Range<usize> {
		self.ranges.get(&part).cloned().unwrap_or(0..0)
	}

	/// `tokenizer.json`.
	pub fn tokenizer(&self) -> &[u8] {
		self.bytes(Part::Tokenizer)
	}

	/// A text section.
	///
	/// # Errors
	/// If it is not UTF-8.
	pub fn text(&self, part: Part) -> Result<&str, EngineError> {
		std::str::from_utf8(self.bytes(part)).map_err(|error| self.malformed(part, error))
	}

	/// Token ids that end an answer.
	pub fn stops(&self) -> Vec<u32> {
		let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
		self.bytes(Part::Stops).chunks_exact(4).map(word).collect()
	}

	pub(super) fn malformed(&self, part: Part, reason: impl ToString) -> EngineError {
		EngineError::malformed(&self.path, part.to_string(), reason)
	}
}

/// The root, which follows `sections` bytes and ends the file.
fn read_root(bytes: &[u8], sections: u64) -> Result<Hash, Obstacle> {
	let end = usize::try_from(sections).ok();
	end.and_then(|end| bytes.get(end..))
		.and_then(|root| Hash::try_from(root).ok())
		.ok_or_else(|| {
			let reason = format!("{} bytes instead of {}", bytes.len(), sections + 32);
			("length", reason)
		})
}
