//! Containers: every bit is bound by the root, every number by its limits.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{ops::Range, path::Path};

use common::{one_guide, TinyFolder};
use one_engine::{
	container::{
		self, layout, Container, Header, LayerPart, Part, Projection, Source, Tensor, TILE,
	},
	EngineError,
};

fn sound(path: &Path) -> bool {
	Container::open(path)
		.and_then(|container| container.verify())
		.is_ok()
}

#[test]
fn flipped_bit_should_be_found_wherever_it_is() {
	let (room, path) = TinyFolder::new(false).import();
	let path = path.unwrap();
	assert!(sound(&path));
	let bytes = std::fs::read(&path).unwrap();
	let small = |i: &usize| *i < Header::LEN || *i + 32 >= bytes.len() || i.is_multiple_of(13);
	for i in (0..bytes.len()).filter(small) {
		let mut flipped = bytes.clone();
		flipped[i] ^= 1 << (i % 8);
		let changed = room.path().join(format!("{}.one", i % 2));
		std::fs::write(&changed, flipped).unwrap();
		assert!(!sound(&changed), "byte {i} of {}", bytes.len());
	}
}

#[test]
fn every_other_length_should_be_refused() {
	let (room, path) = TinyFolder::new(true).import();
	let bytes = std::fs::read(path.unwrap()).unwrap();
	let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
	let changed = room.path().join("changed.one");
	for bytes in [
		&longer[..],
		&bytes[1..],
		&bytes[..bytes.len() - 1],
		&bytes[..40],
		&[],
	] {
		std::fs::write(&changed, bytes).unwrap();
		assert!(Container::open(&changed).is_err());
	}
}

#[test]
fn layout_should_cover_the_file_in_tiles() {
	let container = one_guide();
	let sections = layout(container.header());
	let mut end = 0;
	for section in &sections {
		assert_eq!(section.offset, end);
		assert!(section.tile > 0 && section.tile <= TILE);
		end += section.len;
	}
	assert_eq!(end + 32, std::fs::metadata(container.path()).unwrap().len());
	let down = Part::Weights(Tensor::Layer(0, Projection::Down));
	let tile = sections
		.iter()
		.find(|section| section.part == down)
		.unwrap()
		.tile;
	assert_eq!(tile, 256 * 512);
}

/// A container again, with one part replaced.
struct Changed<'a> {
	container: &'a Container,
	part: Part,
	change: fn(&mut Vec<u8>),
}

impl Source for Changed<'_> {
	fn bytes(&mut self, part: Part, range: Range<u64>) -> Result<Vec<u8>, EngineError> {
		let mut bytes = self.container.bytes(part).to_vec();
		if part == self.part {
			(self.change)(&mut bytes);
		}
		Ok(bytes[range.start as usize..range.end as usize].to_vec())
	}
}

fn refusal(part: Part, change: fn(&mut Vec<u8>)) -> String {
	let (room, path) = TinyFolder::new(true).import();
	let container = Container::open(&path.unwrap()).unwrap();
	let path = room.path().join("changed.one");
	let mut source = Changed {
		container: &container,
		part,
		change,
	};
	container::write(&path, container.header(), &mut source).unwrap();
	let changed = Container::open(&path).unwrap();
	changed
		.model()
		.map(|_| ())
		.and_then(|()| changed.verify())
		.unwrap_err()
		.to_string()
}

#[test]
fn rewritten_container_should_have_the_same_root() {
	let container = one_guide();
	let room = tempfile::TempDir::new().unwrap();
	let path = room.path().join("again.one");
	let mut source = Changed {
		container: &container,
		part: Part::Header,
		change: |_| (),
	};
	let root = container::write(&path, container.header(), &mut source).unwrap();
	assert_eq!(root, container.root());
}

#[test]
fn number_outside_its_range_should_be_refused_by_name() {
	let q = Tensor::Layer(1, Projection::Q);
	let exponents = Part::Layer(0, LayerPart::Exponents);
	let cases: [(Part, fn(&mut Vec<u8>), &str); 9] = [
		(
			Part::Scales(q),
			|b| b[1] = 0x7f,
			"layer 1 Q scales: the mantissa of row 0",
		),
		(
			Part::Weights(q),
			|b| b[3] = 0x80,
			"layer 1 Q weights: a weight is -128",
		),
		(
			exponents,
			|b| b[0] = 21,
			"layer 0 Exponents: fraction bits of a layer",
		),
		(
			exponents,
			|b| b[30] = 100,
			"layer 0 Exponents: fraction bits of a channel",
		),
		(
			exponents,
			|b| b[4] ^= 1,
			"layer 0 Exponents: fraction bits of head 0",
		),
		(
			Part::FinalNorm,
			|b| b[4..].fill(0),
			"FinalNorm: the largest gain, 0,",
		),
		(
			Part::FinalNorm,
			|b| b[..4].copy_from_slice(&[65, 0, 0, 0]),
			"FinalNorm: exponent 65",
		),
		(
			Part::Cos,
			|b| b[..2].copy_from_slice(&[1, 0x40]),
			"Cos: an entry exceeds one",
		),
		(
			Part::Stops,
			|b| b[..4].copy_from_slice(&[44, 1, 0, 0]),
			"Stops: 300 is outside",
		),
	];
	for (part, change, expected) in cases {
		let error = refusal(part, change);
		assert!(error.contains(expected), "{error}");
	}
}

#[test]
fn header_should_refuse_sizes_outside_the_limits() {
	let header = *one_guide().header();
	assert_eq!(Header::decode(&header.encode()).unwrap(), header);
	let changes: [(fn(&mut Header), &str); 10] = [
		(|h| h.shape.head_dim = 31, "head size"),
		(|h| h.shape.head_dim = 258, "head size"),
		(|h| h.shape.kv_heads = 4, "key heads"),
		(|h| h.shape.vocab = (1 << 18) + 1, "vocabulary"),
		(|h| h.shape.hidden = 65_536, "hidden size"),
		(|h| h.shape.context = 0, "context"),
		(|h| h.shape.layers = u32::MAX, "layers"),
		(|h| h.eps = 1 << 47, "eps"),
		(|h| h.window = h.shape.context, "window"),
		(|h| h.residual_bits = 21, "residual fraction bits"),
	];
	for (change, field) in changes {
		let mut changed = header;
		change(&mut changed);
		assert_eq!(Header::decode(&changed.encode()).unwrap_err().0, field);
	}
}
