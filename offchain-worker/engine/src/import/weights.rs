//! The boundary between where tensors come from and the importer that reads them.

use half::{bf16, f16};
use rayon::prelude::*;

use crate::{
	container::{Projection, Tensor},
	model::Shape,
	EngineError,
};

/// A norm of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
	/// Before attention.
	Attention,
	/// Before the feed-forward block.
	Ffn,
	/// Of each head of q.
	Query,
	/// Of each head of k.
	Key,
}

/// A tensor of a published model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatTensor {
	/// The embedding, a linear layer or the head.
	Weights(Tensor),
	/// Bias of a linear layer.
	Bias(u32, Projection),
	/// Gain of a norm of a layer.
	Gain(u32, Norm),
	/// Gain of the norm before the head.
	FinalGain,
}

impl FloatTensor {
	/// Rows and columns, if a file has it in the dimensions that it must have.
	///
	/// # Errors
	/// Which they are instead.
	pub fn check_dimensions(
		self,
		found: &[usize],
		shape: &Shape,
	) -> Result<(usize, usize), String> {
		let (rows, cols) = self.size(shape);
		let expected = if self.is_vector() {
			vec![cols]
		} else {
			vec![rows, cols]
		};
		if found == expected {
			return Ok((rows, cols));
		}
		Err(format!("has shape {found:?} instead of {expected:?}"))
	}

	/// Rows and columns; a vector has one row.
	pub const fn size(self, shape: &Shape) -> (usize, usize) {
		match self {
			Self::Weights(tensor) => tensor.size(shape),
			Self::Bias(i, projection) => (1, Tensor::Layer(i, projection).size(shape).0),
			Self::Gain(_, Norm::Query | Norm::Key) => (1, shape.head_dim as usize),
			Self::Gain(..) | Self::FinalGain => (1, shape.hidden as usize),
		}
	}

	/// Whether it has one dimension.
	pub const fn is_vector(self) -> bool {
		!matches!(self, Self::Weights(_))
	}
}

/// Where the tensors of a model come from.
pub trait Tensors: Sync {
	/// A tensor of the size that it has in `shape`.
	///
	/// # Errors
	/// [`EngineError::Malformed`] if it is missing, of another size or type, or not finite.
	fn tensor(&self, tensor: FloatTensor, shape: &Shape) -> Result<Matrix<'_>, EngineError>;

	/// Whether there is such a tensor.
	fn contains(&self, tensor: FloatTensor) -> bool;

	/// An error about a tensor, naming its file and it as the file does.
	fn malformed(&self, tensor: FloatTensor, reason: &str) -> EngineError;

	/// Gives back the memory that reading has taken so far; what is read again is loaded again.
	fn release(&self);

	/// A tensor of one row, in memory.
	///
	/// # Errors
	/// As [`tensor`](Self::tensor).
	fn vector(&self, tensor: FloatTensor, shape: &Shape) -> Result<Vec<f64>, EngineError> {
		let matrix = self.tensor(tensor, shape)?;
		let mut row = vec![0.0; matrix.cols()];
		matrix.read_row(0, &mut row);
		Ok(row)
	}
}

/// How a tensor stores its numbers.
#[derive(Clone, Copy, Debug)]
pub enum Format {
	/// Binary32.
	F32,
	/// Binary16.
	F16,
	/// The upper half of a binary32.
	Bf16,
	/// Blocks of 32 numbers of 8 bits behind their scale, a binary16.
	Q8_0,
}

/// Numbers of a block of [`Format::Q8_0`], and its bytes.
const BLOCK: usize = 32;
const BLOCK_BYTES: usize = 2 + BLOCK;

impl Format {
	/// Bytes of `n` numbers of a row.
	pub const fn row_bytes(self, n: usize) -> usize {
		match self {
			Self::F32 => 4 * n,
			Self::F16 | Self::Bf16 => 2 * n,
			Self::Q8_0 => n / BLOCK * BLOCK_BYTES,
		}
	}

	/// Reads a row of as many numbers as `row` takes.
	fn read(self, bytes: &[u8], row: &mut [f64]) {
		match self {
			Self::F32 => fill(bytes, row, |b| f32::from_le_bytes(b).into()),
			Self::F16 => fill(bytes, row, |b| f16::from_le_bytes(b).to_f64()),
			Self::Bf16 => fill(bytes, row, |b| bf16::from_le_bytes(b).to_f64()),
			Self::Q8_0 => fill_blocks(bytes, row),
		}
	}
}

fn fill<const N: usize>(bytes: &[u8], row: &mut [f64], read: impl Fn([u8; N]) -> f64) {
	let (numbers, _) = bytes.as_chunks::<N>();
	row.iter_mut().zip(numbers).for_each(|(x, b)| *x = read(*b));
}

fn fill_blocks(bytes: &[u8], row: &mut [f64]) {
	let (blocks, _) = bytes.as_chunks::<BLOCK_BYTES>();
	for (row, block) in row.chunks_exact_mut(BLOCK).zip(blocks) {
		let scale = f16::from_le_bytes([block[0], block[1]]).to_f64();
		for (x, b) in row.iter_mut().zip(&block[2..]) {
			*x = scale * f64::from(*b as i8);
		}
	}
}

/// A matrix of floats, row-major, read where it lies.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
	bytes: &'a [u8],
	format: Format,
	rows: usize,
	cols: usize,
	/// Size of the heads whose rows lie with the two channels of each RoPE pair side by side.
	paired: Option<usize>,
}

impl<'a> Matrix<'a> {
	/// The matrix `[rows, cols]` in `bytes`.
	///
	/// # Errors
	/// If `bytes` are not as many as it takes, or a number is not finite.
	pub fn new(bytes: &'a [u8], format: Format, rows: usize, cols: usize) -> Result<Self, String> {
		let expected = rows.checked_mul(format.row_bytes(cols));
		if expected != Some(bytes.len()) {
			return Err(format!(
				"has {} bytes for {rows} x {cols} numbers",
				bytes.len()
			));
		}
		let matrix = Self {
			bytes,
			format,
			rows,
			cols,
			paired: None,
		};
		if matrix.is_finite() {
			return Ok(matrix);
		}
		Err("has an entry that is not finite".into())
	}

	/// Number of rows.
	pub const fn rows(&self) -> usize {
		self.rows
	}

	/// Number of columns.
	pub const fn cols(&self) -> usize {
		self.cols
	}

	/// The same matrix if the rows of its heads lie with the two channels of each RoPE pair side by
	/// side, and not half a head apart.
	#[must_use]
	pub const fn paired(self, head_dim: usize) -> Self {
		Self {
			paired: Some(head_dim),
			..self
		}
	}

	/// Where row `r` lies.
	const fn place(&self, r: usize) -> usize {
		match self.paired {
			Some(dim) => {
				let (channel, half) = (r % dim, dim / 2);
				r - channel + channel % half * 2 + channel / half
			}
			None => r,
		}
	}

	/// Reads row `r` into `row`.
	pub fn read_row(&self, r: usize, row: &mut [f64]) {
		let r = self.place(r);
		let size = self.format.row_bytes(self.cols);
		self.format.read(&self.bytes[r * size..][..size], row);
	}

	fn is_finite(&self) -> bool {
		let row = || vec![0.0; self.cols];
		(0..self.rows)
			.into_par_iter()
			.map_init(row, |row, r| {
				self.read_row(r, row);
				row.iter().all(|x| x.is_finite())
			})
			.all(|finite| finite)
	}
}
