//! The tensors of a published folder.

use std::{
	collections::BTreeMap,
	ops::Range,
	path::{Path, PathBuf},
};

use half::{bf16, f16};
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};

use crate::{mapped::map, EngineError};

/// All tensors of a folder, by name.
pub struct Weights {
	files: Vec<(PathBuf, Mmap)>,
	places: BTreeMap<String, Place>,
	folder: PathBuf,
}

struct Place {
	file: usize,
	range: Range<usize>,
	shape: Vec<usize>,
	dtype: Dtype,
}

impl Weights {
	/// Maps the safetensors files of `folder` and reads their headers.
	///
	/// # Errors
	/// [`EngineError::Io`]; [`EngineError::Malformed`] for a header that is not one, a missing file
	/// or a tensor that occurs twice.
	pub fn open(folder: &Path) -> Result<Self, EngineError> {
		let files = safetensors_files(folder)?
			.into_iter()
			.map(|path| Ok((path.clone(), map(&path)?)))
			.collect::<Result<Vec<_>, EngineError>>()?;
		let mut places = BTreeMap::new();
		for (file, (path, bytes)) in files.iter().enumerate() {
			for (name, place) in read_header(path, file, bytes)? {
				if places.insert(name.clone(), place).is_some() {
					return Err(EngineError::malformed(path, name, "occurs in two files"));
				}
			}
		}
		Ok(Self {
			files,
			places,
			folder: folder.into(),
		})
	}

	/// A matrix of the given size.
	///
	/// # Errors
	/// [`EngineError::Malformed`] if it is missing, of another size or type, or not finite.
	pub fn matrix(&self, name: &str, rows: usize, cols: usize) -> Result<Matrix<'_>, EngineError> {
		self.tensor(name, &[rows, cols], cols)
	}

	/// A vector of the given size, as a matrix of one row.
	///
	/// # Errors
	/// As [`matrix`](Self::matrix).
	pub fn vector(&self, name: &str, len: usize) -> Result<Vec<f64>, EngineError> {
		let mut row = vec![0.0; len];
		self.tensor(name, &[len], len)?.read_row(0, &mut row);
		Ok(row)
	}

	fn tensor(&self, name: &str, shape: &[usize], cols: usize) -> Result<Matrix<'_>, EngineError> {
		let missing = || EngineError::malformed(&self.folder, name, "the tensor is missing");
		let place = self.places.get(name).ok_or_else(missing)?;
		let (path, bytes) = &self.files[place.file];
		if place.shape != shape {
			let reason = format!("has shape {:?} instead of {shape:?}", place.shape);
			return Err(EngineError::malformed(path, name, reason));
		}
		let format = Format::of(place.dtype).ok_or_else(|| {
			EngineError::malformed(path, name, format!("{:?} is not supported", place.dtype))
		})?;
		let matrix = Matrix {
			bytes: &bytes[place.range.clone()],
			format,
			cols,
		};
		if !matrix.is_finite() {
			return Err(EngineError::malformed(
				path,
				name,
				"has an entry that is not finite",
			));
		}
		Ok(matrix)
	}
}

/// `model.safetensors`, or the numbered parts of it, in the order of their names.
fn safetensors_files(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
	let mut files = Vec::new();
	for entry in std::fs::read_dir(folder).map_err(EngineError::io(folder))? {
		let path = entry.map_err(EngineError::io(folder))?.path();
		let name = path
			.file_name()
			.unwrap_or_default()
			.to_string_lossy()
			.into_owned();
		if name.starts_with("model") && name.ends_with(".safetensors") {
			files.push(path);
		}
	}
	files.sort();
	if files.is_empty() {
		return Err(EngineError::malformed(
			folder,
			"model.safetensors",
			"is missing",
		));
	}
	Ok(files)
}

fn read_header(
	path: &Path,
	file: usize,
	bytes: &[u8],
) -> Result<Vec<(String, Place)>, EngineError> {
	let malformed = |error| EngineError::malformed(path, "safetensors header", error);
	let (len, metadata) = SafeTensors::read_metadata(bytes).map_err(malformed)?;
	let place = |info: &safetensors::tensor::TensorInfo| {
		let (start, end) = info.data_offsets;
		let range = start + len + 8..end + len + 8;
		Place {
			file,
			range,
			shape: info.shape.clone(),
			dtype: info.dtype,
		}
	};
	Ok(metadata
		.tensors()
		.into_iter()
		.map(|(name, info)| (name, place(info)))
		.collect())
}

/// How a tensor stores a number.
#[derive(Clone, Copy, Debug)]
enum Format {
	F32,
	F16,
	Bf16,
}

impl Format {
	const fn of(dtype: Dtype) -> Option<Self> {
		match dtype {
			Dtype::F32 => Some(Self::F32),
			Dtype::F16 => Some(Self::F16),
			Dtype::BF16 => Some(Self::Bf16),
			_ => None,
		}
	}

	const fn size(self) -> usize {
		match self {
			Self::F32 => 4,
			Self::F16 | Self::Bf16 => 2,
		}
	}

	fn read(self, b: &[u8]) -> f64 {
		match self {
			Self::F32 => f32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f64,
			Self::F16 => f16::from_le_bytes([b[0], b[1]]).to_f64(),
			Self::Bf16 => bf16::from_le_bytes([b[0], b[1]]).to_f64(),
		}
	}
}

/// A matrix of finite floats, row-major, read where it lies.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
	bytes: &'a [u8],
	format: Format,
	cols: usize,
}

impl Matrix<'_> {
	/// Number of rows.
	pub const fn rows(&self) -> usize {
		self.bytes.len() / (self.cols * self.format.size())
	}

	/// Number of columns.
	pub const fn cols(&self) -> usize {
		self.cols
	}

	/// Reads row `r` into `row`.
	pub fn read_row(&self, r: usize, row: &mut [f64]) {
		let size = self.format.size();
		let bytes = &self.bytes[r * self.cols * size..][..self.cols * size];
		for (x, b) in row.iter_mut().zip(bytes.chunks_exact(size)) {
			*x = self.format.read(b);
		}
	}

	fn is_finite(&self) -> bool {
		self.bytes
			.chunks_exact(self.format.size())
			.all(|b| self.format.read(b).is_finite())
	}
}
