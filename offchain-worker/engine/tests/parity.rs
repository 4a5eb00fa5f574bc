//! The parity matrix: however and wherever a model is evaluated, the bits are those of the definition.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;
mod matrix;

use std::{
	collections::HashSet, iter, ops::Range, sync::atomic::AtomicBool, thread, time::Instant,
};

use common::{ids, one_guide};
use matrix::{
	case::{sample, Case, Conditions, AHEAD, BATCHES, CHUNKS},
	check,
	checked::Seen,
	definition::{Definition, ALL},
	subject::{count, families, family, subjects, Subject},
	target::{targets, Target},
};
use one_engine::{
	backend::pages_for,
	cpu::{kernels, CpuBackend},
	device::Device,
	engine::Loaded,
	trace::Prover,
	Chunk, GenerateRequest, Generation, Options, Prompt, Step,
};

/// Cases of a family with `ONE_LONG=1`, and how many of them share random weights.
const FAMILY: usize = 1_000;
const SAME_WEIGHTS: usize = 50;
/// Cases of a model with trained weights with `ONE_LONG=1`.
const TRAINED: usize = 100;

/// Numbers of the cases to run: the one that `ONE_CASE` names, `long` with `ONE_LONG=1`, else the
/// sample.
fn numbers(long: usize) -> Range<usize> {
	if let Ok(number) = std::env::var("ONE_CASE") {
		let number = number.parse().unwrap();
		return number..number + 1;
	}
	match std::env::var_os("ONE_LONG") {
		Some(_) => 0..long,
		None => 0..CHUNKS.len(),
	}
}

fn run(subject: &Subject, numbers: Range<usize>) {
	let (start, count) = (Instant::now(), numbers.len());
	for number in numbers {
		let case = Case::new(subject, number);
		let seen = check(&case);
		if number < CHUNKS.len() {
			assert_does_what_it_says(&case, &seen);
		}
	}
	println!("{}: {count} cases in {:?}", subject.name, start.elapsed());
}

/// That the conditions of a case were met, so that it tests what it is there for.
fn assert_does_what_it_says(case: &Case<'_>, seen: &Seen) {
	let conditions = case.conditions;
	assert_eq!(seen.losses, usize::from(conditions.loss), "{case}");
	let first = case.requests[0].prompt.len();
	let chunks = conditions.chunk.min(first)..=conditions.chunk;
	assert!(chunks.contains(&seen.chunk), "{case}: {seen:?}");
	// A loss takes some requests back to their beginning.
	if !conditions.loss {
		assert_eq!(seen.batch, conditions.batch, "{case}");
		// At the end of the context there is nothing ahead.
		let ahead = conditions.ahead > 1 && case.room() > conditions.ahead;
		assert_eq!(seen.ahead > 1, ahead, "{case}");
		assert_eq!(
			seen.fed < case.positions(),
			conditions.reuse,
			"{case}: {seen:?}"
		);
	}
}

fn run_trained(name: &str) {
	let found = subjects().iter().find(|subject| subject.name == name);
	found
		.into_iter()
		.for_each(|subject| run(subject, numbers(TRAINED)));
}

#[test]
fn one_guide_should_keep_its_bits_under_all_conditions() {
	run_trained("one-guide");
}

#[test]
fn stories260k_should_keep_its_bits_under_all_conditions() {
	run_trained("stories260K");
}

#[test]
fn every_family_should_keep_its_bits_under_all_conditions() {
	thread::scope(|scope| {
		(0..families()).for_each(|number| drop(scope.spawn(move || run_family(number))));
	});
}

fn run_family(number: usize) {
	let Range { mut start, end } = numbers(FAMILY);
	while start < end {
		let seed = start / SAME_WEIGHTS;
		let next = end.min((seed + 1) * SAME_WEIGHTS);
		run(&family(number, seed as u64), start..next);
		start = next;
	}
}

/// Values of the conditions, each named by its dimension, and the subject.
fn values(subject: usize, conditions: &Conditions) -> [(&'static str, usize); 7] {
	let Conditions {
		batch,
		chunk,
		ahead,
		reuse,
		loss,
		everywhere,
		long: _,
	} = *conditions;
	[
		("subject", subject),
		("batch", batch),
		("chunk", chunk),
		("ahead", ahead),
		("reuse", usize::from(reuse)),
		("loss", usize::from(loss)),
		("everywhere", usize::from(everywhere)),
	]
}

#[test]
fn sample_should_join_every_two_values_of_all_dimensions() {
	let subjects = count();
	let mut joined = HashSet::new();
	for subject in 0..subjects {
		for conditions in sample(subject) {
			let values = values(subject, &conditions);
			let pairs = values.iter().flat_map(|a| values.map(|b| (*a, b)));
			joined.extend(pairs.filter(|(a, b)| a.0 < b.0));
		}
	}
	let sizes = [subjects, BATCHES.len(), CHUNKS.len(), AHEAD.len(), 2, 2, 2];
	let pairs = (0..7).flat_map(|i| (0..i).map(move |j| sizes[i] * sizes[j]));
	assert_eq!(joined.len(), pairs.sum::<usize>());
}

#[test]
fn whole_contexts_should_have_the_same_bits_on_every_target() {
	for subject in subjects() {
		let ids = ids(&subject.model, subject.model.shape.context as usize, 1);
		let expected = Definition::new(&subject.model).feed(0, &ids);
		for target in targets() {
			let found = whole_context(subject, target, &ids);
			let name = target.name();
			assert!(found == expected, "{} on {name}", subject.name);
		}
	}
}

/// Steps of all positions, the last few fed one by one, in pages that lie backwards.
fn whole_context(subject: &Subject, target: &Target, ids: &[u32]) -> Vec<Step> {
	let pages: Vec<u32> = (0..pages_for(ids.len()) as u32).rev().collect();
	let mut backend = target.backend(&subject.model, pages.len());
	let (most, last) = ids.split_at(ids.len() - 3);
	let mut steps = vec![];
	for ids in iter::once(most).chain(last.chunks(1)) {
		let chunk = Chunk {
			pages: &pages,
			start: steps.len() as u32,
			ids,
		};
		steps.extend(backend.forward(&[chunk], ALL).unwrap());
	}
	steps
}

/// Positions that are traced: into the second page.
const TRACED: usize = 260;

#[test]
fn full_traces_should_be_the_same_with_every_set_of_kernels() {
	for subject in subjects() {
		let ids = ids(&subject.model, TRACED, 6);
		let roots = kernels::all().into_iter().map(|set| {
			let backend =
				CpuBackend::new(subject.model.clone(), pages_for(TRACED)).with_kernels(set);
			Prover::new(backend, &ids, [7; 32])
				.unwrap()
				.roots(&mut |_| ())
				.unwrap()
		});
		let roots: Vec<_> = roots.collect();
		assert!(roots.iter().all(|set| *set == roots[0]), "{}", subject.name);
	}
}

fn answer(model: &mut Loaded, text: &str) -> Generation {
	let request = GenerateRequest {
		secret: [7; 32],
		..GenerateRequest::greedy(model.info().root, Prompt::Text(text.into()), 40)
	};
	let never = AtomicBool::new(false);
	model.generate(&request, &never, &mut |_| ()).unwrap()
}

#[test]
fn answers_should_have_the_same_commitments_on_cpu_and_gpus() {
	let container = one_guide();
	let open = |device| Loaded::open(&container, &device, Options::default()).unwrap();
	let mut on_cpu = open(Device::Cpu);
	for target in targets() {
		let Target::Gpu(gpu) = target else { continue };
		let mut on_gpu = open(Device::Gpu(gpu.clone()));
		for text in [
			"",
			"What is ONE?",
			"Wie werde ich Prüfer? 日本語",
			"\u{0}🦊\n\t",
		] {
			let (expected, found) = (answer(&mut on_cpu, text), answer(&mut on_gpu, text));
			assert_eq!(found.device, target.name());
			assert_eq!(
				Generation {
					device: "cpu".into(),
					..found
				},
				expected
			);
		}
	}
}
