//! The hash that a receipt gives of its result, for whoever computes it: the engine, and the chain
//! where the ids are public.
//!
//! `blake2_256` is the caller's: the runtime has it from its host, the engine from a library.

use alloc::vec::Vec;

/// A 32-byte hash.
pub type Hash = [u8; 32];

/// Secret of a public job.
pub const PUBLIC: Hash = [0; 32];

/// Token ids of one leaf of the result tree.
const RESULT_TILE: usize = 256;

/// Merkle root over the ids of an answer in tiles of 256, keyed by `secret`.
pub fn result_root(blake2_256: impl Fn(&[u8]) -> Hash, secret: &Hash, ids: &[u32]) -> Hash {
	let leaf = |(ids, number)| blake2_256(&result_leaf(secret, number, ids));
	let leaves = ids.chunks(RESULT_TILE).zip(0..).map(leaf).collect();
	keyed_root(blake2_256, "result node", secret, leaves)
}

/// [`merkle_root`] keyed by `secret`; without leaves, a hash of the secret.
pub fn keyed_root(
	blake2_256: impl Fn(&[u8]) -> Hash,
	node: &str,
	secret: &Hash,
	leaves: Vec<Hash>,
) -> Hash {
	merkle_root(&blake2_256, node, secret, leaves)
		.unwrap_or_else(|| blake2_256(&preimage("empty", secret)))
}

/// Merkle root of `leaves`: nodes of the domain `node` keyed by `key`, an odd node is promoted.
///
/// `None` for no leaves. Leaves must come from a domain of their own, so that none is a node.
pub fn merkle_root(
	blake2_256: impl Fn(&[u8]) -> Hash,
	node: &str,
	key: &[u8],
	mut level: Vec<Hash>,
) -> Option<Hash> {
	let parent = |pair: &[Hash]| match pair {
		[odd] => *odd,
		_ => blake2_256(&[&preimage(node, key)[..], pair.as_flattened()].concat()),
	};
	while level.len() > 1 {
		level = level.chunks(2).map(parent).collect();
	}
	level.pop()
}

fn result_leaf(secret: &Hash, number: u32, ids: &[u32]) -> Vec<u8> {
	let mut bytes = preimage("result leaf", secret);
	let numbers = [number, ids.len() as u32]
		.into_iter()
		.chain(ids.iter().copied());
	numbers.for_each(|number| bytes.extend(number.to_le_bytes()));
	bytes
}

/// What each hash starts with: its domain, and its key.
fn preimage(what: &str, key: &[u8]) -> Vec<u8> {
	[b"ONE-INT/1 ", what.as_bytes(), key].concat()
}
