//! JSON as chat templates know it: read in order, written in the very characters of Python's
//! `json.dumps`.

use std::{
	fmt,
	io::{self, Result, Write},
};

use minijinja::Value;
use serde::{
	de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor},
	Serialize,
};
use serde_json::{
	ser::{CompactFormatter, Formatter, PrettyFormatter},
	Serializer,
};

/// Writes JSON with Python's separators and floats; strings and the rest are as everywhere.
pub struct PythonFormatter<F> {
	layout: F,
	/// Whether items follow each other on one line.
	spaced: bool,
}

impl PythonFormatter<()> {
	/// JSON of `value` in at most `most` bytes: on one line, or with `indent` spaces a level.
	///
	/// # Errors
	/// If it is longer, or the value has a form that JSON lacks, such as keys that are lists.
	pub fn write(
		value: &impl Serialize,
		indent: Option<u8>,
		most: usize,
	) -> serde_json::Result<String> {
		let bytes = Bounded {
			bytes: Vec::new(),
			most,
		};
		match indent {
			None => write(value, bytes, CompactFormatter, true),
			Some(indent) => {
				let indent = " ".repeat(indent.into());
				let layout = PrettyFormatter::with_indent(indent.as_bytes());
				write(value, bytes, layout, false)
			}
		}
	}
}

fn write(
	value: &impl Serialize,
	mut bytes: Bounded,
	layout: impl Formatter,
	spaced: bool,
) -> serde_json::Result<String> {
	let formatter = PythonFormatter { layout, spaced };
	value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
	String::from_utf8(bytes.bytes).map_err(serde::ser::Error::custom)
}

/// Bytes that do not become more than `most`.
struct Bounded {
	bytes: Vec<u8>,
	most: usize,
}

impl Write for Bounded {
	fn write(&mut self, bytes: &[u8]) -> Result<usize> {
		if self.bytes.len() + bytes.len() > self.most {
			return Err(io::Error::other(format!(
				"too much text, more than {} bytes",
				self.most
			)));
		}
		self.bytes.extend_from_slice(bytes);
		Ok(bytes.len())
	}

	fn flush(&mut self) -> Result<()> {
		Ok(())
	}
}

impl<F: Formatter> PythonFormatter<F> {
	fn separate<W: ?Sized + Write>(&self, writer: &mut W, first: bool) -> Result<()> {
		if self.spaced && !first {
			writer.write_all(b" ")?;
		}
		Ok(())
	}
}

impl<F: Formatter> Formatter for PythonFormatter<F> {
	fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> Result<()> {
		writer.write_all(float(value).as_bytes())
	}

	fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
		self.layout.begin_array(writer)
	}

	fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
		self.layout.end_array(writer)
	}

	fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
		self.layout.begin_array_value(writer, first)?;
		self.separate(writer, first)
	}

	fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
		self.layout.end_array_value(writer)
	}

	fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
		self.layout.begin_object(writer)
	}

	fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
		self.layout.end_object(writer)
	}

	fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
		self.layout.begin_object_key(writer, first)?;
		self.separate(writer, first)
	}

	fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
		writer.write_all(b": ")
	}

	fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
		self.layout.end_object_value(writer)
	}
}

/// The shortest digits that are read back as `x`; with an exponent where Python writes one.
fn float(x: f64) -> String {
	let scientific = format!("{x:e}");
	let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
	match exponent.parse::<i32>().unwrap_or(0) {
		exponent @ -4..=15 if exponent >= 0 || x == 0.0 => format!("{x:?}"),
		-4..=15 => format!("{x}"),
		exponent => {
			let sign = if exponent < 0 { '-' } else { '+' };
			format!("{digits}e{sign}{:02}", exponent.abs())
		}
	}
}

/// Reads JSON as a template sees it, the keys in their order.
///
/// # Errors
/// What is malformed, with line and column.
pub fn parse(text: &str) -> serde_json::Result<Value> {
	serde_json::from_str(text).map(|Parsed(value)| value)
}

struct Parsed(Value);

/// The key by which `serde_json` hands over a number, as text, in a build where any crate asks it to
/// keep all digits: what is read must not depend on that.
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Deserialize<'de> for Parsed {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
		deserializer.deserialize_any(ValueVisitor).map(Self)
	}
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
	type Value = Value;

	fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("a JSON value")
	}

	fn visit_unit<E>(self) -> std::result::Result<Value, E> {
		Ok(Value::from(()))
	}

	fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
		Ok(value.into())
	}

	fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
		Ok(value.into())
	}

	fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
		Ok(value.into())
	}

	fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
		Ok(value.into())
	}

	fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
		Ok(value.into())
	}

	fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
		let mut values = Vec::new();
		while let Some(Parsed(value)) = seq.next_element()? {
			values.push(value);
		}
		Ok(values.into())
	}

	fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
		let mut entries = Vec::new();
		while let Some((key, Parsed(value))) = map.next_entry::<String, _>()? {
			entries.push((key, value));
		}
		match &entries[..] {
			[(key, digits)] if key == NUMBER => number(digits).map_err(de::Error::custom),
			_ => Ok(Value::from_pairs(entries)),
		}
	}
}

/// A number from its digits, as `serde_json` reads it by itself.
fn number(digits: &Value) -> std::result::Result<Value, String> {
	let text = digits.as_str().unwrap_or_default();
	let whole = text.parse::<i64>().map(Value::from);
	let whole = whole.or_else(|_| text.parse::<u64>().map(Value::from));
	let float = |_| text.parse::<f64>().map(Value::from);
	whole
		.or_else(float)
		.map_err(|_| format!("`{text}` is no number"))
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	#[test]
	fn float_should_be_written_as_python_does() {
		let cases = [
			(0.0, "0.0"),
			(-0.0, "-0.0"),
			(1.0, "1.0"),
			(0.1, "0.1"),
			(-12.5, "-12.5"),
			(0.0001, "0.0001"),
			(0.00001, "1e-05"),
			(1.25e-7, "1.25e-07"),
			(123456789012345.6, "123456789012345.6"),
			(1e15, "1000000000000000.0"),
			(1e16, "1e+16"),
			(1.5e300, "1.5e+300"),
		];
		for (x, expected) in cases {
			assert_eq!(float(x), expected);
		}
	}

	#[test]
	fn numbers_should_be_read_alike_by_every_build() {
		let kept = |digits: &str| format!("{{\"{NUMBER}\": \"{digits}\"}}");
		for digits in ["0", "-7", "18446744073709551615", "0.5", "-1.5e300"] {
			assert_eq!(parse(&kept(digits)).unwrap(), parse(digits).unwrap());
		}
		assert!(parse(&kept("x")).is_err());
	}

	#[test]
	fn parse_should_keep_keys_and_their_order() {
		let value = parse(r#"{"b": [1, null, "x"], "a": {"z": true, "y": {}}}"#).unwrap();
		assert_eq!(value.kind(), minijinja::value::ValueKind::Map);
		let keys: Vec<String> = value
			.try_iter()
			.unwrap()
			.map(|key| key.to_string())
			.collect();
		assert_eq!(keys, ["b", "a"]);
		assert_eq!(value.get_attr("b").unwrap().len(), Some(3));
		let inner = value.get_attr("a").unwrap();
		assert_eq!(inner.get_attr("z").unwrap(), Value::from(true));
	}
}
