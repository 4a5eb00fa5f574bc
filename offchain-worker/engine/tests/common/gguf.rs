//! Writing GGUF files.

use half::f16;

/// Formats of tensors, as the files number them.
pub const F32: u32 = 0;
pub const F16: u32 = 1;
pub const Q8_0: u32 = 8;

/// A file in the making; what it says may be as wrong as a test likes.
#[derive(Clone, Default)]
pub struct GgufFile {
	entries: Vec<Vec<u8>>,
	tensors: Vec<Vec<u8>>,
	data: Vec<u8>,
}

impl GgufFile {
	fn entry(&mut self, key: &str, kind: u32, value: &[u8]) {
		self.entries
			.push([&text(key), kind.to_le_bytes().as_slice(), value].concat());
	}

	pub fn number(&mut self, key: &str, value: u32) {
		self.entry(key, 4, &value.to_le_bytes());
	}

	pub fn float(&mut self, key: &str, value: f32) {
		self.entry(key, 6, &value.to_le_bytes());
	}

	pub fn flag(&mut self, key: &str, value: bool) {
		self.entry(key, 7, &[value as u8]);
	}

	pub fn text(&mut self, key: &str, value: &str) {
		self.entry(key, 8, &text(value));
	}

	fn list(&mut self, key: &str, kind: u32, items: Vec<Vec<u8>>) {
		let head = [
			kind.to_le_bytes().as_slice(),
			&(items.len() as u64).to_le_bytes(),
		]
		.concat();
		self.entry(key, 9, &[head, items.concat()].concat());
	}

	pub fn texts(&mut self, key: &str, values: &[String]) {
		self.list(key, 8, values.iter().map(|value| text(value)).collect());
	}

	pub fn numbers(&mut self, key: &str, values: &[i32]) {
		let bytes = |value: &i32| value.to_le_bytes().to_vec();
		self.list(key, 5, values.iter().map(bytes).collect());
	}

	pub fn floats(&mut self, key: &str, values: &[f32]) {
		let bytes = |value: &f32| value.to_le_bytes().to_vec();
		self.list(key, 6, values.iter().map(bytes).collect());
	}

	/// Adds a tensor of `shape`, rows first, at the next aligned offset.
	pub fn tensor(&mut self, name: &str, shape: &[usize], format: u32, bytes: &[u8]) {
		self.data.resize(self.data.len().next_multiple_of(32), 0);
		self.tensor_at(name, shape, format, self.data.len() as u64);
		self.data.extend_from_slice(bytes);
	}

	/// Describes a tensor without adding data.
	pub fn tensor_at(&mut self, name: &str, shape: &[usize], format: u32, offset: u64) {
		let mut tensor = text(name);
		tensor.extend((shape.len() as u32).to_le_bytes());
		for size in shape.iter().rev() {
			tensor.extend((*size as u64).to_le_bytes());
		}
		tensor.extend(format.to_le_bytes());
		tensor.extend(offset.to_le_bytes());
		self.tensors.push(tensor);
	}

	/// The bytes of the file.
	pub fn bytes(&self) -> Vec<u8> {
		let mut bytes = b"GGUF".to_vec();
		bytes.extend(3u32.to_le_bytes());
		bytes.extend((self.tensors.len() as u64).to_le_bytes());
		bytes.extend((self.entries.len() as u64).to_le_bytes());
		bytes.extend(self.entries.concat());
		bytes.extend(self.tensors.concat());
		bytes.resize(bytes.len().next_multiple_of(32), 0);
		bytes.extend(&self.data);
		bytes
	}
}

fn text(text: &str) -> Vec<u8> {
	[&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// `values` in a format.
pub fn encode(format: u32, values: &[f32]) -> Vec<u8> {
	match format {
		F32 => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
		F16 => values
			.iter()
			.flat_map(|x| f16::from_f32(*x).to_le_bytes())
			.collect(),
		_ => values.chunks(32).flat_map(encode_block).collect(),
	}
}

/// The scale of a block, and its numbers over the scale.
fn block(values: &[f32]) -> (f16, Vec<i8>) {
	let scale = f16::from_f32(values.iter().fold(0.0, |peak, x| x.abs().max(peak)) / 127.0);
	let quantise = |x: &f32| (x / scale.to_f32()).round().clamp(-127.0, 127.0) as i8;
	(scale, values.iter().map(quantise).collect())
}

fn encode_block(values: &[f32]) -> Vec<u8> {
	let (scale, numbers) = block(values);
	let numbers = numbers.iter().map(|x| *x as u8);
	scale.to_le_bytes().into_iter().chain(numbers).collect()
}

/// `values` as a format keeps them.
pub fn round(format: u32, values: &[f32]) -> Vec<f32> {
	let dequantise = |values: &[f32]| {
		let (scale, numbers) = block(values);
		numbers.into_iter().map(move |x| x as f32 * scale.to_f32())
	};
	match format {
		F32 => values.to_vec(),
		F16 => values.iter().map(|x| f16::from_f32(*x).to_f32()).collect(),
		_ => values.chunks(32).flat_map(dequantise).collect(),
	}
}
