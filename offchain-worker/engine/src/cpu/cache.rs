//! Pages of keys and values.

use super::batch::Run;
use crate::{backend::PAGE, model::Shape};

/// The KV cache of a back end: pages of storage, each allocated when it is first used.
pub struct Cache {
	/// Each `[layers, 2, kv_heads, PAGE, head_dim]`, keys before values.
	pages: Vec<Option<Box<[i16]>>>,
	layers: usize,
	heads: usize,
	dim: usize,
}

impl Cache {
	/// A cache of so many pages, none allocated.
	pub fn new(shape: &Shape, pages: usize) -> Self {
		Self {
			pages: vec![None; pages],
			layers: shape.layers as usize,
			heads: shape.kv_heads as usize,
			dim: shape.head_dim as usize,
		}
	}

	/// Number of pages.
	pub fn len(&self) -> usize {
		self.pages.len()
	}

	/// Allocates a page if it is not.
	pub fn allocate(&mut self, page: u32) {
		let size = self.layers * 2 * self.heads * self.run();
		self.pages[page as usize].get_or_insert_with(|| vec![0; size].into());
	}

	/// Writes the key and the value `[kv_heads, head_dim]` of one position to a layer.
	///
	/// # Panics
	/// If the page is not allocated.
	pub fn write(&mut self, page: u32, slot: usize, layer: usize, k: &[i16], v: &[i16]) {
		let (heads, dim, run) = (self.heads, self.dim, self.run());
		let page = self.pages[page as usize]
			.as_mut()
			.expect("allocated before a pass; qed");
		let rows = k.chunks_exact(dim).chain(v.chunks_exact(dim));
		let at = page[layer * 2 * heads * run..].chunks_exact_mut(run);
		for (cached, new) in at.zip(rows) {
			cached[slot * dim..][..dim].copy_from_slice(new);
		}
	}

	/// Keys `[keys, head_dim]` of a kv head.
	///
	/// # Panics
	/// If the page is not allocated.
	pub fn keys(&self, layer: usize, head: usize, run: &Run) -> &[i16] {
		self.read(layer * 2 * self.heads + head, run)
	}

	/// Values `[keys, head_dim]` of a kv head.
	///
	/// # Panics
	/// If the page is not allocated.
	pub fn values(&self, layer: usize, head: usize, run: &Run) -> &[i16] {
		self.read((layer * 2 + 1) * self.heads + head, run)
	}

	fn read(&self, block: usize, run: &Run) -> &[i16] {
		let page = self.pages[run.page as usize]
			.as_ref()
			.expect("allocated before a pass; qed");
		let slots = &run.slots;
		&page[block * self.run()..][slots.start * self.dim..slots.end * self.dim]
	}

	/// Integers of a page of one head's keys.
	const fn run(&self) -> usize {
		PAGE * self.dim
	}
}
