//! Models in GGUF files: the same as their folders, and refused by name where they are not sound.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	fs,
	path::{Path, PathBuf},
};

use common::{
	gguf::{encode, GgufFile, F16, F32, Q8_0},
	tiny_gguf::TinyGguf,
};
use one_engine::{
	gguf::{Gguf, Vocabulary},
	import::import,
	source::{find, resolve_published},
	EngineError,
};
use serde_json::json;
use tempfile::TempDir;

/// Writes a model as a folder and as a file, with what `change` does to it, and imports both; the
/// roots.
fn roots(tiny: &TinyGguf, change: impl FnOnce(&mut GgufFile)) -> (String, String) {
	let room = TempDir::new().unwrap();
	let (folder, file) = (room.path().join("tiny"), room.path().join("tiny.gguf"));
	fs::write(&file, tiny.file(change)).unwrap();
	tiny.folder.write(&folder);
	let vocabulary = Vocabulary::read(&Gguf::open(&file).unwrap()).unwrap();
	fs::write(folder.join("tokenizer.json"), vocabulary.tokenizer).unwrap();
	let import = |path: &Path| {
		hex::encode(import(path, &room.path().join("tiny.one"), &mut |_, _| ()).unwrap())
	};
	(import(&folder), import(&file))
}

#[test]
fn gguf_should_give_the_root_of_its_folder() {
	for architecture in ["llama", "qwen2", "qwen3"] {
		for (format, tied) in [(F32, false), (F16, true), (Q8_0, false)] {
			let mut tiny = TinyGguf::new(architecture, tied, format);
			// A folder names these texts in a file of their own.
			tiny.folder.tokenizer_config = Some(json!({"bos_token": "<s>", "eos_token": "</s>"}));
			let (folder, file) = roots(&tiny, |_| ());
			assert_eq!(folder, file, "{architecture} {format} {tied}");
		}
	}
}

#[test]
fn chat_template_and_scaled_angles_should_be_those_of_the_folder() {
	let mut tiny = TinyGguf::new("llama", true, F32);
	let template = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}";
	tiny.folder.tokenizer_config =
		Some(json!({"bos_token": "<s>", "eos_token": "</s>", "chat_template": template}));
	tiny.folder.config["rope_scaling"] = json!({"rope_type": "llama3", "factor": 8.0,
		"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 1024});
	let factor = |c: usize| {
		let wave = std::f32::consts::TAU * 10_000f32.powf(c as f32 / 4.0);
		let kept = ((1_024.0 / wave - 1.0) / 3.0).clamp(0.0, 1.0);
		1.0 / ((1.0 - kept) / 8.0 + kept)
	};
	let factors: Vec<f32> = (0..4).map(factor).collect();
	assert!(
		factors[0] == 1.0 && factors[2] > 1.0 && factors[3] == 8.0,
		"{factors:?}"
	);
	let (folder, file) = roots(&tiny, |file| {
		file.text("tokenizer.chat_template", template);
		file.tensor("rope_freqs.weight", &[4], F32, &encode(F32, &factors));
	});
	assert_eq!(folder, file);
}

#[test]
fn gguf_should_be_found_and_kept_in_the_cache() {
	let room = TempDir::new().unwrap();
	let path = room.path().join("small.gguf");
	fs::write(&path, TinyGguf::new("qwen2", true, F16).file(|_| ())).unwrap();
	assert_eq!(find(room.path()).unwrap(), [&*path]);
	assert_eq!(find(&path).unwrap(), [&*path]);
	let cache = room.path().join("cache");
	let mut imports = 0;
	let mut resolve =
		|| resolve_published(&path, &cache, &mut |done, _| imports += (done == 1) as u32).unwrap();
	let first = resolve();
	assert_eq!(
		(first.name().as_str(), resolve().root()),
		("small", first.root())
	);
	assert_eq!(imports, 1);
}

/// What importing a file says that is made of a sound one.
fn refusal(change: impl FnOnce(&mut GgufFile)) -> String {
	let tiny = TinyGguf::new("llama", true, F32);
	let (_room, outcome) = import_bytes(&tiny.file(change));
	outcome.unwrap_err().to_string()
}

fn import_bytes(bytes: &[u8]) -> (TempDir, Result<PathBuf, EngineError>) {
	let room = TempDir::new().unwrap();
	let (file, path) = (room.path().join("tiny.gguf"), room.path().join("tiny.one"));
	fs::write(&file, bytes).unwrap();
	let outcome = import(&file, &path, &mut |_, _| ()).map(|_| path);
	(room, outcome)
}

#[test]
fn malformed_metadata_should_be_refused_by_field() {
	type Change = fn(&mut GgufFile);
	let cases: [(Change, &str); 10] = [
		(
			|file| {
				file.number("", 1);
				file.number("", 2);
			},
			"an entry with an empty name: occurs twice",
		),
		(
			|file| file.number("llama.expert_count", 8),
			"llama.expert_count: experts are not supported",
		),
		(
			|file| file.text("llama.rope.scaling.type", "yarn"),
			"llama.rope.scaling.type: \"yarn\" is not supported",
		),
		(
			|file| file.number("llama.rope.dimension_count", 4),
			"llama.rope.dimension_count: 4 is not the size of a head, 8",
		),
		(
			|file| file.number("split.count", 3),
			"split.count: a model in several files is not supported",
		),
		(
			|file| file.number("general.alignment", 24),
			"general.alignment: 24 is not a power of two",
		),
		(
			|file| file.number("llama.block_count", 2),
			"llama.block_count: occurs twice",
		),
		(
			|file| file.number("tokenizer.chat_template", 2),
			"tokenizer.chat_template: is not a text",
		),
		(
			|file| file.number("tokenizer.ggml.eot_token_id", 999),
			"tokenizer.ggml.eot_token_id: is no token",
		),
		(
			|file| file.text("llama.attention.sliding_window", "x"),
			"llama.attention.sliding_window: is not a size",
		),
	];
	for (change, expected) in cases {
		let error = refusal(change);
		assert!(
			error.contains("tiny.gguf: ") && error.contains(expected),
			"{error}"
		);
	}
}

#[test]
fn malformed_tensors_should_be_refused_by_name() {
	let q4 = refusal(|file| file.tensor_at("blk.9.ffn_up.weight", &[1, 32], 12, 0));
	assert!(
		q4.contains("blk.9.ffn_up.weight: format Q4_K is not supported"),
		"{q4}"
	);
	let overlap = refusal(|file| file.tensor_at("zzz", &[1, 32], F32, 0));
	assert!(overlap.contains("overlaps "), "{overlap}");
	let outside = refusal(|file| file.tensor_at("zzz", &[1, 32], F32, 1 << 40));
	assert!(
		outside.contains("zzz: its data goes beyond the file"),
		"{outside}"
	);
	let huge = refusal(|file| file.tensor_at("zzz", &[usize::MAX, 1 << 40], F32, 0));
	assert!(
		huge.contains("zzz: its data goes beyond the file"),
		"{huge}"
	);
	let odd = refusal(|file| file.tensor_at("zzz", &[1, 1], F32, 3));
	assert!(
		odd.contains("zzz: does not begin at a multiple of 32"),
		"{odd}"
	);
	let block = refusal(|file| file.tensor_at("zzz", &[1, 33], Q8_0, 0));
	assert!(
		block.contains("zzz: rows of 33 are not whole blocks of 32"),
		"{block}"
	);
	let factors = refusal(|file| {
		file.tensor(
			"rope_freqs.weight",
			&[4],
			F32,
			&encode(F32, &[1.0, 0.0, 1.0, 1.0]),
		)
	});
	assert!(
		factors.contains("rope_freqs.weight: 0 is not a positive factor"),
		"{factors}"
	);
}
