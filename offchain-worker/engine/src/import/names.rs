//! Names of the tensors of the Llama family.

use crate::container::{LayerPart, Projection, Tensor};

/// Gain of the norm before the head.
pub const FINAL_NORM: &str = "model.norm.weight";

/// Name of a tensor of weights.
pub fn tensor(tensor: Tensor) -> String {
	match tensor {
		Tensor::Embedding => "model.embed_tokens.weight".into(),
		Tensor::Head => "lm_head.weight".into(),
		Tensor::Layer(i, projection) => {
			format!("model.layers.{i}.{}.weight", projection_name(projection))
		}
	}
}

const fn projection_name(projection: Projection) -> &'static str {
	match projection {
		Projection::Q => "self_attn.q_proj",
		Projection::K => "self_attn.k_proj",
		Projection::V => "self_attn.v_proj",
		Projection::O => "self_attn.o_proj",
		Projection::Gate => "mlp.gate_proj",
		Projection::Up => "mlp.up_proj",
		Projection::Down => "mlp.down_proj",
	}
}

/// Name of the gain of a norm of layer `i`.
pub fn norm(i: u32, part: LayerPart) -> String {
	let name = match part {
		LayerPart::FfnNorm => "post_attention_layernorm",
		_ => "input_layernorm",
	};
	format!("model.layers.{i}.{name}.weight")
}
