//! The typed values of the metadata, read where they lie.

use super::reader::{Reader, Reason};

/// Arrays within arrays; files of models have none.
const MAX_DEPTH: u32 = 4;

/// A value of the metadata.
#[derive(Clone, Debug)]
pub enum Value<'a> {
	/// An unsigned number of any width.
	Unsigned(u64),
	/// A signed number of any width.
	Signed(i64),
	/// A float of either width.
	Float(f64),
	/// A flag.
	Bool(bool),
	/// A text.
	Text(&'a str),
	/// Values of one type.
	Array(Array<'a>),
}

impl<'a> Value<'a> {
	/// The number, if it is a whole one that is not negative.
	pub fn as_u64(&self) -> Option<u64> {
		match self {
			Self::Unsigned(x) => Some(*x),
			Self::Signed(x) => u64::try_from(*x).ok(),
			_ => None,
		}
	}

	/// The number, whatever its type.
	pub const fn as_f64(&self) -> Option<f64> {
		match self {
			Self::Unsigned(x) => Some(*x as f64),
			Self::Signed(x) => Some(*x as f64),
			Self::Float(x) => Some(*x),
			_ => None,
		}
	}

	/// The flag.
	pub const fn as_bool(&self) -> Option<bool> {
		match self {
			Self::Bool(x) => Some(*x),
			_ => None,
		}
	}

	/// The text.
	pub const fn as_str(&self) -> Option<&'a str> {
		match self {
			Self::Text(x) => Some(x),
			_ => None,
		}
	}

	/// The array.
	pub const fn as_array(&self) -> Option<&Array<'a>> {
		match self {
			Self::Array(x) => Some(x),
			_ => None,
		}
	}
}

/// The type of a value, as the format numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
	Unsigned(u8),
	Signed(u8),
	Float(u8),
	Bool,
	Text,
	Array,
}

impl Kind {
	fn read(reader: &mut Reader<'_>) -> Result<Self, Reason> {
		Ok(match reader.u32()? {
			0 => Self::Unsigned(1),
			1 => Self::Signed(1),
			2 => Self::Unsigned(2),
			3 => Self::Signed(2),
			4 => Self::Unsigned(4),
			5 => Self::Signed(4),
			6 => Self::Float(4),
			7 => Self::Bool,
			8 => Self::Text,
			9 => Self::Array,
			10 => Self::Unsigned(8),
			11 => Self::Signed(8),
			12 => Self::Float(8),
			other => return Err(format!("{other} is no type of a value")),
		})
	}

	/// Bytes of a value of a fixed size.
	const fn size(self) -> Option<u64> {
		match self {
			Self::Unsigned(size) | Self::Signed(size) | Self::Float(size) => Some(size as u64),
			Self::Bool => Some(1),
			Self::Text | Self::Array => None,
		}
	}
}

/// Values of one type, one behind the other.
#[derive(Clone, Debug)]
pub struct Array<'a> {
	kind: Kind,
	len: usize,
	items: Reader<'a>,
}

impl<'a> Array<'a> {
	/// Number of values.
	pub const fn len(&self) -> usize {
		self.len
	}

	/// Whether there is none.
	pub const fn is_empty(&self) -> bool {
		self.len == 0
	}

	/// The values, which were read once when the file was opened.
	pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + 'a {
		let (kind, mut items) = (self.kind, self.items.clone());
		(0..self.len).map_while(move |_| read_as(kind, &mut items, 0).ok())
	}
}

/// Reads the type of a value and the value.
///
/// # Errors
/// If the file ends before, a type is unknown or a text is not UTF-8.
pub fn read<'a>(reader: &mut Reader<'a>) -> Result<Value<'a>, Reason> {
	let kind = Kind::read(reader)?;
	read_as(kind, reader, 0)
}

fn read_as<'a>(kind: Kind, reader: &mut Reader<'a>, depth: u32) -> Result<Value<'a>, Reason> {
	Ok(match kind {
		Kind::Unsigned(size) => Value::Unsigned(number(reader.take(size as u64)?)),
		Kind::Signed(size) => {
			let unused = 64 - 8 * size as u32;
			Value::Signed((number(reader.take(size as u64)?) << unused) as i64 >> unused)
		}
		Kind::Float(4) => Value::Float(f32::from_bits(reader.u32()?) as f64),
		Kind::Float(_) => Value::Float(f64::from_bits(reader.u64()?)),
		Kind::Bool => Value::Bool(reader.take(1)?[0] != 0),
		Kind::Text => Value::Text(reader.text()?),
		Kind::Array => Value::Array(read_array(reader, depth)?),
	})
}

/// A little-endian number of at most eight bytes.
fn number(bytes: &[u8]) -> u64 {
	bytes.iter().rev().fold(0, |x, b| x << 8 | *b as u64)
}

/// Steps over an array and remembers where its values lie; nothing is copied.
fn read_array<'a>(reader: &mut Reader<'a>, depth: u32) -> Result<Array<'a>, Reason> {
	if depth == MAX_DEPTH {
		return Err(format!("arrays lie more than {MAX_DEPTH} deep"));
	}
	let (kind, len) = (Kind::read(reader)?, reader.u64()?);
	let items = reader.clone();
	match kind.size() {
		Some(size) => drop(reader.take(len.saturating_mul(size))?),
		None => (0..len).try_for_each(|_| read_as(kind, reader, depth + 1).map(drop))?,
	}
	// It is as many values as bytes of the file at most.
	let len = len as usize;
	Ok(Array { kind, len, items })
}
