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
	while level.len() > 1 {
		level = parents(&blake2_256, node, key, &level);
	}
	level.pop()
}

/// Hashes beside the way from leaf `index` up to the root of [`merkle_root`], lowest first.
///
/// `None` if there is no such leaf.
pub fn merkle_path(
	blake2_256: impl Fn(&[u8]) -> Hash,
	node: &str,
	key: &[u8],
	mut level: Vec<Hash>,
	mut index: usize,
) -> Option<Vec<Hash>> {
	level.get(index)?;
	let mut path = Vec::new();
	while level.len() > 1 {
		path.extend(level.get(index ^ 1));
		level = parents(&blake2_256, node, key, &level);
		index /= 2;
	}
	Some(path)
}

/// The root over `count` leaves to which `path` leads from `leaf` at `index`.
///
/// `None` if there is no such leaf, or the path has not the length of its way.
pub fn merkle_root_by_path(
	blake2_256: impl Fn(&[u8]) -> Hash,
	node: &str,
	key: &[u8],
	leaf: Hash,
	(mut index, mut count): (usize, usize),
	path: &[Hash],
) -> Option<Hash> {
	if index >= count {
		return None;
	}
	let (mut hash, mut path) = (leaf, path.iter());
	while count > 1 {
		if index ^ 1 < count {
			let beside = *path.next()?;
			let pair = if index % 2 == 0 {
				[hash, beside]
			} else {
				[beside, hash]
			};
			hash = parent(&blake2_256, node, key, &pair);
		}
		(index, count) = (index / 2, count.div_ceil(2));
	}
	path.next().is_none().then_some(hash)
}

fn parents(
	blake2_256: impl Fn(&[u8]) -> Hash,
	node: &str,
	key: &[u8],
	level: &[Hash],
) -> Vec<Hash> {
	level
		.chunks(2)
		.map(|pair| parent(&blake2_256, node, key, pair))
		.collect()
}

/// The node above a pair, or above the one that is left over: itself.
fn parent(blake2_256: impl Fn(&[u8]) -> Hash, node: &str, key: &[u8], pair: &[Hash]) -> Hash {
	match pair {
		[odd] => *odd,
		_ => blake2_256(&[&preimage(node, key)[..], pair.as_flattened()].concat()),
	}
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

#[cfg(test)]
mod tests {
	use super::*;

	/// Any function that mixes its input: the tree does not care which.
	fn fnv(bytes: &[u8]) -> Hash {
		let mut hash = [0; 32];
		for (i, part) in hash.chunks_mut(8).enumerate() {
			let start = 0xcbf2_9ce4_8422_2325 ^ i as u64;
			let mix = |h: u64, b: &u8| (h ^ *b as u64).wrapping_mul(0x100_0000_01b3);
			part.copy_from_slice(&bytes.iter().fold(start, mix).to_le_bytes());
		}
		hash
	}

	#[test]
	fn path_should_lead_every_leaf_to_the_root_and_no_other() {
		for count in 1..20 {
			let leaves: Vec<Hash> = (0..count).map(|i| [i as u8; 32]).collect();
			let root = merkle_root(fnv, "node", b"key", leaves.clone());
			for i in 0..count {
				let path = merkle_path(fnv, "node", b"key", leaves.clone(), i).unwrap_or_default();
				let led = |leaf, at, path: &[Hash]| {
					merkle_root_by_path(fnv, "node", b"key", leaf, at, path)
				};
				assert_eq!(led(leaves[i], (i, count), &path), root);
				assert_ne!(led([99; 32], (i, count), &path), root);
				assert_ne!(led(leaves[i], ((i + 1) % (count + 1), count), &path), root);
				assert_eq!(
					led(leaves[i], (i, count), &[&path[..], &[[0; 32]]].concat()),
					None
				);
			}
			assert_eq!(merkle_path(fnv, "node", b"key", leaves, count), None);
		}
		assert_eq!(
			merkle_root_by_path(fnv, "node", b"key", [0; 32], (0, 0), &[]),
			None
		);
	}
}
