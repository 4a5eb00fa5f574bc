//! Models in GGUF files: the same as their folders, and refused by name where they are not sound.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	alloc::{GlobalAlloc, Layout, System},
	cell::Cell,
	fs,
	path::{Path, PathBuf},
};

use common::{
	gguf::{encode, round, GgufFile, F16, F32, Q8_0},
	Draw, TinyFolder,
};
use one_engine::{
	container::Container,
	gguf::{Gguf, Vocabulary},
	import::import,
	source::{find, resolve_published},
	EngineError,
};
use proptest::prelude::*;
use serde_json::{json, Value};
use tempfile::TempDir;

const HIDDEN: usize = 32;
const FFN: usize = 64;
const LAYERS: usize = 2;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const VOCAB: usize = 300;

/// A tiny random model that can be written as a folder and as a GGUF file.
struct Tiny {
	folder: TinyFolder,
	architecture: &'static str,
	head_dim: usize,
	format: u32,
}

impl Tiny {
	fn new(architecture: &'static str, tied: bool, format: u32) -> Self {
		let head_dim = if architecture == "qwen3" { 16 } else { 8 };
		let mut folder = TinyFolder::new(tied);
		folder.config = config(architecture, tied, head_dim);
		folder.tensors.clear();
		let mut draw = Draw(3);
		for (name, shape) in shapes(architecture, tied, head_dim) {
			let values = (0..shape.iter().product())
				.map(|_| draw.weight())
				.collect::<Vec<_>>();
			let values = round(kept(&shape, format), &values);
			folder.tensors.insert(name, (shape, values));
		}
		Self {
			folder,
			architecture,
			head_dim,
			format,
		}
	}

	/// The file, with what `change` does to it.
	fn file(&self, change: impl FnOnce(&mut GgufFile)) -> Vec<u8> {
		let mut file = GgufFile::default();
		self.metadata(&mut file);
		vocabulary(&mut file);
		for (name, (shape, values)) in &self.folder.tensors {
			let format = kept(shape, self.format);
			file.tensor(
				&gguf_name(name),
				shape,
				format,
				&encode(format, &self.stored(name, shape, values)),
			);
		}
		change(&mut file);
		file.bytes()
	}

	fn metadata(&self, file: &mut GgufFile) {
		let key = |field: &str| format!("{}.{field}", self.architecture);
		file.text("general.architecture", self.architecture);
		for (field, value) in [
			("block_count", LAYERS),
			("context_length", 64),
			("embedding_length", HIDDEN),
			("feed_forward_length", FFN),
			("attention.head_count", HEADS),
			("attention.head_count_kv", KV_HEADS),
			("attention.key_length", self.head_dim),
		] {
			file.number(&key(field), value as u32);
		}
		file.float(&key("attention.layer_norm_rms_epsilon"), 1e-5);
		file.float(&key("rope.freq_base"), 10_000.0);
	}

	/// Rows as the converter leaves them: those of q and k of Llama by pairs of channels.
	fn stored(&self, name: &str, shape: &[usize], values: &[f32]) -> Vec<f32> {
		if self.architecture != "llama" || !(name.contains("q_proj") || name.contains("k_proj")) {
			return values.to_vec();
		}
		let (cols, half) = (shape.get(1).copied().unwrap_or(1), self.head_dim / 2);
		let rows: Vec<&[f32]> = values.chunks(cols).collect();
		let pairs = |head: &[&[f32]]| -> Vec<f32> {
			(0..half)
				.flat_map(|i| [head[i], head[half + i]].concat())
				.collect()
		};
		rows.chunks(self.head_dim).flat_map(pairs).collect()
	}

	/// Writes both and imports them; the roots.
	fn roots(&self, change: impl FnOnce(&mut GgufFile)) -> (String, String) {
		let room = TempDir::new().unwrap();
		let (folder, file) = (room.path().join("tiny"), room.path().join("tiny.gguf"));
		fs::write(&file, self.file(change)).unwrap();
		self.folder.write(&folder);
		let vocabulary = Vocabulary::read(&Gguf::open(&file).unwrap()).unwrap();
		fs::write(folder.join("tokenizer.json"), vocabulary.tokenizer).unwrap();
		let import = |path: &Path| {
			hex::encode(import(path, &room.path().join("tiny.one"), &mut |_, _| ()).unwrap())
		};
		(import(&folder), import(&file))
	}
}

/// Vectors stay as they are.
const fn kept(shape: &[usize], format: u32) -> u32 {
	if shape.len() == 1 {
		F32
	} else {
		format
	}
}

fn config(architecture: &str, tied: bool, head_dim: usize) -> Value {
	json!({
		"model_type": architecture,
		"hidden_act": "silu",
		"vocab_size": VOCAB,
		"hidden_size": HIDDEN,
		"intermediate_size": FFN,
		"num_hidden_layers": LAYERS,
		"num_attention_heads": HEADS,
		"num_key_value_heads": KV_HEADS,
		"head_dim": head_dim,
		"max_position_embeddings": 64,
		"rms_norm_eps": 1e-5,
		"rope_theta": 10000.0,
		"tie_word_embeddings": tied,
		"eos_token_id": 2,
	})
}

fn shapes(architecture: &str, tied: bool, head_dim: usize) -> Vec<(String, Vec<usize>)> {
	let (q, kv) = (HEADS * head_dim, KV_HEADS * head_dim);
	let mut shapes = vec![
		("model.embed_tokens.weight".into(), vec![VOCAB, HIDDEN]),
		("model.norm.weight".into(), vec![HIDDEN]),
	];
	for i in 0..LAYERS {
		let mut own = vec![
			("input_layernorm.weight", vec![HIDDEN]),
			("post_attention_layernorm.weight", vec![HIDDEN]),
			("self_attn.q_proj.weight", vec![q, HIDDEN]),
			("self_attn.k_proj.weight", vec![kv, HIDDEN]),
			("self_attn.v_proj.weight", vec![kv, HIDDEN]),
			("self_attn.o_proj.weight", vec![HIDDEN, q]),
			("mlp.gate_proj.weight", vec![FFN, HIDDEN]),
			("mlp.up_proj.weight", vec![FFN, HIDDEN]),
			("mlp.down_proj.weight", vec![HIDDEN, FFN]),
		];
		match architecture {
			"qwen2" => own.extend([
				("self_attn.q_proj.bias", vec![q]),
				("self_attn.k_proj.bias", vec![kv]),
				("self_attn.v_proj.bias", vec![kv]),
			]),
			"qwen3" => own.extend([
				("self_attn.q_norm.weight", vec![head_dim]),
				("self_attn.k_norm.weight", vec![head_dim]),
			]),
			_ => (),
		}
		shapes.extend(
			own.into_iter()
				.map(|(name, s)| (format!("model.layers.{i}.{name}"), s)),
		);
	}
	if !tied {
		shapes.push(("lm_head.weight".into(), vec![VOCAB, HIDDEN]));
	}
	shapes
}

fn gguf_name(name: &str) -> String {
	let names = [
		("model.embed_tokens", "token_embd"),
		("model.norm", "output_norm"),
		("lm_head", "output"),
		("model.layers", "blk"),
		("input_layernorm", "attn_norm"),
		("post_attention_layernorm", "ffn_norm"),
		("self_attn.q_proj", "attn_q"),
		("self_attn.k_proj", "attn_k"),
		("self_attn.v_proj", "attn_v"),
		("self_attn.o_proj", "attn_output"),
		("self_attn.q_norm", "attn_q_norm"),
		("self_attn.k_norm", "attn_k_norm"),
		("mlp.gate_proj", "ffn_gate"),
		("mlp.up_proj", "ffn_up"),
		("mlp.down_proj", "ffn_down"),
	];
	names.iter().fold(name.to_owned(), |name, (folder, gguf)| {
		name.replace(folder, gguf)
	})
}

/// Control tokens, bytes, and a few pieces with scores.
fn vocabulary(file: &mut GgufFile) {
	let mut tokens: Vec<String> = ["<unk>", "<s>", "</s>"].map(String::from).to_vec();
	tokens.extend((0..256).map(|byte| format!("<0x{byte:02X}>")));
	tokens.extend(["▁", "t", "h", "e", "th", "▁t", "the", "▁th", "▁the"].map(String::from));
	let kinds: Vec<i32> = (0..tokens.len())
		.map(|id| match id {
			0 => 2,
			1 | 2 => 3,
			3..259 => 6,
			_ => 1,
		})
		.collect();
	file.text("tokenizer.ggml.model", "llama");
	file.floats(
		"tokenizer.ggml.scores",
		&(0..tokens.len()).map(|id| -(id as f32)).collect::<Vec<_>>(),
	);
	file.texts("tokenizer.ggml.tokens", &tokens);
	file.numbers("tokenizer.ggml.token_type", &kinds);
	file.number("tokenizer.ggml.bos_token_id", 1);
	file.number("tokenizer.ggml.eos_token_id", 2);
	file.number("tokenizer.ggml.unknown_token_id", 0);
}

#[test]
fn gguf_should_give_the_root_of_its_folder() {
	for architecture in ["llama", "qwen2", "qwen3"] {
		for (format, tied) in [(F32, false), (F16, true), (Q8_0, false)] {
			let mut tiny = Tiny::new(architecture, tied, format);
			// A folder names these texts in a file of their own.
			tiny.folder.tokenizer_config = Some(json!({"bos_token": "<s>", "eos_token": "</s>"}));
			let (folder, file) = tiny.roots(|_| ());
			assert_eq!(folder, file, "{architecture} {format} {tied}");
		}
	}
}

#[test]
fn chat_template_and_scaled_angles_should_be_those_of_the_folder() {
	let mut tiny = Tiny::new("llama", true, F32);
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
	let (folder, file) = tiny.roots(|file| {
		file.text("tokenizer.chat_template", template);
		file.tensor("rope_freqs.weight", &[4], F32, &encode(F32, &factors));
	});
	assert_eq!(folder, file);
}

#[test]
fn gguf_should_be_found_and_kept_in_the_cache() {
	let room = TempDir::new().unwrap();
	let path = room.path().join("small.gguf");
	fs::write(&path, Tiny::new("qwen2", true, F16).file(|_| ())).unwrap();
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
	let tiny = Tiny::new("llama", true, F32);
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
	let cases: [(Change, &str); 9] = [
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

/// Counts what each thread has allocated, and the most it had at once.
struct Counting;

thread_local! {
	static NOW: Cell<isize> = const { Cell::new(0) };
	static MOST: Cell<isize> = const { Cell::new(0) };
}

impl Counting {
	fn add(bytes: isize) {
		let now = NOW.get() + bytes;
		NOW.set(now);
		MOST.set(MOST.get().max(now));
	}
}

#[allow(unsafe_code)]
// SAFETY: everything is left to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		Self::add(layout.size() as isize);
		System.alloc(layout)
	}

	unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
		Self::add(-(layout.size() as isize));
		System.dealloc(pointer, layout)
	}
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Paths and the texts of errors.
const SMALL: usize = 4_096;

/// Opens bytes as a file and checks what that allocates.
fn open_bytes(bytes: &[u8]) -> (TempDir, Result<Gguf, EngineError>) {
	let room = TempDir::new().unwrap();
	let file = room.path().join("tiny.gguf");
	fs::write(&file, bytes).unwrap();
	MOST.set(NOW.get());
	let before = NOW.get();
	let outcome = Gguf::open(&file);
	let most = (MOST.get() - before) as usize;
	assert!(
		most <= 2 * bytes.len() + SMALL,
		"{most} bytes for a file of {}",
		bytes.len()
	);
	(room, outcome)
}

#[test]
fn stated_sizes_should_not_be_believed() {
	let header = |tensors: u64, entries: u64| {
		let mut bytes = b"GGUF\x03\0\0\0".to_vec();
		bytes.extend(tensors.to_le_bytes());
		bytes.extend(entries.to_le_bytes());
		bytes
	};
	let array = |kind: u32, len: u64| {
		let mut bytes = header(0, 1);
		bytes.extend(1u64.to_le_bytes());
		bytes.push(b'k');
		bytes.extend(9u32.to_le_bytes());
		bytes.extend(kind.to_le_bytes());
		bytes.extend(len.to_le_bytes());
		bytes.extend([0; 4_000]);
		bytes
	};
	let nested = {
		let mut bytes = header(0, 1);
		bytes.extend(1u64.to_le_bytes());
		bytes.push(b'k');
		for _ in 0..100 {
			bytes.extend(9u32.to_le_bytes());
		}
		bytes
	};
	for bytes in [
		header(1 << 60, 0),
		header(0, 1 << 60),
		[header(10, 10), vec![0; 100]].concat(),
		array(0, u64::MAX),
		array(8, 1 << 50),
		array(10, 1 << 61),
		array(9, 1 << 50),
		nested,
	] {
		let (_room, outcome) = open_bytes(&bytes);
		assert!(matches!(outcome.err(), Some(EngineError::Malformed { .. })));
	}
}

/// Opens, reads and, where that works, imports bytes; errors name the file.
fn take(bytes: &[u8]) {
	let (room, outcome) = open_bytes(bytes);
	let read = outcome.and_then(|gguf| {
		gguf.tensor_names()
			.for_each(|name| assert!(gguf.tensor(name).is_some()));
		Vocabulary::read(&gguf)
	});
	let path = room.path().join("tiny.one");
	let imported = import(&room.path().join("tiny.gguf"), &path, &mut |_, _| ());
	if imported.is_ok() {
		assert!(read.is_ok() && Container::open(&path).unwrap().model().is_ok());
	}
	for error in [read.err(), imported.err()].into_iter().flatten() {
		match error {
			EngineError::Malformed { path, .. } | EngineError::Io { path, .. } => {
				assert!(path.starts_with(room.path()));
			}
			EngineError::OutOfRange { .. } => (),
			other => panic!("{other}"),
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 300,
		failure_persistence: None,
		..Default::default()
	})]

	#[test]
	fn random_bytes_should_be_refused_or_read(
		magic in any::<bool>(),
		bytes in prop::collection::vec(any::<u8>(), 0..400),
	) {
		let head: &[u8] = if magic { b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0" } else { b"" };
		take(&[head, &bytes].concat());
	}
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 60,
		failure_persistence: None,
		..Default::default()
	})]

	#[test]
	fn damaged_file_should_import_or_name_itself(
		edits in prop::collection::vec((any::<prop::sample::Index>(), 0..8u32), 1..6),
		metadata in any::<bool>(),
		cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
	) {
		let tiny = Tiny::new("llama", true, F16);
		let mut bytes = tiny.file(|_| ());
		// Most of the file is weights, most of what can be wrong comes before.
		let end = if metadata { 12_000 } else { bytes.len() };
		for (at, bit) in edits {
			bytes[at.index(end)] ^= 1 << bit;
		}
		if let Some(cut) = cut {
			bytes.truncate(cut.index(bytes.len()));
		}
		take(&bytes);
	}
}
