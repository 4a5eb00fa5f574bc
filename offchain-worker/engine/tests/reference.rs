//! The engine against the second implementation of the arithmetic, which is in Python.
//!
//! `ONE_PYTHON` names a Python with the packages of `scripts/requirements.txt`; where it is not set
//! these tests are skipped.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	collections::BTreeMap,
	env, fs,
	path::{Path, PathBuf},
	process::Command,
};

use common::{cpu, ids, one_guide, stories_folder, Draw, TinyFolder};
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
fn second_implementation_should_agree_on_random_models() {
	for tied in [true, false] {
		let (_room, path): (TempDir, Result<PathBuf, _>) = TinyFolder::new(tied).import();
		agree(&Container::open(&path.unwrap()).unwrap(), &[64, 9]);
	}
}

/// Sizes of SmolLM2-135M, with fewer layers and tokens.
const HIDDEN: usize = 576;
const FFN: usize = 1_536;
const HEADS: [usize; 2] = [9, 3];
const DIM: usize = 64;
const LAYERS: usize = 2;
const OUTLIER: f32 = 100.0;
const KEY_BIAS: f32 = 30.0;

/// A random model with outliers: channels of the residual, of v and of the feed-forward block 100
/// times the others, one channel of every key head at a bias of 30.
///
/// The gains of the norms are `gain` where the residual has its outliers.
fn outlier_folder(gain: f32) -> TinyFolder {
	let mut folder = TinyFolder::new(true);
	let [q, kv] = HEADS.map(|heads| heads * DIM);
	for (field, size) in [
		("hidden_size", HIDDEN),
		("intermediate_size", FFN),
		("num_attention_heads", HEADS[0]),
		("num_key_value_heads", HEADS[1]),
		("num_hidden_layers", LAYERS),
		("max_position_embeddings", 16),
	] {
		folder.config[field] = size.into();
	}
	folder.config["model_type"] = "qwen2".into();
	let vocab = folder.config["vocab_size"].as_u64().unwrap() as usize;
	let mut random = Random(Draw(3));
	folder.tensors.clear();
	let mut put = |name: String, shape: Vec<usize>, values: Vec<f32>| {
		folder.tensors.insert(name, (shape, values));
	};
	let gains: Vec<f32> = (0..HIDDEN)
		.map(|c| if is_outlier(c, HIDDEN) { gain } else { 1.0 })
		.collect();
	put("model.norm.weight".into(), vec![HIDDEN], gains.clone());
	let mut embedding = random.matrix(vocab, HIDDEN);
	for row in embedding.chunks_exact_mut(HIDDEN) {
		(0..HIDDEN)
			.filter(|c| is_outlier(*c, HIDDEN))
			.for_each(|c| row[c] *= OUTLIER);
	}
	put(
		"model.embed_tokens.weight".into(),
		vec![vocab, HIDDEN],
		embedding,
	);
	for i in 0..LAYERS {
		let name = |part: &str| format!("model.layers.{i}.{part}");
		for norm in ["input_layernorm", "post_attention_layernorm"] {
			put(name(norm) + ".weight", vec![HIDDEN], gains.clone());
		}
		for (part, rows, cols, outliers) in [
			("self_attn.q_proj", q, HIDDEN, false),
			("self_attn.k_proj", kv, HIDDEN, false),
			("self_attn.v_proj", kv, HIDDEN, true),
			("self_attn.o_proj", HIDDEN, q, true),
			("mlp.gate_proj", FFN, HIDDEN, false),
			("mlp.up_proj", FFN, HIDDEN, true),
			("mlp.down_proj", HIDDEN, FFN, true),
		] {
			let mut weight = random.matrix(rows, cols);
			for (r, row) in weight.chunks_exact_mut(cols).enumerate() {
				if outliers && is_outlier(r, rows) {
					row.iter_mut().for_each(|w| *w *= OUTLIER);
				}
			}
			put(name(part) + ".weight", vec![rows, cols], weight);
		}
		let keys = (0..kv).map(|c| if c % DIM == 5 { KEY_BIAS } else { 0.0 });
		put(name("self_attn.k_proj.bias"), vec![kv], keys.collect());
		for (part, size) in [("self_attn.q_proj.bias", q), ("self_attn.v_proj.bias", kv)] {
			put(name(part), vec![size], vec![0.0; size]);
		}
	}
	folder
}

/// Whether a channel of so many is one of the four outliers.
fn is_outlier(channel: usize, of: usize) -> bool {
	channel % (of / 4) == 7
}

/// Random weights, nearly normal.
struct Random(Draw);

impl Random {
	/// `[rows, cols]`, so that a product is about as large as its input.
	fn matrix(&mut self, rows: usize, cols: usize) -> Vec<f32> {
		let deviation = (3.0 / (4 * cols) as f32).sqrt();
		(0..rows * cols)
			.map(|_| (0..4).map(|_| self.0.weight()).sum::<f32>() * deviation)
			.collect()
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
	for gain in [1.0, 1.0 / OUTLIER] {
		let (_room, path) = outlier_folder(gain).import();
		let container = Container::open(&path.unwrap()).unwrap();
		let model = container.model().unwrap();
		let sequences = [ids(&model, 16, 1), ids(&model, 16, 2)];
		let Some(output) = run("one_int.precision", &container, &sequences) else {
			return;
		};
		let decibels: Decibels = serde_json::from_slice(&output).unwrap();
		println!("gains of {gain} on outliers: {decibels:.1?}");
		assert_eq!(decibels.product.len(), 7 * LAYERS + 1);
		assert!(decibels.product.values().all(|it| *it >= 60.0));
	}
}
