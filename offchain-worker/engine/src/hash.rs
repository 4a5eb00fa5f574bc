//! Domain-separated hashing: everything is `blake2_256` behind the prefix `ONE-INT/1 <what>`.

use blake2::{digest::consts::U32, Blake2b, Digest};
use one_mailbox::commitment;

pub use one_mailbox::commitment::Hash;

/// An incremental `blake2_256` of one domain.
pub struct Hasher(Blake2b<U32>);

impl Hasher {
	/// Starts a hash in the domain `what`.
	pub fn new(what: &str) -> Self {
		Self(Blake2b::new())
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
		self.0.finalize().into()
	}
}

/// Plain `blake2_256`.
pub fn blake2_256(bytes: &[u8]) -> Hash {
	Blake2b::<U32>::digest(bytes).into()
}

/// Merkle root of `leaves`: nodes of the domain `node` keyed by `key`, an odd node is promoted.
///
/// `None` for no leaves. Leaves must come from a domain of their own, so that none is a node.
pub fn merkle_root(node: &str, key: &[u8], leaves: Vec<Hash>) -> Option<Hash> {
	commitment::merkle_root(blake2_256, node, key, leaves)
}
