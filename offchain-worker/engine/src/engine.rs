//! Models on a device, and answers from them.

use std::{
	collections::HashMap,
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
};

use one_arithmetic::Sampling;

use serde::Serialize;

use crate::{
	backend::{Backend, DeviceChoice},
	chat::{Chat, Message},
	commitment::{request_hash, result_hash, trace_root, Request, PUBLIC},
	container::{Container, Part},
	device::{CacheSize, Device},
	evaluate::{evaluate, Evaluation},
	hash::{blake2_256, Hash},
	import::{calibration_hash, Progress},
	model::{Model, Shape},
	scheduler::{Answer, Decode, Finish, JobId, Options, Progress as Fed, Scheduler, MAX_STOP_IDS},
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
	/// How much of each model is served at once.
	pub options: Options,
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
	/// How tokens are chosen.
	pub sampling: Sampling,
	/// Seed of the choice; without effect on a greedy one.
	pub seed: Hash,
	/// Sequences of token ids that end the answer, beside the model's own stop tokens.
	pub stop_sequences: Vec<Vec<u32>>,
}

impl GenerateRequest {
	/// A public request for the most likely tokens.
	pub const fn greedy(model_root: Hash, prompt: Prompt, max_tokens: u32) -> Self {
		Self {
			model_root,
			prompt,
			max_tokens,
			secret: PUBLIC,
			sampling: Sampling::GREEDY,
			seed: [0; 32],
			stop_sequences: Vec::new(),
		}
	}
}

/// A token of an answer, as it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEvent {
	/// Its id.
	pub id: u32,
	/// The text that became certain with it; may be empty.
	pub text_delta: String,
}

/// What happens to a job.
#[derive(Debug)]
pub enum Event {
	/// A token of its answer was chosen.
	Token(TokenEvent),
	/// It is over.
	Done(Result<Box<Generation>, EngineError>),
}

/// An answer with its commitments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
	/// Token ids of the prompt.
	pub prompt_ids: Vec<u32>,
	/// Token ids of the answer, with its stop token or sequence.
	pub ids: Vec<u32>,
	/// Text of the answer, without its stop token or sequence.
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
	model: Arc<Model>,
	device: Device,
	cache: CacheSize,
	scheduler: Scheduler,
	jobs: HashMap<JobId, Job>,
	/// What is to be told at the next step.
	events: Vec<(JobId, Event)>,
	/// Whether the device was opened anew for the last step.
	failed: bool,
}

/// A request under way.
struct Job {
	request: GenerateRequest,
	prompt_ids: Vec<u32>,
	/// Ids of the answer so far.
	ids: Vec<u32>,
	stream: TextStream,
	/// Text told so far.
	told: String,
}

impl Job {
	/// Ids of the answer that are certainly not the beginning of a stop sequence.
	fn certain(&self) -> usize {
		let begins = |at: &usize| {
			let end = &self.ids[*at..];
			self.request
				.stop_sequences
				.iter()
				.any(|stop| stop.starts_with(end))
		};
		let first = self.ids.len().saturating_sub(MAX_STOP_IDS);
		(first..self.ids.len())
			.find(begins)
			.unwrap_or(self.ids.len())
	}

	/// Appends a token; the text that became certain.
	fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<String, EngineError> {
		self.ids.push(id);
		let mut delta = String::new();
		for id in &self.ids[self.stream.len()..self.certain()] {
			delta += &self.stream.push(tokenizer, *id)?;
		}
		self.told += &delta;
		Ok(delta)
	}
}

impl Loaded {
	/// Loads a verified container onto a device.
	///
	/// # Errors
	/// [`EngineError::Malformed`] for a section that is not sound, [`EngineError::Device`].
	pub fn open(
		container: &Container,
		device: &Device,
		options: Options,
	) -> Result<Self, EngineError> {
		let (tokenizer, template) = (tokenizer(container)?, template(container)?);
		let model = Arc::new(container.model()?);
		let backend = device.load(model.clone(), options.cache)?;
		Ok(Self {
			info: ModelInfo::with(container, &tokenizer, template.as_ref())?,
			tokenizer,
			template,
			stops: container.stops(),
			scheduler: Scheduler::new(backend, model.root, &model.shape, options),
			model,
			device: device.clone(),
			cache: options.cache,
			jobs: HashMap::new(),
			events: Vec::new(),
			failed: false,
		})
	}

	/// What the model is.
	pub const fn info(&self) -> &ModelInfo {
		&self.info
	}

	/// Name of the device.
	pub fn device(&self) -> &str {
		self.scheduler.device()
	}

	/// Evaluates something else than requests, in pages for so many positions.
	///
	/// # Errors
	/// [`EngineError::CacheTooSmall`] if requests under way hold them.
	pub fn lend<T>(
		&mut self,
		positions: usize,
		evaluate: impl FnOnce(&mut dyn Backend, &[u32]) -> T,
	) -> Result<T, EngineError> {
		self.scheduler.lend(positions, evaluate)
	}

	/// The evaluation of one sequence.
	///
	/// # Errors
	/// Those of [`evaluate`] and [`lend`](Self::lend).
	pub fn evaluate(&mut self, ids: &[u32]) -> Result<Evaluation, EngineError> {
		self.lend(ids.len(), |backend, pages| evaluate(backend, pages, ids))?
	}

	/// Token ids of a prompt.
	///
	/// # Errors
	/// [`EngineError::Template`] and [`EngineError::Tokenizer`].
	pub fn prompt_ids(&self, prompt: &Prompt) -> Result<Vec<u32>, EngineError> {
		match (prompt, &self.template) {
			(Prompt::Ids(ids), _) => Ok(ids.clone()),
			(Prompt::Text(text), None) => self.text_ids(text),
			(Prompt::Text(text), Some(template)) => {
				Chat::of(&[Message::user(text)]).ids(template, &self.tokenizer, true)
			}
			(Prompt::Chat(chat), Some(template)) => chat.ids(template, &self.tokenizer, true),
			(Prompt::Chat(_), None) => Err(EngineError::Template("the model has none".into())),
		}
	}

	/// Token ids of plain text, with what the tokenizer adds by itself.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`].
	pub fn text_ids(&self, text: &str) -> Result<Vec<u32>, EngineError> {
		self.tokenizer.encode(text, Special::Add)
	}

	/// Takes a request, to be answered by [`step`](Self::step).
	///
	/// # Errors
	/// Those of [`Scheduler::submit`] and [`prompt_ids`](Self::prompt_ids).
	pub fn submit(&mut self, request: GenerateRequest) -> Result<JobId, EngineError> {
		let prompt_ids = self.prompt_ids(&request.prompt)?;
		let job = self.scheduler.submit(Decode {
			prompt: prompt_ids.clone(),
			max_tokens: request.max_tokens,
			sampling: request.sampling,
			seed: request.seed,
			stop_tokens: self.stops.clone(),
			stop_sequences: request.stop_sequences.clone(),
		})?;
		self.jobs.insert(
			job,
			Job {
				request,
				prompt_ids,
				ids: Vec::new(),
				stream: TextStream::default(),
				told: String::new(),
			},
		);
		Ok(job)
	}

	/// Ends a job with what it has been answered so far; nothing if it is over.
	pub fn cancel(&mut self, job: JobId) {
		if let Some(answer) = self.scheduler.cancel(job) {
			self.finish(job, answer);
		}
	}

	/// Whether there is nothing to do and nothing to tell.
	pub fn is_idle(&self) -> bool {
		self.scheduler.is_idle() && self.events.is_empty()
	}

	/// Feeds one batch of all jobs and tells what came of it; each job ends with one
	/// [`Event::Done`].
	pub fn step(&mut self) -> Vec<(JobId, Event)> {
		match self.scheduler.step() {
			Ok(progress) => {
				self.failed = false;
				progress.into_iter().for_each(|fed| self.tell(fed));
			}
			Err(error) => self.recover(&error),
		}
		std::mem::take(&mut self.events)
	}

	/// Answers a request; `on_token` gets each token as it is chosen. Other jobs go on meanwhile.
	///
	/// # Errors
	/// Those of [`submit`](Self::submit), and [`EngineError::Device`].
	pub fn generate(
		&mut self,
		request: &GenerateRequest,
		cancel: &AtomicBool,
		on_token: &mut dyn FnMut(&TokenEvent),
	) -> Result<Generation, EngineError> {
		let own = self.submit(request.clone())?;
		let (mut others, mut outcome) = (Vec::new(), None);
		while outcome.is_none() {
			if cancel.load(Ordering::Relaxed) {
				self.cancel(own);
			}
			for (job, event) in self.step() {
				match event {
					event if job != own => others.push((job, event)),
					Event::Token(token) => on_token(&token),
					Event::Done(done) => outcome = Some(done),
				}
			}
		}
		self.events = others;
		let lost = || EngineError::Device("the job was lost".into());
		outcome.ok_or_else(lost)?.map(|generation| *generation)
	}

	fn tell(&mut self, fed: Fed) {
		let (job, told) = (
			fed.job,
			fed.token.map(|id| self.push(fed.job, id, &fed.answer)),
		);
		match told {
			Some(Err(error)) => {
				self.scheduler.cancel(job);
				self.jobs.remove(&job);
				return self.events.push((job, Event::Done(Err(error))));
			}
			Some(Ok(token)) => self.events.push((job, Event::Token(token))),
			None => (),
		}
		if let Some(answer) = fed.answer {
			self.finish(job, answer);
		}
	}

	/// The event of a token; the last one of an answer brings the rest of its text.
	fn push(
		&mut self,
		job: JobId,
		id: u32,
		answer: &Option<Answer>,
	) -> Result<TokenEvent, EngineError> {
		let Some(state) = self.jobs.get_mut(&job) else {
			return Ok(TokenEvent {
				id,
				text_delta: String::new(),
			});
		};
		let text_delta = match answer {
			None => state.push(&self.tokenizer, id)?,
			Some(answer) => {
				let text = self.tokenizer.decode(&answer.ids[..answer.spoken])?;
				text.strip_prefix(&state.told)
					.unwrap_or_default()
					.to_owned()
			}
		};
		Ok(TokenEvent { id, text_delta })
	}

	fn finish(&mut self, job: JobId, answer: Answer) {
		if let Some(state) = self.jobs.remove(&job) {
			let generation = self.commit(&state.request, state.prompt_ids, answer);
			self.events
				.push((job, Event::Done(generation.map(Box::new))));
		}
	}

	/// Feeds everything again on the device opened anew; if that fails too, all jobs end with the
	/// error, and the next one is another attempt.
	fn recover(&mut self, error: &EngineError) {
		log::warn!(target: "engine", "the back end starts anew: {error}");
		let again = !std::mem::take(&mut self.failed) && self.reopen().is_ok();
		self.failed = again;
		if again {
			return;
		}
		for job in self.scheduler.abort() {
			self.jobs.remove(&job);
			let error = EngineError::Device(error.to_string());
			self.events.push((job, Event::Done(Err(error))));
		}
	}

	fn reopen(&mut self) -> Result<(), EngineError> {
		let Self {
			device,
			model,
			cache,
			..
		} = self;
		self.scheduler.restart(|| {
			*device = device.reopen()?;
			device.load(model.clone(), *cache)
		})
	}

	fn commit(
		&self,
		request: &GenerateRequest,
		prompt_ids: Vec<u32>,
		answer: Answer,
	) -> Result<Generation, EngineError> {
		Ok(Generation {
			text: self.tokenizer.decode(&answer.ids[..answer.spoken])?,
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
		sampling: request.sampling,
		seed: request.seed,
		stop_sequences: &request.stop_sequences,
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
			options,
		} = options;
		let paths = source::find(&models_dir)?;
		let device = Device::open(device)?;
		let load = |path: &PathBuf| load(path, &device, options, &mut |_, _| ());
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

	/// Takes a request, to be answered by [`step`](Self::step).
	///
	/// # Errors
	/// [`EngineError::UnknownModel`], and those of [`Loaded::submit`].
	pub fn submit(&mut self, request: GenerateRequest) -> Result<JobId, EngineError> {
		self.model(&request.model_root)?.submit(request)
	}

	/// Ends a job with what it has been answered so far; nothing if it is over.
	pub fn cancel(&mut self, job: JobId) {
		self.models.iter_mut().for_each(|model| model.cancel(job));
	}

	/// Whether no model has anything to do or to tell.
	pub fn is_idle(&self) -> bool {
		self.models.iter().all(Loaded::is_idle)
	}

	/// [`Loaded::step`] of every model.
	pub fn step(&mut self) -> Vec<(JobId, Event)> {
		self.models.iter_mut().flat_map(Loaded::step).collect()
	}

	/// Answers a request; `on_token` gets each token as it is chosen. Other jobs of the same model
	/// go on meanwhile.
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
	options: Options,
	progress: Progress<'_>,
) -> Result<Loaded, EngineError> {
	Loaded::open(&source::resolve(path, progress)?, device, options)
}
