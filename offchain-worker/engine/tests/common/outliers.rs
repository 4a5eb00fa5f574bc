//! Random models with a few channels far beyond the others, as trained models have them.

use serde_json::json;

use super::{tiny_config, TinyFolder};

const OUTLIER: f32 = 100.0;
const KEY_BIAS: f32 = 30.0;
const HEAD: usize = 64;

/// A model with the widths of SmolLM2-135M: channels of the residual, of v and of the feed-forward
/// block 100 times the others, one channel of every key head at a bias of 30, and norms with a gain
/// of `gain` on the outliers of the residual.
pub fn with_outliers(layers: usize, gain: f32) -> TinyFolder {
	let mut config = tiny_config(true);
	for (field, value) in [
		("model_type", json!("qwen2")),
		("hidden_size", json!(576)),
		("intermediate_size", json!(1_536)),
		("num_attention_heads", json!(9)),
		("num_key_value_heads", json!(3)),
		("num_hidden_layers", json!(layers)),
		("max_position_embeddings", json!(16)),
	] {
		config[field] = value;
	}
	let mut folder = TinyFolder::of(config);
	for (name, (shape, values)) in &mut folder.tensors {
		plant(name, shape, values, gain);
	}
	folder
}

fn plant(name: &str, shape: &[usize], values: &mut [f32], gain: f32) {
	let module = name.rsplit('.').nth(1).unwrap();
	let [rows, cols] = [shape[0], shape[shape.len() - 1]];
	if name.ends_with(".bias") {
		let key = |c: usize| module == "k_proj" && c % HEAD == 5;
		return fill(values, |c, _| if key(c) { KEY_BIAS } else { 0.0 });
	}
	if module.ends_with("norm") {
		return fill(values, |c, _| if is_outlier(c, rows) { gain } else { 1.0 });
	}
	// A product is then about as large as its input.
	let deviation = (3.0 / cols as f32).sqrt();
	let outlier = |i: usize| match module {
		"embed_tokens" => is_outlier(i % cols, cols),
		"v_proj" | "o_proj" | "up_proj" | "down_proj" => is_outlier(i / cols, rows),
		_ => false,
	};
	fill(values, |i, w| {
		w * deviation * if outlier(i) { OUTLIER } else { 1.0 }
	});
}

fn fill(values: &mut [f32], value: impl Fn(usize, f32) -> f32) {
	for (i, x) in values.iter_mut().enumerate() {
		*x = value(i, *x);
	}
}

/// Whether a channel is one of four of so many.
fn is_outlier(channel: usize, of: usize) -> bool {
	channel % (of / 4) == 7
}
