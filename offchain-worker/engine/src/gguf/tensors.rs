//! The tensor table.

use std::ops::Range;

use super::{
	reader::{Reader, Reason},
	Gguf, Value, ALIGNMENT, ALIGNMENT_KEY,
};
use crate::EngineError;

/// Bytes of the smallest description: an empty name, one dimension, format and offset.
const MIN_TENSOR: usize = 8 + 4 + 8 + 4 + 8;
/// Most dimensions of a tensor.
const MAX_DIMENSIONS: u32 = 4;

/// How a tensor stores its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
	/// 32-bit floats.
	F32,
	/// 16-bit floats.
	F16,
	/// The upper halves of 32-bit floats.
	Bf16,
	/// Blocks of 32 numbers of 8 bits behind their scale, a 16-bit float.
	Q8_0,
}

impl Format {
	const fn of(id: u32) -> Option<Self> {
		match id {
			0 => Some(Self::F32),
			1 => Some(Self::F16),
			8 => Some(Self::Q8_0),
			30 => Some(Self::Bf16),
			_ => None,
		}
	}

	/// Numbers of a block, which never goes beyond a row.
	pub const fn block(self) -> usize {
		match self {
			Self::Q8_0 => 32,
			_ => 1,
		}
	}

	/// Bytes of a block.
	pub const fn block_bytes(self) -> usize {
		match self {
			Self::F32 => 4,
			Self::F16 | Self::Bf16 => 2,
			Self::Q8_0 => 2 + 32,
		}
	}
}

/// The name of a format that is not supported; its number if it is none of the usual.
fn format_name(id: u32) -> String {
	let name = match id {
		2 => "Q4_0",
		3 => "Q4_1",
		6 => "Q5_0",
		7 => "Q5_1",
		9 => "Q8_1",
		10 => "Q2_K",
		11 => "Q3_K",
		12 => "Q4_K",
		13 => "Q5_K",
		14 => "Q6_K",
		15 => "Q8_K",
		16 => "IQ2_XXS",
		17 => "IQ2_XS",
		18 => "IQ3_XXS",
		19 => "IQ1_S",
		20 => "IQ4_NL",
		21 => "IQ3_S",
		22 => "IQ2_S",
		23 => "IQ4_XS",
		24 => "I8",
		25 => "I16",
		26 => "I32",
		27 => "I64",
		28 => "F64",
		_ => return format!("number {id}"),
	};
	name.into()
}

/// What the table says of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
	/// Sizes, the one that varies slowest first: `[rows, cols]` of a matrix.
	pub shape: Vec<usize>,
	/// How its numbers are stored.
	pub format: Format,
	/// Its bytes within the file.
	pub range: Range<usize>,
}

impl Gguf {
	/// What the table says of a tensor.
	pub fn tensor(&self, name: &str) -> Option<TensorInfo> {
		let found = self
			.tensors
			.binary_search_by(|at| self.key(*at).cmp(name))
			.ok()?;
		self.describe(&mut self.reader(self.tensors[found])).ok()
	}

	/// The names of all tensors.
	pub fn tensor_names(&self) -> impl Iterator<Item = &str> {
		self.tensors.iter().map(|at| self.key(*at))
	}

	/// The bytes of a tensor.
	pub fn data(&self, tensor: &TensorInfo) -> &[u8] {
		self.map.get(tensor.range.clone()).unwrap_or_default()
	}

	/// Reads the table of `count` tensors, and checks that each lies in the file on its own.
	pub(super) fn read_tensors(&mut self, count: u64, start: usize) -> Result<(), EngineError> {
		let mut tensors = self.room(count, MIN_TENSOR, &self.reader(start), "tensors")?;
		let mut at = start;
		for i in 0..count {
			let mut reader = self.reader(at);
			skip(&mut reader).map_err(|reason| self.at_fault(at, i, "tensor", reason))?;
			tensors.push(at);
			at = reader.at();
		}
		self.sort(&mut tensors)?;
		self.data = at.next_multiple_of(self.alignment()?);
		self.tensors = tensors;
		self.check_ranges()
	}

	fn alignment(&self) -> Result<usize, EngineError> {
		let alignment = self
			.optional(ALIGNMENT_KEY, "a number", Value::as_u64)?
			.unwrap_or(ALIGNMENT);
		if !alignment.is_power_of_two() || alignment > 1 << 20 {
			let reason = format!("{alignment} is not a power of two up to 1 MiB");
			return Err(self.malformed(ALIGNMENT_KEY, reason));
		}
		Ok(alignment as usize)
	}

	fn check_ranges(&self) -> Result<(), EngineError> {
		let alignment = self.alignment()?;
		let mut ranges = Vec::with_capacity(self.tensors.len());
		for at in &self.tensors {
			let malformed = |reason| self.malformed(self.key(*at), reason);
			let range = self
				.describe(&mut self.reader(*at))
				.map_err(malformed)?
				.range;
			if !(range.start - self.data).is_multiple_of(alignment) {
				let reason = format!("does not begin at a multiple of {alignment}");
				return Err(malformed(reason));
			}
			if range.end > self.map.len() {
				return Err(malformed("its data goes beyond the file".into()));
			}
			ranges.push((range.start, range.end, *at));
		}
		ranges.sort_unstable();
		let overlap = ranges.windows(2).find(|pair| pair[0].1 > pair[1].0);
		overlap.map_or(Ok(()), |pair| {
			let other = self.key(pair[0].2);
			Err(self.malformed(self.key(pair[1].2), format!("overlaps {other}")))
		})
	}

	/// The description of a tensor, with its range in the file, which may lie beyond the end.
	fn describe(&self, reader: &mut Reader<'_>) -> Result<TensorInfo, Reason> {
		reader.text()?;
		let dimensions = reader.u32()?;
		if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
			return Err(format!(
				"{dimensions} dimensions are not 1 to {MAX_DIMENSIONS}"
			));
		}
		let mut shape = Vec::with_capacity(dimensions as usize);
		for _ in 0..dimensions {
			let size = reader.u64()?;
			let size = usize::try_from(size).ok().filter(|size| *size > 0);
			shape.insert(0, size.ok_or("a dimension is empty or too large")?);
		}
		let id = reader.u32()?;
		let format =
			Format::of(id).ok_or_else(|| format!("format {} is not supported", format_name(id)))?;
		let offset = usize::try_from(reader.u64()?).map_err(|error| error.to_string())?;
		let beyond = || Reason::from("its data goes beyond the file");
		let start = self.data.checked_add(offset).ok_or_else(beyond)?;
		let end = start
			.checked_add(data_len(&shape, format)?)
			.ok_or_else(beyond)?;
		Ok(TensorInfo {
			shape,
			format,
			range: start..end,
		})
	}
}

/// Steps over the description of a tensor.
fn skip(reader: &mut Reader<'_>) -> Result<(), Reason> {
	reader.text()?;
	let dimensions = reader.u32()? as u64;
	reader.take(8 * dimensions + 4 + 8).map(drop)
}

/// Bytes of the data of a tensor.
fn data_len(shape: &[usize], format: Format) -> Result<usize, Reason> {
	let block = format.block();
	let (cols, rows) = shape.split_last().map_or((0, &[][..]), |(c, r)| (*c, r));
	if !cols.is_multiple_of(block) {
		return Err(format!("rows of {cols} are not whole blocks of {block}"));
	}
	rows.iter()
		.try_fold(cols / block, |blocks, size| blocks.checked_mul(*size))
		.and_then(|blocks| blocks.checked_mul(format.block_bytes()))
		.ok_or_else(|| "its data goes beyond the file".into())
}
