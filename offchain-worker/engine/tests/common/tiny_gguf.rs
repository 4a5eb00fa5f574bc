//! A tiny model as a GGUF file.

use serde_json::{json, Value};

use super::{
	families::shapes,
	gguf::{encode, round, GgufFile, F32},
	Draw, TinyFolder,
};

const HIDDEN: usize = 32;
const FFN: usize = 64;
const LAYERS: usize = 2;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const VOCAB: usize = 300;

/// A tiny random model that can be written as a folder and as a GGUF file.
pub struct TinyGguf {
	pub folder: TinyFolder,
	architecture: &'static str,
	head_dim: usize,
	format: u32,
}

impl TinyGguf {
	pub fn new(architecture: &'static str, tied: bool, format: u32) -> Self {
		let head_dim = if architecture == "qwen3" { 16 } else { 8 };
		let mut folder = TinyFolder::new(tied);
		folder.config = config(architecture, tied, head_dim);
		folder.tensors.clear();
		let mut draw = Draw(3);
		for (name, shape) in shapes(&folder.config) {
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
	pub fn file(&self, change: impl FnOnce(&mut GgufFile)) -> Vec<u8> {
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
