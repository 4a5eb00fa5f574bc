//! Models on a device, and answers from them.

use std::{
	path::{Path, PathBuf},
	sync::{atomic::AtomicBool, Arc},
};

use serde::Serialize;

use crate::{
	backend::{Backend, DeviceChoice},
	chat::{Chat, Message},
	commitment::{request_hash, result_hash, trace_root, Request, Sampling},
	container::{Container, Part},
	device::{CacheSize, Device},
	generate::{generate, Answer, Decode, Finish},
	hash::{blake2_256, Hash},
	import::{calibration_hash, Progress},
	model::Shape,
	source,
	stream::TextStream,
	template::Template,
	tokenizer::{Special, Tokenizer},
	EngineError, ARITHMETIC_ID,
};

/// How an [`Engine`] is opened.
#[derive(Clone, Debug)]
pub struct EngineOptions {
	/// A folder of containers and published folders, or a single one of them.
	pub models_dir: PathBuf,
	/// Where models are evaluated.
	pub device: DeviceChoice,
	/// Memory for the keys and values of each model.
	pub cache: CacheSize,
}

/// What a model is, for a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
	/// Name of its file or folder.
	pub name: String,
	/// Merkle root of its container.
	#[serde(serialize_with = "hex_hash")]
	pub root: Hash,
	/// Sizes.
	pub shape: Shape,
	/// Multiply-accumulates of one token outside attention.
	pub linear_macs_per_token: u64,
	/// Multiply-accumulates of attention of one token for each key it sees.
	pub attention_macs: u64,
	/// Positions of prompt and answer together.
	pub context: u32,
	/// Tokens of the vocabulary.
	pub vocab: u32,
	/// `blake2_256` of `tokenizer.json`.
	#[serde(serialize_with = "hex_hash")]
	pub tokenizer_hash: Hash,
	/// `blake2_256` of the chat template, of nothing if there is none.
	#[serde(serialize_with = "hex_hash")]
	pub template_hash: Hash,
	/// `blake2_256` of the text that imports calibrate on.
	#[serde(serialize_with = "hex_hash")]
	pub calibration_hash: Hash,
	/// The arithmetic that defines its results.
	pub arithmetic: u32,
	/// Most tokens that the chat template adds to a prompt, whose own are at most its bytes.
	pub template_tokens: u32,
}

impl ModelInfo {
	/// What a container says of its model.
	///
	/// # Errors
	/// [`EngineError::Malformed`] if its tokenizer or its template is not sound.
	pub fn of(container: &Container) -> Result<Self, EngineError> {
		let parts = (tokenizer(container)?, template(container)?);
		Self::with(container, &parts.0, parts.1.as_ref())
	}

	fn with(
		container: &Container,
		tokenizer: &Tokenizer,
		template: Option<&Template>,
	) -> Result<Self, EngineError> {
		let shape = container.header().shape;
		Ok(Self {
			name: container.name(),
			root: container.root(),
			shape,
			linear_macs_per_token: shape.linear_macs_per_token(),
			attention_macs: shape.attention_macs(),
			context: shape.context,
			vocab: shape.vocab,
			tokenizer_hash: blake2_256(container.tokenizer()),
			template_hash: blake2_256(container.bytes(Part::Template)),
			calibration_hash: calibration_hash(),
			arithmetic: ARITHMETIC_ID,
			template_tokens: template_tokens(tokenizer, template)?,
		})
	}
}

fn template_tokens(tokenizer: &Tokenizer, template: Option<&Template>) -> Result<u32, EngineError> {
	match template {
		Some(template) => {
			let empty = template.render(&Chat::of(&[Message::user("")]), true)?;
			tokenizer.most_tokens(&empty, Special::Written)
		}
		None => tokenizer.most_tokens("", Special::Add),
	}
}

fn hex_hash<S: serde::Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&to_hex(hash))
}

/// `0x` and the hexadecimal digits of a hash.
pub fn to_hex(hash: &Hash) -> String {
	format!("0x{}", hex::encode(hash))
}

/// A prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
	/// One message of a user, in the chat template of the model; plain text if it has none.
	Text(String),
	/// A chat, in the chat template of the model.
	Chat(Chat),
	/// Token ids as they are.
	Ids(Vec<u32>),
}

/// What to answer, and what binds the answer.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
	/// The model.
	pub model_root: Hash,
	/// The prompt.
	pub prompt: Prompt,
	/// Most tokens of the answer; the context may end it earlier.
	pub max_tokens: u32,
	/// Keys the hashes; zeros for a public job.
	pub secret: Hash,
}

/// A token of an answer, as it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEvent {
	/// Its id.
	pub id: u32,
	/// The text that became certain with it; may be empty.
	pub text_delta: String,
}

/// An answer with its commitments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
	/// Token ids of the prompt.
	pub prompt_ids: Vec<u32>,
	/// Token ids of the answer, with its stop token.
	pub ids: Vec<u32>,
	/// Text of the answer, without its stop token.
	pub text: String,
	/// Commits to the request.
	pub request_hash: Hash,
	/// Commits to the ids of the answer.
	pub result_hash: Hash,
	/// Commits to the residual of every position.
	pub trace_root: Hash,
	/// Why the answer ended.
	pub finish: Finish,
	/// Where it was computed.
	pub device: String,
}

/// A model with its tokenizer, on its device.
pub struct Loaded {
	info: ModelInfo,
	tokenizer: Tokenizer,
	template: Option<Template>,
	stops: Vec<u32>,
	backend: Box<dyn Backend>,
}

impl Loaded {
	/// Loads a verified container onto a device.
	///
	/// # Errors
	/// [`EngineError::Malformed`] for a section that is not sound, [`EngineError::Device`].
	pub fn open(
		container: &Container,
		device: &Device,
		cache: CacheSize,
	) -> Result<Self, EngineError> {
		let (tokenizer, template) = (tokenizer(container)?, template(container)?);
		let model = Arc::new(container.model()?);
		Ok(Self {
			info: ModelInfo::with(container, &tokenizer, template.as_ref())?,
			tokenizer,
			template,
			stops: container.stops(),
			backend: device.load(model, cache)?,
		})
	}

	/// What the model is.
	pub const fn info(&self) -> &ModelInfo {
		&self.info
	}

	/// Name of the device.
	pub fn device(&self) -> &str {
		self.backend.device()
	}

	/// The back end, for evaluation token by token.
	pub fn backend(&mut self) -> &mut dyn Backend {
		&mut *self.backend
	}

	/// Token ids of a prompt.
	///
	/// # Errors
	/// [`EngineError::Template`] and [`EngineError::Tokenizer`].
	pub fn prompt_ids(&self, prompt: &Prompt) -> Result<Vec<u32>, EngineError> {
		match (prompt, &self.template) {
			(Prompt::Ids(ids), _) => Ok(ids.clone()),
			(Prompt::Text(text), None) => self.tokenizer.encode(text, Special::Add),
			(Prompt::Text(text), Some(template)) => {
				Chat::of(&[Message::user(text)]).ids(template, &self.tokenizer, true)
			}
			(Prompt::Chat(chat), Some(template)) => chat.ids(template, &self.tokenizer, true),
			(Prompt::Chat(_), None) => Err(EngineError::Template("the model has none".into())),
		}
	}

	/// Answers a request; `on_token` gets each token as it is chosen.
	///
	/// # Errors
	/// Those of [`generate`] and [`prompt_ids`](Self::prompt_ids).
	pub fn generate(
		&mut self,
		request: &GenerateRequest,
		cancel: &AtomicBool,
		on_token: &mut dyn FnMut(&TokenEvent),
	) -> Result<Generation, EngineError> {
		let prompt_ids = self.prompt_ids(&request.prompt)?;
		let decode = Decode {
			prompt: &prompt_ids,
			max_tokens: request.max_tokens,
			context: self.info.context,
			stops: &self.stops,
		};
		let mut stream = TextStream::new(&self.tokenizer);
		let mut emit = |id| {
			let text_delta = stream.push(id)?;
			on_token(&TokenEvent { id, text_delta });
			Ok(())
		};
		let answer = generate(&mut *self.backend, &decode, cancel, &mut emit)?;
		self.commit(request, prompt_ids, answer)
	}

	fn commit(
		&self,
		request: &GenerateRequest,
		prompt_ids: Vec<u32>,
		answer: Answer,
	) -> Result<Generation, EngineError> {
		let spoken = match answer.finish {
			Finish::Stop => &answer.ids[..answer.ids.len().saturating_sub(1)],
			_ => &answer.ids,
		};
		Ok(Generation {
			text: self.tokenizer.decode(spoken)?,
			request_hash: hash_request(request, &prompt_ids),
			result_hash: result_hash(&request.secret, &answer.ids),
			trace_root: trace_root(&request.secret, &answer.residuals),
			finish: answer.finish,
			device: self.device().to_owned(),
			ids: answer.ids,
			prompt_ids,
		})
	}
}

fn hash_request(request: &GenerateRequest, prompt: &[u32]) -> Hash {
	request_hash(&Request {
		secret: request.secret,
		model_root: request.model_root,
		prompt,
		max_tokens: request.max_tokens,
		sampling: Sampling::GREEDY,
		seed: [0; 32],
		stop_sequences: &[],
	})
}

fn tokenizer(container: &Container) -> Result<Tokenizer, EngineError> {
	Tokenizer::parse(container.tokenizer()).map_err(|error| {
		EngineError::malformed(container.path(), Part::Tokenizer.to_string(), error)
	})
}

fn template(container: &Container) -> Result<Option<Template>, EngineError> {
	let source = container.text(Part::Template)?;
	if source.is_empty() {
		return Ok(None);
	}
	let (bos, eos) = (container.text(Part::Bos)?, container.text(Part::Eos)?);
	Template::parse(source, bos, eos).map(Some)
}

/// All models of a folder, loaded.
pub struct Engine {
	models: Vec<Loaded>,
	device: String,
}

impl Engine {
	/// Verifies and loads every model of a folder, importing published ones into the cache.
	///
	/// # Errors
	/// The first model that cannot be imported, verified or loaded; a folder without models.
	pub fn open(options: EngineOptions) -> Result<Self, EngineError> {
		let EngineOptions {
			models_dir,
			device,
			cache,
		} = options;
		let paths = source::find(&models_dir)?;
		let device = Device::open(device)?;
		let load = |path: &PathBuf| load(path, &device, cache, &mut |_, _| ());
		let models = paths.iter().map(load).collect::<Result<Vec<_>, _>>()?;
		let Some(first) = models.first() else {
			return Err(EngineError::malformed(
				&models_dir,
				"models",
				"the folder has none",
			));
		};
		let device = first.device().to_owned();
		Ok(Self { models, device })
	}

	/// What is loaded.
	pub fn models(&self) -> Vec<ModelInfo> {
		self.models.iter().map(|model| model.info.clone()).collect()
	}

	/// Name of the device.
	pub fn device(&self) -> &str {
		&self.device
	}

	/// The model with this root.
	///
	/// # Errors
	/// [`EngineError::UnknownModel`].
	pub fn model(&mut self, root: &Hash) -> Result<&mut Loaded, EngineError> {
		let unknown = || EngineError::UnknownModel(hex::encode(root));
		self.models
			.iter_mut()
			.find(|model| model.info.root == *root)
			.ok_or_else(unknown)
	}

	/// Answers a request; `on_token` gets each token as it is chosen.
	///
	/// # Errors
	/// [`EngineError::UnknownModel`], and those of [`Loaded::generate`].
	pub fn generate(
		&mut self,
		request: &GenerateRequest,
		cancel: &AtomicBool,
		on_token: &mut dyn FnMut(&TokenEvent),
	) -> Result<Generation, EngineError> {
		self.model(&request.model_root)?
			.generate(request, cancel, on_token)
	}
}

/// Loads one model: a container, or a published folder by way of the cache.
///
/// # Errors
/// Those of [`source::resolve`] and [`Loaded::open`].
pub fn load(
	path: &Path,
	device: &Device,
	cache: CacheSize,
	progress: Progress<'_>,
) -> Result<Loaded, EngineError> {
	Loaded::open(&source::resolve(path, progress)?, device, cache)
}
