//! A published model in double precision: the measure of what integers make of it.

use std::path::Path;

use super::{
	folder::Folder,
	gguf::GgufModel,
	peaks::FloatModel,
	safetensors::Safetensors,
	weights::{FloatTensor, Tensors},
};
use crate::{container::Tensor, gguf::is_gguf, EngineError};

/// The floats of a published model.
pub struct Published {
	pub(super) folder: Folder,
	pub(super) tensors: Box<dyn Tensors>,
}

impl Published {
	/// Reads everything of `model`, a folder or a GGUF file, but its tensors, which are read when
	/// they are needed.
	///
	/// # Errors
	/// [`EngineError::Malformed`] naming file and field, [`EngineError::Io`].
	pub fn open(model: &Path) -> Result<Self, EngineError> {
		if is_gguf(model) {
			let (tensors, config) = GgufModel::open(model)?;
			// Merges derived from a vocabulary may take more than it does, but not more than this.
			tensors.tensor(FloatTensor::Weights(Tensor::Embedding), &config.shape)?;
			let folder = Folder::of_gguf(tensors.gguf(), config)?;
			let tensors = Box::new(tensors);
			return Ok(Self { folder, tensors });
		}
		let folder = Folder::read(model)?;
		let tensors = Box::new(Safetensors::open(&folder.path)?);
		Ok(Self { folder, tensors })
	}

	/// The residual `[ids, hidden]` before the last norm, after every one of `ids`.
	///
	/// # Errors
	/// [`EngineError::UnknownToken`], [`EngineError::ContextExceeded`]; [`EngineError::Malformed`]
	/// for a tensor.
	pub fn residuals(&self, ids: &[u32]) -> Result<Vec<f64>, EngineError> {
		let (tokens, shape) = (ids.len(), &self.folder.config.shape);
		let (vocab, context) = (shape.vocab, shape.context);
		if let Some(&id) = ids.iter().find(|id| **id >= vocab) {
			return Err(EngineError::UnknownToken { id, vocab });
		}
		match tokens {
			0 => Ok(Vec::new()),
			_ if tokens > context as usize => Err(EngineError::ContextExceeded { tokens, context }),
			_ => self.model(tokens).residuals(ids),
		}
	}

	/// Logits `[n, vocab]` of residuals `[n, hidden]`.
	///
	/// # Errors
	/// [`EngineError::Malformed`] for a tensor.
	pub fn logits(&self, residuals: &[f64]) -> Result<Vec<f64>, EngineError> {
		self.model(0).logits(residuals)
	}

	fn model(&self, len: usize) -> FloatModel<'_> {
		FloatModel::new(&self.folder.config, &*self.tensors, &[len])
	}

	/// Checks that another model has as many tokens.
	///
	/// # Errors
	/// [`EngineError::Malformed`] if it has not.
	pub fn check_vocabulary(&self, tokens: usize) -> Result<(), EngineError> {
		let vocab = self.folder.config.shape.vocab;
		if tokens == vocab as usize {
			return Ok(());
		}
		let path = self.folder.file("config.json");
		let reason = format!("{vocab} where the other model has {tokens}");
		Err(EngineError::malformed(&path, "vocab_size", reason))
	}
}
