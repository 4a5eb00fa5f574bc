//! The importer: the same container every time, and errors that name file and field.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{fs, path::Path};

use common::{cpu, one_guide, one_guide_folder, TinyFolder};
use one_engine::{
	container::Container, import::import, source::resolve_published, Backend, Chunk, EngineError, Want,
};
use proptest::prelude::*;
use safetensors::Dtype;
use serde_json::{json, Value};
use tempfile::TempDir;

/// Changes with the importer, its text or the arithmetic, and with nothing else.
const ONE_GUIDE_ROOT: &str = "9f469357450f62497fcfed37e0179b139a72c51123e7d06b107950ba425bedf3";

#[test]
fn one_guide_should_have_the_same_root_on_every_machine() {
	assert_eq!(hex::encode(one_guide().root()), ONE_GUIDE_ROOT);
	one_guide().verify().unwrap();
}

fn run(path: &Path) -> u32 {
	let container = Container::open(path).unwrap();
	container.verify().unwrap();
	let mut backend = cpu(&container, 1);
	let chunk = Chunk {
		pages: &[0],
		start: 0,
		ids: &[1, 40, 50],
	};
	backend.forward(&[chunk], Want::NEXT).unwrap()[2]
		.argmax
		.unwrap()
}

#[test]
fn every_float_format_should_import_tied_or_not() {
	for tied in [true, false] {
		for dtype in [Dtype::F32, Dtype::F16, Dtype::BF16] {
			let mut folder = TinyFolder::new(tied);
			folder.dtype = dtype;
			let (_room, path) = folder.import();
			let path = path.unwrap();
			assert!(run(&path) < 300);
			assert_eq!(Container::open(&path).unwrap().header().tied, tied);
		}
	}
}

#[test]
fn tensors_may_lie_in_several_files() {
	let folder = TinyFolder::new(false);
	let (room, whole) = folder.import();
	let root = Container::open(&whole.unwrap()).unwrap().root();
	let parts = room.path().join("tiny");
	fs::remove_file(parts.join("model.safetensors")).unwrap();
	let names: Vec<&String> = folder.tensors.keys().collect();
	for (i, names) in names.chunks(7).enumerate() {
		let file = parts.join(format!("model-{i:05}.safetensors"));
		fs::write(file, folder.safetensors(names)).unwrap();
	}
	let path = room.path().join("parts.one");
	assert_eq!(import(&parts, &path, &mut |_, _| ()).unwrap(), root);
	fs::write(
		parts.join("model-9.safetensors"),
		folder.safetensors(&names[..1]),
	)
	.unwrap();
	let error = import(&parts, &path, &mut |_, _| ())
		.unwrap_err()
		.to_string();
	assert!(
		error.contains("lm_head.weight: occurs in two files"),
		"{error}"
	);
}

fn refusal(change: impl FnOnce(&mut TinyFolder)) -> String {
	let mut folder = TinyFolder::new(false);
	change(&mut folder);
	let (_room, outcome) = folder.import();
	outcome.unwrap_err().to_string()
}

#[test]
fn malformed_config_should_be_refused_by_field() {
	let cases: [(&str, Value, &str); 12] = [
		(
			"model_type",
			json!("qwen3"),
			"model_type: \"qwen3\" is not the supported \"llama\"",
		),
		("hidden_act", json!("gelu"), "hidden_act"),
		("hidden_size", json!(null), "hidden_size: is missing"),
		(
			"hidden_size",
			json!("16"),
			"hidden_size: \"16\" is not a size",
		),
		("num_attention_heads", json!(0), "heads: 0 is outside"),
		(
			"num_key_value_heads",
			json!(3),
			"key heads: 3 does not divide 4",
		),
		(
			"max_position_embeddings",
			json!(1_000_000),
			"context: 1000000 is outside",
		),
		("rms_norm_eps", json!(-1.0), "rms_norm_eps"),
		(
			"attention_bias",
			json!(true),
			"attention_bias: biases are not supported",
		),
		(
			"rope_scaling",
			json!({"rope_type": "yarn"}),
			"rope_scaling: only the default",
		),
		(
			"eos_token_id",
			json!([2, 300]),
			"eos_token_id: 300 is no token",
		),
		("tie_word_embeddings", json!(1), "tie_word_embeddings"),
	];
	for (field, value, expected) in cases {
		let error = refusal(|folder| folder.config[field] = value);
		assert!(
			error.contains("config.json: ") && error.contains(expected),
			"{error}"
		);
	}
}

#[test]
fn malformed_tensor_should_be_refused_by_name() {
	let up = "model.layers.1.mlp.up_proj.weight";
	let missing = refusal(|folder| drop(folder.tensors.remove(up)));
	assert!(
		missing.contains(&format!("{up}: the tensor is missing")),
		"{missing}"
	);
	let shape = refusal(|folder| folder.tensors.get_mut(up).unwrap().0 = vec![16, 24]);
	assert!(
		shape.contains("has shape [16, 24] instead of [24, 16]"),
		"{shape}"
	);
	let nan = refusal(|folder| folder.tensors.get_mut(up).unwrap().1[9] = f32::NAN);
	assert!(
		nan.contains(&format!("{up}: has an entry that is not finite")),
		"{nan}"
	);
	let dtype = refusal(|folder| folder.dtype = Dtype::F64);
	assert!(dtype.contains("F64 is not supported"), "{dtype}");
	let norm = refusal(|folder| {
		folder
			.tensors
			.get_mut("model.norm.weight")
			.unwrap()
			.1
			.fill(0.0)
	});
	assert!(
		norm.contains("model.norm.weight: all gains are zero"),
		"{norm}"
	);
}

#[test]
fn malformed_texts_should_be_refused_by_file() {
	let tokenizer = refusal(|folder| folder.tokenizer["model"]["type"] = json!("none"));
	assert!(
		tokenizer.contains("tokenizer.json: tokenizer: "),
		"{tokenizer}"
	);
	let ids = refusal(|folder| folder.tokenizer["model"]["vocab"]["<0x20>"] = json!(500));
	assert!(
		ids.contains("tokenizer.json: vocabulary: gives id 500"),
		"{ids}"
	);
	let template = |template: Value| {
		refusal(|folder| folder.tokenizer_config = Some(json!({"chat_template": template})))
	};
	let syntax = template(json!("{% for %}"));
	assert!(
		syntax.contains("tokenizer_config.json: chat_template: "),
		"{syntax}"
	);
	assert!(template(json!(4)).contains("chat_template: is neither a text nor a list"));
	let endless = template(json!(
		"{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}"
	));
	assert!(endless.contains("fuel"), "{endless}");
}

#[test]
fn value_beyond_the_arithmetic_should_be_refused_by_layer() {
	let error = refusal(|folder| {
		for (name, factor) in [("gate", 1e6), ("up", 1e-6)] {
			let name = format!("model.layers.1.mlp.{name}_proj.weight");
			let weights = &mut folder.tensors.get_mut(&name).unwrap().1;
			weights.iter_mut().for_each(|w| *w *= factor);
		}
	});
	assert!(error.starts_with("layer 1: gate peaks at "), "{error}");
	let error = refusal(|folder| {
		let head = folder.tensors.get_mut("lm_head.weight").unwrap();
		head.1.iter_mut().for_each(|w| *w *= 1e6);
	});
	assert!(error.starts_with("head: logits peak at "), "{error}");
}

#[test]
fn cache_should_be_used_and_mended() {
	let room = TempDir::new().unwrap();
	let (folder, cache) = (room.path().join("tiny"), room.path().join("cache"));
	TinyFolder::new(true).write(&folder);
	let mut imports = 0;
	let mut resolve = || {
		let container = resolve_published(&folder, &cache, &mut |done, _| {
			imports += (done == 1) as u32
		});
		container.unwrap()
	};
	let first = resolve();
	assert_eq!(first.name(), "tiny");
	assert_eq!(resolve().root(), first.root());
	let mut bytes = fs::read(first.path()).unwrap();
	bytes[500] ^= 1;
	let broken = room.path().join("broken");
	fs::write(&broken, bytes).unwrap();
	fs::rename(&broken, first.path()).unwrap();
	assert_eq!(resolve().root(), first.root());
	assert_eq!(imports, 2);
}

#[test]
fn calibration_should_cover_two_thousand_positions() {
	let container = one_guide();
	assert!(container.header().shape.context >= 512);
	let positions = one_engine::import::calibration_positions(&one_guide_folder()).unwrap();
	assert!(positions >= 2_000, "{positions}");
}

/// Files of a folder and changes to their bytes.
fn damage() -> impl Strategy<
	Value = (
		usize,
		Vec<(prop::sample::Index, u8)>,
		Option<prop::sample::Index>,
	),
> {
	let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
	(
		0..4usize,
		edits,
		prop::option::weighted(0.2, any::<prop::sample::Index>()),
	)
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 200,
		failure_persistence: None,
		..Default::default()
	})]

	#[test]
	fn damaged_folder_should_import_or_name_a_file((file, edits, cut) in damage()) {
		let mut folder = TinyFolder::new(true);
		folder.tokenizer_config = Some(json!({
			"bos_token": "<s>",
			"eos_token": {"content": "</s>"},
			"chat_template": "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}",
		}));
		let room = TempDir::new().unwrap();
		let tiny = room.path().join("tiny");
		folder.write(&tiny);
		let names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
		let path = tiny.join(names[file]);
		let mut bytes = fs::read(&path).unwrap();
		for (at, byte) in edits {
			let at = at.index(bytes.len());
			bytes[at] = byte;
		}
		if let Some(cut) = cut {
			bytes.truncate(cut.index(bytes.len()));
		}
		fs::write(&path, bytes).unwrap();
		match import(&tiny, &room.path().join("tiny.one"), &mut |_, _| ()) {
			Ok(_) => prop_assert!(Container::open(&room.path().join("tiny.one")).unwrap().model().is_ok()),
			Err(EngineError::Malformed { path, .. } | EngineError::Io { path, .. }) => {
				prop_assert!(path.starts_with(room.path()))
			},
			Err(EngineError::OutOfRange { .. }) => (),
			Err(other) => prop_assert!(false, "{}", other),
		}
	}
}

#[test]
fn folder_should_be_open_to_all_who_import_it_at_once() {
	let cache = TempDir::new().unwrap();
	let open =
		|| resolve_published(&one_guide_folder(), cache.path(), &mut |_, _| ()).map(|it| it.root());
	let roots = std::thread::scope(|scope| {
		let threads = [(); 4].map(|()| scope.spawn(open));
		threads.map(|thread| hex::encode(thread.join().unwrap().unwrap()))
	});
	assert_eq!(roots, [ONE_GUIDE_ROOT; 4]);
	let kept = fs::read_dir(cache.path())
		.unwrap()
		.next()
		.unwrap()
		.unwrap()
		.path();
	assert_eq!(
		fs::read_dir(kept).unwrap().count(),
		1,
		"nothing partial is left"
	);
}
