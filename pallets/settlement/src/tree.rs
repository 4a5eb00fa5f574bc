//! A Merkle tree that grows by one leaf at a time, of which only the peaks are kept.

use codec::{Decode, Encode, MaxEncodedLen};
use polkadot_sdk::{
	frame_support::BoundedVec,
	sp_core::{ConstU32, H256},
	sp_runtime::{
		traits::{BlakeTwo256, Hash},
		ArithmeticError,
	},
};
use scale_info::TypeInfo;

/// A binary Merkle tree over hashes: nodes are paired from the left, layer by layer, and one
/// without a neighbour moves up as it is. Its root is that of the SDK's `binary-merkle-tree`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct GrowingTree {
	/// Leaves so far.
	pub leaves: u32,
	/// Roots of its full subtrees, the largest first: one for each bit that is set in `leaves`.
	pub peaks: BoundedVec<H256, ConstU32<32>>,
}

impl GrowingTree {
	/// Adds a leaf on the right.
	///
	/// # Errors
	/// When 2^32 - 1 leaves are there.
	pub fn push(&mut self, leaf: H256) -> Result<(), ArithmeticError> {
		let leaves = self.leaves.checked_add(1);
		let mut peak = leaf;
		// Each set bit below the one that gets set is a full subtree as large as the new one.
		for _ in 0..self.leaves.trailing_ones() {
			let left = self.peaks.pop().ok_or(ArithmeticError::Underflow)?;
			peak = parent(left, peak);
		}
		self.leaves = leaves.ok_or(ArithmeticError::Overflow)?;
		self.peaks
			.try_push(peak)
			.map_err(|_| ArithmeticError::Overflow)
	}

	/// The root; zero without leaves.
	pub fn root(&self) -> H256 {
		let peaks = self.peaks.iter().rev().copied();
		peaks
			.reduce(|right, left| parent(left, right))
			.unwrap_or_default()
	}

	/// Whether there are as many peaks as `leaves` has bits set.
	#[cfg(any(feature = "try-runtime", feature = "std"))]
	pub(crate) fn is_sound(&self) -> bool {
		self.peaks.len() == self.leaves.count_ones() as usize
	}
}

/// Blake2-256 of both hashes, one after the other.
fn parent(left: H256, right: H256) -> H256 {
	BlakeTwo256::hash_of(&(left, right))
}
