//! Many requests at once on whole models, against each of them alone.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	collections::BTreeMap,
	sync::atomic::{AtomicBool, Ordering},
};

use common::{one_guide, Draw, TinyFolder};
use one_engine::{
	container::Container, device::Device, engine::Loaded, CacheSize, EngineError, Event, Finish,
	GenerateRequest, Generation, JobId, Options, Prompt, Sampling,
};
use serde_json::json;

/// Pages of a small cache, in which requests get in each other's way.
const PAGES: u64 = 9;

fn open(container: &Container, options: Options) -> Loaded {
	Loaded::open(container, &Device::Cpu, options).unwrap()
}

fn crowded(container: &Container) -> Loaded {
	let bytes = PAGES * container.header().shape.page_bytes();
	let options = Options {
		cache: CacheSize::Bytes(bytes),
		batch: 8,
		queue: 16,
		budget: 100,
		reuse: true,
		..Options::default()
	};
	open(container, options)
}

fn alone(container: &Container) -> Loaded {
	let options = Options {
		batch: 1,
		reuse: false,
		..Options::default()
	};
	open(container, options)
}

fn generate(model: &mut Loaded, request: &GenerateRequest) -> Generation {
	let cancel = AtomicBool::new(false);
	model.generate(request, &cancel, &mut |_| ()).unwrap()
}

fn ids(draw: &mut Draw, model: &Loaded, n: usize) -> Vec<u32> {
	let vocab = model.info().vocab as usize;
	(0..n).map(|_| draw.below(vocab) as u32).collect()
}

/// A request whose prompt may begin like that of another.
fn request(draw: &mut Draw, model: &Loaded, most: usize) -> GenerateRequest {
	let mut prompt = ids(&mut Draw(1), model, most);
	prompt.truncate(draw.below(most));
	let own = 1 + draw.below(40);
	prompt.extend(ids(draw, model, own));
	let greedy = draw.below(2) == 0;
	let sampling = Sampling {
		temperature: draw.below(1_500) as u32,
		top_k: draw.below(50) as u32,
		top_p: 5_000 + draw.below(5_000) as u32,
		repetition_penalty: 1_000 + draw.below(500) as u32,
	};
	let max_tokens = draw.below(30) as u32;
	GenerateRequest {
		sampling: if greedy { Sampling::GREEDY } else { sampling },
		seed: [draw.below(256) as u8; 32],
		stop_sequences: vec![ids(draw, model, 1)],
		..GenerateRequest::greedy(model.info().root, Prompt::Ids(prompt), max_tokens)
	}
}

/// Requests of a pool that come and go at random; their answers alone are computed once.
struct Traffic {
	draw: Draw,
	model: Loaded,
	pool: Vec<(GenerateRequest, Generation)>,
	/// Jobs under way: the request of the pool, and what was told of the answer.
	jobs: BTreeMap<JobId, (usize, Vec<u32>, String)>,
	served: usize,
	cancelled: usize,
}

impl Traffic {
	fn new(container: &Container, pool: usize, most: usize) -> Self {
		let (mut draw, mut single) = (Draw(2), alone(container));
		let answered = |_| {
			let request = request(&mut draw, &single, most);
			let expected = generate(&mut single, &request);
			(request, expected)
		};
		let pool = (0..pool).map(answered).collect();
		Self {
			draw: Draw(3),
			model: crowded(container),
			pool,
			jobs: BTreeMap::new(),
			served: 0,
			cancelled: 0,
		}
	}

	/// Serves so many requests of the pool.
	fn run(&mut self, requests: usize) {
		let mut asked = 0;
		while asked < requests || !self.jobs.is_empty() {
			if asked < requests && self.draw.below(3) == 0 {
				let at = self.draw.below(self.pool.len());
				match self.model.submit(self.pool[at].0.clone()) {
					Ok(job) => {
						asked += 1;
						self.jobs.insert(job, (at, vec![], String::new()));
					}
					Err(error) => assert!(matches!(error, EngineError::QueueFull(16))),
				}
			}
			if self.draw.below(60) == 0 {
				let jobs: Vec<JobId> = self.jobs.keys().copied().collect();
				let job = jobs.get(self.draw.below(jobs.len() + 1));
				job.into_iter().for_each(|job| self.model.cancel(*job));
			}
			for (job, event) in self.model.step() {
				self.see(job, event);
			}
		}
		assert!(self.model.is_idle());
	}

	fn see(&mut self, job: JobId, event: Event) {
		match event {
			Event::Token(token) => {
				let (_, ids, text) = self.jobs.get_mut(&job).unwrap();
				ids.push(token.id);
				text.push_str(&token.text_delta);
			}
			Event::Done(generation) => {
				let (at, ids, text) = self.jobs.remove(&job).unwrap();
				let (generation, expected) = (generation.unwrap(), &self.pool[at].1);
				assert_eq!(generation.ids, ids);
				if generation.finish == Finish::Cancelled {
					self.cancelled += 1;
					assert!(expected.ids.starts_with(&ids));
				} else {
					self.served += 1;
					assert_eq!(*generation, *expected);
					// Bytes that are no text may be told otherwise one by one than together.
					assert!(text == generation.text || generation.text.contains('\u{fffd}'));
				}
			}
		}
	}

	/// Whether no page is held: all can be lent at once.
	fn all_free(&mut self) -> bool {
		let positions = PAGES as usize * one_engine::PAGE;
		self.model.lend(positions, |_, pages| pages.len()).unwrap() == PAGES as usize
	}
}

#[test]
fn one_guide_should_answer_a_crowd_as_each_alone() {
	let mut traffic = Traffic::new(&one_guide(), 6, 400);
	traffic.run(14);
	assert!(traffic.served >= 10 && traffic.all_free());
}

/// Resident memory of this process in bytes.
fn resident() -> u64 {
	let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
	let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
	4_096 * pages
}

/// `ONE_LONG=1` serves 100,000 requests.
#[test]
fn soak_should_leak_neither_pages_nor_memory() {
	let long = std::env::var_os("ONE_LONG").is_some();
	let (requests, pool) = if long { (100_000, 500) } else { (300, 40) };
	let mut folder = TinyFolder::new(true);
	folder.config["max_position_embeddings"] = json!(900);
	let (_room, path) = folder.import();
	let mut traffic = Traffic::new(&Container::open(&path.unwrap()).unwrap(), pool, 700);
	traffic.run(requests / 3);
	let before = resident();
	traffic.run(requests - requests / 3);
	let grown = resident().saturating_sub(before);
	println!(
		"{} served, {} cancelled, {grown} bytes more",
		traffic.served, traffic.cancelled
	);
	assert_eq!(traffic.served + traffic.cancelled, requests);
	assert!(traffic.cancelled * 50 > requests && traffic.all_free());
	assert!(grown < 24 << 20, "{grown}");
}

#[test]
fn stop_sequences_should_end_the_ids_and_stay_out_of_the_text() {
	let mut model = alone(&one_guide());
	let prompt = Prompt::Text("Tell me about ONE.".into());
	let free = GenerateRequest::greedy(model.info().root, prompt, 60);
	let whole = generate(&mut model, &free);
	let stop = whole.ids[9..12].to_vec();
	let never = [&whole.ids[4..7], &[stop[0]]].concat();
	let request = GenerateRequest {
		stop_sequences: vec![never, stop.clone()],
		..free.clone()
	};
	let mut told = String::new();
	let cancel = AtomicBool::new(false);
	let stopped = model
		.generate(&request, &cancel, &mut |token| told += &token.text_delta)
		.unwrap();
	assert_eq!(stopped.finish, Finish::Stop);
	assert!(whole.ids.starts_with(&stopped.ids) && stopped.ids.ends_with(&stop));
	assert!(whole.text.starts_with(&stopped.text) && stopped.ids.len() <= 12);
	assert_eq!(told, stopped.text);
	assert_ne!(stopped.request_hash, whole.request_hash);
}

#[test]
fn seed_should_decide_the_answer() {
	let mut model = alone(&one_guide());
	let prompt = Prompt::Text("Tell me about ONE.".into());
	let request = |seed| GenerateRequest {
		sampling: Sampling {
			temperature: 10_000,
			..Sampling::GREEDY
		},
		seed: [seed; 32],
		..GenerateRequest::greedy([0; 32], prompt.clone(), 30)
	};
	let answers = [1, 1, 2].map(|seed| generate(&mut model, &request(seed)));
	assert_eq!(answers[0], answers[1]);
	assert_ne!(answers[0].ids, answers[2].ids);
}

#[test]
fn generate_should_let_other_jobs_go_on_and_be_cancelled_alone() {
	let container = one_guide();
	let mut model = crowded(&container);
	let prompt = |text: &str| Prompt::Text(text.into());
	let root = model.info().root;
	let other = GenerateRequest::greedy(root, prompt("What is ONE?"), 12);
	let job = model.submit(other.clone()).unwrap();
	let own = GenerateRequest::greedy(root, prompt("Tell me about ONE."), 50);
	let (cancel, mut tokens) = (AtomicBool::new(false), 0);
	let stopped = model
		.generate(&own, &cancel, &mut |_| {
			tokens += 1;
			cancel.store(tokens == 3, Ordering::Relaxed);
		})
		.unwrap();
	assert_eq!((stopped.finish, stopped.ids.len()), (Finish::Cancelled, 3));
	let mut answer = None;
	while !model.is_idle() {
		for (of, event) in model.step() {
			assert_eq!(of, job);
			if let Event::Done(generation) = event {
				answer = Some(*generation.unwrap());
			}
		}
	}
	assert_eq!(answer, Some(generate(&mut alone(&container), &other)));
}
