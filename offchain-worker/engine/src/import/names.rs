//! Names of the tensors in the safetensors files of all families.

use super::weights::{FloatTensor, Norm};
use crate::container::{Projection, Tensor};

/// Name of a tensor.
pub fn name(tensor: FloatTensor) -> String {
	match tensor {
		FloatTensor::Weights(Tensor::Embedding) => "model.embed_tokens.weight".into(),
		FloatTensor::Weights(Tensor::Head) => "lm_head.weight".into(),
		FloatTensor::Weights(Tensor::Layer(i, p)) => layer(i, projection(p), "weight"),
		FloatTensor::Bias(i, p) => layer(i, projection(p), "bias"),
		FloatTensor::Gain(i, n) => layer(i, norm(n), "weight"),
		FloatTensor::FinalGain => "model.norm.weight".into(),
	}
}

fn layer(i: u32, module: &str, tensor: &str) -> String {
	format!("model.layers.{i}.{module}.{tensor}")
}

const fn projection(projection: Projection) -> &'static str {
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

const fn norm(norm: Norm) -> &'static str {
	match norm {
		Norm::Attention => "input_layernorm",
		Norm::Ffn => "post_attention_layernorm",
		Norm::Query => "self_attn.q_norm",
		Norm::Key => "self_attn.k_norm",
	}
}
