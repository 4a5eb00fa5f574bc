//! Shapes of published models, with random weights.

use std::{
	collections::BTreeMap,
	ops::Range,
	path::{Path, PathBuf},
};

use clap::ValueEnum;
use fastrand::Rng;
use one_arithmetic::Dyadic;
use rayon::prelude::*;

use super::Progress;
use crate::{
	container::{
		layout, write, Container, Header, LayerPart, Part, Source, Tensor, TextSizes, EXTENSION,
	},
	gguf::{Gguf, Vocabulary},
	model::Shape,
	EngineError,
};

/// A published model whose shape can be had without its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NamedShape {
	/// SmolLM2 135M.
	#[value(name = "smollm2-135m")]
	Smollm2_135m,
	/// Llama 3.2 1B.
	#[value(name = "llama-3.2-1b")]
	Llama32_1b,
	/// Llama 3.2 3B.
	#[value(name = "llama-3.2-3b")]
	Llama32_3b,
}

/// Positions of the models here: room for a prompt of 512 and an answer.
const CONTEXT: u32 = 1_024;

impl NamedShape {
	/// Its name, as in `--shape`.
	pub const fn name(self) -> &'static str {
		match self {
			Self::Smollm2_135m => "smollm2-135m",
			Self::Llama32_1b => "llama-3.2-1b",
			Self::Llama32_3b => "llama-3.2-3b",
		}
	}

	/// Its sizes; the head shares the weights of the embedding in all of them.
	pub const fn shape(self) -> Shape {
		let [layers, hidden, ffn, heads, kv_heads, head_dim, vocab] = match self {
			Self::Smollm2_135m => [30, 576, 1_536, 9, 3, 64, 49_152],
			Self::Llama32_1b => [16, 2_048, 8_192, 32, 8, 64, 128_256],
			Self::Llama32_3b => [28, 3_072, 8_192, 24, 8, 128, 128_256],
		};
		Shape {
			layers,
			hidden,
			ffn,
			heads,
			kv_heads,
			head_dim,
			vocab,
			context: CONTEXT,
		}
	}
}

/// The container in `folder` of a shape with random weights, written unless it is there; with a
/// tokenizer of its size and a chat template where `texts` has them.
///
/// # Errors
/// [`EngineError::Io`], and [`EngineError::Malformed`] for a vocabulary in `texts`.
pub fn random_model(
	shape: NamedShape,
	folder: &Path,
	texts: Option<&Path>,
	progress: Progress<'_>,
) -> Result<PathBuf, EngineError> {
	let path = folder.join(format!("{}.{EXTENSION}", shape.name()));
	let found = texts.map(|from| Texts::read(shape, from)).transpose()?;
	let wanted = header(shape.shape(), found.as_ref().unwrap_or(&Texts::least()));
	let fits = |there: &Header| match found {
		Some(_) => *there == wanted,
		// Whatever texts it has, they do no harm.
		None => {
			let texts = there.texts;
			*there == Header { texts, ..wanted }
		}
	};
	if Container::open(&path).is_ok_and(|container| fits(container.header())) {
		return Ok(path);
	}
	progress("writing random weights");
	std::fs::create_dir_all(folder).map_err(EngineError::io(folder))?;
	let mut source = Random::new(&wanted, found.unwrap_or_else(Texts::least));
	write(&path, &wanted, &mut source)?;
	Ok(path)
}

/// What a model has besides numbers.
struct Texts {
	tokenizer: Vec<u8>,
	template: String,
	bos: String,
	eos: String,
}

impl Texts {
	/// A tokenizer of one token: the weights know no text.
	fn least() -> Self {
		const TOKENIZER: &str = r#"{"version":"1.0","added_tokens":[],"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#;
		Self {
			tokenizer: TOKENIZER.into(),
			template: String::new(),
			bos: String::new(),
			eos: String::new(),
		}
	}

	/// A published vocabulary with as many tokens as `shape` and a published chat template, as
	/// llama.cpp has them among its models.
	fn read(shape: NamedShape, folder: &Path) -> Result<Self, EngineError> {
		let (vocabulary, template) = match shape {
			NamedShape::Smollm2_135m => ("starcoder", "HuggingFaceTB-SmolLM3-3B"),
			_ => ("llama-bpe", "meta-llama-Llama-3.2-3B-Instruct"),
		};
		let gguf = Gguf::open(&folder.join(format!("ggml-vocab-{vocabulary}.gguf")))?;
		let vocabulary = Vocabulary::read(&gguf)?;
		let template = folder.join(format!("templates/{template}.jinja"));
		Ok(Self {
			tokenizer: vocabulary.tokenizer,
			template: std::fs::read_to_string(&template).map_err(EngineError::io(&template))?,
			bos: vocabulary.bos,
			eos: vocabulary.eos,
		})
	}

	const fn sizes(&self) -> TextSizes {
		TextSizes {
			tokenizer: self.tokenizer.len() as u32,
			template: self.template.len() as u32,
			bos: self.bos.len() as u32,
			eos: self.eos.len() as u32,
		}
	}
}

/// Fraction bits of the residual and of a layer's values: with weights as below they stay under a
/// hundred, and 2^11 has room.
const BITS: u32 = 20;
/// Fraction bits of queries, keys and values, which stay under 32.
const CHANNEL_BITS: u8 = 10;
/// `log2(e)^2` with 36 fraction bits.
const LOG2_E_SQUARED: u64 = 143_030_587_269;

fn header(shape: Shape, texts: &Texts) -> Header {
	let score = (LOG2_E_SQUARED / u64::from(shape.head_dim)).isqrt();
	Header {
		shape,
		tied: true,
		qkv_bias: false,
		qk_norm: false,
		window: 0,
		residual_bits: BITS,
		// 1e-5 with twice the fraction bits of the residual.
		eps: (1 << (2 * BITS)) / 100_000,
		score: Dyadic {
			m: score as u16,
			e: -18,
		},
		texts: texts.sizes(),
		stops: 0,
	}
}

/// Makes the sections of a random model.
struct Random {
	sizes: BTreeMap<Part, u64>,
	shape: Shape,
	texts: Texts,
	rng: Rng,
}

impl Random {
	fn new(header: &Header, texts: Texts) -> Self {
		let sizes = layout(header).into_iter().map(|s| (s.part, s.len));
		Self {
			sizes: sizes.collect(),
			shape: header.shape,
			texts,
			rng: Rng::with_seed(1),
		}
	}

	/// Uniform weights; -128 is none.
	fn weights(&mut self, len: usize) -> Vec<u8> {
		const TASK: usize = 1 << 20;
		let seed = self.rng.u64(..);
		let mut bytes = vec![0; len];
		bytes
			.par_chunks_mut(TASK)
			.enumerate()
			.for_each(|(i, part)| {
				Rng::with_seed(seed ^ i as u64).fill(part);
				part.iter_mut().filter(|w| **w == 0x80).for_each(|w| *w = 0);
			});
		bytes
	}

	/// Scales that keep the size of what goes through a layer: about the inverse root of its inputs.
	fn scales(&self, tensor: Tensor) -> Vec<u8> {
		let (rows, cols) = tensor.size(&self.shape);
		let exponent = -(15 + 6 + cols.ilog2() as i8 / 2);
		let mut bytes = (1_u16 << 15).to_le_bytes().repeat(rows);
		bytes.resize(3 * rows, exponent as u8);
		bytes
	}

	fn exponents(len: usize) -> Vec<u8> {
		let mut bytes = vec![CHANNEL_BITS; len];
		bytes[..4].fill(BITS as u8);
		bytes
	}

	/// Gains of one.
	fn norm(len: usize) -> Vec<u8> {
		let mut bytes = 14_i32.to_le_bytes().to_vec();
		bytes.extend((1_i16 << 14).to_le_bytes().repeat((len - 4) / 2));
		bytes
	}
}

impl Source for Random {
	fn bytes(&mut self, part: Part, range: Range<u64>) -> Result<Vec<u8>, EngineError> {
		let range = range.start as usize..range.end as usize;
		if let Part::Weights(_) = part {
			return Ok(self.weights(range.len()));
		}
		let len = self.sizes.get(&part).copied().unwrap_or_default() as usize;
		let whole = match part {
			Part::Tokenizer => self.texts.tokenizer.clone(),
			Part::Template => self.texts.template.clone().into(),
			Part::Bos => self.texts.bos.clone().into(),
			Part::Eos => self.texts.eos.clone().into(),
			// Rotations by nothing: they take as long as others.
			Part::Cos => (1_i16 << 14).to_le_bytes().repeat(len / 2),
			Part::Layer(_, LayerPart::Exponents) => Self::exponents(len),
			Part::Layer(_, LayerPart::AttentionNorm | LayerPart::FfnNorm) | Part::FinalNorm => {
				Self::norm(len)
			}
			Part::Scales(tensor) => self.scales(tensor),
			_ => vec![0; len],
		};
		Ok(whole[range].to_vec())
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use std::{collections::BTreeSet, sync::Arc};

	use super::*;
	use crate::{
		bench::batch::Batch,
		device::{CacheSize, Device},
		ModelInfo,
	};

	const SMALL: Shape = Shape {
		layers: 3,
		hidden: 64,
		ffn: 96,
		heads: 4,
		kv_heads: 2,
		head_dim: 64,
		vocab: 500,
		context: 32,
	};

	#[test]
	fn random_model_should_be_sound_and_choose_many_tokens() {
		let room = tempfile::TempDir::new().unwrap();
		let (path, header) = (
			room.path().join("small.one"),
			header(SMALL, &Texts::least()),
		);
		write(&path, &header, &mut Random::new(&header, Texts::least())).unwrap();
		let container = Container::open(&path).unwrap();
		container.verify().unwrap();
		assert_eq!(ModelInfo::of(&container).unwrap().vocab, SMALL.vocab);
		let model = Arc::new(container.model().unwrap());
		let mut backend = Device::Cpu.load(model, CacheSize::Sequences(1)).unwrap();
		let mut batch = Batch::new(&mut *backend, &SMALL, 1);
		let ids: BTreeSet<u32> = batch.generate(24).unwrap().into_iter().flatten().collect();
		assert!(ids.len() > 8, "{ids:?}");
	}

	#[test]
	fn header_should_be_within_the_limits_when_the_shape_is_named() {
		for shape in NamedShape::value_variants() {
			let header = header(shape.shape(), &Texts::least());
			header.check().unwrap();
			assert!(header.score.m >= 1 << 15);
		}
	}
}
