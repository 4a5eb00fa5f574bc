//! Who holds which page of a back end, and what is in the full ones.

use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
};

use crate::hash::Hash;

/// Pages of a back end: each is free, held by sequences, or idle, which is full, held by none, and
/// kept for a later sequence with the same beginning until its room is needed.
pub struct Pages {
	/// Sequences that hold each page.
	holders: Vec<u32>,
	free: Vec<u32>,
	/// Full pages by the key of all ids up to their end.
	full: HashMap<Hash, u32>,
	contents: HashMap<u32, Content>,
	/// Idle pages by the time they became so, the oldest first.
	idle: BTreeMap<u64, u32>,
	clock: u64,
	reuse: bool,
}

struct Content {
	key: Hash,
	residuals: Arc<[Hash]>,
	/// When it became idle, if it is.
	since: u64,
}

impl Pages {
	/// So many pages, all free; full ones are kept for others if `reuse` is set.
	pub fn new(count: usize, reuse: bool) -> Self {
		Self {
			holders: vec![0; count],
			free: (0..count as u32).rev().collect(),
			full: HashMap::new(),
			contents: HashMap::new(),
			idle: BTreeMap::new(),
			clock: 0,
			reuse,
		}
	}

	/// Number of pages.
	pub fn len(&self) -> usize {
		self.holders.len()
	}

	/// Pages that [`allocate`](Self::allocate) can give.
	pub fn available(&self) -> usize {
		self.free.len() + self.idle.len()
	}

	/// A page to write, held once; an idle one is forgotten for it if none is free.
	pub fn allocate(&mut self) -> Option<u32> {
		let page = self.free.pop().or_else(|| self.evict())?;
		self.holders[page as usize] = 1;
		Some(page)
	}

	fn evict(&mut self) -> Option<u32> {
		let (_, page) = self.idle.pop_first()?;
		if let Some(content) = self.contents.remove(&page) {
			self.full.remove(&content.key);
		}
		Some(page)
	}

	/// The full page with this key and the residual hashes of its positions, held once more.
	pub fn adopt(&mut self, key: &Hash) -> Option<(u32, Arc<[Hash]>)> {
		let page = *self.full.get(key)?;
		let content = self.contents.get(&page)?;
		self.idle.remove(&content.since);
		self.holders[page as usize] += 1;
		Some((page, content.residuals.clone()))
	}

	/// Offers a held page, now full, to others; a second one with the same key stays its holder's.
	pub fn publish(&mut self, page: u32, key: Hash, residuals: &[Hash]) {
		if !self.reuse || self.full.contains_key(&key) {
			return;
		}
		self.full.insert(key, page);
		let content = Content {
			key,
			residuals: residuals.into(),
			since: 0,
		};
		self.contents.insert(page, content);
	}

	/// Gives a held page back.
	pub fn release(&mut self, page: u32) {
		let holders = &mut self.holders[page as usize];
		*holders -= 1;
		if *holders > 0 {
			return;
		}
		match self.contents.get_mut(&page) {
			Some(content) => {
				self.clock += 1;
				content.since = self.clock;
				self.idle.insert(self.clock, page);
			}
			None => self.free.push(page),
		}
	}

	/// Forgets what is in the pages, all of which must have been released.
	pub fn clear(&mut self) {
		*self = Self::new(self.len(), self.reuse);
	}

	/// Checks that every page is in exactly one state and that the indices agree; `held` are the
	/// pages of all sequences, one entry for each of its holders.
	#[cfg(test)]
	pub fn check(&self, held: &[u32]) {
		let mut holders = vec![0; self.len()];
		held.iter().for_each(|page| holders[*page as usize] += 1);
		assert_eq!(holders, self.holders, "holders");
		let idle: Vec<u32> = self.idle.values().copied().collect();
		let unheld = (0..self.len() as u32).filter(|page| holders[*page as usize] == 0);
		let mut known = [&self.free[..], &idle].concat();
		known.sort_unstable();
		assert_eq!(known, unheld.collect::<Vec<_>>(), "pages without holder");
		assert_eq!(self.full.len(), self.contents.len());
		for (key, page) in &self.full {
			assert_eq!(self.contents[page].key, *key);
		}
		for (since, page) in &self.idle {
			assert_eq!(self.contents[page].since, *since);
		}
		assert!(self
			.free
			.iter()
			.all(|page| !self.contents.contains_key(page)));
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	#[test]
	fn pages_should_keep_full_ones_until_their_room_is_needed() {
		let mut pages = Pages::new(3, true);
		let [a, b] = [0, 1].map(|_| pages.allocate().unwrap());
		pages.publish(a, [1; 32], &[[7; 32]]);
		pages.publish(b, [1; 32], &[[8; 32]]);
		pages.check(&[a, b]);
		pages.release(b);
		pages.release(a);
		pages.check(&[]);
		assert_eq!(pages.available(), 3);
		let (again, residuals) = pages.adopt(&[1; 32]).unwrap();
		assert_eq!((again, &residuals[..]), (a, &[[7; 32]][..]));
		assert_eq!(pages.adopt(&[1; 32]).unwrap().0, a);
		pages.check(&[a, a]);
		pages.release(a);
		assert_eq!(pages.available(), 2);
		pages.release(a);
		let all = [0; 3].map(|_| pages.allocate().unwrap());
		pages.check(&all);
		assert_eq!((pages.allocate(), pages.adopt(&[1; 32])), (None, None));
	}

	#[test]
	fn pages_should_forget_the_longest_idle_first() {
		let mut pages = Pages::new(3, true);
		let all = [1, 2, 3].map(|key| {
			let page = pages.allocate().unwrap();
			pages.publish(page, [key; 32], &[]);
			page
		});
		for i in [1, 0, 2] {
			pages.release(all[i]);
		}
		assert_eq!(pages.allocate(), Some(all[1]));
		pages.adopt(&[1; 32]).unwrap();
		assert_eq!(pages.allocate(), Some(all[2]));
		pages.check(&all);
	}

	#[test]
	fn pages_should_keep_nothing_when_reuse_is_off() {
		let mut pages = Pages::new(1, false);
		let page = pages.allocate().unwrap();
		pages.publish(page, [1; 32], &[]);
		pages.release(page);
		assert_eq!(pages.adopt(&[1; 32]), None);
		pages.check(&[]);
	}
}
