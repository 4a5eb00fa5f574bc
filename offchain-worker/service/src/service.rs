//! The engines of a node, each on a thread of its own.

use std::{
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	thread::{self, JoinHandle},
};

use one_engine::{Engine, EngineError, EngineOptions, ModelInfo};
use polkadot_sdk::sp_core::offchain::OffchainStorage;

use crate::{
	dispatch::Dispatch, worker::Worker, Answers, Inference, Mailbox, ModelSummary, LOG_TARGET,
};

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
	/// The engine refused the models or a device.
	#[error("inference engine: {0}")]
	Engine(#[from] EngineError),
	/// The operating system gave no thread.
	#[error("inference thread: {0}")]
	Thread(#[from] std::io::Error),
	/// The engines could not be opened, by a defect that the log tells.
	#[error("inference engine: a panic while it was opened")]
	Panic,
}

/// What every thread of inference begins with, such as how its panics end.
pub type OnStart = fn();

/// The running service; dropping it stops each thread after the token at hand.
pub struct InferenceService {
	stop: Arc<AtomicBool>,
	threads: Vec<JoinHandle<()>>,
}

impl InferenceService {
	/// Opens an engine for each device and starts serving the mailbox in `storage`; returns the
	/// service and its RPC. All of it runs on threads of its own, which begin with `on_start`.
	///
	/// # Errors
	/// [`ServiceError`] if an engine or its thread cannot start.
	pub fn start<S: OffchainStorage + 'static>(
		options: EngineOptions,
		storage: S,
		on_start: OnStart,
	) -> Result<(Self, Inference<S>), ServiceError> {
		start_pool(on_start);
		let opening = spawn(on_start, || Engine::open_all(options))?;
		let engines = opening.join().map_err(|_| ServiceError::Panic)??;
		let models = engines.first().map(Engine::models).unwrap_or_default();
		let roots = models.iter().map(|model| model.root).collect();
		let devices = engines
			.iter()
			.map(|engine| engine.device().into())
			.collect();
		let mailbox = Mailbox::new(storage);
		let answers = Answers::new(mailbox.clone());
		let (dispatch, desks) = Dispatch::open(mailbox, roots, devices);
		let mut service = Self {
			stop: Arc::default(),
			threads: Vec::new(),
		};
		for (engine, desk) in engines.into_iter().zip(desks) {
			log::info!(target: LOG_TARGET, "Serving on {}", engine.device());
			let (worker, stop) = (
				Worker::new(engine, desk, answers.clone()),
				service.stop.clone(),
			);
			let thread = spawn(on_start, move || worker.run(&stop))?;
			service.threads.push(thread);
		}
		Ok((
			service,
			Inference::new(answers, summaries(&models), dispatch),
		))
	}
}

/// The threads that the engines share; where some run already, they stay as they began.
fn start_pool(on_start: OnStart) {
	let pool = rayon::ThreadPoolBuilder::new()
		.thread_name(|i| format!("inference-{i}"))
		.start_handler(move |_| on_start());
	if let Err(error) = pool.build_global() {
		log::debug!(target: LOG_TARGET, "{error}");
	}
}

fn spawn<T: Send + 'static>(
	on_start: OnStart,
	work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
	let thread = thread::Builder::new().name("inference".into());
	thread.spawn(move || {
		on_start();
		work()
	})
}

impl Drop for InferenceService {
	fn drop(&mut self) {
		self.stop.store(true, Ordering::Relaxed);
		for thread in self.threads.drain(..) {
			if thread.join().is_err() {
				log::error!(target: LOG_TARGET, "An inference thread had panicked.");
			}
		}
	}
}

fn summaries(models: &[ModelInfo]) -> Vec<ModelSummary> {
	models
		.iter()
		.map(|model| {
			let root = format!("0x{}", hex::encode(model.root));
			log::info!(target: LOG_TARGET, "Serving {} ({root})", model.name);
			ModelSummary {
				name: model.name.clone(),
				root,
			}
		})
		.collect()
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use std::{
		sync::Mutex,
		time::{Duration, Instant},
	};

	use one_engine::{container::Container, gpu::adapters, Options};
	use one_mailbox::{Completion, Order, Outcome};

	use super::*;
	use crate::{
		testing::{one_guide, order, Storage},
		InferenceApiServer,
	};

	const JOBS: u64 = 6;
	/// Enough for the slowest software rasteriser.
	const PATIENCE: Duration = Duration::from_secs(300);

	/// Names of the threads that began as they should.
	static BEGUN: Mutex<Vec<String>> = Mutex::new(Vec::new());

	fn note_start() {
		let name = thread::current().name().map(String::from);
		BEGUN.lock().unwrap().extend(name);
	}

	/// What came of the jobs on `devices`, and how many each device has answered.
	fn serve(devices: &str) -> (Vec<Completion>, Vec<u64>) {
		let storage = Storage::default();
		let root = Container::open(&one_guide()).unwrap().root();
		storage.put(&(0..JOBS).map(|job| question(job, root)).collect::<Vec<_>>());
		let options = EngineOptions {
			models_dir: one_guide(),
			devices: devices.parse().unwrap(),
			options: Options::default(),
		};
		let started = InferenceService::start(options, storage.clone(), note_start);
		let (service, rpc) = started.unwrap();
		assert_eq!(storage.models(), Some(vec![root]));
		let start = Instant::now();
		while !(0..JOBS).all(|job| storage.completions(job) > 0) {
			assert!(start.elapsed() < PATIENCE);
			thread::sleep(Duration::from_millis(10));
		}
		drop(service);
		assert_eq!(storage.models(), None);
		let completion = |job| {
			assert_eq!(storage.completions(job), 1, "job {job}");
			assert!(rpc.answer(job).unwrap().unwrap().done);
			storage.completion(job).unwrap()
		};
		let answered = rpc.devices().unwrap().iter().map(|d| d.answered).collect();
		((0..JOBS).map(completion).collect(), answered)
	}

	fn question(job: u64, model: [u8; 32]) -> Order {
		Order {
			model,
			prompt: format!("What are {job} ONE?").into_bytes(),
			max_output: 40,
			wants_ids: true,
			..order(job)
		}
	}

	#[test]
	fn answers_should_be_those_of_one_device_when_two_serve() {
		if adapters().is_empty() {
			assert!(
				std::env::var_os("ONE_REQUIRE_GPU").is_none(),
				"no GPU adapter"
			);
			println!("skipped: no GPU adapter");
			return;
		}
		let (alone, _) = serve("cpu");
		let (together, answered) = serve("cpu,0");
		assert_eq!(together, alone);
		assert!(alone.iter().all(|done| done.outcome == Outcome::Served));
		assert_eq!(answered, [3, 3]);
		// Two openings, one device and then two.
		let begun = BEGUN.lock().unwrap();
		let own = begun.iter().filter(|name| *name == "inference");
		assert_eq!(own.count(), 5);
	}
}
