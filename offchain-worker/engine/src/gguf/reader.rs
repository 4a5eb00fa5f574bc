//! Little-endian numbers and texts out of a buffer that may end anywhere.

/// Why bytes cannot be read as what they should be.
pub type Reason = String;

/// A position in a buffer.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
	bytes: &'a [u8],
	at: usize,
}

impl<'a> Reader<'a> {
	/// Reads `bytes` from `at` on.
	pub const fn new(bytes: &'a [u8], at: usize) -> Self {
		Self { bytes, at }
	}

	/// Offset of the next byte.
	pub const fn at(&self) -> usize {
		self.at
	}

	/// Bytes that are left.
	pub const fn left(&self) -> usize {
		self.bytes.len().saturating_sub(self.at)
	}

	/// The next `len` bytes.
	///
	/// # Errors
	/// If the buffer ends before.
	pub fn take(&mut self, len: u64) -> Result<&'a [u8], Reason> {
		let left = self.left();
		let len = usize::try_from(len).ok().filter(|len| *len <= left);
		let len =
			len.ok_or_else(|| format!("the file ends {left} bytes behind byte {}", self.at))?;
		let taken = &self.bytes[self.at..][..len];
		self.at += len;
		Ok(taken)
	}

	fn array<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
		let mut array = [0; N];
		array.copy_from_slice(self.take(N as u64)?);
		Ok(array)
	}

	/// The next `u32`.
	///
	/// # Errors
	/// As [`take`](Self::take).
	pub fn u32(&mut self) -> Result<u32, Reason> {
		self.array().map(u32::from_le_bytes)
	}

	/// The next `u64`.
	///
	/// # Errors
	/// As [`take`](Self::take).
	pub fn u64(&mut self) -> Result<u64, Reason> {
		self.array().map(u64::from_le_bytes)
	}

	/// The next text: its length as `u64`, then UTF-8.
	///
	/// # Errors
	/// As [`take`](Self::take), or if it is not UTF-8.
	pub fn text(&mut self) -> Result<&'a str, Reason> {
		let len = self.u64()?;
		std::str::from_utf8(self.take(len)?).map_err(|error| error.to_string())
	}
}
