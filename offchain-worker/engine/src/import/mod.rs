//! From a published model to a container: the only place where floats are used.
//!
//! A model is a GGUF file or a folder. A folder holds `config.json`, `tokenizer.json` and
//! `model*.safetensors` as its publisher wrote them, and often `tokenizer_config.json` with a chat
//! template. The float model runs over a fixed text; the peaks it reaches set the static exponents.
//! All of it is IEEE arithmetic in one order, so every machine makes the same container.

mod calibration;
mod config;
mod exponents;
mod files;
mod float;
mod folder;
mod gguf;
mod names;
mod peaks;
mod published;
mod quantize;
mod rope;
mod safetensors;
mod weights;

pub use calibration::calibration_hash;
pub use files::{source_files, source_hash, source_state};
pub use published::Published;

use std::{borrow::Cow, ops::Range, path::Path};

use self::{
	config::Config,
	exponents::{Exponents, LayerExponents},
	folder::Folder,
	peaks::FloatModel,
	quantize::dyadic,
	weights::{FloatTensor, Matrix, Norm, Tensors},
};
use crate::{
	container::{self, Draft, Header, LayerPart, Part, Projection, Tensor, TextSizes},
	hash::Hash,
	model::Shape,
	EngineError,
};

/// Changes when the same folder would give another container.
pub const IMPORTER_VERSION: u32 = 3;

/// Told how many of how many steps are done: layers calibrated, then layers written. What an earlier
/// import has done is not told again.
pub type Progress<'a> = &'a mut dyn FnMut(u32, u32);

/// Imports the published model `model`, a folder or a GGUF file, into the container `path`, and
/// returns its root.
///
/// # Errors
/// [`EngineError::Malformed`] naming file and field, or the model and the layer that the arithmetic
/// cannot represent; [`EngineError::Io`].
pub fn import(model: &Path, path: &Path, progress: Progress<'_>) -> Result<Hash, EngineError> {
	let published = Published::open(model)?;
	let (folder, tensors) = (&published.folder, &*published.tensors);
	check_output_bias(&folder.config, tensors)?;
	let mut draft = Draft::resume(path, &source_hash(&folder.path)?)?;
	let mut progress = Steps::new(&folder.config.shape, progress);
	let exponents = exponents(&mut draft, |draft| {
		calibrate(folder, tensors, draft, &mut progress)
	})?;
	progress.calibrated();
	let header = header(folder, &exponents);
	header
		.check()
		.map_err(|(field, reason)| EngineError::malformed(&folder.path, field, reason))?;
	let mut source = FolderSource {
		folder,
		tensors,
		exponents: &exponents,
		matrix: None,
	};
	container::complete(draft, &header, &mut source, &mut |part| {
		progress.written(part)
	})
}

/// The exponents that an earlier import noted in the draft, or those of `calibrate`.
fn exponents(
	draft: &mut Draft,
	calibrate: impl FnOnce(&mut Draft) -> Result<Exponents, EngineError>,
) -> Result<Exponents, EngineError> {
	let noted = draft
		.noted()
		.and_then(|noted| serde_json::from_str(noted).ok());
	let exponents = match noted {
		Some(exponents) => {
			draft.pass_numbers()?;
			exponents
		}
		None => calibrate(draft)?,
	};
	let text = serde_json::to_string(&exponents).unwrap_or_default();
	draft.note(&text)?;
	Ok(exponents)
}

/// Counts what is done: every layer and the head are calibrated, then the embedding and every layer
/// are written.
struct Steps<'a> {
	done: u32,
	calibration: u32,
	progress: Progress<'a>,
}

impl<'a> Steps<'a> {
	fn new(shape: &Shape, progress: Progress<'a>) -> Self {
		Self {
			done: 0,
			calibration: shape.layers + 1,
			progress,
		}
	}

	fn advance(&mut self) {
		self.done += 1;
		(self.progress)(self.done, 2 * self.calibration);
	}

	/// All of the calibration is done, even if an earlier import did it.
	fn calibrated(&mut self) {
		self.done = self.calibration;
	}

	fn written(&mut self, part: Part) {
		if let Part::Weights(Tensor::Embedding | Tensor::Layer(_, Projection::Down)) = part {
			self.advance();
		}
	}
}

/// Positions of the calibration text in the tokens of the published model `model`.
///
/// # Errors
/// [`EngineError::Malformed`] naming file and field, [`EngineError::Io`].
pub fn calibration_positions(model: &Path) -> Result<usize, EngineError> {
	let sequences = calibration::sequences(&Published::open(model)?.folder)?;
	Ok(sequences.iter().map(Vec::len).sum())
}

/// The arithmetic has no bias after attention; what declares biases there may still be zero.
fn check_output_bias(config: &Config, tensors: &dyn Tensors) -> Result<(), EngineError> {
	for i in 0..config.shape.layers {
		let bias = FloatTensor::Bias(i, Projection::O);
		if !tensors.contains(bias) {
			continue;
		}
		if tensors
			.vector(bias, &config.shape)?
			.iter()
			.any(|b| *b != 0.0)
		{
			return Err(tensors.malformed(bias, "a bias of this layer is not supported"));
		}
	}
	Ok(())
}

fn calibrate(
	folder: &Folder,
	tensors: &dyn Tensors,
	draft: &mut Draft,
	progress: &mut Steps<'_>,
) -> Result<Exponents, EngineError> {
	let sequences = calibration::sequences(folder)?;
	let lengths: Vec<usize> = sequences.iter().map(Vec::len).collect();
	let model = FloatModel::new(&folder.config, tensors, &lengths);
	let kept = draft.kept_numbers(model.numbers())?;
	progress.done = kept.as_ref().map_or(0, |(layers, _)| *layers as u32);
	let peaks = model.peaks(&sequences.concat(), kept, &mut |numbers| {
		draft.keep(numbers)?;
		progress.advance();
		Ok(())
	})?;
	progress.advance();
	exponents::choose(&folder.config.shape, &peaks)
		.map_err(|(layer, reason)| EngineError::malformed(&folder.path, layer, reason))
}

/// `round(epsilon 2^(2 bits))`.
fn fixed_epsilon(epsilon: f64, bits: i32) -> u64 {
	libm::ldexp(epsilon, 2 * bits).round() as u64
}

fn header(folder: &Folder, exponents: &Exponents) -> Header {
	let config = &folder.config;
	let root_dim = (config.shape.head_dim as f64).sqrt();
	Header {
		shape: config.shape,
		tied: config.tied,
		qkv_bias: config.qkv_bias,
		qk_norm: config.qk_norm,
		window: config.window,
		residual_bits: exponents.residual,
		eps: fixed_epsilon(config.epsilon, exponents.residual as i32),
		score: dyadic(std::f64::consts::LOG2_E / root_dim),
		texts: TextSizes {
			bos: folder.bos.len() as u32,
			eos: folder.eos.len() as u32,
			template: folder.template_source.len() as u32,
			tokenizer: folder.tokenizer_bytes.len() as u32,
		},
		stops: folder.stops.len() as u32,
	}
}

struct FolderSource<'a> {
	folder: &'a Folder,
	tensors: &'a dyn Tensors,
	exponents: &'a Exponents,
	/// The matrix read last: its numbers were checked when it was opened.
	matrix: Option<(Tensor, Matrix<'a>)>,
}

impl container::Source for FolderSource<'_> {
	fn bytes(&mut self, part: Part, range: Range<u64>) -> Result<Vec<u8>, EngineError> {
		let range = range.start as usize..range.end as usize;
		if let Part::Weights(tensor) = part {
			let matrix = self.matrix(tensor)?;
			let rows = range.start / matrix.cols()..range.end / matrix.cols();
			return Ok(quantize::weights(&matrix, rows));
		}
		let whole = self.whole(part)?;
		Ok(whole.get(range).unwrap_or_default().to_vec())
	}
}

impl<'a> FolderSource<'a> {
	/// All bytes of a part that is not weights.
	fn whole(&mut self, part: Part) -> Result<Cow<'_, [u8]>, EngineError> {
		let (folder, config) = (self.folder, &self.folder.config);
		let angles = |pick| config.rope.table(&config.shape, pick).into();
		Ok(match part {
			Part::Stops => folder
				.stops
				.iter()
				.flat_map(|id| id.to_le_bytes())
				.collect(),
			Part::Bos => folder.bos.as_bytes().into(),
			Part::Eos => folder.eos.as_bytes().into(),
			Part::Template => folder.template_source.as_bytes().into(),
			Part::Tokenizer => folder.tokenizer_bytes.as_slice().into(),
			Part::Cos => angles(|(cos, _)| cos),
			Part::Sin => angles(|(_, sin)| sin),
			Part::Layer(i, part) => self.layer(i, part)?.into(),
			Part::FinalNorm => self.gain(FloatTensor::FinalGain)?.into(),
			Part::Scales(tensor) => self.scales(tensor)?.into(),
			Part::Header | Part::Weights(_) => Cow::default(),
		})
	}

	fn layer(&self, i: u32, part: LayerPart) -> Result<Vec<u8>, EngineError> {
		let exponents = &self.exponents.layers[i as usize];
		match part {
			LayerPart::Exponents => Ok(exponents.bytes()),
			LayerPart::Biases => self.biases(i, exponents),
			LayerPart::QkScales => Ok(self.qk_scales(exponents)),
			LayerPart::AttentionNorm => self.gain(FloatTensor::Gain(i, Norm::Attention)),
			LayerPart::FfnNorm => self.gain(FloatTensor::Gain(i, Norm::Ffn)),
			LayerPart::QNorm => self.gain(FloatTensor::Gain(i, Norm::Query)),
			LayerPart::KNorm => self.gain(FloatTensor::Gain(i, Norm::Key)),
		}
	}

	fn biases(&self, i: u32, exponents: &LayerExponents) -> Result<Vec<u8>, EngineError> {
		let heads = exponents
			.heads
			.map(|heads| heads.map(Some))
			.unwrap_or_default();
		let all = [
			(Projection::Q, &exponents.q, heads[0], 1),
			(Projection::K, &exponents.k, heads[1], 1),
			(Projection::V, &exponents.v, None, 0),
		];
		let one = |(p, channels, heads, more): (Projection, &Vec<i32>, Option<i32>, i32)| {
			let values = self.tensors.vector(FloatTensor::Bias(i, p), self.shape())?;
			let bits = channels.iter().map(|f| heads.unwrap_or(f + more));
			quantize::bias(&values, bits).ok_or_else(|| {
				let reason = "does not fit the fraction bits of its channel";
				self.tensors.malformed(FloatTensor::Bias(i, p), reason)
			})
		};
		Ok(all
			.into_iter()
			.map(one)
			.collect::<Result<Vec<_>, _>>()?
			.concat())
	}

	fn qk_scales(&self, exponents: &LayerExponents) -> Vec<u8> {
		let bits = exponents.heads.unwrap_or_default();
		let eps = bits.map(|f| fixed_epsilon(self.folder.config.epsilon, f).to_le_bytes());
		[bits.map(|f| f as i8 as u8).as_slice(), &eps.concat()].concat()
	}

	const fn shape(&self) -> &Shape {
		&self.folder.config.shape
	}

	fn matrix(&mut self, tensor: Tensor) -> Result<Matrix<'a>, EngineError> {
		if let Some((_, matrix)) = self.matrix.filter(|(last, _)| *last == tensor) {
			return Ok(matrix);
		}
		self.tensors.release();
		let matrix = self
			.tensors
			.tensor(FloatTensor::Weights(tensor), self.shape())?;
		self.matrix = Some((tensor, matrix));
		Ok(matrix)
	}

	fn scales(&mut self, tensor: Tensor) -> Result<Vec<u8>, EngineError> {
		quantize::scales(&self.matrix(tensor)?).ok_or_else(|| {
			let weights = FloatTensor::Weights(tensor);
			let reason = "a weight exceeds the largest row scale";
			self.tensors.malformed(weights, reason)
		})
	}

	fn gain(&self, gain: FloatTensor) -> Result<Vec<u8>, EngineError> {
		let values = self.tensors.vector(gain, self.shape())?;
		quantize::gain(&values).ok_or_else(|| self.tensors.malformed(gain, "all gains are zero"))
	}
}
