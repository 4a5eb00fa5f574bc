//! Damage to files: of single bits, of numbers, and of the structure of JSON.

use serde_json::{json, Value};

use super::Draw;

/// Flips one bit.
pub fn flip_bit(draw: &mut Draw, bytes: &mut [u8]) {
	let at = draw.below(bytes.len());
	bytes[at] ^= 1 << draw.below(8);
}

/// Changes bytes in a few places, half of them within the `head` where a file states its sizes.
pub fn damage_bytes(draw: &mut Draw, bytes: &mut Vec<u8>, head: usize) {
	for _ in 0..=draw.below(4) {
		let end = match draw.below(2) {
			0 => bytes.len().min(head),
			_ => bytes.len(),
		};
		if end > 0 {
			let at = draw.below(end);
			damage_at(draw, bytes, at);
		}
	}
}

fn damage_at(draw: &mut Draw, bytes: &mut Vec<u8>, at: usize) {
	match draw.below(8) {
		0..2 => bytes[at] ^= 1 << draw.below(8),
		2 => bytes[at] = draw.word() as u8,
		3..5 => overwrite_at(draw, bytes, at),
		5 => drop(bytes.drain(at..(at + 1 + draw.below(16)).min(bytes.len()))),
		6 => {
			let end = (at + 1 + draw.below(64)).min(bytes.len());
			let copy = bytes[at..end].to_vec();
			bytes.splice(at..at, copy);
		}
		_ => bytes.truncate(at),
	}
}

/// Writes a number that readers may trip over somewhere, as one, four or eight bytes.
pub fn overwrite(draw: &mut Draw, bytes: &mut [u8]) {
	let at = draw.below(bytes.len());
	overwrite_at(draw, bytes, at);
}

fn overwrite_at(draw: &mut Draw, bytes: &mut [u8], at: usize) {
	const NUMBERS: [u64; 12] = [
		0,
		1,
		2,
		0x7f,
		0xff,
		1 << 16,
		(1 << 31) - 1,
		1 << 31,
		u32::MAX as u64,
		1 << 60,
		i64::MAX as u64,
		u64::MAX,
	];
	let number = match draw.below(NUMBERS.len() + 2) {
		i if i < NUMBERS.len() => NUMBERS[i],
		_ => (bytes.len() as u64)
			.wrapping_add(draw.word() % 5)
			.wrapping_sub(2),
	};
	let width = [1, 4, 8][draw.below(3)].min(bytes.len() - at);
	bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
}

/// Changes JSON in a few places: other values, missing and added ones.
pub fn damage_json(draw: &mut Draw, json: &mut Value) {
	for _ in 0..=draw.below(3) {
		damage_node(draw, json);
	}
}

fn damage_node(draw: &mut Draw, node: &mut Value) {
	let deeper = draw.below(4) > 0;
	match node {
		Value::Object(fields) if deeper && !fields.is_empty() => {
			let key = fields
				.keys()
				.nth(draw.below(fields.len()))
				.cloned()
				.unwrap();
			match draw.below(10) {
				0 => drop(fields.remove(&key)),
				1 => drop(fields.insert(text(draw), value(draw))),
				_ => damage_node(draw, &mut fields[&key]),
			}
		}
		Value::Array(items) if deeper && !items.is_empty() => {
			let at = draw.below(items.len());
			match draw.below(10) {
				0 => drop(items.remove(at)),
				1 => items.insert(at, value(draw)),
				_ => damage_node(draw, &mut items[at]),
			}
		}
		node => *node = value(draw),
	}
}

fn value(draw: &mut Draw) -> Value {
	match draw.below(14) {
		0 => Value::Null,
		1 => json!(true),
		2 => json!(draw.below(2) as i64 - 1),
		3 => json!(draw.below(400)),
		4 => json!(u32::MAX),
		5 => json!(u64::MAX),
		6 => json!(i64::MIN),
		7 => json!(1e308),
		8 => json!(-0.5),
		9 => json!([]),
		10 => json!({}),
		11 => json!([value(draw), value(draw)]),
		12 => json!({text(draw): value(draw)}),
		_ => json!(text(draw)),
	}
}

/// A text of ASCII, of any characters, or of one repeated.
pub fn text(draw: &mut Draw) -> String {
	let len = draw.below(12);
	match draw.below(4) {
		0 => (0..len)
			.map(|_| (32 + draw.below(95) as u8) as char)
			.collect(),
		1 => (0..len)
			.filter_map(|_| char::from_u32(draw.below(0x11_0000) as u32))
			.collect(),
		2 => [
			"",
			"<s>",
			"ByteLevel",
			"default",
			"llama",
			"\u{2581}",
			"[",
			"(a*)*$",
		][draw.below(8)]
		.into(),
		_ => "a".repeat(1 << len),
	}
}
