//! Positions of entries in a list, found by what the entries are.

use std::hash::{BuildHasher, Hash, RandomState};

/// Marks a slot without an entry.
const EMPTY: u32 = u32::MAX;

/// A hash table of positions with three slots for two entries, six bytes for each; linear probing
/// (Knuth, The Art of Computer Programming, 6.4, algorithm L). The entries stay where they are.
pub struct Index {
	slots: Box<[u32]>,
	hasher: RandomState,
}

impl Index {
	/// The table of entries 0 to `len`, whose keys `key` gives.
	///
	/// # Errors
	/// The position of an entry that has the key of one before it.
	pub fn of<K: Hash + Eq>(len: usize, key: impl Fn(usize) -> K) -> Result<Self, usize> {
		let mut index = Self {
			slots: vec![EMPTY; len + len / 2 + 1].into(),
			hasher: RandomState::new(),
		};
		for position in 0..len {
			let own = key(position);
			let slot = index.slot(&own, |other| key(other) == own);
			match slot {
				Some(slot) if index.slots[slot] == EMPTY => index.slots[slot] = position as u32,
				_ => return Err(position),
			}
		}
		Ok(index)
	}

	/// Position of the entry with this key, of which `is` tells whether an entry has it.
	pub fn find(&self, key: &(impl Hash + ?Sized), is: impl Fn(usize) -> bool) -> Option<usize> {
		let position = self.slots[self.slot(key, is)?];
		(position != EMPTY).then_some(position as usize)
	}

	/// The slot that has the key, or the empty one where it would be.
	fn slot(&self, key: &(impl Hash + ?Sized), is: impl Fn(usize) -> bool) -> Option<usize> {
		let len = self.slots.len();
		// The upper bits of the product: a hash as a fraction of the table.
		let first = (u128::from(self.hasher.hash_one(key)) * len as u128) >> 64;
		let first = first as usize;
		(first..len).chain(0..first).find(|slot| {
			let position = self.slots[*slot];
			position == EMPTY || is(position as usize)
		})
	}
}
