//! Keys and values of a sequence.

use crate::model::Shape;

/// Keys or values of one layer: of each kv head `[positions, head_dim]`.
type Heads = Vec<Vec<i16>>;

/// The KV cache of one sequence; it grows with its positions.
pub struct Cache {
	/// Positions fed.
	pub len: usize,
	layers: Vec<(Heads, Heads)>,
	dim: usize,
}

impl Cache {
	/// An empty cache.
	pub fn new(shape: &Shape) -> Self {
		let heads = || vec![Vec::new(); shape.kv_heads as usize];
		let layers = (0..shape.layers).map(|_| (heads(), heads())).collect();
		Self {
			len: 0,
			layers,
			dim: shape.head_dim as usize,
		}
	}

	/// Appends the keys and values `[kv_heads, head_dim]` of the next position to a layer.
	pub fn append(&mut self, layer: usize, k: &[i16], v: &[i16]) {
		let (keys, values) = &mut self.layers[layer];
		for (cache, new) in [(keys, k), (values, v)] {
			for (head, new) in cache.iter_mut().zip(new.chunks_exact(self.dim)) {
				head.extend_from_slice(new);
			}
		}
	}

	/// Keys and values `[positions, head_dim]` of a kv head, for the first `positions`.
	pub fn head(&self, layer: usize, head: usize, positions: usize) -> (&[i16], &[i16]) {
		let (keys, values) = &self.layers[layer];
		let end = positions * self.dim;
		(&keys[head][..end], &values[head][..end])
	}
}
