//! The loop that turns orders into completions, on a thread of its own.

use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	thread::{self, JoinHandle},
	time::{Duration, Instant},
};

use one_engine::{
	Engine, EngineError, EngineOptions, Event, Finish as Ended, GenerateRequest, Generation, JobId,
	Prompt, ARITHMETIC_ID,
};
use one_mailbox::{Completion, Finish, Order, OrderId, Outcome, MAX_ORDERS};
use polkadot_sdk::sp_core::offchain::OffchainStorage;
use thread_priority::{set_current_thread_priority, ThreadPriority};

use crate::{Answers, Inference, Mailbox, ModelSummary};

const LOG_TARGET: &str = "inference";
/// How often the service looks into the mailbox.
const POLL: Duration = Duration::from_millis(200);

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
	/// The engine refused the models or the device.
	#[error("inference engine: {0}")]
	Engine(#[from] EngineError),
	/// The operating system gave no thread.
	#[error("inference thread: {0}")]
	Thread(#[from] std::io::Error),
}

/// The running service; dropping it stops the thread after the token at hand.
pub struct InferenceService {
	stop: Arc<AtomicBool>,
	thread: Option<JoinHandle<()>>,
}

impl InferenceService {
	/// Opens the engine and starts serving the mailbox in `storage`; returns the service and its RPC.
	///
	/// # Errors
	/// [`ServiceError`] if the engine or its thread cannot start.
	pub fn start<S: OffchainStorage + 'static>(
		options: EngineOptions,
		storage: S,
	) -> Result<(Self, Inference<S>), ServiceError> {
		let engine = Engine::open(options)?;
		let mut mailbox = Mailbox::new(storage);
		mailbox.announce(
			vec![ARITHMETIC_ID],
			engine.models().iter().map(|m| m.root).collect(),
		);
		let answers = Answers::new(mailbox.clone());
		let rpc = Inference::new(answers.clone(), summaries(&engine), engine.device().into());
		let stop = Arc::new(AtomicBool::new(false));
		let worker = Worker {
			engine,
			mailbox,
			answers,
			serving: HashMap::new(),
			polled: Instant::now(),
			stop: stop.clone(),
		};
		let thread = thread::Builder::new()
			.name("inference".into())
			.spawn(move || worker.run())?;
		Ok((
			Self {
				stop,
				thread: Some(thread),
			},
			rpc,
		))
	}
}

impl Drop for InferenceService {
	fn drop(&mut self) {
		self.stop.store(true, Ordering::Relaxed);
		if self
			.thread
			.take()
			.is_some_and(|thread| thread.join().is_err())
		{
			log::error!(target: LOG_TARGET, "The inference thread had panicked.");
		}
	}
}

fn summaries(engine: &Engine) -> Vec<ModelSummary> {
	let models = engine.models();
	models
		.iter()
		.map(|model| {
			let root = format!("0x{}", hex::encode(model.root));
			log::info!(target: LOG_TARGET, "Serving {} ({root}) on {}", model.name, engine.device());
			ModelSummary {
				name: model.name.clone(),
				root,
			}
		})
		.collect()
}

struct Worker<S> {
	engine: Engine,
	mailbox: Mailbox<S>,
	answers: Answers<S>,
	/// The orders under way.
	serving: HashMap<JobId, Order>,
	/// When the mailbox was last looked into.
	polled: Instant,
	stop: Arc<AtomicBool>,
}

impl<S: OffchainStorage> Worker<S> {
	fn run(mut self) {
		// Consensus shares the machine: blocks go first.
		if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
			log::debug!(target: LOG_TARGET, "Inference keeps the normal priority: {error:?}");
		}
		while !self.stop.load(Ordering::Relaxed) {
			if self.engine.is_idle() || self.polled.elapsed() >= POLL {
				self.poll();
			}
			if self.engine.is_idle() {
				thread::sleep(POLL);
			} else {
				self.step();
			}
		}
		self.mailbox.withdraw();
	}

	/// Drops the orders that are not wanted any more, and begins all others.
	fn poll(&mut self) {
		self.polled = Instant::now();
		let unwanted = |(_, order): &(&JobId, &Order)| !self.mailbox.is_open(&order.id);
		let jobs = self.serving.iter().filter(unwanted).map(|(job, _)| *job);
		for job in jobs.collect::<Vec<_>>() {
			self.abandon(job);
		}
		for _ in 0..MAX_ORDERS {
			let taken = |id: &OrderId| self.serving.values().any(|order| order.id == *id);
			let Some(order) = self.mailbox.next_order(taken) else {
				return;
			};
			self.begin(order);
		}
	}

	fn abandon(&mut self, job: JobId) {
		self.engine.cancel(job);
		if let Some(order) = self.serving.remove(&job) {
			log::info!(target: LOG_TARGET, "Job {} is not wanted any more", order.id.job);
			self.answers.abandon(order.id.job);
		}
	}

	fn begin(&mut self, order: Order) {
		log::info!(target: LOG_TARGET, "Job {} (attempt {})", order.id.job, order.id.attempt);
		match self.submit(&order) {
			Ok(job) => {
				self.answers.begin(order.id.job);
				self.serving.insert(job, order);
			}
			Err(error) => self.decline(&order, &error),
		}
	}

	fn submit(&mut self, order: &Order) -> Result<JobId, Obstacle> {
		let request = self.request(order)?;
		Ok(self.engine.submit(request)?)
	}

	/// One token of every order under way; what comes of abandoned ones is ignored.
	fn step(&mut self) {
		for (job, event) in self.engine.step() {
			match event {
				Event::Token(token) => {
					if let Some(order) = self.serving.get(&job) {
						self.answers.push(order.id.job, token.id, &token.text_delta);
					}
				}
				Event::Done(outcome) => {
					if let Some(order) = self.serving.remove(&job) {
						self.end(&order, outcome);
					}
				}
			}
		}
	}

	fn end(&mut self, order: &Order, outcome: Result<Box<Generation>, EngineError>) {
		match outcome {
			Ok(generation) => self.deliver(order, *generation),
			Err(error) => self.decline(order, &error.into()),
		}
	}

	fn request(&mut self, order: &Order) -> Result<GenerateRequest, Obstacle> {
		let text = String::from_utf8(order.prompt.clone()).map_err(|_| Obstacle::NotText)?;
		let ids = self
			.engine
			.model(&order.model)?
			.prompt_ids(&Prompt::Text(text))?;
		let (tokens, limit) = (count(&ids), order.max_input);
		if tokens > limit {
			return Err(Obstacle::MoreThanPaidFor { tokens, limit });
		}
		Ok(GenerateRequest {
			secret: order.secret,
			..GenerateRequest::greedy(order.model, Prompt::Ids(ids), order.max_output)
		})
	}

	/// The answer is kept before the completion is written: a receipt never goes out for a text
	/// that this node has lost.
	fn deliver(&mut self, order: &Order, generation: Generation) {
		let completion = Completion {
			id: order.id,
			input_tokens: count(&generation.prompt_ids),
			output_tokens: count(&generation.ids),
			request_root: generation.request_hash,
			result_root: generation.result_hash,
			trace_root: generation.trace_root,
			outcome: Outcome::Served,
			finish: if generation.finish == Ended::Stop {
				Finish::Stop
			} else {
				Finish::Length
			},
			ids: if order.wants_ids {
				generation.ids.clone()
			} else {
				vec![]
			},
		};
		self.answers
			.finish(order.id.job, generation.ids, generation.text);
		self.mailbox.complete(&completion);
	}

	fn decline(&mut self, order: &Order, error: &Obstacle) {
		let outcome = error.outcome();
		log::warn!(target: LOG_TARGET, "Job {}: {outcome:?}: {error}", order.id.job);
		self.answers.abandon(order.id.job);
		self.mailbox.complete(&Completion {
			id: order.id,
			input_tokens: 0,
			output_tokens: 0,
			request_root: [0; 32],
			result_root: [0; 32],
			trace_root: [0; 32],
			outcome,
			finish: Finish::None,
			ids: vec![],
		});
	}
}

/// Why an order has no answer.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
	#[error("the prompt is not UTF-8")]
	NotText,
	#[error("the prompt has {tokens} tokens, the job pays for {limit}")]
	MoreThanPaidFor { tokens: u32, limit: u32 },
	#[error(transparent)]
	Engine(#[from] EngineError),
}

impl Obstacle {
	/// Whether nobody could answer the request, or only this node cannot.
	fn outcome(&self) -> Outcome {
		use EngineError::{ContextExceeded, EmptyPrompt, PromptTooLong, Template, Tokenizer};
		match self {
			Self::NotText | Self::MoreThanPaidFor { .. } => Outcome::Refused,
			Self::Engine(
				ContextExceeded { .. }
				| EmptyPrompt
				| PromptTooLong { .. }
				| Template(_)
				| Tokenizer(_),
			) => Outcome::Refused,
			Self::Engine(_) => Outcome::Failed,
		}
	}
}

fn count(ids: &[u32]) -> u32 {
	u32::try_from(ids.len()).unwrap_or(u32::MAX)
}
