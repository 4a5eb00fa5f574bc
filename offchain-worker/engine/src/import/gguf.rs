//! The configuration and the tensors of a GGUF file.

use std::path::Path;

use super::{
	config::{Config, MAX_CONTEXT},
	rope::{Rope, Scaling},
	weights::{self, FloatTensor, Matrix, Norm, Tensors},
};
use crate::{
	container::{check_shape, Projection, Tensor},
	gguf::{Format, Gguf, Value},
	model::Shape,
	EngineError,
};

const ARCHITECTURE: &str = "general.architecture";
const EMBEDDING: &str = "token_embd.weight";
const HEAD: &str = "output.weight";
const ROPE_FACTORS: &str = "rope_freqs.weight";

/// A model in a GGUF file.
pub struct GgufModel {
	gguf: Gguf,
	architecture: Architecture,
	shape: Shape,
}

/// A family of models, as these files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Architecture {
	/// Llama, Mistral and SmolLM2. The rows of q and k lie with the two channels of each RoPE pair
	/// side by side.
	Llama,
	Qwen2,
	/// With norms of the heads of q and k.
	Qwen3,
}

impl Architecture {
	fn read(gguf: &Gguf) -> Result<Self, EngineError> {
		match gguf.require(ARCHITECTURE, "a text", Value::as_str)? {
			"llama" => Ok(Self::Llama),
			"qwen2" => Ok(Self::Qwen2),
			"qwen3" => Ok(Self::Qwen3),
			other => Err(gguf.malformed(
				ARCHITECTURE,
				format!("\"{other}\" is not one of llama, qwen2, qwen3"),
			)),
		}
	}

	const fn name(self) -> &'static str {
		match self {
			Self::Llama => "llama",
			Self::Qwen2 => "qwen2",
			Self::Qwen3 => "qwen3",
		}
	}
}

impl GgufModel {
	/// Opens a file and reads what the importer needs to know beside the tensors.
	///
	/// # Errors
	/// [`EngineError::Io`]; [`EngineError::Malformed`] naming the metadata field or the tensor that
	/// is missing, of the wrong type, or asks for a variant that is not supported.
	pub fn open(path: &Path) -> Result<(Self, Config), EngineError> {
		let gguf = Gguf::open(path)?;
		let architecture = Architecture::read(&gguf)?;
		let config = Metadata {
			gguf: &gguf,
			architecture,
		}
		.config()?;
		let model = Self {
			gguf,
			architecture,
			shape: config.shape,
		};
		Ok((model, config))
	}

	/// The file.
	pub const fn gguf(&self) -> &Gguf {
		&self.gguf
	}

	/// Size of a head of a tensor whose rows lie with the two channels of a RoPE pair side by side.
	fn paired(&self, tensor: FloatTensor) -> Option<usize> {
		let projection = match tensor {
			FloatTensor::Weights(Tensor::Layer(_, p)) | FloatTensor::Bias(_, p) => p,
			_ => return None,
		};
		let rotated = matches!(projection, Projection::Q | Projection::K);
		(rotated && self.architecture == Architecture::Llama)
			.then_some(self.shape.head_dim as usize)
	}
}

impl Tensors for GgufModel {
	fn tensor(&self, tensor: FloatTensor, shape: &Shape) -> Result<Matrix<'_>, EngineError> {
		let refuse = |reason: String| self.malformed(tensor, &reason);
		let info = self
			.gguf
			.tensor(&name(tensor))
			.ok_or_else(|| refuse("the tensor is missing".into()))?;
		let dimensions = tensor.check_dimensions(&info.shape, shape);
		let (rows, cols) = dimensions.map_err(refuse)?;
		let bytes = self.gguf.data(&info);
		let matrix = Matrix::new(bytes, format(info.format), rows, cols).map_err(refuse)?;
		Ok(match self.paired(tensor) {
			Some(head_dim) => matrix.paired(head_dim),
			None => matrix,
		})
	}

	fn contains(&self, tensor: FloatTensor) -> bool {
		self.gguf.tensor(&name(tensor)).is_some()
	}

	fn malformed(&self, tensor: FloatTensor, reason: &str) -> EngineError {
		self.gguf.malformed(&name(tensor), reason)
	}

	fn release(&self) {
		self.gguf.release();
	}
}

const fn format(format: Format) -> weights::Format {
	match format {
		Format::F32 => weights::Format::F32,
		Format::F16 => weights::Format::F16,
		Format::Bf16 => weights::Format::Bf16,
		Format::Q8_0 => weights::Format::Q8_0,
	}
}

/// Name of a tensor.
fn name(tensor: FloatTensor) -> String {
	match tensor {
		FloatTensor::Weights(Tensor::Embedding) => EMBEDDING.into(),
		FloatTensor::Weights(Tensor::Head) => HEAD.into(),
		FloatTensor::Weights(Tensor::Layer(i, p)) => format!("blk.{i}.{}.weight", projection(p)),
		FloatTensor::Bias(i, p) => format!("blk.{i}.{}.bias", projection(p)),
		FloatTensor::Gain(i, n) => format!("blk.{i}.{}.weight", norm(n)),
		FloatTensor::FinalGain => "output_norm.weight".into(),
	}
}

const fn projection(projection: Projection) -> &'static str {
	match projection {
		Projection::Q => "attn_q",
		Projection::K => "attn_k",
		Projection::V => "attn_v",
		Projection::O => "attn_output",
		Projection::Gate => "ffn_gate",
		Projection::Up => "ffn_up",
		Projection::Down => "ffn_down",
	}
}

const fn norm(norm: Norm) -> &'static str {
	match norm {
		Norm::Attention => "attn_norm",
		Norm::Ffn => "ffn_norm",
		Norm::Query => "attn_q_norm",
		Norm::Key => "attn_k_norm",
	}
}

/// The metadata of an architecture.
struct Metadata<'a> {
	gguf: &'a Gguf,
	architecture: Architecture,
}

impl Metadata<'_> {
	fn config(&self) -> Result<Config, EngineError> {
		self.refuse_variants()?;
		let gguf = self.gguf;
		let shape = self.shape()?;
		check_shape(&shape)
			.map_err(|(field, reason)| EngineError::malformed(gguf.path(), field, reason))?;
		let bias = name(FloatTensor::Bias(0, Projection::Q));
		Ok(Config {
			shape,
			tied: gguf.tensor(HEAD).is_none(),
			rope: self.rope(&shape)?,
			epsilon: self.epsilon()?,
			qkv_bias: gguf.tensor(&bias).is_some(),
			qk_norm: self.architecture == Architecture::Qwen3,
			window: self.window(&shape)?,
		})
	}

	fn key(&self, field: &str) -> String {
		format!("{}.{field}", self.architecture.name())
	}

	fn size(&self, field: &str) -> Result<Option<u32>, EngineError> {
		let size = |value: &Value<'_>| value.as_u64().and_then(|size| u32::try_from(size).ok());
		self.gguf.optional(&self.key(field), "a size", size)
	}

	fn required_size(&self, field: &str) -> Result<u32, EngineError> {
		self.size(field)?
			.ok_or_else(|| self.gguf.malformed(&self.key(field), "is missing"))
	}

	/// A positive number; files hold 32 bits of it, the model was published in decimals.
	fn number(&self, field: &str) -> Result<Option<f64>, EngineError> {
		let positive = |value: &Value<'_>| {
			let published = (value.as_f64()? as f32).to_string().parse().ok();
			published.filter(|x: &f64| x.is_finite() && *x > 0.0)
		};
		self.gguf
			.optional(&self.key(field), "a positive number", positive)
	}

	fn shape(&self) -> Result<Shape, EngineError> {
		let hidden = self.required_size("embedding_length")?;
		let heads = self.required_size("attention.head_count")?;
		let head_dim = self.size("attention.key_length")?;
		let head_dim = head_dim.unwrap_or_else(|| hidden.checked_div(heads).unwrap_or(0));
		for field in ["attention.value_length", "rope.dimension_count"] {
			if let Some(other) = self.size(field)?.filter(|size| *size != head_dim) {
				let reason = format!("{other} is not the size of a head, {head_dim}");
				return Err(self.gguf.malformed(&self.key(field), reason));
			}
		}
		Ok(Shape {
			layers: self.required_size("block_count")?,
			hidden,
			ffn: self.required_size("feed_forward_length")?,
			heads,
			kv_heads: self.size("attention.head_count_kv")?.unwrap_or(heads),
			head_dim,
			vocab: self.vocab()?,
			context: self.required_size("context_length")?.min(MAX_CONTEXT),
		})
	}

	/// Rows of the embedding.
	fn vocab(&self) -> Result<u32, EngineError> {
		let missing = || self.gguf.malformed(EMBEDDING, "the tensor is missing");
		let rows = self.gguf.tensor(EMBEDDING).ok_or_else(missing)?.shape[0];
		u32::try_from(rows).map_err(|error| self.gguf.malformed(EMBEDDING, error))
	}

	fn epsilon(&self) -> Result<f64, EngineError> {
		let field = "attention.layer_norm_rms_epsilon";
		match self.number(field)? {
			Some(epsilon) if epsilon <= 1.0 => Ok(epsilon),
			Some(epsilon) => {
				let reason = format!("{epsilon} exceeds 1");
				Err(self.gguf.malformed(&self.key(field), reason))
			}
			None => Err(self.gguf.malformed(&self.key(field), "is missing")),
		}
	}

	fn window(&self, shape: &Shape) -> Result<u32, EngineError> {
		let window = self.size("attention.sliding_window")?.unwrap_or(0);
		Ok(if window < shape.context { window } else { 0 })
	}

	fn rope(&self, shape: &Shape) -> Result<Rope, EngineError> {
		let theta = self.number("rope.freq_base")?.unwrap_or(10_000.0);
		let scaling = self.rope_factors(shape)?.map(Scaling::Factors);
		Ok(Rope { theta, scaling })
	}

	/// What each frequency is divided by, as the converter computed it for Llama 3.
	fn rope_factors(&self, shape: &Shape) -> Result<Option<Vec<f64>>, EngineError> {
		let Some(info) = self.gguf.tensor(ROPE_FACTORS) else {
			return Ok(None);
		};
		let refuse = |reason: String| self.gguf.malformed(ROPE_FACTORS, reason);
		let half = shape.head_dim as usize / 2;
		if info.shape != [half] {
			let reason = format!("has shape {:?} instead of [{half}]", info.shape);
			return Err(refuse(reason));
		}
		let row = Matrix::new(self.gguf.data(&info), format(info.format), 1, half);
		let mut factors = vec![0.0; half];
		row.map_err(refuse)?.read_row(0, &mut factors);
		match factors.iter().find(|factor| **factor <= 0.0) {
			Some(factor) => Err(refuse(format!("{factor} is not a positive factor"))),
			None => Ok(Some(factors)),
		}
	}

	fn refuse_variants(&self) -> Result<(), EngineError> {
		let refuse = |key: &str, reason: &str| Err(self.gguf.malformed(key, reason));
		let key = self.key("rope.scaling.type");
		match self.gguf.optional(&key, "a text", Value::as_str)? {
			None | Some("none") => (),
			Some(other) => return refuse(&key, &format!("\"{other}\" is not supported")),
		}
		for field in ["rope.scaling.factor", "rope.scale_linear"] {
			if self.number(field)?.is_some_and(|factor| factor != 1.0) {
				return refuse(&self.key(field), "is not supported");
			}
		}
		if self
			.size("expert_count")?
			.is_some_and(|experts| experts > 0)
		{
			return refuse(&self.key("expert_count"), "experts are not supported");
		}
		let split = "split.count";
		match self.gguf.optional(split, "a number", Value::as_u64)? {
			Some(2..) => refuse(split, "a model in several files is not supported"),
			_ => Ok(()),
		}
	}
}
