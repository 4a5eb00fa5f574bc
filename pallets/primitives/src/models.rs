//! What the market knows of a model.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_arithmetic::Permill, sp_core::H256};
use scale_info::TypeInfo;

use crate::{access::TierId, Cu};

/// A model is named by the Merkle root of its canonical container.
pub type ModelId = H256;

/// Multiply-accumulates of one compute unit.
pub const MACS_PER_CU: u128 = 1_000_000;

/// Work of a model, from its shape.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Cost {
	/// Multiply-accumulates of all linear layers and the head, per token.
	pub linear: u64,
	/// Multiply-accumulates of attention, per token and key.
	pub attention: u64,
}

impl Cost {
	/// Multiply-accumulates of `n` tokens after `p` earlier ones:
	/// `n L + A (n p + n (n - 1) / 2)`, saturating.
	pub fn macs(&self, n: u32, p: u32) -> u128 {
		let (n, p) = (u128::from(n), u128::from(p));
		let pairs = n * p + n * n.saturating_sub(1) / 2;
		let linear = n.saturating_mul(u128::from(self.linear));
		linear.saturating_add(pairs.saturating_mul(u128::from(self.attention)))
	}

	/// CU of a job with `input` prompt tokens, charged at `input_ratio`, and `output` new ones;
	/// rounded up.
	pub fn cu(&self, input: u32, output: u32, input_ratio: Permill) -> Cu {
		let macs = input_ratio
			.mul_ceil(self.macs(input, 0))
			.saturating_add(self.macs(output, input));
		u64::try_from(macs.div_ceil(MACS_PER_CU)).unwrap_or(u64::MAX)
	}
}

/// Terms on which a model takes jobs.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct ModelTerms {
	/// Work per token.
	pub cost: Cost,
	/// Longest sequence, prompt and answer together, in tokens.
	pub context: u32,
	/// Most tokens that the chat template adds to a prompt.
	pub template_tokens: u32,
	/// Lowest tier that may use the model in the Included lane.
	pub min_tier: TierId,
	/// The arithmetic that defines its results.
	pub arithmetic: u32,
	/// Least memory of a worker's device, in MiB.
	pub min_vram: u32,
	/// Share of the slots offered for it that its open jobs may hold while it is on trial; none once
	/// it is active.
	pub canary: Option<Permill>,
}

/// What the market asks of the registry.
pub trait Models {
	/// Terms of `model` if it takes jobs: active, or on trial.
	fn terms(model: &ModelId) -> Option<ModelTerms>;
	/// Whether a worker may offer `model`: registered and not retired.
	fn is_registered(model: &ModelId) -> bool;
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn cost_should_count_every_pair_once_when_a_sequence_is_split() {
		let cost = Cost {
			linear: 1_000,
			attention: 7,
		};
		assert_eq!(cost.macs(10, 0), cost.macs(4, 0) + cost.macs(6, 4));
		assert_eq!(cost.macs(3, 2), 3 * 1_000 + 7 * (6 + 3));
	}

	#[test]
	fn cu_should_round_up_when_work_is_a_fraction() {
		let cost = Cost {
			linear: 1,
			attention: 0,
		};
		assert_eq!(cost.cu(0, 0, Permill::one()), 0);
		assert_eq!(cost.cu(0, 1, Permill::one()), 1);
		assert_eq!(cost.cu(1_000_001, 0, Permill::one()), 2);
	}
}
