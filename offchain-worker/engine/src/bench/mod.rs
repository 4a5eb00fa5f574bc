//! How fast a model runs on a device, and how near that is to the bandwidth of its memory.
//!
//! Times are medians of several repeats after a warm-up. Random weights do as well as real ones: the
//! arithmetic takes as long for any of them.

mod batch;
mod bounds;
pub mod disk;
mod named;
mod timing;

use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	sync::{atomic::AtomicBool, Arc},
	time::{Duration, Instant},
};

use one_arithmetic::Sampling;
use serde::Serialize;

pub use named::{random_model, NamedShape};
pub use timing::{median, Repeats};

use self::batch::Batch;
use crate::{
	audit::{audit, Audit, Claim},
	backend::{kernel_times, pages_for, Backend, DeviceChoice, HeadAt, KernelTime, Want, FEED},
	container::Container,
	device::{CacheSize, Device},
	engine::{load, GenerateRequest, Prompt},
	import::source_files,
	model::Shape,
	scheduler::{Decode, Finish, Options},
	source::{cache_dir, resolve},
	EngineError,
};

/// Tokens of the prompt whose answer's first token is waited for, and the words it has, by way of
/// the chat template; as many as it takes are added or left out.
const FIRST_PROMPT: usize = 16;
const FIRST_WORDS: &str = "How far is the moon?";

/// What is measured, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
	/// Tokens that a sequence generates; a quarter of it where there are several.
	pub decode: usize,
	/// Tokens of the answer that is audited.
	pub audit: usize,
	/// Sequences side by side in the second measurement of decoding.
	pub batch: usize,
	/// Tokens of the prompt.
	pub prefill: usize,
	/// How often each is repeated.
	pub repeats: Repeats,
}

impl Default for Plan {
	fn default() -> Self {
		Self {
			decode: 64,
			audit: 256,
			batch: 32,
			prefill: 512,
			repeats: Repeats {
				most: 5,
				budget: Duration::from_secs(20),
			},
		}
	}
}

impl Plan {
	/// The plan for a model: a short context shortens it.
	fn within(self, context: u32) -> Self {
		let context = context as usize;
		Self {
			decode: self.decode.min(context.saturating_sub(1)).max(1),
			audit: self.audit.min(context.saturating_sub(1)).max(1),
			prefill: self.prefill.min(context),
			..self
		}
	}

	/// Tokens that each of so many sequences generates.
	const fn tokens(&self, batch: usize) -> usize {
		if batch == 1 {
			self.decode
		} else {
			self.decode.div_ceil(4)
		}
	}

	/// Room for every case.
	fn cache(&self, shape: &Shape) -> CacheSize {
		let alone = self.prefill.max(self.audit + 1);
		let pages = (self.batch * pages_for(self.decode)).max(pages_for(alone));
		CacheSize::Bytes(pages as u64 * shape.page_bytes())
	}
}

/// What a device does with its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
	/// One token of each sequence at a time, each chosen by the last.
	Decode,
	/// All tokens of a prompt at once.
	Prefill,
	/// All tokens of an answer, each checked: the head runs at every one.
	Audit,
}

/// One measured case.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
	/// What was done.
	pub mode: Mode,
	/// Sequences side by side.
	pub batch: usize,
	/// Tokens per second, all sequences together.
	pub tps: f64,
	/// Bytes of weights read per second as a share of [`Report::bandwidth_gbps`], where they are
	/// read once a token: while decoding.
	pub bandwidth_share: Option<f64>,
	/// Multiply-accumulates of the linear layers and the head per second as a share of
	/// [`Report::gmacs`].
	pub product_share: Option<f64>,
	/// Where the time of a pass goes, on devices that tell: one token while decoding, the last tokens
	/// of a prompt or of an answer.
	pub kernels: Vec<KernelTime>,
}

impl Case {
	/// A case that is related to nothing yet.
	const fn new(mode: Mode, batch: usize, tps: f64, kernels: Vec<KernelTime>) -> Self {
		Self {
			mode,
			batch,
			tps,
			bandwidth_share: None,
			product_share: None,
			kernels,
		}
	}

	/// Relates what was reached to the bounds of the device.
	fn relate(&mut self, shape: &Shape, plan: Plan, bandwidth_gbps: f64, gmacs: Option<f64>) {
		let all = shape.linear_macs_per_token() as f64;
		let head = (shape.hidden as u64 * shape.vocab as u64) as f64;
		let macs = match self.mode {
			Mode::Decode | Mode::Audit => all,
			// Only the last token of a prompt has a next one.
			Mode::Prefill => all - head + head / plan.prefill as f64,
		};
		self.product_share = gmacs.map(|gmacs| self.tps * macs / (gmacs * 1e9));
		if self.mode == Mode::Decode {
			let steps = self.tps / self.batch as f64;
			self.bandwidth_share =
				Some(weight_bytes(shape) as f64 * steps / (bandwidth_gbps * 1e9));
		}
	}
}

/// What was measured of a model on a device.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
	/// Name of the model.
	pub model: String,
	/// `cpu`, or the name of the adapter.
	pub device: String,
	/// Whether that is a software rasteriser.
	pub software: bool,
	/// Threads of the CPU.
	pub threads: usize,
	/// Bytes of the weights of all linear layers and the head: what a token reads.
	pub weight_bytes: u64,
	/// Bandwidth of copies in the device's memory, bytes read and bytes written, in 10^9 a second.
	pub bandwidth_gbps: f64,
	/// Multiply-accumulates of the instructions of the linear layers on registers alone, in 10^9 a
	/// second; only of the CPU.
	pub gmacs: Option<f64>,
	/// The cases.
	pub cases: Vec<Case>,
	/// How many times faster it is to audit an answer than to generate it.
	pub audit_speedup: f64,
	/// What starting takes.
	#[serde(flatten)]
	pub start: StartTimes,
}

/// What starting takes with nothing of the file in memory. Loads take turns with just reading it,
/// each as often first, so that both find the disk alike; speeds are those of all turns together.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct StartTimes {
	/// Seconds from nothing, not even an opened device, to the first token of an answer to a text, as
	/// a worker starts: with the tokenizer and the chat template, where the model has them. The median.
	pub first_token_s: f64,
	/// Bytes of the container per second from the disk to a verified model on the device, in 10^9.
	pub load_gbps: f64,
	/// Bytes per second of just reading that file in order, in 10^9.
	pub read_gbps: f64,
	/// The first over the second.
	pub load_share: f64,
}

/// Told what is measured now.
pub type Progress<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Measures `model`, a container or a published model, which is imported first, in `threads` threads
/// of the CPU; 0 takes one a core.
///
/// # Errors
/// Those of [`resolve`], [`Device::open`] and of the back end.
pub fn measure(
	model: &Path,
	device: DeviceChoice,
	threads: usize,
	plan: Plan,
	progress: Progress<'_>,
) -> Result<Report, EngineError> {
	let pool = rayon::ThreadPoolBuilder::new()
		.num_threads(threads)
		.build()
		.map_err(|error| EngineError::Device(format!("{threads} threads: {error}")))?;
	pool.install(|| run(model, device, plan, progress))
}

fn run(
	model: &Path,
	choice: DeviceChoice,
	plan: Plan,
	progress: Progress<'_>,
) -> Result<Report, EngineError> {
	progress("importing");
	let path = resolve(model, &mut |_, _| ())?.path().to_owned();
	progress("loading");
	let (mut start, times) = Start::repeated(model, &path, choice, plan)?;
	progress("memory");
	let bandwidth_gbps = bounds::copy_gbps(&start.device)?;
	let gmacs = bounds::gmacs(&start.device);
	let plan = plan.within(start.shape.context);
	let mut cases = start.cases(plan, progress)?;
	progress("audit");
	let (audit, audit_speedup) = start.audit(plan)?;
	cases.push(audit);
	for case in &mut cases {
		case.relate(&start.shape, plan, bandwidth_gbps, gmacs);
	}
	Ok(Report {
		model: start.name,
		device: start.backend.device().into(),
		software: start.device.is_software(),
		threads: rayon::current_num_threads(),
		weight_bytes: weight_bytes(&start.shape),
		bandwidth_gbps,
		gmacs,
		cases,
		audit_speedup,
		start: times,
	})
}

/// Each weight is a byte.
const fn weight_bytes(shape: &Shape) -> u64 {
	shape.linear_macs_per_token()
}

/// Starts and reads so far: bytes in what time.
#[derive(Default)]
struct Turns {
	first_tokens: Vec<f64>,
	loads: (u64, Duration),
	reads: (u64, Duration),
}

impl Turns {
	fn start(
		&mut self,
		path: &Path,
		choice: DeviceChoice,
		plan: Plan,
	) -> Result<Start, EngineError> {
		let (start, load) = Start::cold(path, choice, plan)?;
		self.loads.0 += disk::size(path)?;
		self.loads.1 += load;
		Ok(start)
	}

	/// Starts as a worker does: whole, with a text for a prompt.
	fn first_token(
		&mut self,
		model: &Path,
		path: &Path,
		choice: DeviceChoice,
		plan: Plan,
	) -> Result<(), EngineError> {
		let sources = match model == path {
			true => Vec::new(),
			false => source_files(model)?,
		};
		sources.iter().try_for_each(|file| disk::forget(file))?;
		disk::forget(path)?;
		let begin = Instant::now();
		let device = Device::open(choice)?;
		let shape = Container::open(path)?.header().shape;
		let options = Options {
			cache: plan.within(shape.context).cache(&shape),
			..Options::default()
		};
		let mut loaded = load(model, &device, options, &mut |_, _| ())?;
		let mut ids = loaded.prompt_ids(&Prompt::Text(FIRST_WORDS.into()))?;
		ids.resize(FIRST_PROMPT.min(shape.context as usize - 1), 0);
		let request = GenerateRequest::greedy(loaded.info().root, Prompt::Ids(ids), 1);
		loaded.generate(&request, &AtomicBool::new(false), &mut |_| ())?;
		self.first_tokens.push(begin.elapsed().as_secs_f64());
		Ok(())
	}

	fn read(&mut self, path: &Path) -> Result<(), EngineError> {
		let (bytes, time) = disk::read(path)?;
		self.reads.0 += bytes;
		self.reads.1 += time;
		Ok(())
	}

	fn times(mut self) -> StartTimes {
		let [load_gbps, read_gbps] =
			[self.loads, self.reads].map(|(bytes, time)| disk::gbps(bytes, time));
		StartTimes {
			first_token_s: median(&mut self.first_tokens).unwrap_or_default(),
			load_gbps,
			read_gbps,
			load_share: load_gbps / read_gbps,
		}
	}
}

/// A model that has just been started.
struct Start {
	name: String,
	shape: Shape,
	device: Device,
	backend: Box<dyn Backend>,
}

impl Start {
	/// Starts with the file and reads it in turns, as often as there is time for; the last start.
	fn repeated(
		model: &Path,
		path: &Path,
		choice: DeviceChoice,
		plan: Plan,
	) -> Result<(Self, StartTimes), EngineError> {
		let (begin, mut turns) = (Instant::now(), Turns::default());
		loop {
			// The system forgets nothing of a file that is still mapped.
			turns.first_token(model, path, choice, plan)?;
			drop(turns.start(path, choice, plan)?);
			turns.read(path)?;
			turns.read(path)?;
			let start = turns.start(path, choice, plan)?;
			let starts = turns.first_tokens.len();
			if 2 * starts >= plan.repeats.most || begin.elapsed() >= plan.repeats.budget {
				return Ok((start, turns.times()));
			}
		}
	}

	/// Loads with nothing of the file in memory, where the system can forget it, and says in what
	/// time.
	fn cold(
		path: &Path,
		choice: DeviceChoice,
		plan: Plan,
	) -> Result<(Self, Duration), EngineError> {
		disk::forget(path)?;
		let device = Device::open(choice)?;
		let loading = Instant::now();
		let container = Container::open(path)?;
		container.verify()?;
		let model = Arc::new(container.model()?);
		let shape = model.shape;
		let backend = device.load(model, plan.within(shape.context).cache(&shape))?;
		let load = loading.elapsed();
		let start = Self {
			name: container.name(),
			shape,
			device,
			backend,
		};
		Ok((start, load))
	}

	fn cases(&mut self, plan: Plan, progress: Progress<'_>) -> Result<Vec<Case>, EngineError> {
		let mut cases = Vec::new();
		for batch in [1, plan.batch] {
			progress(&format!("decode, batch {batch}"));
			let tps = self.decode(plan, batch)?;
			let kernels = self.kernels(plan, [batch, plan.tokens(batch) - 1, 1], Want::NEXT)?;
			cases.push(Case::new(Mode::Decode, batch, tps, kernels));
		}
		progress(&format!("prefill of {}", plan.prefill));
		let tps = self.prefill(plan)?;
		let kernels = self.kernels(plan, [1, 0, plan.prefill], Want::NEXT)?;
		cases.push(Case::new(Mode::Prefill, 1, tps, kernels));
		Ok(cases)
	}

	fn decode(&mut self, plan: Plan, batch: usize) -> Result<f64, EngineError> {
		let tokens = plan.tokens(batch);
		let seconds = plan.repeats.median(|| {
			let mut batch = Batch::new(&mut *self.backend, &self.shape, batch);
			timing::seconds(|| batch.generate(tokens).map(drop))
		})?;
		Ok((tokens * batch) as f64 / seconds)
	}

	/// Where the time goes when each of `batch` sequences has `fed` tokens and is fed `n` more: of
	/// each kernel the median.
	fn kernels(
		&mut self,
		plan: Plan,
		[batch, fed, n]: [usize; 3],
		want: Want,
	) -> Result<Vec<KernelTime>, EngineError> {
		let mut batch = Batch::new(&mut *self.backend, &self.shape, batch);
		batch.prefill(fed)?;
		let mut samples: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
		plan.repeats.median(|| {
			for KernelTime { kernel, seconds } in batch.profile(n, want)? {
				samples.entry(kernel).or_default().push(seconds);
			}
			Ok(0.0)
		})?;
		let middle = |mut times: Vec<f64>| median(&mut times).unwrap_or_default();
		let times = samples
			.into_iter()
			.map(|(kernel, times)| (kernel, middle(times)));
		Ok(kernel_times(times.collect()))
	}

	/// Generates an answer to a prompt of one token, and audits it: how fast, and how many times
	/// faster.
	fn audit(&mut self, plan: Plan) -> Result<(Case, f64), EngineError> {
		let (backend, context) = (&mut *self.backend, self.shape.context);
		let mut answer = Vec::new();
		let generating = plan.repeats.median(|| {
			timing::seconds(|| {
				answer = Batch::new(backend, &self.shape, 1)
					.generate(plan.audit)?
					.concat();
				Ok(())
			})
		})?;
		let decode = Decode {
			prompt: vec![0],
			max_tokens: plan.audit as u32,
			sampling: Sampling::GREEDY,
			seed: [0; 32],
			stop_tokens: Vec::new(),
			stop_sequences: Vec::new(),
		};
		let claim = Claim {
			decode: &decode,
			answer: &answer,
			finish: Finish::Length,
			residuals: None,
		};
		let pages: Vec<u32> = (0..backend.pages() as u32).collect();
		let auditing = plan.repeats.median(|| {
			timing::seconds(|| agree(&audit(backend, &pages, &claim, context)?, backend))
		})?;
		let checked = Want {
			head: HeadAt::All,
			logits: false,
		};
		let last = plan.audit.min(FEED);
		let kernels = self.kernels(plan, [1, plan.audit - last, last], checked)?;
		let tps = plan.audit as f64 / auditing;
		let case = Case::new(Mode::Audit, 1, tps, kernels);
		Ok((case, generating / auditing))
	}

	fn prefill(&mut self, plan: Plan) -> Result<f64, EngineError> {
		let seconds = plan.repeats.median(|| {
			let mut batch = Batch::new(&mut *self.backend, &self.shape, 1);
			timing::seconds(|| batch.prefill(plan.prefill))
		})?;
		Ok(plan.prefill as f64 / seconds)
	}
}

/// What a device generates it must find right, too.
fn agree(audit: &Audit, backend: &dyn Backend) -> Result<(), EngineError> {
	if audit.divergence.is_none() {
		return Ok(());
	}
	Err(EngineError::DeviceDiffers {
		device: backend.device().to_owned(),
	})
}

/// Names the folder of llama.cpp's models, whose vocabularies and chat templates random models have.
const TEXTS: &str = "ONE_LLAMA_MODELS";

/// The container of a shape with random weights, in the cache.
///
/// # Errors
/// Those of [`random_model`], and [`EngineError::Io`].
pub fn cached_random_model(
	shape: NamedShape,
	progress: Progress<'_>,
) -> Result<PathBuf, EngineError> {
	let texts = std::env::var_os(TEXTS).map(PathBuf::from);
	let texts = texts.filter(|folder| folder.is_dir());
	random_model(
		shape,
		&cache_dir()?.join("bench"),
		texts.as_deref(),
		progress,
	)
}
