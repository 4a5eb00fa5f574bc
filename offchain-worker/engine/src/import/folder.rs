//! The texts of a published model.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
	config::{Config, Json},
	files::{read_file, MAX_TEXT, MAX_TOKENIZER},
};
use crate::{
	gguf::{is_gguf, Gguf, Vocabulary},
	template::Template,
	tokenizer::Tokenizer,
	EngineError,
};

/// A published model, a folder or a GGUF file, without its weights.
pub struct Folder {
	/// Where it is.
	pub path: PathBuf,
	/// `config.json`.
	pub config: Config,
	/// Bytes of `tokenizer.json`.
	pub tokenizer_bytes: Vec<u8>,
	/// The tokenizer.
	pub tokenizer: Tokenizer,
	/// Source of the chat template; empty for none.
	pub template_source: String,
	/// The chat template.
	pub template: Option<Template>,
	/// The file it is in.
	pub template_file: PathBuf,
	/// Text of the token that begins a sequence.
	pub bos: String,
	/// Text of the token that ends a sequence.
	pub eos: String,
	/// Token ids that end an answer.
	pub stops: Vec<u32>,
}

impl Folder {
	/// Reads and checks every text file of `path`.
	///
	/// # Errors
	/// [`EngineError::Io`] or [`EngineError::Malformed`], naming file and field.
	pub fn read(path: &Path) -> Result<Self, EngineError> {
		let config_json = Json::read(&path.join("config.json"))?;
		let config = Config::read(&config_json)?;
		let (tokenizer_bytes, tokenizer) = read_tokenizer(&path.join("tokenizer.json"))?;
		let texts = Json::read_optional(&path.join("tokenizer_config.json"))?;
		let token = |field| {
			texts
				.as_ref()
				.map_or(Ok(String::new()), |json| token(json, field))
		};
		let (bos, eos) = (token("bos_token")?, token("eos_token")?);
		let (template_file, template_source) = read_template(path, texts.as_ref())?;
		let template = parse_template(&template_file, &template_source, &bos, &eos)?;
		let stops = read_stops(path, &config_json, config.shape.vocab)?;
		let path = path.to_path_buf();
		Ok(Self {
			path,
			config,
			tokenizer_bytes,
			tokenizer,
			template_source,
			template,
			template_file,
			bos,
			eos,
			stops,
		})
	}

	/// Where that stands which a folder has in the file `name`.
	pub fn file(&self, name: &str) -> PathBuf {
		if is_gguf(&self.path) {
			self.path.clone()
		} else {
			self.path.join(name)
		}
	}

	/// Reads and checks the texts in a GGUF file.
	///
	/// # Errors
	/// [`EngineError::Malformed`], naming file and metadata field.
	pub fn of_gguf(gguf: &Gguf, config: Config) -> Result<Self, EngineError> {
		let path = gguf.path();
		let vocabulary = Vocabulary::read(gguf)?;
		let (size, vocab) = (vocabulary.size, config.shape.vocab);
		if size > vocab as usize {
			let reason = format!("has {size} tokens, the embedding {vocab}");
			return Err(EngineError::malformed(path, "vocabulary", reason));
		}
		let tokenizer = Tokenizer::parse(&vocabulary.tokenizer)
			.map_err(|error| EngineError::malformed(path, "vocabulary", error))?;
		let Vocabulary { bos, eos, .. } = vocabulary;
		let template = parse_template(path, &vocabulary.template, &bos, &eos)?;
		Ok(Self {
			path: path.into(),
			config,
			tokenizer_bytes: vocabulary.tokenizer,
			tokenizer,
			template_source: vocabulary.template,
			template,
			template_file: path.into(),
			bos,
			eos,
			stops: vocabulary.stops,
		})
	}
}

fn read_tokenizer(path: &Path) -> Result<(Vec<u8>, Tokenizer), EngineError> {
	let bytes = read_file(path, MAX_TOKENIZER)?;
	let tokenizer = Tokenizer::parse(&bytes)
		.map_err(|error| EngineError::malformed(path, "tokenizer", error))?;
	Ok((bytes, tokenizer))
}

/// `chat_template.jinja`, or the field of `tokenizer_config.json`; also the file it came from.
fn read_template(folder: &Path, texts: Option<&Json>) -> Result<(PathBuf, String), EngineError> {
	let file = folder.join("chat_template.jinja");
	if file.is_file() {
		let source = String::from_utf8(read_file(&file, MAX_TEXT)?);
		let source = source.map_err(|error| EngineError::malformed(&file, "text", error))?;
		return Ok((file, source));
	}
	let source = match texts.and_then(|json| Some((json, json.get("chat_template")?))) {
		Some((json, value)) => default_template(value)
			.ok_or_else(|| json.malformed("chat_template", "is neither a text nor a list"))?,
		None => String::new(),
	};
	Ok((folder.join("tokenizer_config.json"), source))
}

/// The template, or the one named `default` of a list.
fn default_template(value: &Value) -> Option<String> {
	let named = |entry: &&Value| entry.get("name").and_then(Value::as_str) == Some("default");
	let text = match value {
		Value::Array(entries) => entries.iter().find(named)?.get("template")?,
		text => text,
	};
	text.as_str().map(str::to_owned)
}

fn parse_template(
	path: &Path,
	source: &str,
	bos: &str,
	eos: &str,
) -> Result<Option<Template>, EngineError> {
	if source.is_empty() {
		return Ok(None);
	}
	Template::parse(source, bos, eos)
		.map(Some)
		.map_err(|error| EngineError::malformed(path, "chat_template", error))
}

/// A token given as text, or as an object with `content`.
fn token(json: &Json, field: &str) -> Result<String, EngineError> {
	let Some(value) = json.get(field) else {
		return Ok(String::new());
	};
	let text = value.get("content").unwrap_or(value).as_str();
	text.map(str::to_owned)
		.ok_or_else(|| json.malformed(field, "is not a text"))
}

/// `eos_token_id`, of `generation_config.json` first, of `config.json` else.
fn read_stops(folder: &Path, config: &Json, vocab: u32) -> Result<Vec<u32>, EngineError> {
	let generation = Json::read_optional(&folder.join("generation_config.json"))?;
	let field = "eos_token_id";
	for json in generation.iter().chain([config]) {
		let Some(value) = json.get(field) else {
			continue;
		};
		let ids = value
			.as_array()
			.map_or(std::slice::from_ref(value), Vec::as_slice);
		let id = |value: &Value| {
			let id = value.as_u64().filter(|id| *id < vocab as u64);
			id.map(|id| id as u32)
				.ok_or_else(|| json.malformed(field, format!("{value} is no token of this model")))
		};
		return ids.iter().map(id).collect();
	}
	Ok(Vec::new())
}
