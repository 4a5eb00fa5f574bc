//! What a receipt binds: hashes over token ids and residuals, keyed by the secret of the request.
//!
//! The 32-byte secret keeps a private prompt from being guessed from its hash; public jobs take
//! zeros. Numbers are `u32` little-endian, lists are behind their length, every hash has its own
//! domain.

use one_arithmetic::{Sampling, ARITHMETIC_ID};
use one_mailbox::commitment::{keyed_root, result_root};

use crate::hash::{blake2_256, Hash, Hasher};

pub use one_mailbox::commitment::PUBLIC;

/// Everything that determines an answer.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
	/// Keys every hash of the job.
	pub secret: Hash,
	/// Merkle root of the model's container.
	pub model_root: Hash,
	/// Token ids of the prompt.
	pub prompt: &'a [u32],
	/// Most tokens of the answer, as asked for.
	pub max_tokens: u32,
	/// How tokens are chosen.
	pub sampling: Sampling,
	/// Seed of the choice.
	pub seed: Hash,
	/// Sequences that end the answer, beside the model's own stop tokens.
	pub stop_sequences: &'a [Vec<u32>],
}

/// Hash of a request.
pub fn request_hash(request: &Request<'_>) -> Hash {
	let hasher = Hasher::new("request")
		.with(&request.secret)
		.with(&request.model_root)
		.number(ARITHMETIC_ID)
		.numbers(request.prompt)
		.number(request.max_tokens);
	let hasher = with_sampling(hasher, &request.sampling)
		.with(&request.seed)
		.number(request.stop_sequences.len() as u32);
	request
		.stop_sequences
		.iter()
		.fold(hasher, |hasher, ids| hasher.numbers(ids))
		.finish()
}

fn with_sampling(hasher: Hasher, sampling: &Sampling) -> Hasher {
	hasher
		.number(sampling.temperature)
		.number(sampling.top_k)
		.number(sampling.top_p)
		.number(sampling.repetition_penalty)
}

/// Merkle root over the ids of an answer in tiles of 256.
pub fn result_hash(secret: &Hash, ids: &[u32]) -> Hash {
	result_root(blake2_256, secret, ids)
}

/// Merkle root over the positions fed, from the hash of the last residual at each.
pub fn trace_root(secret: &Hash, residuals: &[Hash]) -> Hash {
	let leaf = |(i, residual): (usize, &Hash)| {
		Hasher::new("trace leaf")
			.with(secret)
			.number(i as u32)
			.with(residual)
			.finish()
	};
	keyed_root(
		blake2_256,
		"trace node",
		secret,
		residuals.iter().enumerate().map(leaf).collect(),
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn request(prompt: &[u32]) -> Request<'_> {
		Request {
			secret: PUBLIC,
			model_root: [7; 32],
			prompt,
			max_tokens: 5,
			sampling: Sampling::GREEDY,
			seed: [0; 32],
			stop_sequences: &[],
		}
	}

	#[test]
	fn request_hash_should_change_with_every_field() {
		let base = request(&[1, 2]);
		let stop = [vec![3]];
		let mut hashes = vec![
			request_hash(&base),
			request_hash(&request(&[1])),
			request_hash(&Request {
				secret: [1; 32],
				..base
			}),
			request_hash(&Request {
				model_root: [8; 32],
				..base
			}),
			request_hash(&Request {
				max_tokens: 6,
				..base
			}),
			request_hash(&Request {
				seed: [1; 32],
				..base
			}),
			request_hash(&Request {
				stop_sequences: &stop,
				..base
			}),
		];
		let sampling = Sampling::GREEDY;
		for sampling in [
			Sampling {
				temperature: 1,
				..sampling
			},
			Sampling {
				top_k: 1,
				..sampling
			},
			Sampling {
				top_p: 1,
				..sampling
			},
			Sampling {
				repetition_penalty: 1,
				..sampling
			},
		] {
			hashes.push(request_hash(&Request { sampling, ..base }));
		}
		let count = hashes.len();
		hashes.sort_unstable();
		hashes.dedup();
		assert_eq!(hashes.len(), count);
	}

	#[test]
	fn result_hash_should_bind_order_length_and_secret() {
		let ids: Vec<u32> = (0..600).collect();
		let mut swapped = ids.clone();
		swapped.swap(10, 500);
		let root = result_hash(&PUBLIC, &ids);
		assert_ne!(root, result_hash(&PUBLIC, &swapped));
		assert_ne!(root, result_hash(&PUBLIC, &ids[..599]));
		assert_ne!(root, result_hash(&[1; 32], &ids));
		assert_ne!(result_hash(&PUBLIC, &[]), result_hash(&PUBLIC, &[0]));
	}

	/// The numbers are from an implementation of its own; the runtime's test has them too.
	#[test]
	fn result_hash_should_be_the_chains() {
		let all: Vec<u32> = (0..600).collect();
		assert_eq!(
			hex::encode(result_hash(&PUBLIC, &[1, 2, 3])),
			"39be7e72b5fd3be775add1cee2db007128b34d21af619c07bea4324a1df21b24"
		);
		assert_eq!(
			hex::encode(result_hash(&PUBLIC, &all)),
			"0e74adb0f5167457d3b27047ee9e48825a04f31a008e48ed6374379a202ee5f2"
		);
	}

	#[test]
	fn trace_root_should_be_a_promoting_merkle_tree() {
		let leaf = |i: u32| {
			Hasher::new("trace leaf")
				.with(&PUBLIC)
				.number(i)
				.with(&[i as u8; 32])
				.finish()
		};
		let node = |l: &Hash, r: &Hash| {
			Hasher::new("trace node")
				.with(&PUBLIC)
				.with(l)
				.with(r)
				.finish()
		};
		let expected = node(&node(&leaf(0), &leaf(1)), &leaf(2));
		assert_eq!(trace_root(&PUBLIC, &[[0; 32], [1; 32], [2; 32]]), expected);
	}
}
