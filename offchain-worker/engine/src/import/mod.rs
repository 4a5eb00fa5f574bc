//! From a published folder to a container: the only place where floats are used.
//!
//! A folder holds `config.json`, `tokenizer.json` and `model*.safetensors` as its publisher wrote
//! them, and often `tokenizer_config.json` with a chat template. The float model runs over a fixed
//! text; the peaks it reaches set the static exponents. All of it is IEEE arithmetic in one order,
//! so every machine makes the same container.

mod calibration;
mod config;
mod exponents;
mod float;
mod folder;
mod names;
mod peaks;
mod quantize;
mod rope;
mod weights;

pub use calibration::calibration_hash;

use std::{borrow::Cow, path::Path};

use self::{
	exponents::Exponents, folder::Folder, peaks::FloatModel, quantize::dyadic, weights::Weights,
};
use crate::{
	container::{self, Header, LayerPart, Part, Tensor, TextSizes},
	hash::Hash,
	EngineError,
};

/// Changes when the same folder would give another container.
pub const IMPORTER_VERSION: u32 = 2;

/// Told how many of how many layers are calibrated.
pub type Progress<'a> = &'a mut dyn FnMut(u32, u32);

/// Imports the published model in `folder` into the container `path`, and returns its root.
///
/// # Errors
/// [`EngineError::Malformed`] naming file and field, [`EngineError::OutOfRange`] naming layer and
/// value, [`EngineError::Io`].
pub fn import(folder: &Path, path: &Path, progress: Progress<'_>) -> Result<Hash, EngineError> {
	let folder = Folder::read(folder)?;
	let weights = Weights::open(&folder.path)?;
	let exponents = calibrate(&folder, &weights, progress)?;
	let header = header(&folder, &exponents);
	header
		.check()
		.map_err(|(field, reason)| EngineError::malformed(&folder.path, field, reason))?;
	let mut source = FolderSource {
		folder: &folder,
		weights: &weights,
		exponents: &exponents,
	};
	container::write(path, &header, &mut source)
}

/// Positions of the calibration text in the tokens of the model in `folder`.
///
/// # Errors
/// [`EngineError::Malformed`] naming file and field, [`EngineError::Io`].
pub fn calibration_positions(folder: &Path) -> Result<usize, EngineError> {
	let sequences = calibration::sequences(&Folder::read(folder)?)?;
	Ok(sequences.iter().map(Vec::len).sum())
}

fn calibrate(
	folder: &Folder,
	weights: &Weights,
	progress: Progress<'_>,
) -> Result<Exponents, EngineError> {
	let sequences = calibration::sequences(folder)?;
	let lengths: Vec<usize> = sequences.iter().map(Vec::len).collect();
	let model = FloatModel::new(&folder.config, weights, &lengths);
	let layers = folder.config.shape.layers;
	let peaks = model.peaks(&sequences.concat(), &mut |done| progress(done, layers))?;
	exponents::choose(&folder.config.shape, &peaks)
}

fn header(folder: &Folder, exponents: &Exponents) -> Header {
	let config = &folder.config;
	let residual = exponents.residual as i32;
	let root_dim = (config.shape.head_dim as f64).sqrt();
	Header {
		shape: config.shape,
		tied: config.tied,
		qkv_bias: false,
		qk_norm: false,
		window: 0,
		residual_bits: exponents.residual,
		eps: libm::ldexp(config.epsilon, 2 * residual).round() as u64,
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
	weights: &'a Weights,
	exponents: &'a Exponents,
}

impl container::Source for FolderSource<'_> {
	fn bytes(&mut self, part: Part) -> Result<Cow<'_, [u8]>, EngineError> {
		let (folder, config) = (self.folder, &self.folder.config);
		let angles = |pick| rope::table(&config.shape, config.rope_theta, pick).into();
		Ok(match part {
			Part::Header => Cow::default(),
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
			Part::Layer(i, LayerPart::Exponents) => {
				self.exponents.layers[i as usize].as_slice().into()
			}
			Part::Layer(i, part) => self.gain(&names::norm(i, part))?.into(),
			Part::FinalNorm => self.gain(names::FINAL_NORM)?.into(),
			Part::Scales(tensor) => self.scales(tensor)?.into(),
			Part::Weights(tensor) => quantize::weights(&self.matrix(tensor)?).into(),
		})
	}
}

impl FolderSource<'_> {
	fn matrix(&self, tensor: Tensor) -> Result<weights::Matrix<'_>, EngineError> {
		let (rows, cols) = tensor.size(&self.folder.config.shape);
		self.weights.matrix(&names::tensor(tensor), rows, cols)
	}

	fn scales(&self, tensor: Tensor) -> Result<Vec<u8>, EngineError> {
		quantize::scales(&self.matrix(tensor)?).ok_or_else(|| EngineError::OutOfRange {
			layer: tensor.to_string(),
			value: "weight".into(),
			reason: "exceeds the largest row scale".into(),
		})
	}

	fn gain(&self, name: &str) -> Result<Vec<u8>, EngineError> {
		let gain = self
			.weights
			.vector(name, self.folder.config.shape.hidden as usize)?;
		quantize::gain(&gain)
			.ok_or_else(|| EngineError::malformed(&self.folder.path, name, "all gains are zero"))
	}
}
