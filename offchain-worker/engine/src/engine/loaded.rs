//! One model on its device, and the requests it serves.

use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
};

use super::{
	request::hash_request, Event, GenerateRequest, Generation, ModelInfo, Prompt, TokenEvent,
};
use crate::{
	backend::Backend,
	chat::{Chat, Message},
	commitment::{result_hash, trace_root},
	container::{Container, Part},
	device::{CacheSize, Device},
	evaluate::{evaluate, Evaluation},
	model::Model,
	scheduler::{Answer, Decode, JobId, Options, Progress as Fed, Scheduler, MAX_STOP_IDS},
	stream::TextStream,
	template::Template,
	tokenizer::{Special, Tokenizer},
	EngineError,
};

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

	/// The event of a token; the last one of an answer brings the rest of its text.
	fn event(
		&mut self,
		tokenizer: &Tokenizer,
		id: u32,
		answer: &Option<Answer>,
	) -> Result<TokenEvent, EngineError> {
		let text_delta = match answer {
			None => self.push(tokenizer, id)?,
			Some(answer) => {
				let text = tokenizer.decode(&answer.ids[..answer.spoken])?;
				text.strip_prefix(&self.told).unwrap_or_default().to_owned()
			}
		};
		Ok(TokenEvent { id, text_delta })
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
		let Fed { job, token, answer } = fed;
		// An error may have ended it some tokens before the end of the step.
		let Some(state) = self.jobs.get_mut(&job) else {
			return;
		};
		match token.map(|id| state.event(&self.tokenizer, id, &answer)) {
			Some(Err(error)) => {
				self.scheduler.cancel(job);
				self.jobs.remove(&job);
				return self.events.push((job, Event::Done(Err(error))));
			}
			Some(Ok(token)) => self.events.push((job, Event::Token(token))),
			None => (),
		}
		if let Some(answer) = answer {
			self.finish(job, answer);
		}
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

	/// Goes on with the device opened anew, where jobs under way are fed again.
	///
	/// # Errors
	/// A GPU that is gone or still fails, or has no room for the model.
	pub fn reopen(&mut self) -> Result<(), EngineError> {
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

pub(super) fn tokenizer(container: &Container) -> Result<Tokenizer, EngineError> {
	Tokenizer::parse(container.tokenizer()).map_err(|error| {
		EngineError::malformed(container.path(), Part::Tokenizer.to_string(), error)
	})
}

pub(super) fn template(container: &Container) -> Result<Option<Template>, EngineError> {
	let source = container.text(Part::Template)?;
	if source.is_empty() {
		return Ok(None);
	}
	let (bos, eos) = (container.text(Part::Bos)?, container.text(Part::Eos)?);
	Template::parse(source, bos, eos)
		.map(Some)
		.map_err(|error| {
			EngineError::malformed(container.path(), Part::Template.to_string(), error)
		})
}
