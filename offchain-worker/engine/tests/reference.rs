//! The engine against the second implementation of the arithmetic, which is in Python.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

use common::{
	cpu, families::families, ids, one_guide, outliers::with_outliers, peers::python_path,
	stories_folder, TinyFolder,
};
use one_engine::{
	commitment::{trace_root, PUBLIC},
	container::Container,
	hash::{blake2_256, Hash},
	import::import,
	trace::Prover,
	Backend, Chunk, HeadAt, Step, Want,
};
use serde::Deserialize;
use tempfile::TempDir;

/// What the second implementation prints when run with these arguments.
fn python(args: &[&str]) -> Option<Vec<u8>> {
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../arithmetic/reference");
	let output = Command::new(python_path()?)
		.args(args)
		.current_dir(folder)
		.output()
		.unwrap();
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
	full_trace_root: String,
}

/// What the engine has to say of the same.
fn outcome(container: &Container, sequences: &[Vec<u32>]) -> Outcome {
	let mut backend = cpu(container, 1);
	let traced = |ids| {
		let mut prover = Prover::new(cpu(container, 1), ids, PUBLIC).unwrap();
		hex::encode(prover.root(&mut |_| ()).unwrap())
	};
	Outcome {
		root: hex::encode(container.root()),
		sequences: sequences
			.iter()
			.map(|ids| sequence(&mut backend, ids, traced(ids)))
			.collect(),
	}
}

fn sequence(backend: &mut dyn Backend, ids: &[u32], full_trace_root: String) -> Sequence {
	let want = Want {
		head: HeadAt::All,
		logits: true,
	};
	let mut steps: Vec<Step> = Vec::new();
	for ids in ids.chunks(7) {
		let chunk = Chunk {
			pages: &[0],
			start: steps.len() as u32,
			ids,
		};
		steps.extend(backend.forward(&[chunk], want).unwrap());
	}
	let residuals: Vec<Hash> = steps.iter().map(|step| step.residual_hash).collect();
	Sequence {
		argmax: steps.iter().map(|step| step.argmax.unwrap()).collect(),
		logits: steps
			.iter()
			.map(|step| logits_hash(step.logits.as_ref().unwrap()))
			.collect(),
		residuals: residuals.iter().map(hex::encode).collect(),
		trace_root: hex::encode(trace_root(&PUBLIC, &residuals)),
		full_trace_root,
	}
}

fn logits_hash(logits: &[i32]) -> String {
	let bytes: Vec<u8> = logits.iter().flat_map(|x| x.to_le_bytes()).collect();
	hex::encode(blake2_256(&bytes))
}

fn agree(container: &Container, lengths: &[usize]) {
	let model = container.model().unwrap();
	let sequences: Vec<Vec<u32>> = lengths.iter().map(|n| ids(&model, *n, *n as u64)).collect();
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
fn second_implementation_should_agree_on_every_family() {
	for (family, config) in families() {
		println!("{family}");
		let (_room, path) = TinyFolder::of(config).import();
		agree(&Container::open(&path.unwrap()).unwrap(), &[40, 9]);
	}
}

/// Signal to noise by layer.
#[derive(Debug, Deserialize)]
struct Decibels {
	product: BTreeMap<String, f64>,
	#[allow(dead_code, reason = "shown")]
	stored: BTreeMap<String, f64>,
}

#[test]
fn products_should_keep_60_decibels_beside_outliers() {
	let layers = if env::var_os("ONE_LONG").is_some() {
		3
	} else {
		1
	};
	for gain in [1.0, 0.01] {
		let (_room, path) = with_outliers(layers, gain).import();
		let container = Container::open(&path.unwrap()).unwrap();
		let model = container.model().unwrap();
		let sequences = [ids(&model, 16, 1), ids(&model, 16, 2)];
		let Some(output) = run("one_int.precision", &container, &sequences) else {
			return;
		};
		let decibels: Decibels = serde_json::from_slice(&output).unwrap();
		println!("gains of {gain} on outliers: {decibels:.1?}");
		assert_eq!(decibels.product.len(), 7 * layers + 1);
		assert!(decibels.product.values().all(|it| *it >= 60.0));
	}
}
