//! The tensors of a published folder of safetensors files.

use std::{
	collections::{BTreeMap, BTreeSet},
	ops::Range,
	path::{Path, PathBuf},
};

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use super::{
	config::Json,
	names,
	weights::{FloatTensor, Format, Matrix, Tensors},
};
use crate::{
	mapped::{map, release},
	model::Shape,
	EngineError,
};

/// Lists the shards of a folder.
const INDEX: &str = "model.safetensors.index.json";

/// What begins a file, for its errors.
const HEADER: &str = "safetensors header";
/// Most bytes of it, which parsed takes some thirty times as many; a thousand tensors have a tenth.
const MAX_HEADER: u64 = 1 << 20;

/// All tensors of a folder, by name.
pub struct Safetensors {
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

impl Safetensors {
	/// Maps the safetensors files of `folder` and reads their headers.
	///
	/// # Errors
	/// [`EngineError::Io`]; [`EngineError::Malformed`] for a header that is not one, a missing file
	/// or a tensor that occurs twice.
	pub fn open(folder: &Path) -> Result<Self, EngineError> {
		let files = files(folder)?
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
}

impl Tensors for Safetensors {
	fn tensor(&self, tensor: FloatTensor, shape: &Shape) -> Result<Matrix<'_>, EngineError> {
		let refuse = |reason: String| self.malformed(tensor, &reason);
		let place = self
			.places
			.get(&names::name(tensor))
			.ok_or_else(|| refuse("the tensor is missing".into()))?;
		let dimensions = tensor.check_dimensions(&place.shape, shape);
		let (rows, cols) = dimensions.map_err(refuse)?;
		let format = format(place.dtype)
			.ok_or_else(|| refuse(format!("{:?} is not supported", place.dtype)))?;
		let bytes = &self.files[place.file].1[place.range.clone()];
		Matrix::new(bytes, format, rows, cols).map_err(refuse)
	}

	fn contains(&self, tensor: FloatTensor) -> bool {
		self.places.contains_key(&names::name(tensor))
	}

	fn malformed(&self, tensor: FloatTensor, reason: &str) -> EngineError {
		let name = names::name(tensor);
		let place = self.places.get(&name);
		let path = place.map_or(&self.folder, |place| &self.files[place.file].0);
		EngineError::malformed(path, name, reason)
	}

	fn release(&self) {
		self.files.iter().for_each(|(_, map)| release(map));
	}
}

const fn format(dtype: Dtype) -> Option<Format> {
	match dtype {
		Dtype::F32 => Some(Format::F32),
		Dtype::F16 => Some(Format::F16),
		Dtype::BF16 => Some(Format::Bf16),
		_ => None,
	}
}

/// The files that the index names, else `model.safetensors` or the numbered parts of it.
fn files(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
	let mut files = BTreeSet::new();
	for entry in std::fs::read_dir(folder).map_err(EngineError::io(folder))? {
		let name = entry.map_err(EngineError::io(folder))?.file_name();
		let name = name.to_string_lossy();
		if name.starts_with("model") && name.ends_with(".safetensors") {
			files.insert(name.into_owned());
		}
	}
	if let Some(shards) = indexed(folder, &files)? {
		files = shards;
	}
	if files.is_empty() {
		return Err(EngineError::malformed(
			folder,
			"model.safetensors",
			"is missing",
		));
	}
	Ok(files.iter().map(|name| folder.join(name)).collect())
}

/// The files of the index; one that is not among `files` is what a cut download lacks.
fn indexed(
	folder: &Path,
	files: &BTreeSet<String>,
) -> Result<Option<BTreeSet<String>>, EngineError> {
	let Some(index) = Json::read_optional(&folder.join(INDEX))? else {
		return Ok(None);
	};
	let mut shards = BTreeSet::new();
	let map = index.get("weight_map").and_then(Value::as_object);
	let map = map.ok_or_else(|| index.malformed("weight_map", "is not an object"))?;
	for (tensor, shard) in map {
		let file = shard.as_str().and_then(|shard| files.get(shard));
		shards.insert(file.cloned().ok_or_else(|| {
			let reason = format!("names the file {shard} for {tensor}, which is missing");
			index.malformed("weight_map", reason)
		})?);
	}
	Ok(Some(shards))
}

fn read_header(
	path: &Path,
	file: usize,
	bytes: &[u8],
) -> Result<Vec<(String, Place)>, EngineError> {
	let malformed = |error| EngineError::malformed(path, HEADER, error);
	let stated = bytes
		.first_chunk()
		.map_or(0, |len| u64::from_le_bytes(*len));
	if stated > MAX_HEADER {
		let reason = format!("{stated} bytes, more than {MAX_HEADER}");
		return Err(EngineError::malformed(path, HEADER, reason));
	}
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
