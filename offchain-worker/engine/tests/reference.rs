//! The engine against the second implementation of the arithmetic, which is in Python.
//!
//! `ONE_PYTHON` names a Python with the packages of `scripts/requirements.txt`; where it is not set
//! these tests are skipped.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	env, fs,
	path::{Path, PathBuf},
	process::Command,
};

use common::{cpu, ids, one_guide, open, stories_folder, TinyFolder};
use one_engine::{
	commitment::{trace_root, PUBLIC},
	container::Container,
	hash::{blake2_256, Hash},
	import::import,
	Backend, Chunk, HeadAt, Step, Want,
};
use serde::Deserialize;
use tempfile::TempDir;

/// What the second implementation prints when run with these arguments.
fn python(args: &[&str]) -> Option<Vec<u8>> {
	let Ok(python) = env::var("ONE_PYTHON") else {
		println!("skipped: ONE_PYTHON is not set");
		return None;
	};
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../arithmetic/reference");
	let output = Command::new(&python)
		.args(args)
		.current_dir(folder)
		.output()
		.expect("ONE_PYTHON can be run: scripts/setup installs it");
	let errors = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{args:?}: {errors}");
	Some(output.stdout)
}

/// What a module prints of a model and sequences of token ids.
fn run(module: &str, container: &Container, sequences: &[Vec<u32>]) -> Option<Vec<u8>> {
	let room = TempDir::new().unwrap();
	let path = room.path().join("ids.json");
	fs::write(&path, serde_json::to_vec(sequences).unwrap()).unwrap();
	let paths = [container.path(), &path].map(|path| path.to_str().unwrap());
	python(&["-m", module, paths[0], paths[1]])
}

#[derive(Debug, Deserialize, PartialEq)]
struct Outcome {
	root: String,
	sequences: Vec<Sequence>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Sequence {
	argmax: Vec<u32>,
	logits: Vec<String>,
	residuals: Vec<String>,
	trace_root: String,
}

/// What the engine has to say of the same.
fn outcome(container: &Container, sequences: &[Vec<u32>]) -> Outcome {
	let mut backend = cpu(container, 1);
	Outcome {
		root: hex::encode(container.root()),
		sequences: sequences
			.iter()
			.map(|ids| sequence(&mut backend, ids))
			.collect(),
	}
}

fn sequence(backend: &mut dyn Backend, ids: &[u32]) -> Sequence {
	let sequence = open(backend);
	let want = Want {
		head: HeadAt::All,
		logits: true,
	};
	let feed = |ids| backend.forward(&[Chunk { sequence, ids }], want).unwrap();
	let steps: Vec<Step> = ids.chunks(7).flat_map(feed).collect();
	backend.close(sequence);
	let residuals: Vec<Hash> = steps.iter().map(|step| step.residual_hash).collect();
	Sequence {
		argmax: steps.iter().map(|step| step.argmax.unwrap()).collect(),
		logits: steps
			.iter()
			.map(|step| logits_hash(step.logits.as_ref().unwrap()))
			.collect(),
		residuals: residuals.iter().map(hex::encode).collect(),
		trace_root: hex::encode(trace_root(&PUBLIC, &residuals)),
	}
}

fn logits_hash(logits: &[i32]) -> String {
	let bytes: Vec<u8> = logits.iter().flat_map(|x| x.to_le_bytes()).collect();
	hex::encode(blake2_256(&bytes))
}

fn agree(container: &Container, lengths: &[usize]) {
	let model = container.model().unwrap();
	let sequences: Vec<Vec<u32>> = lengths
		.iter()
		.map(|n| ids(&model, *n, *n as u64))
		.collect();
	if let Some(output) = run("one_int", container, &sequences) {
		let second: Outcome = serde_json::from_slice(&output).unwrap();
		assert_eq!(second, outcome(container, &sequences));
	}
}

#[test]
fn second_implementation_should_match_vectors() {
	python(&["-m", "unittest", "discover", "-s", "tests"]);
}

#[test]
fn second_implementation_should_agree_on_one_guide() {
	agree(&one_guide(), &[1, 30]);
}

#[test]
fn second_implementation_should_agree_on_stories() {
	let Some(folder) = stories_folder() else {
		return;
	};
	let room = TempDir::new().unwrap();
	let path = room.path().join("stories260K.one");
	import(&folder, &path, &mut |_, _| ()).unwrap();
	agree(&Container::open(&path).unwrap(), &[40]);
}

#[test]
fn second_implementation_should_agree_on_random_models() {
	for tied in [true, false] {
		let (_room, path): (TempDir, Result<PathBuf, _>) = TinyFolder::new(tied).import();
		agree(&Container::open(&path.unwrap()).unwrap(), &[64, 9]);
	}
}
