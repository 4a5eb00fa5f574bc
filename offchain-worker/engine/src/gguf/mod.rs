//! Reading GGUF, the file format of llama.cpp: metadata and tensors in one file.
//!
//! Versions 2 and 3, little-endian. The file is mapped and read where it lies: an open [`Gguf`] holds
//! one offset for each metadata entry and for each tensor, and nothing of a size that the file
//! states is allocated before the file has been found to be that large.

mod pre_tokenizer;
mod reader;
mod tensors;
mod value;
mod vocabulary;

use std::path::{Path, PathBuf};

use self::reader::{Reader, Reason};
pub use self::{
	tensors::{Format, TensorInfo},
	value::{Array, Value},
	vocabulary::Vocabulary,
};
use memmap2::Mmap;

use crate::{
	mapped::{map, release},
	EngineError,
};

/// Extension of the files.
pub const EXTENSION: &str = "gguf";

const MAGIC: &[u8] = b"GGUF";
/// Multiple at which tensors begin, unless the metadata names another.
const ALIGNMENT: u64 = 32;
const ALIGNMENT_KEY: &str = "general.alignment";
/// Bytes of the smallest metadata entry: an empty key, a type and a flag.
const MIN_ENTRY: usize = 8 + 4 + 1;

/// Whether `path` is a file that holds a whole published model.
pub fn is_gguf(path: &Path) -> bool {
	path.extension().is_some_and(|other| other == EXTENSION) && path.is_file()
}

/// An open file whose metadata and tensor table are sound.
pub struct Gguf {
	path: PathBuf,
	map: Mmap,
	/// Offsets of the metadata entries, by key.
	entries: Vec<usize>,
	/// Offsets of the tensor descriptions, by name.
	tensors: Vec<usize>,
	/// Where the data of the tensors begins.
	data: usize,
}

impl Gguf {
	/// Maps the file at `path` and checks its metadata and its tensor table.
	///
	/// # Errors
	/// [`EngineError::Io`]; [`EngineError::Malformed`] naming the metadata field or the tensor.
	pub fn open(path: &Path) -> Result<Self, EngineError> {
		let mut gguf = Self {
			path: path.into(),
			map: map(path)?,
			entries: Vec::new(),
			tensors: Vec::new(),
			data: 0,
		};
		let (tensors, entries, start) = gguf.read_header()?;
		let (entries, start) = gguf.read_entries(entries, start)?;
		gguf.entries = entries;
		gguf.read_tensors(tensors, start)?;
		Ok(gguf)
	}

	/// Gives back the memory that reading has taken so far; what is read again is loaded again.
	pub fn release(&self) {
		release(&self.map);
	}

	/// The file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	/// An error about a metadata field or a tensor of this file.
	pub fn malformed(&self, field: &str, reason: impl ToString) -> EngineError {
		let field = match field.trim() {
			"" => "an entry with an empty name",
			_ => field,
		};
		EngineError::malformed(&self.path, field, reason)
	}

	/// A value of the metadata.
	pub fn get(&self, key: &str) -> Option<Value<'_>> {
		let found = self
			.entries
			.binary_search_by(|at| self.key(*at).cmp(key))
			.ok()?;
		read_entry(&mut self.reader(self.entries[found]))
			.ok()
			.map(|(_, value)| value)
	}

	/// A value of the metadata, as `pick` takes it.
	///
	/// # Errors
	/// [`EngineError::Malformed`] if it is missing, or is not `what`.
	pub fn require<'a, T>(
		&'a self,
		key: &str,
		what: &str,
		pick: impl FnOnce(&Value<'a>) -> Option<T>,
	) -> Result<T, EngineError> {
		self.optional(key, what, pick)?
			.ok_or_else(|| self.malformed(key, "is missing"))
	}

	/// A value of the metadata that may be missing, as `pick` takes it.
	///
	/// # Errors
	/// [`EngineError::Malformed`] if it is not `what`.
	pub fn optional<'a, T>(
		&'a self,
		key: &str,
		what: &str,
		pick: impl FnOnce(&Value<'a>) -> Option<T>,
	) -> Result<Option<T>, EngineError> {
		let Some(value) = self.get(key) else {
			return Ok(None);
		};
		match pick(&value) {
			Some(picked) => Ok(Some(picked)),
			None => Err(self.malformed(key, format!("is not {what}"))),
		}
	}

	fn reader(&self, at: usize) -> Reader<'_> {
		Reader::new(&self.map, at)
	}

	/// The key, or the name of a tensor, at an offset that was read before.
	fn key(&self, at: usize) -> &str {
		self.reader(at).text().unwrap_or_default()
	}

	/// Numbers of tensors and of metadata entries, and where the latter begin.
	fn read_header(&self) -> Result<(u64, u64, usize), EngineError> {
		let malformed = |reason| self.malformed("header", reason);
		let mut reader = self.reader(0);
		if reader.take(4).map_err(malformed)? != MAGIC {
			return Err(malformed("not a GGUF file".into()));
		}
		match reader.u32().map_err(malformed)? {
			2 | 3 => (),
			other => {
				return Err(malformed(format!(
					"version {other} is not one of 2 and 3, little-endian"
				)))
			}
		}
		let tensors = reader.u64().map_err(malformed)?;
		let entries = reader.u64().map_err(malformed)?;
		Ok((tensors, entries, reader.at()))
	}

	/// Offsets of the metadata entries by key, and where they end.
	fn read_entries(&self, count: u64, start: usize) -> Result<(Vec<usize>, usize), EngineError> {
		let mut reader = self.reader(start);
		let mut entries = self.room(count, MIN_ENTRY, &reader, "metadata")?;
		for i in 0..count {
			let at = reader.at();
			read_entry(&mut reader).map_err(|reason| self.at_fault(at, i, "metadata", reason))?;
			entries.push(at);
		}
		self.sort(&mut entries)?;
		Ok((entries, reader.at()))
	}

	/// An empty list for `count` offsets, if the file has room for what they point to.
	fn room(
		&self,
		count: u64,
		smallest: usize,
		reader: &Reader<'_>,
		what: &str,
	) -> Result<Vec<usize>, EngineError> {
		if count > (reader.left() / smallest) as u64 {
			let reason = format!("{count} entries do not fit the file");
			return Err(self.malformed(what, reason));
		}
		Ok(Vec::with_capacity(count as usize))
	}

	/// An error about the entry at an offset: by its name where that can be read.
	fn at_fault(&self, at: usize, i: u64, what: &str, reason: Reason) -> EngineError {
		match self.reader(at).text() {
			Ok(name) => self.malformed(name, reason),
			Err(_) => self.malformed(&format!("{what} entry {i}"), reason),
		}
	}

	/// Sorts offsets by the names they point to, none of which may occur twice.
	fn sort(&self, offsets: &mut [usize]) -> Result<(), EngineError> {
		offsets.sort_unstable_by(|a, b| self.key(*a).cmp(self.key(*b)));
		match offsets
			.windows(2)
			.find(|pair| self.key(pair[0]) == self.key(pair[1]))
		{
			Some(pair) => Err(self.malformed(self.key(pair[0]), "occurs twice")),
			None => Ok(()),
		}
	}
}

fn read_entry<'a>(reader: &mut Reader<'a>) -> Result<(&'a str, Value<'a>), Reason> {
	Ok((reader.text()?, value::read(reader)?))
}
