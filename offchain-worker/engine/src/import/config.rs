//! `config.json` and its neighbours in a published folder.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
	files::{read_file, MAX_TEXT},
	rope::{Llama3, Rope, Scaling},
};
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
	/// [`EngineError::Io`], or [`EngineError::Malformed`] with line and column, or with its length if it
	/// has more than a MiB.
	pub fn read(path: &Path) -> Result<Self, EngineError> {
		let bytes = read_file(path, MAX_TEXT)?;
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

	fn text(&self, field: &str) -> Result<&str, EngineError> {
		let value = self.required(field)?;
		value
			.as_str()
			.ok_or_else(|| self.malformed(field, format!("{value} is not a text")))
	}

	/// Whether a field is there, even if it is null.
	fn has(&self, field: &str) -> bool {
		self.root.get(field).is_some()
	}
}

/// A family of models that share their operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
	/// Llama 2 and 3, SmolLM2, and what is published in their form.
	Llama,
	/// Mistral: Llama with a sliding window.
	Mistral,
	/// Qwen2 and 2.5: biases of q, k and v.
	Qwen2,
	/// Qwen3: norms of the heads of q and k, whose size is its own.
	Qwen3,
}

impl Family {
	fn read(json: &Json) -> Result<Self, EngineError> {
		match json.text("model_type")? {
			"llama" => Ok(Self::Llama),
			"mistral" => Ok(Self::Mistral),
			"qwen2" => Ok(Self::Qwen2),
			"qwen3" => Ok(Self::Qwen3),
			other => Err(json.malformed(
				"model_type",
				format!("\"{other}\" is not one of llama, mistral, qwen2, qwen3"),
			)),
		}
	}
}

/// Positions beyond this are cut from a model's context.
pub const MAX_CONTEXT: u32 = 32_768;

/// Head size of Qwen3 where `config.json` has none.
const QWEN3_HEAD: u32 = 128;

/// Window of Mistral where `config.json` has none.
const MISTRAL_WINDOW: u32 = 4_096;

/// What the importer needs to know of a model beside its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
	/// Sizes.
	pub shape: Shape,
	/// Whether the head is the embedding.
	pub tied: bool,
	/// The angles.
	pub rope: Rope,
	/// Added to the mean square of a norm.
	pub epsilon: f64,
	/// Whether q, k and v have biases.
	pub qkv_bias: bool,
	/// Whether each head of q and k is normalised before RoPE.
	pub qk_norm: bool,
	/// Newest keys that a query sees; 0 for all.
	pub window: u32,
}

impl Config {
	/// Reads and checks the configuration of a model of a known family.
	///
	/// # Errors
	/// [`EngineError::Malformed`] naming the field that is missing, of the wrong type, or asks for
	/// a variant that is not supported.
	pub fn read(json: &Json) -> Result<Self, EngineError> {
		let family = Family::read(json)?;
		let activation = json.text("hidden_act")?;
		if activation != "silu" {
			let reason = format!("\"{activation}\" is not the supported \"silu\"");
			return Err(json.malformed("hidden_act", reason));
		}
		let shape = read_shape(json, family)?;
		check_shape(&shape).map_err(|(field, reason)| json.malformed(field, reason))?;
		let epsilon = json.positive("rms_norm_eps", json.required("rms_norm_eps")?)?;
		if epsilon > 1.0 {
			return Err(json.malformed("rms_norm_eps", format!("{epsilon} exceeds 1")));
		}
		Ok(Self {
			shape,
			tied: json.flag("tie_word_embeddings")?,
			rope: read_rope(json)?,
			epsilon,
			qkv_bias: read_bias(json, family)?,
			qk_norm: family == Family::Qwen3,
			window: read_window(json, family, &shape)?,
		})
	}
}

fn read_shape(json: &Json, family: Family) -> Result<Shape, EngineError> {
	let (hidden, heads) = (json.size("hidden_size")?, json.size("num_attention_heads")?);
	let head_dim = match family {
		Family::Qwen3 => QWEN3_HEAD,
		_ => hidden.checked_div(heads).unwrap_or(0),
	};
	// Only Llama is published without it; the other families have defaults of no use.
	let kv_heads = match family {
		Family::Llama => json.size_or("num_key_value_heads", heads)?,
		_ => json.size("num_key_value_heads")?,
	};
	Ok(Shape {
		layers: json.size("num_hidden_layers")?,
		hidden,
		ffn: json.size("intermediate_size")?,
		heads,
		kv_heads,
		head_dim: json.size_or("head_dim", head_dim)?,
		vocab: json.size("vocab_size")?,
		context: json.size("max_position_embeddings")?.min(MAX_CONTEXT),
	})
}

fn read_bias(json: &Json, family: Family) -> Result<bool, EngineError> {
	if json.flag("mlp_bias")? {
		return Err(json.malformed(
			"mlp_bias",
			"biases of the feed-forward block are not supported",
		));
	}
	match family {
		Family::Llama | Family::Qwen3 => json.flag("attention_bias"),
		Family::Mistral => Ok(false),
		Family::Qwen2 => Ok(true),
	}
}

/// The window of all layers; one that covers the context is none.
fn read_window(json: &Json, family: Family, shape: &Shape) -> Result<u32, EngineError> {
	let window = match family {
		Family::Llama => no_window(json)?,
		Family::Mistral if !json.has("sliding_window") => MISTRAL_WINDOW,
		Family::Mistral => json.size_or("sliding_window", shape.context)?,
		Family::Qwen2 | Family::Qwen3 => qwen_window(json, shape)?,
	};
	if window == 0 {
		return Err(json.malformed("sliding_window", "0 keys are no window"));
	}
	let window = if window < shape.context { window } else { 0 };
	check_layer_types(json, window)?;
	Ok(window)
}

fn no_window(json: &Json) -> Result<u32, EngineError> {
	match json.get("sliding_window") {
		Some(_) => Err(json.malformed("sliding_window", "is not supported in this family")),
		None => Ok(u32::MAX),
	}
}

/// The window of the layers from `max_window_layers` on; it must be all of them or none.
fn qwen_window(json: &Json, shape: &Shape) -> Result<u32, EngineError> {
	if !json.flag("use_sliding_window")? {
		return Ok(u32::MAX);
	}
	match json.size("max_window_layers")? {
		0 => json.size("sliding_window"),
		first if first >= shape.layers => Ok(u32::MAX),
		first => Err(json.malformed(
			"max_window_layers",
			format!("{first}: a window in some layers only is not supported"),
		)),
	}
}

fn check_layer_types(json: &Json, window: u32) -> Result<(), EngineError> {
	let field = "layer_types";
	let Some(types) = json.get(field) else {
		return Ok(());
	};
	let expected = match window {
		0 => "full_attention",
		_ => "sliding_attention",
	};
	let types = types
		.as_array()
		.map_or(std::slice::from_ref(types), Vec::as_slice);
	match types.iter().find(|kind| **kind != expected) {
		Some(kind) => {
			Err(json.malformed(field, format!("{kind} is not the supported \"{expected}\"")))
		}
		None => Ok(()),
	}
}

/// The base of the angles and their scaling: of `rope_parameters`, or `rope_scaling` and the fields
/// beside the sizes.
fn read_rope(json: &Json) -> Result<Rope, EngineError> {
	let partial = json.get("partial_rotary_factor");
	if partial.is_some_and(|factor| factor.as_f64() != Some(1.0)) {
		return Err(json.malformed(
			"partial_rotary_factor",
			"only a whole rotation is supported",
		));
	}
	let fields = ["rope_parameters", "rope_scaling"];
	let nested = fields
		.into_iter()
		.find_map(|field| Some((field, json.get(field)?)));
	let theta = nested.and_then(|(_, rope)| rope.get("rope_theta"));
	let theta = match theta.or(json.get("rope_theta")) {
		Some(theta) => json.positive("rope_theta", theta)?,
		None => 10_000.0,
	};
	let scaling = match nested {
		Some((field, rope)) => read_scaling(json, field, rope)?.map(Scaling::Llama3),
		None => None,
	};
	Ok(Rope { theta, scaling })
}

fn read_scaling(json: &Json, field: &str, rope: &Value) -> Result<Option<Llama3>, EngineError> {
	let kind = rope
		.get("rope_type")
		.or(rope.get("type"))
		.unwrap_or(&Value::Null);
	match kind.as_str() {
		Some("default") => Ok(None),
		Some("llama3") => read_llama3(json, field, rope).map(Some),
		_ => Err(json.malformed(field, format!("{kind} is not one of default, llama3"))),
	}
}

fn read_llama3(json: &Json, field: &str, rope: &Value) -> Result<Llama3, EngineError> {
	let number = |name: &str| {
		let value = rope.get(name).unwrap_or(&Value::Null);
		json.positive(&format!("{field}.{name}"), value)
	};
	let scaling = Llama3 {
		factor: number("factor")?,
		low: number("low_freq_factor")?,
		high: number("high_freq_factor")?,
		original_context: number("original_max_position_embeddings")?,
	};
	if scaling.low < scaling.high {
		return Ok(scaling);
	}
	let field = format!("{field}.high_freq_factor");
	Err(json.malformed(&field, "is not above low_freq_factor"))
}
