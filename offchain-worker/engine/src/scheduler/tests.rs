//! Any mix of requests on a back end that notices a wrong page, against each request alone.
#![allow(clippy::unwrap_used)]

use std::{
	collections::BTreeMap,
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc,
	},
};

use one_arithmetic::{argmax, Sampling};

use super::*;
use crate::{
	backend::{check_chunks, Bounds, Chunk, PAGE},
	hash::Hasher,
};

const SHAPE: Shape = Shape {
	layers: 1,
	hidden: 1,
	ffn: 1,
	heads: 1,
	kv_heads: 1,
	head_dim: 2,
	vocab: 40,
	context: 1_200,
};

/// A back end whose residuals hash all ids before them, as its pages have them.
struct Fake {
	/// Of each place: the state, and the one it follows.
	pages: Vec<[Option<(Hash, Hash)>; PAGE]>,
	/// Steps until the device fails; it works for ever after.
	fails_in: Arc<AtomicU32>,
	/// Steps that it likes to do at once.
	steps: usize,
}

impl Fake {
	fn new(pages: usize, steps: usize) -> Self {
		Self {
			steps,
			pages: vec![[None; PAGE]; pages],
			fails_in: Arc::new(AtomicU32::new(u32::MAX)),
		}
	}

	/// The state before a position; every page of the table must follow the one before.
	fn state(&self, chunk: &Chunk<'_>, position: usize) -> Hash {
		let mut state = [0; 32];
		for start in (0..position).step_by(PAGE) {
			let page = &self.pages[chunk.pages[start / PAGE] as usize];
			assert_eq!(page[0].unwrap().1, state, "page of position {start}");
			state = page[(position - start).min(PAGE) - 1].unwrap().0;
		}
		state
	}

	fn feed(&mut self, chunk: &Chunk<'_>, want: Want) -> Vec<Step> {
		let mut steps = vec![];
		for (i, id) in chunk.ids.iter().enumerate() {
			let position = chunk.start as usize + i;
			let parent = self.state(chunk, position);
			let state = Hasher::new("fake").with(&parent).number(*id).finish();
			let page = chunk.pages[position / PAGE] as usize;
			self.pages[page][position % PAGE] = Some((state, parent));
			let head = want.head == HeadAt::Last && i + 1 == chunk.ids.len();
			let logits = head.then(|| logits(&state));
			steps.push(Step {
				position: position as u32,
				argmax: logits.as_deref().and_then(argmax).map(|i| i as u32),
				residual_hash: state,
				logits: logits.filter(|_| want.logits),
			});
		}
		steps
	}
}

fn logits(state: &Hash) -> Vec<i32> {
	let logit = |i: usize| i32::from(state[i % 32].wrapping_mul(2 * i as u8 + 1)) << 11;
	(0..SHAPE.vocab as usize).map(logit).collect()
}

impl Backend for Fake {
	fn device(&self) -> &str {
		"fake"
	}

	fn pages(&self) -> usize {
		self.pages.len()
	}

	fn steps(&self) -> usize {
		self.steps
	}

	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError> {
		check_chunks(chunks, Bounds::new(&SHAPE, self.pages())).unwrap();
		if self.fails_in.fetch_sub(1, Ordering::Relaxed) == 0 {
			self.pages.fill([None; PAGE]);
			return Err(EngineError::Device("lost".into()));
		}
		Ok(chunks
			.iter()
			.flat_map(|chunk| self.feed(chunk, want))
			.collect())
	}
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Draw(u64);

impl Draw {
	fn below(&mut self, n: usize) -> usize {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		((z ^ (z >> 31)) % n as u64) as usize
	}

	fn ids(&mut self, n: usize) -> Vec<u32> {
		(0..n)
			.map(|_| self.below(SHAPE.vocab as usize) as u32)
			.collect()
	}

	/// A request whose prompt begins like others and goes on by itself.
	fn decode(&mut self) -> Decode {
		let mut prompt = Draw(self.below(2) as u64).ids(700);
		prompt.truncate(self.below(700));
		let own = 1 + self.below(80);
		prompt.extend(self.ids(own));
		let greedy = self.below(2) == 0;
		let sampling = Sampling {
			temperature: self.below(2_000) as u32,
			top_k: self.below(10) as u32,
			top_p: 1 + self.below(10_000) as u32,
			repetition_penalty: 1_000 + self.below(300) as u32,
		};
		Decode {
			prompt,
			max_tokens: self.below(400) as u32,
			sampling: if greedy { Sampling::GREEDY } else { sampling },
			seed: [self.below(256) as u8; 32],
			stop_tokens: self.ids(1),
			stop_sequences: vec![self.ids(2), self.ids(3)],
		}
	}
}

fn options(batch: usize, budget: usize, reuse: bool) -> Options {
	Options {
		batch,
		budget,
		reuse,
		..Options::default()
	}
}

fn scheduler(pages: usize, options: Options) -> Scheduler {
	scheduler_ahead(pages, 1, options)
}

/// On a back end that likes to do several steps at once.
fn scheduler_ahead(pages: usize, steps: usize, options: Options) -> Scheduler {
	let fake = Fake::new(pages, steps);
	Scheduler::new(Box::new(fake), [5; 32], &SHAPE, options)
}

fn alone(decode: &Decode) -> Answer {
	let mut scheduler = scheduler(6, options(1, 1_200, false));
	scheduler.submit(decode.clone()).unwrap();
	loop {
		if let Some(answer) = scheduler.step().unwrap().pop().and_then(|p| p.answer) {
			return answer;
		}
	}
}

/// The invariants of a scheduler between any two operations.
fn check(scheduler: &Scheduler) {
	let held: Vec<u32> = scheduler
		.running
		.iter()
		.flat_map(|s| s.chunk(0).pages)
		.copied()
		.collect();
	scheduler.pages.check(&held);
	let all = scheduler.running.iter().chain(&scheduler.waiting);
	let jobs: Vec<JobId> = all.map(|sequence| sequence.job).collect();
	assert!(jobs.is_sorted(), "order of arrival");
	assert!(scheduler
		.waiting
		.iter()
		.all(|s| s.chunk(0).pages.is_empty()));
	assert!(scheduler.running.len() <= scheduler.options.batch);
}

/// One scenario: requests come, go and fail; every answer must be that of its request alone.
struct Scenario {
	draw: Draw,
	scheduler: Scheduler,
	fails_in: Arc<AtomicU32>,
	asked: BTreeMap<JobId, (Decode, Vec<u32>)>,
	/// How often a request had to give its pages back.
	preempted: usize,
	/// How often a request got several tokens at once.
	ahead: usize,
}

impl Scenario {
	fn new(seed: u64) -> Self {
		let mut draw = Draw(seed);
		let fake = Fake::new(5 + draw.below(4), 1 + draw.below(12));
		let fails_in = fake.fails_in.clone();
		let options = options(1 + draw.below(8), 1 + draw.below(500), draw.below(4) > 0);
		Self {
			scheduler: Scheduler::new(Box::new(fake), [5; 32], &SHAPE, options),
			draw,
			fails_in,
			asked: BTreeMap::new(),
			preempted: 0,
			ahead: 0,
		}
	}

	fn act(&mut self) {
		match self.draw.below(30) {
			0..4 => {
				let decode = self.draw.decode();
				let job = self.scheduler.submit(decode.clone()).unwrap();
				self.asked.insert(job, (decode, vec![]));
			}
			4 => {
				let at = self.draw.below(self.asked.len() + 1);
				if let Some(job) = self.asked.keys().nth(at).copied() {
					let answer = self.scheduler.cancel(job).unwrap();
					self.finished(job, &answer);
				}
			}
			5 if self.draw.below(4) == 0 => self.fails_in.store(1, Ordering::Relaxed),
			_ => self.step(),
		}
		check(&self.scheduler);
	}

	fn step(&mut self) {
		let before = self.scheduler.running.last().map(|youngest| youngest.job);
		let Ok(all) = self.scheduler.step() else {
			return;
		};
		let first = self.scheduler.waiting.front().map(|oldest| oldest.job);
		self.preempted += usize::from(first.is_some() && first <= before);
		self.ahead += all
			.windows(2)
			.filter(|two| two[0].job == two[1].job)
			.count();
		for Progress { job, token, answer } in all {
			self.asked.get_mut(&job).unwrap().1.extend(token);
			if let Some(answer) = answer {
				self.finished(job, &answer);
			}
		}
	}

	fn finished(&mut self, job: JobId, answer: &Answer) {
		let (decode, told) = self.asked.remove(&job).unwrap();
		assert_eq!(told, answer.ids);
		let expected = alone(&decode);
		if answer.finish != Finish::Cancelled {
			return assert_eq!(*answer, expected);
		}
		assert!(expected.ids.starts_with(&answer.ids));
		assert!(expected.residuals.starts_with(&answer.residuals));
		if !answer.ids.is_empty() {
			let positions = decode.prompt.len() + answer.ids.len() - 1;
			assert_eq!(answer.residuals.len(), positions);
		}
	}
}

#[test]
fn answers_should_not_depend_on_what_else_is_served() {
	let (mut preempted, mut ahead) = (0, 0);
	for seed in 0..60 {
		let mut scenario = Scenario::new(seed);
		(0..300).for_each(|_| scenario.act());
		let mut steps = 0;
		while !scenario.scheduler.is_idle() {
			scenario.step();
			check(&scenario.scheduler);
			steps += 1;
			assert!(steps < 1_000_000, "no progress with seed {seed}");
		}
		assert!(scenario.asked.is_empty());
		let pages = &scenario.scheduler.pages;
		assert_eq!(pages.available(), pages.len());
		preempted += scenario.preempted;
		ahead += scenario.ahead;
	}
	assert!(preempted > 20 && ahead > 500, "{preempted} {ahead}");
}

fn greedy(prompt: Vec<u32>, max_tokens: u32) -> Decode {
	Decode {
		prompt,
		max_tokens,
		sampling: Sampling::GREEDY,
		seed: [0; 32],
		stop_tokens: vec![],
		stop_sequences: vec![],
	}
}

/// The answers to requests that run side by side, and the steps they take.
fn together(scheduler: &mut Scheduler, decodes: &[Decode]) -> (Vec<Answer>, usize) {
	let submit = |decode: &Decode| scheduler.submit(decode.clone()).unwrap();
	let jobs: Vec<JobId> = decodes.iter().map(submit).collect();
	let (mut answers, mut steps) = (BTreeMap::new(), 0);
	while !scheduler.is_idle() {
		let ended = scheduler.step().unwrap().into_iter();
		answers.extend(ended.filter_map(|p| Some((p.job, p.answer?))));
		check(scheduler);
		steps += 1;
	}
	let answer = |job| answers.remove(job).unwrap();
	(jobs.iter().map(answer).collect(), steps)
}

/// A free answer, and requests for the same that end at different tokens of it: by a stop token, by
/// sequences within a call and across two, by its limit, and by the context.
fn ends() -> (Answer, [Decode; 6]) {
	let free = greedy(Draw(4).ids(PAGE - 6), 30);
	let whole = alone(&free);
	let ends_with = |from: usize, to: usize| Decode {
		stop_sequences: vec![whole.ids[from..to].to_vec()],
		..free.clone()
	};
	let stop = Decode {
		stop_tokens: vec![whole.ids[3]],
		..free.clone()
	};
	let (within, across) = (ends_with(2, 6), ends_with(6, 12));
	let limited = greedy(free.prompt.clone(), 13);
	let context = greedy(Draw(5).ids(1_180), 400);
	(whole, [free, stop, within, across, limited, context])
}

#[test]
fn answers_should_end_within_several_steps_as_within_single_ones() {
	let (_, decodes) = ends();
	let expected: Vec<Answer> = decodes.iter().map(alone).collect();
	let ids = |i: usize| expected[i].ids.len();
	assert!(ids(1) < 5 && ids(2) < 7 && ids(3) < 13, "stops");
	assert_eq!([ids(0), ids(4), ids(5)], [30, 13, 20]);
	for (decode, expected) in decodes.iter().zip(&expected) {
		let mut scheduler = scheduler_ahead(6, 8, options(1, 1_200, true));
		let (found, steps) = together(&mut scheduler, from_ref(decode));
		assert_eq!(found[0], *expected);
		assert_eq!(steps, 1 + (expected.ids.len() - 1).div_ceil(8));
	}
	let mut crowd = scheduler_ahead(20, 8, options(8, 4_000, true));
	assert_eq!(together(&mut crowd, &decodes).0, expected);
}

#[test]
fn pages_should_be_left_to_others_only_when_answers_fill_them() {
	let (whole, [_, stop, ..]) = ends();
	let stopped = alone(&stop);
	// What is computed after the stop fills the first page, but is not part of the sequence.
	let mut scheduler = scheduler_ahead(6, 8, options(1, 1_200, true));
	together(&mut scheduler, from_ref(&stop));
	let next = |answer: &Answer| greedy([&stop.prompt[..], &answer.ids, &[7; 300]].concat(), 5);
	let after_whole = next(&whole);
	scheduler.submit(after_whole.clone()).unwrap();
	scheduler.admit();
	assert_eq!(scheduler.running[0].pending(), after_whole.prompt.len());
	assert_eq!(together(&mut scheduler, &[]).0, []);
	let found = together(&mut scheduler, &[next(&stopped), after_whole.clone()]).0;
	assert_eq!(found, [alone(&next(&stopped)), alone(&after_whole)]);
}

#[test]
fn steps_should_be_single_when_someone_samples_or_lacks_a_page() {
	let tokens = |scheduler: &mut Scheduler, decodes: &[Decode]| {
		for decode in decodes {
			scheduler.submit(decode.clone()).unwrap();
		}
		scheduler.step().unwrap();
		scheduler.step().unwrap().len()
	};
	let free = greedy(vec![1; PAGE - 3], 100);
	let penalised = Decode {
		sampling: Sampling {
			repetition_penalty: 1_100,
			..Sampling::GREEDY
		},
		..free.clone()
	};
	let fresh = |pages| scheduler_ahead(pages, 8, options(4, 1_200, true));
	assert_eq!(tokens(&mut fresh(4), from_ref(&free)), 8);
	assert_eq!(tokens(&mut fresh(4), &[free.clone(), penalised.clone()]), 2);
	assert_eq!(tokens(&mut fresh(4), &[penalised]), 1);
	assert_eq!(tokens(&mut fresh(4), &[free.clone(), free.clone()]), 16);
	assert_eq!(tokens(&mut fresh(3), &[free.clone(), free.clone()]), 2);
	let mut few = scheduler_ahead(
		4,
		8,
		Options {
			ahead: 3,
			..options(4, 1_200, true)
		},
	);
	assert_eq!(tokens(&mut few, &[free]), 3);
}

#[test]
fn failure_and_cancellation_should_leave_what_was_told_when_several_steps_are_done() {
	let free = greedy(vec![3; 40], 60);
	let expected = alone(&free);
	let fake = Fake::new(6, 8);
	let fails_in = fake.fails_in.clone();
	let mut scheduler = Scheduler::new(Box::new(fake), [5; 32], &SHAPE, options(2, 100, true));
	let job = scheduler.submit(free).unwrap();
	(0..2).for_each(|_| drop(scheduler.step().unwrap()));
	fails_in.store(3, Ordering::Relaxed);
	scheduler.step().unwrap_err();
	check(&scheduler);
	let told: Vec<u32> = (0..2)
		.flat_map(|_| scheduler.step().unwrap())
		.filter_map(|progress| progress.token)
		.collect();
	assert_eq!(told, expected.ids[9..18]);
	let answer = scheduler.cancel(job).unwrap();
	assert_eq!(answer.ids, expected.ids[..18]);
	assert_eq!(answer.residuals, expected.residuals[..40 + 17]);
	assert!(scheduler.is_idle());
	check(&scheduler);
}

#[test]
fn prefix_should_be_fed_once() {
	let mut draw = Draw(1);
	let prompt = draw.ids(3 * PAGE);
	let decode = |n: usize| Decode {
		prompt: prompt[..n].to_vec(),
		max_tokens: 1,
		..Draw(9).decode()
	};
	let fed = |scheduler: &mut Scheduler, n| {
		scheduler.submit(decode(n)).unwrap();
		scheduler.admit();
		let pending = scheduler.running[0].pending();
		while !scheduler.is_idle() {
			scheduler.step().unwrap();
		}
		pending
	};
	let mut reusing = scheduler(4, options(1, 100, true));
	assert_eq!(fed(&mut reusing, 3 * PAGE), 3 * PAGE);
	assert_eq!(fed(&mut reusing, 3 * PAGE), PAGE);
	assert_eq!(fed(&mut reusing, 2 * PAGE + 7), 7);
	assert_eq!(fed(&mut reusing, PAGE), PAGE);
	let mut other = scheduler(4, options(1, 100, false));
	assert_eq!([fed(&mut other, 300), fed(&mut other, 300)], [300; 2]);
}

#[test]
fn submit_should_refuse_what_cannot_be_served() {
	let valid = Decode {
		prompt: vec![1; 10],
		max_tokens: 20,
		..Draw(1).decode()
	};
	let with = |change: fn(&mut Decode)| {
		let mut decode = valid.clone();
		change(&mut decode);
		scheduler(
			1,
			Options {
				queue: 1,
				..Options::default()
			},
		)
		.submit(decode)
	};
	with(|_| ()).unwrap();
	let refused = |change| with(change).unwrap_err().to_string();
	assert!(refused(|d| d.prompt.clear()).contains("no token"));
	assert!(refused(|d| d.prompt = vec![1; 1_200]).contains("1200 tokens"));
	assert!(refused(|d| d.prompt[3] = 40).contains("token id 40"));
	assert!(refused(|d| d.max_tokens = 400).contains("2 pages"));
	assert!(refused(|d| d.sampling.top_p = 0).contains("top_p"));
	assert!(refused(|d| d.stop_sequences.push(vec![])).contains("stop_sequences"));
	assert!(refused(|d| d.stop_sequences = vec![vec![1]; 99]).contains("there are 99"));
	let mut full = scheduler(
		1,
		Options {
			queue: 1,
			..Options::default()
		},
	);
	full.submit(valid.clone()).unwrap();
	assert!(matches!(full.submit(valid), Err(EngineError::QueueFull(1))));
}

#[test]
fn requests_should_outlive_their_back_end() {
	let decodes: Vec<Decode> = (0..5).map(|seed| Draw(seed).decode()).collect();
	let mut scheduler = scheduler(12, Options::default());
	let jobs: Vec<JobId> = decodes
		.iter()
		.map(|d| scheduler.submit(d.clone()).unwrap())
		.collect();
	(0..8).for_each(|_| drop(scheduler.step().unwrap()));
	let fails = || Err(EngineError::Device("broken".into()));
	scheduler.restart(fails).unwrap_err();
	assert_eq!((scheduler.device(), scheduler.pages.len()), ("fake", 12));
	scheduler.step().unwrap_err();
	scheduler.restart(|| Ok(Box::new(Fake::new(7, 1)))).unwrap();
	check(&scheduler);
	let mut answers = BTreeMap::new();
	while !scheduler.is_idle() {
		let ended = scheduler.step().unwrap().into_iter();
		answers.extend(ended.filter_map(|p| Some((p.job, p.answer?))));
	}
	for (job, decode) in jobs.iter().zip(&decodes) {
		if let Some(answer) = answers.get(job) {
			assert_eq!(*answer, alone(decode));
		}
	}
	assert!(!answers.is_empty());
	scheduler.submit(decodes[0].clone()).unwrap();
	assert_eq!(scheduler.abort().len(), 1);
	assert!(scheduler.is_idle());
}

#[test]
fn lend_should_give_room_that_no_request_holds() {
	let mut scheduler = scheduler(3, Options::default());
	let mut decode = Draw(1).decode();
	decode.prompt = vec![1; 300];
	scheduler.submit(decode).unwrap();
	while !scheduler.is_idle() {
		scheduler.step().unwrap();
	}
	let lent = scheduler.lend(3 * PAGE, |_, pages| pages.to_vec()).unwrap();
	assert_eq!(lent.len(), 3);
	check(&scheduler);
	let refused = scheduler.lend(3 * PAGE + 1, |_, _| ()).unwrap_err();
	assert!(matches!(
		refused,
		EngineError::CacheTooSmall {
			needed: 4,
			pages: 3
		}
	));
}
