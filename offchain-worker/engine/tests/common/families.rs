//! Every family that the importer reads, scaled down.

use serde_json::{json, Value};

/// Names of families and the `config.json` of a model of each, with the fields their publishers
/// write: grouped, multiple and single key heads, tied and untied, heads of their own size.
pub fn families() -> Vec<(&'static str, Value)> {
	let scaled = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
		"high_freq_factor": 4.0, "original_max_position_embeddings": 32});
	vec![
		("llama 2", config(&json!({"num_key_value_heads": 4}))),
		(
			"llama 3",
			config(&json!({"rope_theta": 500_000.0, "rope_scaling": scaled, "head_dim": 4})),
		),
		(
			"llama with biases",
			config(&json!({"attention_bias": true, "tie_word_embeddings": true})),
		),
		(
			"smollm 2",
			config(
				&json!({"hidden_size": 18, "num_attention_heads": 3, "num_key_value_heads": 1,
				"rope_theta": 100_000.0, "tie_word_embeddings": true, "rope_scaling": null}),
			),
		),
		(
			"mistral",
			config(&json!({"model_type": "mistral", "sliding_window": 12})),
		),
		(
			"mistral with larger heads",
			config(
				&json!({"model_type": "mistral", "sliding_window": null, "head_dim": 8,
				"rope_theta": 1e6}),
			),
		),
		(
			"qwen 2",
			config(&json!({"model_type": "qwen2", "use_sliding_window": false,
				"sliding_window": 24, "max_window_layers": 2, "num_key_value_heads": 1,
				"tie_word_embeddings": true, "rope_theta": 1e6, "rms_norm_eps": 1e-6})),
		),
		(
			"qwen 3",
			config(
				&json!({"model_type": "qwen3", "head_dim": 6, "attention_bias": false,
				"use_sliding_window": false, "sliding_window": null, "max_window_layers": 2,
				"tie_word_embeddings": true, "rope_theta": 1e6, "rms_norm_eps": 1e-6}),
			),
		),
		(
			"qwen 3 with biases and a window",
			config(
				&json!({"model_type": "qwen3", "head_dim": 8, "attention_bias": true,
				"use_sliding_window": true, "sliding_window": 9, "max_window_layers": 0,
				"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
			),
		),
	]
}

/// The same, with contexts of several pages, windows within a page and beyond one, and sizes that are
/// some vectors of every processor and a rest.
pub fn paged() -> Vec<(&'static str, Value)> {
	let mut all = families();
	for (name, config) in &mut all {
		let hidden = config["hidden_size"].as_u64().unwrap();
		config["hidden_size"] = json!(5 * hidden);
		config["intermediate_size"] = json!(136);
		config["max_position_embeddings"] = json!(900);
		if *name == "mistral" {
			config["sliding_window"] = json!(300);
		}
	}
	all
}

fn config(changes: &Value) -> Value {
	let mut config = super::tiny_config(false);
	for (field, value) in changes.as_object().unwrap() {
		config[field] = value.clone();
	}
	config
}

/// Names and shapes of the tensors of the model of a `config.json`.
pub fn shapes(config: &Value) -> Vec<(String, Vec<usize>)> {
	let number = |field: &str| config[field].as_u64().map(|x| x as usize);
	let size = |field: &str| number(field).unwrap();
	let (hidden, ffn, vocab) = (
		size("hidden_size"),
		size("intermediate_size"),
		size("vocab_size"),
	);
	let heads = size("num_attention_heads");
	let head = match config["model_type"].as_str() {
		Some("qwen3") => number("head_dim").unwrap_or(128),
		_ => number("head_dim").unwrap_or(hidden / heads),
	};
	let (q, kv) = (heads * head, size("num_key_value_heads") * head);
	let mut layer = vec![
		("input_layernorm.weight", vec![hidden]),
		("post_attention_layernorm.weight", vec![hidden]),
		("self_attn.q_proj.weight", vec![q, hidden]),
		("self_attn.k_proj.weight", vec![kv, hidden]),
		("self_attn.v_proj.weight", vec![kv, hidden]),
		("self_attn.o_proj.weight", vec![hidden, q]),
		("mlp.gate_proj.weight", vec![ffn, hidden]),
		("mlp.up_proj.weight", vec![ffn, hidden]),
		("mlp.down_proj.weight", vec![hidden, ffn]),
	];
	if config["model_type"] == "qwen2" || config["attention_bias"] == true {
		layer.extend([
			("self_attn.q_proj.bias", vec![q]),
			("self_attn.k_proj.bias", vec![kv]),
			("self_attn.v_proj.bias", vec![kv]),
		]);
	}
	if config["model_type"] == "qwen3" {
		layer.extend([
			("self_attn.q_norm.weight", vec![head]),
			("self_attn.k_norm.weight", vec![head]),
		]);
	}
	let mut shapes = vec![
		("model.embed_tokens.weight".into(), vec![vocab, hidden]),
		("model.norm.weight".into(), vec![hidden]),
	];
	for i in 0..size("num_hidden_layers") {
		let name = |name: &str| format!("model.layers.{i}.{name}");
		shapes.extend(layer.iter().map(|(own, shape)| (name(own), shape.clone())));
	}
	if config["tie_word_embeddings"] != true {
		shapes.push(("lm_head.weight".into(), vec![vocab, hidden]));
	}
	shapes
}
