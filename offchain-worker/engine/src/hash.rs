//! Domain-separated hashing: everything is `blake2_256` behind the prefix `ONE-INT/1 <what>`.

use blake2b_simd::{
	many::{degree, update_many},
	Hash as Digest, Params, State,
};
use one_mailbox::commitment;

pub use one_mailbox::commitment::Hash;

/// An incremental `blake2_256` of one domain.
pub struct Hasher(State);

impl Hasher {
	/// Starts a hash in the domain `what`.
	pub fn new(what: &str) -> Self {
		Self(params().to_state())
			.with(b"ONE-INT/1 ")
			.with(what.as_bytes())
	}

	/// Appends bytes.
	#[must_use]
	pub fn with(mut self, bytes: &[u8]) -> Self {
		self.0.update(bytes);
		self
	}

	/// Appends a little-endian number.
	#[must_use]
	pub fn number(self, x: u32) -> Self {
		self.with(&x.to_le_bytes())
	}

	/// Appends a list of numbers behind its length.
	#[must_use]
	pub fn numbers(self, xs: &[u32]) -> Self {
		xs.iter()
			.fold(self.number(xs.len() as u32), |hasher, x| hasher.number(*x))
	}

	/// The hash.
	pub fn finish(self) -> Hash {
		hash(&self.0.finalize())
	}

	/// The hash of each of `inputs` behind what was appended so far, several at once where the
	/// processor can: [`lanes`] of them.
	pub fn finish_each<'a>(&self, inputs: impl Iterator<Item = &'a [u8]>) -> Vec<Hash> {
		let mut lanes: Vec<(State, &[u8])> = inputs.map(|input| (self.0.clone(), input)).collect();
		update_many(lanes.iter_mut().map(|(state, input)| (state, &*input)));
		lanes
			.iter()
			.map(|(state, _)| hash(&state.finalize()))
			.collect()
	}
}

/// Inputs that the processor hashes at once.
pub fn lanes() -> usize {
	degree()
}

fn params() -> Params {
	let mut params = Params::new();
	params.hash_length(size_of::<Hash>());
	params
}

fn hash(digest: &Digest) -> Hash {
	let mut hash = Hash::default();
	hash.copy_from_slice(digest.as_bytes());
	hash
}

/// Plain `blake2_256`.
pub fn blake2_256(bytes: &[u8]) -> Hash {
	hash(&params().hash(bytes))
}

/// Merkle root of `leaves`: nodes of the domain `node` keyed by `key`, an odd node is promoted.
///
/// `None` for no leaves. Leaves must come from a domain of their own, so that none is a node.
pub fn merkle_root(node: &str, key: &[u8], leaves: Vec<Hash>) -> Option<Hash> {
	commitment::merkle_root(blake2_256, node, key, leaves)
}
