//! Every family: what its config says, and what its float model says.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{cpu, families::families, ids, TinyFolder};
use one_engine::{container::Container, import::Published, Backend, Chunk, HeadAt, Step, Want};
use serde_json::json;
use tempfile::TempDir;

const ALL: Want = Want {
	head: HeadAt::All,
	logits: true,
};

/// As long as the context of the tiny models.
const POSITIONS: usize = 64;

fn imported(folder: &TinyFolder) -> (TempDir, Container) {
	let (room, path) = folder.import();
	let container = Container::open(&path.unwrap()).unwrap();
	container.verify().unwrap();
	(room, container)
}

fn feed(container: &Container, ids: &[u32], size: usize) -> Vec<Step> {
	let (mut backend, mut steps) = (cpu(container, 1), vec![]);
	for ids in ids.chunks(size) {
		let start = steps.len() as u32;
		let chunk = Chunk {
			pages: &[0],
			start,
			ids,
		};
		steps.extend(backend.forward(&[chunk], ALL).unwrap());
	}
	steps
}

/// Divergence of the integer from the float distribution, and the largest error of a logit.
fn divergence(float: &[f64], integer: &[i32]) -> (f64, f64) {
	let integer: Vec<f64> = integer.iter().map(|x| *x as f64 / 65_536.0).collect();
	let errors = float.iter().zip(&integer).map(|(x, y)| (x - y).abs());
	let (p, q) = (log_softmax(float), log_softmax(&integer));
	let kl = p.iter().zip(&q).map(|(p, q)| p.exp() * (p - q)).sum();
	(kl, errors.fold(0.0, f64::max))
}

fn log_softmax(logits: &[f64]) -> Vec<f64> {
	let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
	let sum: f64 = logits.iter().map(|x| (x - max).exp()).sum();
	logits.iter().map(|x| x - max - sum.ln()).collect()
}

#[test]
fn every_family_should_say_what_its_float_model_says() {
	for (family, config) in families() {
		let (room, container) = imported(&TinyFolder::of(config));
		let model = container.model().unwrap();
		let ids = ids(&model, POSITIONS, 2);
		let floats = Published::open(&room.path().join("tiny")).unwrap();
		let float = floats.logits(&floats.residuals(&ids).unwrap()).unwrap();
		let float = float.chunks_exact(model.shape.vocab as usize);
		let (mut kl, mut error) = (0.0, 0.0);
		for (float, step) in float.zip(feed(&container, &ids, POSITIONS)) {
			let (more, worst) = divergence(float, &step.logits.unwrap());
			kl += more / POSITIONS as f64;
			error = f64::max(error, worst);
		}
		println!("{family}: mean KL {kl:.6}, logits within {error:.4}");
		assert!(kl < 0.005 && error < 0.5, "{family}: {kl} {error}");
	}
}

#[test]
fn key_outside_the_window_should_not_be_seen() {
	let all = families();
	let (_, config) = all.iter().find(|(name, _)| *name == "mistral").unwrap();
	let (_room, container) = imported(&TinyFolder::of(config.clone()));
	let model = container.model().unwrap();
	let window = model.window as usize;
	assert_eq!(window, 12);
	// A key reaches as many positions further in every layer.
	let reach = model.layers.len() * (window - 1);
	let ids = ids(&model, POSITIONS, 3);
	let mut others = ids.clone();
	others[0] = (ids[0] + 1) % model.shape.vocab;
	let (steps, changed) = (feed(&container, &ids, 7), feed(&container, &others, 7));
	let differ = |i: usize| steps[i].residual_hash != changed[i].residual_hash;
	assert!((0..=reach).all(differ));
	assert!(!(reach + 1..POSITIONS).any(differ));
}

#[test]
fn variant_should_follow_from_config() {
	let header = |changes: &[(&str, serde_json::Value)]| {
		let mut folder = TinyFolder::new(true);
		for (field, value) in changes {
			folder.config[*field] = value.clone();
		}
		*imported(&TinyFolder::of(folder.config)).1.header()
	};
	let mistral = ("model_type", json!("mistral"));
	assert_eq!(
		header(std::slice::from_ref(&mistral)).window,
		0,
		"4,096 cover the context"
	);
	assert_eq!(header(&[mistral, ("sliding_window", json!(63))]).window, 63);
	let qwen = |layers| {
		header(&[
			("model_type", json!("qwen2")),
			("use_sliding_window", json!(true)),
			("sliding_window", json!(9)),
			("max_window_layers", json!(layers)),
		])
	};
	assert_eq!((qwen(0).window, qwen(2).window), (9, 0));
	assert!(qwen(0).qkv_bias && !qwen(0).qk_norm);
	let qwen = header(&[("model_type", json!("qwen3"))]);
	assert!(qwen.qk_norm && !qwen.qkv_bias);
	assert_eq!(
		qwen.shape.head_dim, 128,
		"as Qwen3 has it where it is not written"
	);
	let long = header(&[("max_position_embeddings", json!(131_072))]);
	assert_eq!(long.shape.context, 32_768);
}
