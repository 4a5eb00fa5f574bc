//! The GPU path against the CPU path, whole models: the same tokens, logits and residuals.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{
	path::{Path, PathBuf},
	sync::{atomic::AtomicBool, Arc, Once, OnceLock},
	time::Instant,
};

use one_engine::{
	container::{Container, Part},
	cpu::CpuBackend,
	device::Device,
	engine::{load, GenerateRequest, Loaded},
	gpu::{adapters, Gpu, GpuBackend},
	source::resolve,
	tokenizer::{Special, Tokenizer},
	Backend, CacheSize, Chunk, HeadAt, Model, Options, Prompt, Step, Want, PAGE,
};

/// Tokens decoded after each prompt.
const DECODED: usize = 6;
/// Sequences side by side.
const PARALLEL: usize = 8;
const PROMPTS: usize = 100;
const ALL: Want = Want {
	head: HeadAt::All,
	logits: true,
};
const LAST: Want = Want {
	head: HeadAt::Last,
	logits: true,
};

/// The device, or none where there is no adapter and none is required.
fn gpu() -> Option<&'static Gpu> {
	static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
	GPU.get_or_init(|| {
		if adapters().is_empty() {
			assert!(
				std::env::var_os("ONE_REQUIRE_GPU").is_none(),
				"no GPU adapter"
			);
			println!("skipped: no GPU adapter");
			return None;
		}
		Some(Gpu::open(None).unwrap())
	})
	.as_ref()
}

/// The folder of a model: in the project, or beside it.
fn folder(name: &str) -> Option<PathBuf> {
	let own = Path::new(env!("CARGO_MANIFEST_DIR"));
	let beside = own.join("../../../shared/models").join(name);
	let found = [own.join("models").join(name), beside]
		.into_iter()
		.find(|path| path.is_dir());
	if found.is_none() {
		println!("skipped: there is no folder of {name}");
	}
	found
}

/// Keeps imported models within the build folder.
fn use_test_cache() {
	static ONCE: Once = Once::new();
	ONCE.call_once(|| std::env::set_var("ONE_CACHE", env!("CARGO_TARGET_TMPDIR")));
}

struct Case {
	model: Arc<Model>,
	prompts: Vec<Vec<u32>>,
}

impl Case {
	fn open(name: &str) -> Option<Self> {
		use_test_cache();
		let container = resolve(&folder(name)?, &mut |_, _| ()).unwrap();
		let model = Arc::new(container.model().unwrap());
		let prompts = prompts(&container, &model);
		assert_eq!(prompts.len(), PROMPTS);
		Some(Self { model, prompts })
	}

	fn cpu(&self) -> CpuBackend {
		CpuBackend::new(self.model.clone(), self.pages())
	}

	fn gpu(&self, gpu: &Gpu) -> GpuBackend {
		GpuBackend::new(gpu, &self.model, self.pages()).unwrap()
	}

	/// Pages for as many sequences as run side by side.
	fn pages(&self) -> usize {
		CacheSize::Sequences(PARALLEL).pages(&self.model.shape)
	}

	/// Pages of the `i`-th sequence: every so many, from the last one down.
	fn table(&self, i: usize) -> Vec<u32> {
		let pages = self.model.shape.context.div_ceil(PAGE as u32);
		(0..pages)
			.rev()
			.map(|page| page * PARALLEL as u32 + i as u32)
			.collect()
	}

	/// Tokens to decode after a prompt, as far as the context goes.
	fn decoded(&self, prompt: &[u32]) -> usize {
		DECODED.min(self.model.shape.context as usize - prompt.len())
	}
}

/// Hand-written prompts of every kind, then generated ones.
fn prompts(container: &Container, model: &Model) -> Vec<Vec<u32>> {
	let tokenizer = Tokenizer::parse(container.tokenizer()).unwrap();
	let encode = |text: &str| tokenizer.encode(text, Special::Add).unwrap();
	let context = model.shape.context as usize;
	let empty = match encode("") {
		ids if ids.is_empty() => vec![tokenizer
			.id(container.text(Part::Bos).unwrap())
			.unwrap_or(1)],
		ids => ids,
	};
	let mut random = Random(7);
	let mut all = vec![
		empty,
		random.ids(model, context),
		random.ids(model, context - 1),
	];
	all.extend(
		[
			"Ünïcödé ßtraße",
			"日本語のプロンプト",
			"🦊🚀",
			"مرحبا بالعالم",
			"\u{0}\u{7f}\n\t",
		]
		.map(encode),
	);
	all.extend(["Once upon a time", "What is ONE?", " ", "a"].map(encode));
	while all.len() < PROMPTS {
		let length = 1 + random.below(40);
		all.push(match all.len() % 3 {
			0 => encode(&random.text(length)),
			_ => random.ids(model, length),
		});
	}
	all
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
	fn below(&mut self, n: usize) -> usize {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		((z ^ (z >> 31)) % n as u64) as usize
	}

	fn ids(&mut self, model: &Model, length: usize) -> Vec<u32> {
		(0..length)
			.map(|_| self.below(model.shape.vocab as usize) as u32)
			.collect()
	}

	fn text(&mut self, length: usize) -> String {
		const LETTERS: [char; 12] = [
			'a', 'e', 't', ' ', 'o', 'n', '?', 'é', 'ж', '水', '🦊', '\n',
		];
		(0..length)
			.map(|_| LETTERS[self.below(LETTERS.len())])
			.collect()
	}
}

fn chunk<'a>(pages: &'a [u32], start: usize, ids: &'a [u32]) -> Chunk<'a> {
	Chunk {
		pages,
		start: start as u32,
		ids,
	}
}

/// Prefill with the head at every position, then greedy decoding.
fn run_one(backend: &mut dyn Backend, case: &Case, prompt: &[u32], decoded: usize) -> Vec<Step> {
	let pages = case.table(0);
	let mut steps = backend.forward(&[chunk(&pages, 0, prompt)], ALL).unwrap();
	for _ in 0..decoded {
		let next = [steps.last().unwrap().argmax.unwrap()];
		let chunk = chunk(&pages, steps.len(), &next);
		steps.extend(backend.forward(&[chunk], LAST).unwrap());
	}
	steps
}

/// The same for several prompts at once; those at the end of their context stop.
fn run_many(backend: &mut dyn Backend, case: &Case, prompts: &[Vec<u32>]) -> Vec<Vec<Step>> {
	let tables: Vec<_> = (0..prompts.len()).map(|i| case.table(i)).collect();
	let mut all: Vec<Vec<Step>> = vec![vec![]; prompts.len()];
	let mut ids = prompts.to_vec();
	for i in 0..=DECODED {
		let fed = tables.iter().zip(&all).zip(&ids);
		let chunks: Vec<_> = fed
			.map(|((pages, steps), ids)| chunk(pages, steps.len(), ids))
			.collect();
		let want = if i == 0 { ALL } else { LAST };
		let mut steps = backend.forward(&chunks, want).unwrap().into_iter();
		for ((all, ids), prompt) in all.iter_mut().zip(&mut ids).zip(prompts) {
			all.extend(steps.by_ref().take(ids.len()));
			ids.clear();
			if i < case.decoded(prompt) {
				ids.extend(all.last().unwrap().argmax);
			}
		}
	}
	all
}

fn check(name: &str) {
	let (Some(gpu), Some(case)) = (gpu(), Case::open(name)) else {
		return;
	};
	let (mut cpu_backend, mut gpu_backend) = (case.cpu(), case.gpu(gpu));
	let start = Instant::now();
	let expected: Vec<_> = case
		.prompts
		.iter()
		.map(|prompt| run_one(&mut cpu_backend, &case, prompt, case.decoded(prompt)))
		.collect();
	println!("{name}: CPU, one by one: {:?}", start.elapsed());
	let start = Instant::now();
	for (prompt, expected) in case.prompts.iter().zip(&expected) {
		let found = run_one(&mut gpu_backend, &case, prompt, case.decoded(prompt));
		assert!(
			found == *expected,
			"{name} differs for the prompt {prompt:?}"
		);
	}
	println!(
		"{name}: {}, one by one: {:?}",
		gpu_backend.device(),
		start.elapsed()
	);
	let start = Instant::now();
	for (prompts, expected) in case.prompts.chunks(PARALLEL).zip(expected.chunks(PARALLEL)) {
		let found = run_many(&mut gpu_backend, &case, prompts);
		assert!(
			found == expected,
			"{name} differs in a batch of {prompts:?}"
		);
	}
	println!(
		"{name}: {}, {PARALLEL} at once: {:?}",
		gpu_backend.device(),
		start.elapsed()
	);
}

#[test]
fn one_guide_should_be_bit_identical_on_cpu_and_gpu() {
	check("one-guide");
}

#[test]
fn stories260k_should_be_bit_identical_on_cpu_and_gpu() {
	check("stories260K");
}

#[test]
fn prefill_should_equal_decode_on_the_gpu() {
	let (Some(gpu), Some(case)) = (gpu(), Case::open("stories260K")) else {
		return;
	};
	let mut backend = case.gpu(gpu);
	for prompt in &case.prompts[4..16] {
		let prefilled = run_one(&mut backend, &case, prompt, 0);
		let pages = case.table(1);
		let one = |(start, id): (usize, &u32)| {
			let chunk = chunk(&pages, start, std::slice::from_ref(id));
			backend.forward(&[chunk], ALL).unwrap()
		};
		let decoded: Vec<_> = (0..).zip(prompt).flat_map(one).collect();
		assert_eq!(prefilled, decoded);
	}
}

fn answer(model: &mut Loaded, text: &str) -> one_engine::Generation {
	let request = GenerateRequest {
		secret: [7; 32],
		..GenerateRequest::greedy(model.info().root, Prompt::Text(text.into()), 40)
	};
	let mut told = vec![];
	let answer = model
		.generate(&request, &AtomicBool::new(false), &mut |token| {
			told.push(token.id);
		})
		.unwrap();
	assert_eq!(told, answer.ids);
	answer
}

#[test]
fn answers_should_be_the_same_on_a_device_opened_anew() {
	let (Some(gpu), Some(folder)) = (gpu(), folder("one-guide")) else {
		return;
	};
	use_test_cache();
	let device = Device::Gpu(gpu.clone());
	let devices = [device.reopen().unwrap(), device];
	let [again, first] = devices.map(|device| {
		let mut model = load(&folder, &device, Options::default(), &mut |_, _| ()).unwrap();
		answer(&mut model, "What is ONE?")
	});
	assert_eq!(again, first);
}

#[test]
fn answers_should_have_the_same_commitments_on_cpu_and_gpu() {
	let (Some(gpu), Some(folder)) = (gpu(), folder("one-guide")) else {
		return;
	};
	use_test_cache();
	let open = |device| load(&folder, &device, Options::default(), &mut |_, _| ()).unwrap();
	let (mut on_cpu, mut on_gpu) = (open(Device::Cpu), open(Device::Gpu(gpu.clone())));
	for text in ["", "What is ONE?", "Wie werde ich Prüfer? 日本語"] {
		let (expected, found) = (answer(&mut on_cpu, text), answer(&mut on_gpu, text));
		assert_eq!(found.device, gpu.adapter().name);
		assert_eq!(
			one_engine::Generation {
				device: "cpu".into(),
				..found
			},
			expected
		);
	}
}
