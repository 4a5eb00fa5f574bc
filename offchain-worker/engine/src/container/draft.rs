//! A container in the making, which an import that was killed leaves to the next one.
//!
//! Beside `NAME.one` lie `NAME.one.partial`, whose bytes grow section by section, and
//! `NAME.one.journal`, which says what it is made from and what it holds so far. Before the first
//! section is written, the partial file has room for what the calibration has come to. Nothing is
//! believed that does not hash to what the journal says.

use std::{
	collections::VecDeque,
	fs::File,
	io::{Read, Seek, SeekFrom, Write},
	ops::Range,
	path::{Path, PathBuf},
};

use same_file::Handle;
use tempfile::{Builder, NamedTempFile, TempPath};

use super::{model_root, tile_hashes, Section};
use crate::{
	hash::{blake2_256, Hash, Hasher},
	EngineError,
};

/// Tiles that are read or written at once: 8 MiB.
const TILES: usize = 64;
/// Numbers that are read or written at once: 512 KiB.
const NUMBERS: usize = 1 << 16;
/// How a line of the journal begins that is of numbers.
const STATE: &str = "state ";

/// A container in the making; nothing stays of one that is dropped.
pub struct Draft {
	target: PathBuf,
	file: NamedTempFile,
	journal: Option<Journal>,
}

impl Draft {
	/// A draft of `path` that nobody takes up.
	///
	/// # Errors
	/// [`EngineError::Io`].
	pub fn new(path: &Path) -> Result<Self, EngineError> {
		let folder = path.parent().unwrap_or(Path::new(""));
		let mut name = Builder::new();
		let file = name.prefix("partial-").make_in(folder, create);
		Ok(Self {
			target: path.into(),
			file: file.map_err(EngineError::io(path))?,
			journal: None,
		})
	}

	/// Takes up the draft that an import of the same `source` to `path` left, or begins one.
	///
	/// Where another import to `path` is under way, this one has a draft of its own.
	///
	/// # Errors
	/// [`EngineError::Io`], and [`EngineError::Malformed`] for a `path` where no file can be.
	pub fn resume(path: &Path, source: &Hash) -> Result<Self, EngineError> {
		check_target(path)?;
		let Some(file) = claim(&beside(path, "partial"))? else {
			return Self::new(path);
		};
		let journal = Journal::open(&beside(path, "journal"), &hex::encode(source))?;
		Ok(Self {
			target: path.into(),
			file,
			journal: Some(journal),
		})
	}

	/// What an earlier import of this source noted behind the numbers it kept.
	pub fn noted(&self) -> Option<&str> {
		let journal = self.journal.as_ref()?;
		journal.found.get(journal.states()).map(String::as_str)
	}

	/// Keeps numbers for the next import of this source, always as many, before anything is noted.
	/// Those kept before stay whole meanwhile.
	///
	/// # Errors
	/// [`EngineError::Io`].
	pub fn keep(&mut self, numbers: &[&[f64]]) -> Result<(), EngineError> {
		let Some(journal) = &mut self.journal else {
			return Ok(());
		};
		let len: usize = numbers.iter().map(|numbers| numbers.len()).sum();
		let place = (journal.kept % 2) as u64 * 8 * len as u64;
		let digest = write_numbers(self.file.as_file_mut(), place, numbers);
		let digest = digest.map_err(EngineError::io(&self.target))?;
		journal.kept += 1;
		journal.record(&format!("{STATE}{digest}"))
	}

	/// The `len` numbers that an earlier import of this source kept last, and how often it had kept
	/// some by then.
	///
	/// # Errors
	/// [`EngineError::Io`].
	pub fn kept_numbers(&mut self, len: usize) -> Result<Option<(usize, Vec<f64>)>, EngineError> {
		let Some(journal) = &mut self.journal else {
			return Ok(None);
		};
		let states = journal.states();
		// Of the last two at most one is torn.
		for kept in (1..=states).rev().take(2) {
			let place = ((kept - 1) % 2) as u64 * 8 * len as u64;
			let read = read_numbers(self.file.as_file_mut(), place, len);
			let (digest, numbers) = read.map_err(EngineError::io(&self.target))?;
			if journal.found[kept - 1] == format!("{STATE}{digest}") {
				journal.pass(kept)?;
				return Ok(Some((kept, numbers)));
			}
		}
		Ok(None)
	}

	/// Goes on behind all numbers that an earlier import kept: what they were for is done.
	///
	/// # Errors
	/// [`EngineError::Io`].
	pub fn pass_numbers(&mut self) -> Result<(), EngineError> {
		let pass = |journal: &mut Journal| journal.pass(journal.states());
		self.journal.as_mut().map_or(Ok(()), pass)
	}

	/// Keeps a text for the next import of this source: one, before any section.
	///
	/// # Errors
	/// [`EngineError::Io`].
	pub fn note(&mut self, text: &str) -> Result<(), EngineError> {
		self.journal
			.as_mut()
			.map_or(Ok(()), |journal| journal.record(text))
	}

	/// Hashes of the tiles of the next section, if the draft holds it.
	pub(super) fn kept(&mut self, section: &Section) -> Result<Option<Vec<Hash>>, EngineError> {
		let Some(expected) = self.noted().map(str::to_owned) else {
			return Ok(None);
		};
		let tiles = self.read(section).map_err(EngineError::io(&self.target))?;
		if section_digest(&tiles) != expected {
			return Ok(None);
		}
		self.note(&expected)?;
		Ok(Some(tiles))
	}

	/// Hashes what the file has of a section, which may be less than all of it.
	fn read(&mut self, section: &Section) -> std::io::Result<Vec<Hash>> {
		let file = self.file.as_file_mut();
		file.seek(SeekFrom::Start(section.offset))?;
		let (mut left, mut tiles) = (section.len, Vec::new());
		let mut buffer = Vec::new();
		while left > 0 {
			let chunk = left.min((TILES * section.tile) as u64);
			buffer.clear();
			file.take(chunk).read_to_end(&mut buffer)?;
			tiles.extend(hashes(&buffer, section));
			left -= chunk;
		}
		Ok(tiles)
	}

	/// Writes the next section from chunks, which `bytes` gives for a range of it, and returns the
	/// hashes of its tiles.
	pub(super) fn write(
		&mut self,
		section: &Section,
		mut bytes: impl FnMut(Range<u64>) -> Result<Vec<u8>, EngineError>,
	) -> Result<Vec<Hash>, EngineError> {
		let io = |path| EngineError::io(path);
		let file = self.file.as_file_mut();
		file.seek(SeekFrom::Start(section.offset))
			.map_err(io(&self.target))?;
		let (mut start, mut tiles) = (0, Vec::new());
		while start < section.len {
			let end = section.len.min(start + (TILES * section.tile) as u64);
			let chunk = bytes(start..end)?;
			check_len(&self.target, section, chunk.len() as u64, end - start)?;
			tiles.extend(hashes(&chunk, section));
			file.write_all(&chunk).map_err(io(&self.target))?;
			start = end;
		}
		self.note(&section_digest(&tiles))?;
		Ok(tiles)
	}

	/// Ends the file, `len` bytes so far, with its root and gives it its name.
	pub(super) fn finish(mut self, len: u64, root: &Hash) -> Result<(), EngineError> {
		let end = |file: &mut File| {
			file.set_len(len)?;
			file.seek(SeekFrom::Start(len))?;
			file.write_all(root)?;
			file.sync_all()
		};
		end(self.file.as_file_mut()).map_err(EngineError::io(&self.target))?;
		// While the file is still locked: another import may begin as soon as it has its name.
		drop(self.journal);
		let persisted = self.file.persist(&self.target);
		persisted.map_err(|error| EngineError::io(&self.target)(error.error))?;
		Ok(())
	}
}

fn check_len(path: &Path, section: &Section, len: u64, expected: u64) -> Result<(), EngineError> {
	if len == expected {
		return Ok(());
	}
	let reason = format!("{len} bytes instead of {expected}");
	Err(EngineError::malformed(
		path,
		section.part.to_string(),
		reason,
	))
}

/// Leaves of whole tiles of a section.
fn hashes(bytes: &[u8], section: &Section) -> Vec<Hash> {
	tile_hashes(&bytes.chunks(section.tile).collect::<Vec<_>>())
}

/// Writes numbers at a place and returns their digest.
fn write_numbers(file: &mut File, place: u64, numbers: &[&[f64]]) -> std::io::Result<String> {
	file.seek(SeekFrom::Start(place))?;
	let mut hasher = Hasher::new("draft state");
	for numbers in numbers.iter().flat_map(|numbers| numbers.chunks(NUMBERS)) {
		let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
		hasher = hasher.with(&bytes);
		file.write_all(&bytes)?;
	}
	Ok(hex::encode(hasher.finish()))
}

/// Digest and numbers of what the file has at a place, which may be less than `len`.
fn read_numbers(file: &mut File, place: u64, len: usize) -> std::io::Result<(String, Vec<f64>)> {
	file.seek(SeekFrom::Start(place))?;
	let (mut hasher, mut numbers) = (Hasher::new("draft state"), Vec::new());
	let mut bytes = Vec::new();
	for start in (0..len).step_by(NUMBERS) {
		bytes.clear();
		let most = 8 * NUMBERS.min(len - start) as u64;
		file.take(most).read_to_end(&mut bytes)?;
		hasher = hasher.with(&bytes);
		numbers.extend(bytes.as_chunks().0.iter().copied().map(f64::from_le_bytes));
	}
	Ok((hex::encode(hasher.finish()), numbers))
}

fn section_digest(tiles: &[Hash]) -> String {
	hex::encode(model_root(tiles.to_vec()))
}

/// `NAME.one` with another extension behind its own.
fn beside(path: &Path, extension: &str) -> PathBuf {
	let mut name = path.as_os_str().to_owned();
	name.push(".");
	name.push(extension);
	name.into()
}

/// Says before anything is done what would fail at its end.
fn check_target(path: &Path) -> Result<(), EngineError> {
	let folder = path.parent().filter(|folder| *folder != Path::new(""));
	let reason = match folder {
		_ if path.is_dir() => "a folder; name a file in it, such as NAME.one",
		Some(folder) if !folder.is_dir() => "its folder does not exist; make it, or name another",
		_ => return Ok(()),
	};
	Err(EngineError::malformed(path, "output", reason))
}

fn create(path: &Path) -> std::io::Result<File> {
	File::options()
		.read(true)
		.write(true)
		.create_new(true)
		.open(path)
}

/// Opens and locks the file at `path`; `None` if another import holds it.
fn claim(path: &Path) -> Result<Option<NamedTempFile>, EngineError> {
	loop {
		let file = open(path).map_err(EngineError::io(path))?;
		if file.try_lock().is_err() {
			return Ok(None);
		}
		// Whoever held the lock may have given the file its final name since it was opened.
		let here = file.try_clone().and_then(Handle::from_file);
		if here.is_ok_and(|here| Handle::from_path(path).is_ok_and(|there| here == there)) {
			return removed_on_drop(file, path).map(Some);
		}
	}
}

fn open(path: &Path) -> std::io::Result<File> {
	let mut options = File::options();
	options
		.read(true)
		.write(true)
		.create(true)
		.truncate(false)
		.open(path)
}

/// The file at `path`, which stays only if the process is killed.
fn removed_on_drop(file: File, path: &Path) -> Result<NamedTempFile, EngineError> {
	let path = TempPath::try_from_path(path).map_err(EngineError::io(path))?;
	Ok(NamedTempFile::from_parts(file, path))
}

/// Lines behind their hashes; those behind a torn one do not count.
struct Journal {
	file: NamedTempFile,
	/// Bytes of the lines recorded by this import.
	len: u64,
	/// Lines of an earlier import that this one has not come to.
	found: VecDeque<String>,
	/// How often numbers were kept so far.
	kept: usize,
}

impl Journal {
	/// Opens the journal at `path` and forgets what it says if it is not of `source`.
	fn open(path: &Path, source: &str) -> Result<Self, EngineError> {
		let io = || EngineError::io(path);
		let (mut text, mut file) = (Vec::new(), open(path).map_err(io())?);
		file.read_to_end(&mut text).map_err(io())?;
		let lines = String::from_utf8_lossy(&text);
		let mut journal = Self {
			file: removed_on_drop(file, path)?,
			len: 0,
			found: lines.lines().map_while(sound).collect(),
			kept: 0,
		};
		journal.record(source)?;
		Ok(journal)
	}

	/// How many of the next lines are of numbers.
	fn states(&self) -> usize {
		let lines = self.found.iter();
		lines.take_while(|line| line.starts_with(STATE)).count()
	}

	/// Goes on behind so many lines of numbers.
	fn pass(&mut self, states: usize) -> Result<(), EngineError> {
		for _ in 0..states {
			let line = self.found.front().cloned().unwrap_or_default();
			self.record(&line)?;
			self.kept += 1;
		}
		Ok(())
	}

	/// Goes on to the next line, and writes it if it is not there.
	fn record(&mut self, text: &str) -> Result<(), EngineError> {
		let line = format!("{} {text}\n", line_digest(text));
		if self.found.pop_front().as_deref() != Some(text) {
			self.found.clear();
			let file = self.file.as_file_mut();
			let append = file
				.set_len(self.len)
				.and_then(|()| file.seek(SeekFrom::Start(self.len)))
				.and_then(|_| file.write_all(line.as_bytes()));
			append.map_err(EngineError::io(self.file.path()))?;
		}
		self.len += line.len() as u64;
		Ok(())
	}
}

fn sound(line: &str) -> Option<String> {
	let (digest, text) = line.split_once(' ')?;
	(digest == line_digest(text)).then(|| text.into())
}

fn line_digest(text: &str) -> String {
	hex::encode(blake2_256(text.as_bytes()))
}
