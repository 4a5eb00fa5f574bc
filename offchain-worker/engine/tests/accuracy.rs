//! How near the integers come to the floats of real models.
//!
//! A few hundred positions; with `ONE_LONG=1` the ten thousand of a figure.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{env, fs};

use common::{cpu, one_guide, one_guide_folder, stories_folder, Draw, TinyFolder};
use one_arithmetic::exp2;
use one_engine::{
	accuracy::{Accuracy, Comparison},
	container::Container,
	import::{import, Published},
	tokenizer::{Special, Tokenizer},
	Backend, Chunk, Want,
};
use serde::Deserialize;
use tempfile::TempDir;

/// Positions to compare at least.
fn wanted() -> usize {
	if env::var_os("ONE_LONG").is_some() {
		10_000
	} else {
		300
	}
}

/// Sequences up to the positions wanted.
fn take(sequences: impl Iterator<Item = Vec<u32>>) -> Vec<Vec<u32>> {
	let mut taken: Vec<Vec<u32>> = Vec::new();
	let mut positions = 0;
	for sequence in sequences {
		if positions >= wanted() {
			break;
		}
		positions += sequence.len();
		taken.push(sequence);
	}
	assert!(
		positions >= wanted(),
		"there are only {positions} positions"
	);
	taken
}

fn compare(backend: &mut dyn Backend, published: &Published, sequences: &[Vec<u32>]) -> Accuracy {
	let mut comparison = Comparison::new(published);
	for ids in sequences {
		comparison.add(backend, &[0, 1], ids).unwrap();
	}
	comparison.outcome()
}

fn check(name: &str, outcome: &Accuracy) {
	println!("{name}: {outcome:?}");
	assert!(outcome.positions >= wanted());
	assert!(outcome.kl_mean <= 0.005);
	assert!(outcome.kl_mean > 0.0, "integers cannot be the floats");
	assert!(outcome.top1 >= 0.97);
	assert!((outcome.perplexity / outcome.float_perplexity - 1.0).abs() <= 0.01);
}

#[test]
fn one_guide_should_be_as_its_floats() {
	let container = one_guide();
	let tokenizer = Tokenizer::parse(container.tokenizer()).unwrap();
	let chats = chats()
		.into_iter()
		.map(|chat| tokenizer.encode(&chat, Special::Written).unwrap());
	let sequences = take(chats);
	let published = Published::open(&one_guide_folder()).unwrap();
	check(
		"one-guide",
		&compare(&mut cpu(&container, 2), &published, &sequences),
	);
}

#[test]
fn comparison_should_refuse_what_is_no_sequence_of_both() {
	let mut backend = cpu(&one_guide(), 3);
	let published = Published::open(&one_guide_folder()).unwrap();
	let room = TempDir::new().unwrap();
	TinyFolder::new(true).write(room.path());
	let other = Published::open(room.path()).unwrap();
	let mut refused = |published, ids: &[u32]| {
		let outcome = Comparison::new(published).add(&mut backend, &[0, 1, 2], ids);
		outcome.unwrap_err().to_string()
	};
	assert!(refused(&published, &[5_000]).contains("outside the vocabulary of 2048"));
	assert!(refused(&published, &[5; 513]).contains("the context is 512"));
	assert!(refused(&other, &[5]).contains("vocab_size: 300 where the other model has 2048"));
	let mut empty = Comparison::new(&published);
	empty.add(&mut backend, &[], &[]).unwrap();
	assert_eq!(empty.outcome().positions, 0);
}

/// Questions and answers of the training text that calibration has not seen, one of every topic
/// after the other.
fn chats() -> Vec<String> {
	let seen = include_str!("../src/import/calibration.txt");
	let facts = include_str!("../models/one-guide/training/facts.txt");
	let topics: Vec<(&str, Vec<&str>)> = facts.split("\n> ").skip(1).map(topic).collect();
	let most = topics.iter().map(|(_, questions)| questions.len()).max();
	let nth = |i: usize| {
		topics
			.iter()
			.filter_map(move |(answer, questions)| Some((questions.get(i)?, answer)))
	};
	(0..most.unwrap())
		.flat_map(nth)
		.filter(|(question, _)| !seen.contains(**question))
		.map(|(question, answer)| format!("<s><|user|>\n{question}\n<|assistant|>\n{answer}</s>"))
		.collect()
}

/// Answer and questions of a topic, without the templates that stand for several questions.
fn topic(text: &'static str) -> (&'static str, Vec<&'static str>) {
	let mut lines = text.lines();
	let answer = lines.next().unwrap();
	let question = |line: &&str| !line.is_empty() && !line.contains(['[', '#', '{']);
	(answer, lines.filter(question).collect())
}

#[derive(Deserialize)]
struct Greedy {
	ids: Vec<u32>,
}

#[test]
fn stories_should_be_as_its_floats() {
	let Some(folder) = stories_folder() else {
		return;
	};
	let room = TempDir::new().unwrap();
	let path = room.path().join("stories260K.one");
	import(&folder, &path, &mut |_, _| ()).unwrap();
	let mut backend = cpu(&Container::open(&path).unwrap(), 2);
	let greedy = fs::read(folder.join("float_greedy.json")).unwrap();
	let greedy: Vec<Greedy> = serde_json::from_slice(&greedy).unwrap();
	let mut draw = Draw(41);
	let sampled: Vec<Vec<u32>> = (0..wanted() / STORY)
		.map(|_| story(&mut backend, &mut draw))
		.collect();
	let sequences = take(greedy.into_iter().map(|it| it.ids).chain(sampled));
	let published = Published::open(&folder).unwrap();
	check(
		"stories260K",
		&compare(&mut backend, &published, &sequences),
	);
}

/// Tokens of a sampled story.
const STORY: usize = 256;

/// A story drawn at temperature 1.
fn story(backend: &mut dyn Backend, draw: &mut Draw) -> Vec<u32> {
	let want = Want {
		logits: true,
		..Want::NEXT
	};
	let mut ids = vec![1];
	while ids.len() < STORY {
		let start = ids.len() - 1;
		let chunk = Chunk {
			pages: &[0],
			start: start as u32,
			ids: &ids[start..],
		};
		let steps = backend.forward(&[chunk], want).unwrap();
		ids.push(sample(steps[0].logits.as_ref().unwrap(), draw));
	}
	ids
}

fn sample(logits: &[i32], draw: &mut Draw) -> u32 {
	let max = *logits.iter().max().unwrap();
	let log2_e = |l: &i32| ((max - l) as u64 * 94_548) >> 16;
	let weights = logits.iter().map(|l| exp2(log2_e(l) as u32) as u64);
	let sums: Vec<u64> = weights
		.scan(0, |sum, weight| {
			*sum += weight;
			Some(*sum)
		})
		.collect();
	let chosen = (draw.word() << 31 | draw.word()) % sums.last().unwrap();
	sums.iter().position(|sum| *sum > chosen).unwrap() as u32
}
