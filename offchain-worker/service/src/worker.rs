//! The loop that turns the orders of one device into completions, on a thread of its own.

use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	thread,
	time::{Duration, Instant},
};

use one_engine::{
	Engine, EngineError, Event, Finish as Ended, GenerateRequest, Generation, JobId, Prompt,
};
use one_mailbox::{Completion, Finish, Order, OrderId, Outcome};
use polkadot_sdk::sp_core::offchain::OffchainStorage;
use thread_priority::{set_current_thread_priority, ThreadPriority};

use crate::{dispatch::Desk, Answers, LOG_TARGET};

/// How often a worker looks at its desk.
const POLL: Duration = Duration::from_millis(200);
/// How long a device that failed rests before it is opened anew; twice as long each time,
const REST: Duration = Duration::from_secs(60);
/// up to this, until it has served an order.
const LONGEST_REST: Duration = Duration::from_secs(3_600);

/// What a worker needs of an engine.
pub trait Runner {
	/// Token ids of a prompt of one message.
	fn prompt_ids(&mut self, model: &[u8; 32], text: String) -> Result<Vec<u32>, EngineError>;
	/// [`Engine::submit`].
	fn submit(&mut self, request: GenerateRequest) -> Result<JobId, EngineError>;
	/// [`Engine::cancel`].
	fn cancel(&mut self, job: JobId);
	/// [`Engine::is_idle`].
	fn is_idle(&self) -> bool;
	/// [`Engine::step`].
	fn step(&mut self) -> Vec<(JobId, Event)>;
	/// [`Engine::reopen`].
	fn reopen(&mut self) -> Result<(), EngineError>;
}

impl Runner for Engine {
	fn prompt_ids(&mut self, model: &[u8; 32], text: String) -> Result<Vec<u32>, EngineError> {
		self.model(model)?.prompt_ids(&Prompt::Text(text))
	}

	fn submit(&mut self, request: GenerateRequest) -> Result<JobId, EngineError> {
		Self::submit(self, request)
	}

	fn cancel(&mut self, job: JobId) {
		Self::cancel(self, job);
	}

	fn is_idle(&self) -> bool {
		Self::is_idle(self)
	}

	fn step(&mut self) -> Vec<(JobId, Event)> {
		Self::step(self)
	}

	fn reopen(&mut self) -> Result<(), EngineError> {
		Self::reopen(self)
	}
}

/// Answers what lies on one desk.
pub struct Worker<E, S: OffchainStorage> {
	engine: E,
	desk: Desk<S>,
	answers: Answers<S>,
	/// The orders under way.
	serving: HashMap<JobId, Arc<Order>>,
	/// When the desk was last looked at.
	polled: Instant,
	/// When the device is opened anew, if it has failed.
	retry: Option<Instant>,
	/// How long it rests after the next failure.
	rest: Duration,
}

impl<E: Runner, S: OffchainStorage> Worker<E, S> {
	/// A worker that answers from `engine` what lies on `desk`.
	pub fn new(engine: E, desk: Desk<S>, answers: Answers<S>) -> Self {
		Self {
			engine,
			desk,
			answers,
			serving: HashMap::new(),
			polled: Instant::now(),
			retry: None,
			rest: REST,
		}
	}

	/// Works until `stop` is set.
	pub fn run(mut self, stop: &AtomicBool) {
		// Consensus shares the machine: blocks go first.
		if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
			log::debug!(target: LOG_TARGET, "Inference keeps the normal priority: {error:?}");
		}
		while !stop.load(Ordering::Relaxed) {
			if self.engine.is_idle() || self.polled.elapsed() >= POLL {
				self.poll();
			}
			if self.engine.is_idle() {
				thread::sleep(POLL);
			} else {
				self.step();
			}
		}
	}

	/// Drops the orders that left the desk, and begins those that are new on it.
	fn poll(&mut self) {
		self.polled = Instant::now();
		self.try_again();
		let orders = self.desk.orders();
		let lies = |id| orders.iter().any(|order| order.id == id);
		let gone = self.serving.iter().filter(|(_, order)| !lies(order.id));
		for job in gone.map(|(job, _)| *job).collect::<Vec<_>>() {
			self.abandon(job);
		}
		for order in orders {
			if !serves(&self.serving, &order.id) {
				self.begin(order);
			}
		}
	}

	fn abandon(&mut self, job: JobId) {
		self.engine.cancel(job);
		if let Some(order) = self.serving.remove(&job) {
			log::info!(target: LOG_TARGET, "Job {} is not wanted any more", order.id.job);
			self.answers.abandon(order.id.job);
		}
	}

	fn begin(&mut self, order: Arc<Order>) {
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
		if self.retry.is_some() {
			return Err(Obstacle::NoDevice);
		}
		let request = self.request(order)?;
		Ok(self.engine.submit(request)?)
	}

	/// The next tokens of every order under way; what comes of abandoned ones is ignored.
	fn step(&mut self) {
		for (job, event) in self.engine.step() {
			match event {
				Event::Token(token) => {
					if let Some(order) = self.serving.get(&job) {
						self.answers.push(order.id.job, token.id, &token.text_delta);
					}
				}
				Event::Done(outcome) => self.end(job, outcome),
			}
		}
	}

	fn end(&mut self, job: JobId, outcome: Result<Box<Generation>, EngineError>) {
		if let Err(error @ EngineError::Device(_)) = &outcome {
			self.fail(error);
		}
		let Some(order) = self.serving.remove(&job) else {
			return;
		};
		match outcome {
			Ok(generation) => self.deliver(&order, *generation),
			Err(error) => self.decline(&order, &error.into()),
		}
	}

	/// Gives a device that failed another chance when its rest is over.
	fn try_again(&mut self) {
		if self.retry.is_none_or(|at| Instant::now() < at) {
			return;
		}
		match self.engine.reopen() {
			Ok(()) => {
				self.retry = None;
				self.desk.reopen();
			}
			Err(error) => self.rest(&error),
		}
	}

	/// Lets the other devices take the orders that are not begun.
	fn fail(&mut self, error: &EngineError) {
		if self.retry.is_none() {
			self.desk.close(|id| serves(&self.serving, id));
			self.rest(error);
		}
	}

	fn rest(&mut self, error: &EngineError) {
		log::error!(target: LOG_TARGET, "{error}; opened anew in {:?}", self.rest);
		self.retry = Some(Instant::now() + self.rest);
		self.rest = (self.rest * 2).min(LONGEST_REST);
	}

	fn request(&mut self, order: &Order) -> Result<GenerateRequest, Obstacle> {
		let text = String::from_utf8(order.prompt.clone()).map_err(|_| Obstacle::NotText)?;
		let ids = self.engine.prompt_ids(&order.model, text)?;
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
		self.desk.complete(&completion);
		self.rest = REST;
	}

	fn decline(&mut self, order: &Order, error: &Obstacle) {
		let outcome = error.outcome();
		log::warn!(target: LOG_TARGET, "Job {}: {outcome:?}: {error}", order.id.job);
		self.answers.abandon(order.id.job);
		self.desk.complete(&Completion {
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

fn serves(serving: &HashMap<JobId, Arc<Order>>, id: &OrderId) -> bool {
	serving.values().any(|order| order.id == *id)
}

/// Why an order has no answer.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
	#[error("the prompt is not UTF-8")]
	NotText,
	#[error("the prompt has {tokens} tokens, the job pays for {limit}")]
	MoreThanPaidFor { tokens: u32, limit: u32 },
	#[error("no device of this node works")]
	NoDevice,
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
			Self::NoDevice | Self::Engine(_) => Outcome::Failed,
		}
	}
}

fn count(ids: &[u32]) -> u32 {
	u32::try_from(ids.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use one_engine::{DeviceChoice, EngineOptions, Options};

	use super::*;
	use crate::{
		dispatch::Dispatch,
		testing::{one_guide, order, Storage},
		Mailbox,
	};

	/// An engine whose device breaks.
	struct Breaking {
		engine: Engine,
		broken: bool,
		jobs: Vec<JobId>,
	}

	impl Runner for Breaking {
		fn prompt_ids(&mut self, model: &[u8; 32], text: String) -> Result<Vec<u32>, EngineError> {
			Runner::prompt_ids(&mut self.engine, model, text)
		}

		fn submit(&mut self, request: GenerateRequest) -> Result<JobId, EngineError> {
			let job = self.engine.submit(request)?;
			self.jobs.push(job);
			Ok(job)
		}

		fn cancel(&mut self, job: JobId) {
			self.engine.cancel(job);
		}

		fn is_idle(&self) -> bool {
			self.engine.is_idle()
		}

		fn step(&mut self) -> Vec<(JobId, Event)> {
			if !self.broken {
				return self.engine.step();
			}
			let lost = |job: JobId| {
				self.engine.cancel(job);
				(job, Event::Done(Err(EngineError::Device("lost".into()))))
			};
			let events = self.jobs.drain(..).map(lost).collect();
			self.engine.step();
			events
		}

		fn reopen(&mut self) -> Result<(), EngineError> {
			match self.broken {
				true => Err(EngineError::Device("gone".into())),
				false => self.engine.reopen(),
			}
		}
	}

	type TestWorker = Worker<Breaking, Storage>;

	/// Workers of so many devices on one mailbox.
	fn workers(storage: &Storage, devices: usize) -> Vec<TestWorker> {
		let mailbox = Mailbox::new(storage.clone());
		let names = vec!["cpu".to_owned(); devices];
		let (_, desks) = Dispatch::open(mailbox.clone(), vec![], names);
		let answers = Answers::new(mailbox);
		let worker = |desk| Worker::new(breaking(), desk, answers.clone());
		desks.into_iter().map(worker).collect()
	}

	fn breaking() -> Breaking {
		let options = EngineOptions {
			models_dir: one_guide(),
			devices: DeviceChoice::Cpu.into(),
			options: Options::default(),
		};
		Breaking {
			engine: Engine::open_all(options).unwrap().remove(0),
			broken: false,
			jobs: Vec::new(),
		}
	}

	/// Makes these jobs the open ones, all for the model of `worker`.
	fn list(storage: &Storage, worker: &TestWorker, jobs: &[u64]) {
		let model = worker.engine.engine.models()[0].root;
		let of = |job: &u64| Order {
			model,
			..order(*job)
		};
		storage.put(&jobs.iter().map(of).collect::<Vec<_>>());
	}

	fn work(workers: &mut [TestWorker]) {
		workers.iter_mut().for_each(Worker::poll);
		for worker in workers {
			while !worker.engine.is_idle() {
				worker.step();
			}
		}
	}

	fn outcomes(storage: &Storage, jobs: &[u64]) -> Vec<Outcome> {
		let outcome = |job: &u64| storage.completion(*job).unwrap().outcome;
		jobs.iter().map(outcome).collect()
	}

	#[test]
	fn orders_should_be_answered_by_the_others_when_a_device_has_failed() {
		use Outcome::{Failed, Served};
		let storage = Storage::default();
		let mut workers = workers(&storage, 2);
		list(&storage, &workers[0], &[1, 2, 3, 4]);
		workers[0].engine.broken = true;
		work(&mut workers);
		let expected = [Failed, Served, Failed, Served];
		assert_eq!(outcomes(&storage, &[1, 2, 3, 4]), expected);
		list(&storage, &workers[0], &[5, 6]);
		work(&mut workers);
		assert_eq!(outcomes(&storage, &[5, 6]), [Served, Served]);
		assert_eq!(storage.models(), Some(vec![]));
	}

	#[test]
	fn node_should_serve_again_when_its_device_works_after_a_rest() {
		let storage = Storage::default();
		let mut workers = workers(&storage, 1);
		let worker = &mut workers[0];
		worker.engine.broken = true;
		list(&storage, worker, &[1]);
		work(&mut workers);
		assert_eq!(storage.models(), None);
		list(&storage, &workers[0], &[2]);
		work(&mut workers);
		assert_eq!(outcomes(&storage, &[1, 2]), [Outcome::Failed; 2]);

		workers[0].retry = Some(Instant::now());
		workers[0].poll();
		assert_eq!((workers[0].rest, storage.models()), (REST * 4, None));
		workers[0].engine.broken = false;
		workers[0].retry = Some(Instant::now());
		list(&storage, &workers[0], &[3]);
		work(&mut workers);
		assert_eq!(outcomes(&storage, &[3]), [Outcome::Served]);
		assert_eq!((workers[0].rest, storage.models()), (REST, Some(vec![])));
	}

	#[test]
	fn order_should_be_dropped_when_the_chain_wants_it_no_more() {
		let storage = Storage::default();
		let mut workers = workers(&storage, 1);
		list(&storage, &workers[0], &[1]);
		workers[0].poll();
		assert!(workers[0].answers.get(1).is_some());
		storage.list(&[]);
		workers[0].poll();
		assert!(workers[0].serving.is_empty() && workers[0].answers.get(1).is_none());
		work(&mut workers);
		assert_eq!(storage.completions(1), 0);
	}
}
