//! The importer: the same container every time, and errors that name file and field.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{fs, path::Path, time::Instant};

use common::{cpu, families::families, one_guide, one_guide_folder, TinyFolder};
use one_engine::{
	container::Container, import::import, source::resolve_published, Backend, Chunk, Want,
};
use safetensors::Dtype;
use serde_json::{json, Map, Value};
use tempfile::TempDir;

/// Changes with the importer, its text or the arithmetic, and with nothing else.
const ONE_GUIDE_ROOT: &str = "a3eb9f95b158b896978bab58f9daaf4de2942cadfc945ed89f851b2e0f7f8b26";

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

#[test]
fn index_should_name_the_files_to_read() {
	let folder = TinyFolder::new(true);
	let room = TempDir::new().unwrap();
	let (parts, path) = (room.path().join("tiny"), room.path().join("tiny.one"));
	folder.write(&parts);
	let root = import(&parts, &path, &mut |_, _| ()).unwrap();
	fs::copy(
		parts.join("model.safetensors"),
		parts.join("model-2.safetensors"),
	)
	.unwrap();
	let shards = |shard: &str| {
		let names = folder.tensors.keys();
		let map: Map<String, Value> = names.map(|name| (name.clone(), json!(shard))).collect();
		let index = serde_json::to_vec(&json!({ "weight_map": map })).unwrap();
		fs::write(parts.join("model.safetensors.index.json"), index).unwrap();
		import(&parts, &path, &mut |_, _| ())
	};
	assert_eq!(shards("model-2.safetensors").unwrap(), root);
	for missing in ["model-3.safetensors", "../tiny/model.safetensors"] {
		let error = shards(missing).unwrap_err().to_string();
		let expected = format!("index.json: weight_map: names the file \"{missing}\" for ");
		assert!(error.contains(&expected), "{error}");
	}
}

/// Every step of an import of `folder`, with what a kill right then would leave for one to
/// `later/N.one`, N the step.
fn killed_everywhere(folder: &Path, later: &Path) -> u32 {
	let path = later.join("first.one");
	let mut steps = 0;
	import(folder, &path, &mut |done, all| {
		for file in ["partial", "journal"] {
			let from = later.join(format!("first.one.{file}"));
			fs::copy(from, later.join(format!("{done}.one.{file}"))).unwrap();
		}
		steps = all;
	})
	.unwrap();
	steps
}

/// The root, and the first step that was done.
fn resumed(folder: &Path, path: &Path) -> ([u8; 32], u32) {
	let mut first = None;
	let root = import(folder, path, &mut |done, _| {
		first.get_or_insert(done);
	});
	let left = fs::read_dir(path.parent().unwrap()).unwrap();
	let name = path.file_name().unwrap().to_string_lossy().into_owned();
	let beside = |other: &str| other.starts_with(&name) && other != name;
	assert!(!left
		.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
		.any(|other| beside(&other)));
	(root.unwrap(), first.unwrap())
}

#[test]
fn killed_import_should_be_taken_up_where_it_was() {
	let room = TempDir::new().unwrap();
	let (folder, later) = (room.path().join("tiny"), room.path().join("later"));
	TinyFolder::new(true).write(&folder);
	fs::create_dir(&later).unwrap();
	let steps = killed_everywhere(&folder, &later);
	let whole = fs::read(later.join("first.one")).unwrap();
	for killed in 1..=steps {
		let path = later.join(format!("{killed}.one"));
		let (_, first) = resumed(&folder, &path);
		// Of the calibration only the head is done again, and of the rest nothing.
		let calibration = steps / 2;
		let expected = match killed > calibration {
			true => calibration + 1,
			false => (killed + 1).min(calibration),
		};
		assert_eq!(first, expected);
		assert!(
			fs::read(&path).unwrap() == whole,
			"killed after step {killed}"
		);
	}
}

#[test]
fn leftovers_should_count_only_if_they_are_sound_and_of_the_same_source() {
	let room = TempDir::new().unwrap();
	let (folder, later) = (room.path().join("tiny"), room.path().join("later"));
	let mut tiny = TinyFolder::new(true);
	tiny.write(&folder);
	fs::create_dir(&later).unwrap();
	let steps = killed_everywhere(&folder, &later);
	let whole = fs::read(later.join("first.one")).unwrap();
	let file = |step: u32, kind: &str| later.join(format!("{step}.one.{kind}"));
	let change = |path: &Path, change: &dyn Fn(&mut Vec<u8>)| {
		let mut bytes = fs::read(path).unwrap();
		change(&mut bytes);
		fs::write(path, bytes).unwrap();
	};
	change(&file(steps, "partial"), &|bytes| bytes[700] ^= 1);
	change(&file(steps - 1, "partial"), &|bytes| bytes.truncate(900));
	change(&file(steps - 2, "journal"), &|bytes| {
		bytes.truncate(bytes.len() - 9)
	});
	for step in steps - 2..=steps {
		let path = later.join(format!("{step}.one"));
		assert_eq!(resumed(&folder, &path).1, steps / 2 + 1);
		assert!(fs::read(&path).unwrap() == whole, "step {step}");
	}
	killed_everywhere(&folder, &later);
	tiny.tensors.get_mut("model.norm.weight").unwrap().1[0] += 1.0;
	tiny.write(&folder);
	let fresh = import(&folder, &room.path().join("fresh.one"), &mut |_, _| ()).unwrap();
	let stale = later.join(format!("{steps}.one"));
	assert_eq!(resumed(&folder, &stale), (fresh, 1));
}

#[test]
fn calibration_should_go_on_from_the_last_layer_that_is_whole() {
	let room = TempDir::new().unwrap();
	let (folder, later) = (room.path().join("tiny"), room.path().join("later"));
	let mut config = families().swap_remove(0).1;
	config["num_hidden_layers"] = json!(5);
	TinyFolder::of(config).write(&folder);
	fs::create_dir(&later).unwrap();
	assert_eq!(killed_everywhere(&folder, &later), 12);
	let whole = fs::read(later.join("first.one")).unwrap();
	let resumed = |step: u32, damage: &dyn Fn(&mut Vec<u8>)| {
		let (path, partial) = (
			later.join(format!("{step}.one")),
			later.join(format!("{step}.one.partial")),
		);
		let mut bytes = fs::read(&partial).unwrap();
		damage(&mut bytes);
		fs::write(&partial, bytes).unwrap();
		let (_, first) = resumed(&folder, &path);
		assert!(fs::read(&path).unwrap() == whole, "killed after {step}");
		first
	};
	// The fourth layer was written behind the third.
	assert_eq!(resumed(4, &|bytes| *bytes.last_mut().unwrap() ^= 1), 4);
	// The third was written where the first had been.
	let first_slot = |bytes: &mut Vec<u8>| {
		let last = bytes.len() / 2 - 1;
		bytes[last] ^= 1;
	};
	assert_eq!(resumed(3, &first_slot), 3);
	assert_eq!(resumed(5, &|bytes| bytes.truncate(bytes.len() / 2 - 1)), 1);
}

fn refusal(change: impl FnOnce(&mut TinyFolder)) -> String {
	let mut folder = TinyFolder::new(false);
	change(&mut folder);
	let (_room, outcome) = folder.import();
	outcome.unwrap_err().to_string()
}

#[test]
fn malformed_config_should_be_refused_by_field() {
	let scaled = |changes: Value| {
		let mut scaling = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
			"high_freq_factor": 4.0, "original_max_position_embeddings": 32});
		for (field, value) in changes.as_object().unwrap() {
			scaling[field] = value.clone();
		}
		scaling
	};
	let cases = [
		(
			"model_type",
			json!("gemma"),
			"model_type: \"gemma\" is not one of llama, mistral, qwen2, qwen3",
		),
		(
			"hidden_act",
			json!("gelu"),
			"hidden_act: \"gelu\" is not the supported \"silu\"",
		),
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
		("max_position_embeddings", json!(0), "context: 0 is outside"),
		("rms_norm_eps", json!(-1.0), "rms_norm_eps"),
		("mlp_bias", json!(true), "mlp_bias: biases of"),
		("attention_bias", json!(3), "attention_bias: 3 is no flag"),
		(
			"rope_scaling",
			json!({"rope_type": "yarn"}),
			"rope_scaling: \"yarn\" is not one of default, llama3",
		),
		(
			"rope_scaling",
			scaled(json!({"factor": null})),
			"rope_scaling.factor: null is not a positive number",
		),
		(
			"rope_parameters",
			scaled(json!({"low_freq_factor": 4.0})),
			"rope_parameters.high_freq_factor: is not above low_freq_factor",
		),
		("rope_theta", json!("1"), "rope_theta: \"1\" is not"),
		(
			"partial_rotary_factor",
			json!(0.5),
			"partial_rotary_factor: only a whole rotation",
		),
		(
			"sliding_window",
			json!(8),
			"sliding_window: is not supported",
		),
		(
			"layer_types",
			json!(["full_attention", "sliding_attention"]),
			"layer_types: \"sliding_attention\" is not the supported \"full_attention\"",
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
fn window_that_layers_do_not_share_should_be_refused_by_field() {
	let qwen = |field: &str, value: Value| {
		refusal(|folder| {
			let changes = [
				("model_type", json!("qwen2")),
				("use_sliding_window", json!(true)),
				("sliding_window", json!(9)),
				("max_window_layers", json!(0)),
				(field, value),
			];
			for (field, value) in changes {
				folder.config[field] = value;
			}
		})
	};
	let some = qwen("max_window_layers", json!(1));
	assert!(
		some.contains("max_window_layers: 1: a window in some layers only"),
		"{some}"
	);
	let none = qwen("sliding_window", json!(0));
	assert!(none.contains("sliding_window: 0 keys"), "{none}");
	let missing = qwen("num_key_value_heads", json!(null));
	assert!(
		missing.contains("num_key_value_heads: is missing"),
		"{missing}"
	);
	let types = qwen("layer_types", json!(["full_attention", "full_attention"]));
	assert!(
		types.contains("layer_types: \"full_attention\" is not"),
		"{types}"
	);
}

#[test]
fn bias_after_attention_should_be_refused_unless_it_is_zero() {
	let biased = |bias: f32| {
		let mut folder = TinyFolder::new(false);
		folder.config["attention_bias"] = json!(true);
		let mut folder = TinyFolder::of(folder.config);
		let name = "model.layers.1.self_attn.o_proj.bias".to_owned();
		folder.tensors.insert(name, (vec![16], vec![bias; 16]));
		folder.import().1
	};
	biased(0.0).unwrap();
	let error = biased(0.5).unwrap_err().to_string();
	assert!(
		error.contains("model.safetensors: model.layers.1.self_attn.o_proj.bias: a bias of"),
		"{error}"
	);
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
	assert!(error.contains("tiny: layer 1: gate peaks at "), "{error}");
	let error = refusal(|folder| {
		let head = folder.tensors.get_mut("lm_head.weight").unwrap();
		head.1.iter_mut().for_each(|w| *w *= 1e6);
	});
	assert!(error.contains("tiny: head: logits peak at "), "{error}");
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
fn folder_should_be_read_again_only_when_a_file_has_changed() {
	let room = TempDir::new().unwrap();
	let (folder, cache) = (room.path().join("tiny"), room.path().join("cache"));
	TinyFolder::new(true).write(&folder);
	let container = || resolve_published(&folder, &cache, &mut |_, _| ()).unwrap();
	let seen = || fs::read_dir(cache.join("sources")).map_or(0, Iterator::count);
	let settle = |name: &str| {
		let file = fs::File::options().write(true).open(folder.join(name));
		let earlier = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
		file.unwrap().set_modified(earlier).unwrap();
	};
	let first = container();
	assert_eq!(
		seen(),
		0,
		"what has changed just now is not to be relied on"
	);
	for file in fs::read_dir(&folder).unwrap() {
		settle(file.unwrap().file_name().to_str().unwrap());
	}
	assert_eq!((container().path(), seen()), (first.path(), 1));
	let weights = fs::read(folder.join("model.safetensors")).unwrap();
	let flipped = weights[weights.len() - 1] ^ 1;
	let changed = [&weights[..weights.len() - 1], &[flipped]].concat();
	fs::write(folder.join("model.safetensors"), changed).unwrap();
	settle("model.safetensors");
	let second = container();
	assert_ne!(second.path(), first.path());
	assert_eq!((container().path(), seen()), (second.path(), 2));
	for note in fs::read_dir(cache.join("sources")).unwrap() {
		fs::write(note.unwrap().path(), hex::encode([7; 32])).unwrap();
	}
	let noted = cache.join("models").join(hex::encode([7; 32]));
	assert!(container().path().starts_with(noted), "the note is read");
}

#[test]
fn calibration_should_cover_two_thousand_positions() {
	let container = one_guide();
	assert!(container.header().shape.context >= 512);
	let positions = one_engine::import::calibration_positions(&one_guide_folder()).unwrap();
	assert!(positions >= 2_000, "{positions}");
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
	let kept = fs::read_dir(cache.path().join("models"))
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

/// A figure of this process in KiB, as the system has it.
fn status(field: &str) -> u64 {
	let status = fs::read_to_string("/proc/self/status").unwrap();
	let line = status.lines().find(|line| line.starts_with(field)).unwrap();
	let number = line.split_whitespace().nth(1).unwrap();
	number.parse().unwrap()
}

#[test]
#[ignore = "long: imports 135 million weights, and needs Linux to tell the memory"]
fn import_should_keep_to_its_memory() {
	let mut config = TinyFolder::new(true).config;
	let sizes = [
		("vocab_size", 49_152),
		("hidden_size", 576),
		("intermediate_size", 1_536),
		("num_hidden_layers", 30),
		("num_attention_heads", 9),
		("num_key_value_heads", 3),
		("max_position_embeddings", 8_192),
	];
	for (field, size) in sizes {
		config[field] = json!(size);
	}
	let room = TempDir::new().unwrap();
	let mut folder = TinyFolder::of(config);
	let tokenizer = fs::read(one_guide_folder().join("tokenizer.json")).unwrap();
	folder.tokenizer = serde_json::from_slice(&tokenizer).unwrap();
	folder.write(&room.path().join("tiny"));
	drop(folder);
	fs::write("/proc/self/clear_refs", "5").unwrap();
	let (before, start) = (status("VmRSS"), Instant::now());
	let path = room.path().join("tiny.one");
	import(&room.path().join("tiny"), &path, &mut |_, _| ()).unwrap();
	let (took, grown) = (start.elapsed(), status("VmHWM") - before);
	println!("{took:.1?}, {} MiB more memory", grown >> 10);
	let largest = 49_152 * 576 * 4;
	assert!(grown * 1_024 < largest * 3 / 2 + (1 << 30));
}
