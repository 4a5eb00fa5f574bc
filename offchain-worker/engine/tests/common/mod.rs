//! Models for tests.
#![allow(dead_code)]

pub mod damage;
pub mod families;
pub mod gguf;
pub mod outliers;
pub mod peers;
pub mod tiny_gguf;

use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	sync::{Arc, OnceLock},
};

use half::{bf16, f16};
use one_engine::{container::Container, cpu::CpuBackend, import::import, Model};
use safetensors::{serialize, tensor::TensorView, Dtype};
use serde_json::{json, Value};
use tempfile::TempDir;

/// `one-guide` of the project, imported once a test binary.
pub fn one_guide() -> Container {
	static ROOM: OnceLock<TempDir> = OnceLock::new();
	let room = ROOM.get_or_init(|| {
		let room = TempDir::new().unwrap();
		import(
			&one_guide_folder(),
			&room.path().join("one-guide.one"),
			&mut |_, _| (),
		)
		.unwrap();
		room
	});
	Container::open(&room.path().join("one-guide.one")).unwrap()
}

/// The published folder of `one-guide`.
pub fn one_guide_folder() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("models/one-guide")
}

/// The published folder of `stories260K`, where it lies beside the project.
pub fn stories_folder() -> Option<PathBuf> {
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/models/stories260K");
	if folder.is_dir() {
		return Some(folder);
	}
	println!("skipped: there is no {}", folder.display());
	None
}

/// A CPU back end for a container.
pub fn cpu(container: &Container, pages: usize) -> CpuBackend {
	CpuBackend::new(Arc::new(container.model().unwrap()), pages)
}

/// `n` token ids of a model, the same every time.
pub fn ids(model: &Model, n: usize, seed: u64) -> Vec<u32> {
	let mut draw = Draw(seed);
	(0..n)
		.map(|_| (draw.word() % model.shape.vocab as u64) as u32)
		.collect()
}

/// A generator of its own, the same numbers every time.
pub struct Draw(pub u64);

impl Draw {
	/// A number below `n`.
	pub fn below(&mut self, n: usize) -> usize {
		(self.word() % n as u64) as usize
	}

	/// 31 bits.
	pub fn word(&mut self) -> u64 {
		self.0 = self
			.0
			.wrapping_mul(6364136223846793005)
			.wrapping_add(1442695040888963407);
		self.0 >> 33
	}

	/// Within one of zero.
	pub fn weight(&mut self) -> f32 {
		(self.word() % 2_001) as f32 / 1_000.0 - 1.0
	}
}

/// A published folder of a tiny random model; every file can be changed before it is written.
pub struct TinyFolder {
	pub config: Value,
	pub tokenizer: Value,
	pub tokenizer_config: Option<Value>,
	pub tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
	pub dtype: Dtype,
}

const VOCAB: usize = 300;

impl TinyFolder {
	pub fn new(tied: bool) -> Self {
		Self::of(tiny_config(tied))
	}

	/// The model that `config` describes.
	pub fn of(config: Value) -> Self {
		Self::drawn(config, 7)
	}

	/// The same with the weights of a seed.
	pub fn drawn(config: Value, seed: u64) -> Self {
		let mut tensors = BTreeMap::new();
		let mut draw = Draw(seed);
		for (name, shape) in families::shapes(&config) {
			let n = shape.iter().product();
			tensors.insert(name, (shape, (0..n).map(|_| draw.weight()).collect()));
		}
		Self {
			config,
			tokenizer: tiny_tokenizer(),
			tokenizer_config: None,
			tensors,
			dtype: Dtype::F32,
		}
	}

	/// Writes the folder.
	pub fn write(&self, folder: &Path) {
		std::fs::create_dir_all(folder).unwrap();
		let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).unwrap();
		write("config.json", serde_json::to_vec(&self.config).unwrap());
		write(
			"tokenizer.json",
			serde_json::to_vec(&self.tokenizer).unwrap(),
		);
		if let Some(config) = &self.tokenizer_config {
			write("tokenizer_config.json", serde_json::to_vec(config).unwrap());
		}
		let all: Vec<&String> = self.tensors.keys().collect();
		write("model.safetensors", self.safetensors(&all));
	}

	/// The named tensors as a safetensors file.
	pub fn safetensors(&self, names: &[&String]) -> Vec<u8> {
		let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = names
			.iter()
			.map(|name| (*name, &self.tensors[*name]))
			.map(|(name, (shape, values))| (name, shape, encode(self.dtype, values)))
			.collect();
		let views = bytes.iter().map(|(name, shape, bytes)| {
			(
				name.as_str(),
				TensorView::new(self.dtype, (*shape).clone(), bytes).unwrap(),
			)
		});
		serialize(views, None).unwrap()
	}

	/// Writes and imports the folder; the container lives as long as the returned room.
	pub fn import(&self) -> (TempDir, Result<PathBuf, one_engine::EngineError>) {
		let room = TempDir::new().unwrap();
		let (folder, path) = (room.path().join("tiny"), room.path().join("tiny.one"));
		self.write(&folder);
		let outcome = import(&folder, &path, &mut |_, _| ()).map(|_| path);
		(room, outcome)
	}
}

fn encode(dtype: Dtype, values: &[f32]) -> Vec<u8> {
	let bytes = |x: &f32| match dtype {
		Dtype::F16 => f16::from_f32(*x).to_le_bytes().to_vec(),
		Dtype::BF16 => bf16::from_f32(*x).to_le_bytes().to_vec(),
		Dtype::F32 => x.to_le_bytes().to_vec(),
		_ => (*x as f64).to_le_bytes().to_vec(),
	};
	values.iter().flat_map(bytes).collect()
}

fn tiny_config(tied: bool) -> Value {
	json!({
		"model_type": "llama",
		"hidden_act": "silu",
		"vocab_size": VOCAB,
		"hidden_size": 16,
		"intermediate_size": 24,
		"num_hidden_layers": 2,
		"num_attention_heads": 4,
		"num_key_value_heads": 2,
		"max_position_embeddings": 64,
		"rms_norm_eps": 1e-5,
		"rope_theta": 10000.0,
		"tie_word_embeddings": tied,
		"eos_token_id": 2,
	})
}

/// Bytes and two special tokens, without merges.
fn tiny_tokenizer() -> Value {
	let special = |(id, content): (u32, &str)| {
		json!({"id": id, "content": content, "single_word": false, "lstrip": false,
			"rstrip": false, "normalized": false, "special": true})
	};
	let specials = [(0, "<unk>"), (1, "<s>"), (2, "</s>")];
	let mut vocab: BTreeMap<String, u32> = specials
		.iter()
		.map(|(id, content)| (content.to_string(), *id))
		.collect();
	vocab.extend((0..256).map(|byte| (format!("<0x{byte:02X}>"), byte + 3)));
	json!({
		"version": "1.0",
		"added_tokens": specials.map(special),
		"normalizer": null,
		"pre_tokenizer": null,
		"post_processor": null,
		"decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
		"model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
			"vocab": vocab, "merges": []},
	})
}
