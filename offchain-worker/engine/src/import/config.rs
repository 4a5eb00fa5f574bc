//! `config.json` and its neighbours in a published folder.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{container::check_shape, model::Shape, EngineError};

/// A JSON file of a folder, and what is missing in it by name.
pub struct Json {
	path: PathBuf,
	root: Value,
}

impl Json {
	/// Reads a JSON file.
	///
	/// # Errors
	/// [`EngineError::Io`], or [`EngineError::Malformed`] with line and column.
	pub fn read(path: &Path) -> Result<Self, EngineError> {
		let bytes = std::fs::read(path).map_err(EngineError::io(path))?;
		let root = serde_json::from_slice(&bytes)
			.map_err(|error| EngineError::malformed(path, "JSON", error))?;
		Ok(Self {
			path: path.into(),
			root,
		})
	}

	/// Reads a JSON file that may be absent.
	///
	/// # Errors
	/// As [`read`](Self::read), but for a missing file.
	pub fn read_optional(path: &Path) -> Result<Option<Self>, EngineError> {
		if path.is_file() {
			Self::read(path).map(Some)
		} else {
			Ok(None)
		}
	}

	/// A field that is there and not null.
	pub fn get(&self, field: &str) -> Option<&Value> {
		self.root.get(field).filter(|value| !value.is_null())
	}

	/// An error about a field.
	pub fn malformed(&self, field: &str, reason: impl ToString) -> EngineError {
		EngineError::malformed(&self.path, field, reason)
	}

	fn required(&self, field: &str) -> Result<&Value, EngineError> {
		self.get(field)
			.ok_or_else(|| self.malformed(field, "is missing"))
	}

	fn size(&self, field: &str) -> Result<u32, EngineError> {
		let value = self.required(field)?;
		let size = value.as_u64().and_then(|size| u32::try_from(size).ok());
		size.ok_or_else(|| self.malformed(field, format!("{value} is not a size")))
	}

	fn size_or(&self, field: &str, default: u32) -> Result<u32, EngineError> {
		match self.get(field) {
			Some(_) => self.size(field),
			None => Ok(default),
		}
	}

	fn positive(&self, field: &str, value: &Value) -> Result<f64, EngineError> {
		let number = value.as_f64().filter(|x| x.is_finite() && *x > 0.0);
		number.ok_or_else(|| self.malformed(field, format!("{value} is not a positive number")))
	}

	fn flag(&self, field: &str) -> Result<bool, EngineError> {
		match self.get(field) {
			None => Ok(false),
			Some(value) => value
				.as_bool()
				.ok_or_else(|| self.malformed(field, format!("{value} is no flag"))),
		}
	}

	fn expect(&self, field: &str, supported: &str) -> Result<(), EngineError> {
		match self.get(field) {
			Some(Value::String(text)) if text == supported => Ok(()),
			Some(value) => Err(self.malformed(
				field,
				format!("{value} is not the supported \"{supported}\""),
			)),
			None => Err(self.malformed(field, "is missing")),
		}
	}
}

/// What the importer takes from `config.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
	/// Sizes.
	pub shape: Shape,
	/// Whether the head is the embedding.
	pub tied: bool,
	/// Base of the RoPE angles.
	pub rope_theta: f64,
	/// Added to the mean square of a norm.
	pub epsilon: f64,
}

impl Config {
	/// Reads and checks the configuration of a model of the Llama family.
	///
	/// # Errors
	/// [`EngineError::Malformed`] naming the field that is missing, of the wrong type, or asks for
	/// a variant that is not supported.
	pub fn read(json: &Json) -> Result<Self, EngineError> {
		json.expect("model_type", "llama")?;
		json.expect("hidden_act", "silu")?;
		refuse_variants(json)?;
		let shape = read_shape(json)?;
		check_shape(&shape).map_err(|(field, reason)| json.malformed(field, reason))?;
		let epsilon = json.positive("rms_norm_eps", json.required("rms_norm_eps")?)?;
		if epsilon > 1.0 {
			return Err(json.malformed("rms_norm_eps", format!("{epsilon} exceeds 1")));
		}
		let rope_theta = read_theta(json)?;
		Ok(Self {
			shape,
			tied: json.flag("tie_word_embeddings")?,
			rope_theta,
			epsilon,
		})
	}
}

fn read_shape(json: &Json) -> Result<Shape, EngineError> {
	let (hidden, heads) = (json.size("hidden_size")?, json.size("num_attention_heads")?);
	let head_dim = hidden.checked_div(heads).unwrap_or(0);
	Ok(Shape {
		layers: json.size("num_hidden_layers")?,
		hidden,
		ffn: json.size("intermediate_size")?,
		heads,
		kv_heads: json.size_or("num_key_value_heads", heads)?,
		head_dim: json.size_or("head_dim", head_dim)?,
		vocab: json.size("vocab_size")?,
		context: json.size("max_position_embeddings")?,
	})
}

/// The base of the angles: beside the sizes, or among `rope_parameters`.
fn read_theta(json: &Json) -> Result<f64, EngineError> {
	let nested = json
		.get("rope_parameters")
		.and_then(|rope| rope.get("rope_theta"));
	match json.get("rope_theta").or(nested) {
		Some(theta) => json.positive("rope_theta", theta),
		None => Ok(10_000.0),
	}
}

fn refuse_variants(json: &Json) -> Result<(), EngineError> {
	for field in ["attention_bias", "mlp_bias"] {
		if json.flag(field)? {
			return Err(json.malformed(field, "biases are not supported"));
		}
	}
	for field in ["rope_scaling", "rope_parameters"] {
		let Some(rope) = json.get(field) else {
			continue;
		};
		let kind = rope
			.get("rope_type")
			.or_else(|| rope.get("type"))
			.and_then(Value::as_str);
		if kind != Some("default") {
			return Err(json.malformed(field, "only the default RoPE is supported"));
		}
	}
	match json.get("sliding_window") {
		Some(_) => Err(json.malformed("sliding_window", "is not supported")),
		None => Ok(()),
	}
}
