//! Hashes of requests, results and traces against the vectors of the arithmetic.
#![allow(clippy::unwrap_used, missing_docs)]

use one_engine::{
	commitment::{request_hash, result_hash, trace_root, Request},
	hash::Hash,
	Sampling,
};
use serde::Deserialize;

fn hash(text: &str) -> Hash {
	hex::decode(text).unwrap().try_into().unwrap()
}

#[test]
fn request_hash_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		secret: String,
		model_root: String,
		prompt: Vec<u32>,
		max_tokens: u32,
		sampling: [u32; 4],
		seed: String,
		stop_sequences: Vec<Vec<u32>>,
		hash: String,
	}
	let cases: Vec<Case> =
		serde_json::from_str(include_str!("../../arithmetic/vectors/request.json")).unwrap();
	assert!(!cases.is_empty());
	for case in &cases {
		let [temperature, top_k, top_p, repetition_penalty] = case.sampling;
		let request = Request {
			secret: hash(&case.secret),
			model_root: hash(&case.model_root),
			prompt: &case.prompt,
			max_tokens: case.max_tokens,
			sampling: Sampling {
				temperature,
				top_k,
				top_p,
				repetition_penalty,
			},
			seed: hash(&case.seed),
			stop_sequences: &case.stop_sequences,
		};
		assert_eq!(request_hash(&request), hash(&case.hash));
	}
}

#[test]
fn result_hash_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		secret: String,
		ids: Vec<u32>,
		root: String,
	}
	let cases: Vec<Case> =
		serde_json::from_str(include_str!("../../arithmetic/vectors/result.json")).unwrap();
	assert!(!cases.is_empty());
	for Case { secret, ids, root } in cases {
		assert_eq!(result_hash(&hash(&secret), &ids), hash(&root));
	}
}

#[test]
fn trace_root_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		secret: String,
		residuals: Vec<String>,
		root: String,
	}
	let cases: Vec<Case> =
		serde_json::from_str(include_str!("../../arithmetic/vectors/trace.json")).unwrap();
	assert!(!cases.is_empty());
	for case in cases {
		let residuals: Vec<Hash> = case.residuals.iter().map(|r| hash(r)).collect();
		assert_eq!(
			trace_root(&hash(&case.secret), &residuals),
			hash(&case.root)
		);
	}
}
