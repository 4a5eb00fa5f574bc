//! RoPE angles of the Llama family.

use crate::model::Shape;

/// Cosine and sine of every pair of channels at a position.
pub fn angles(shape: &Shape, theta: f64, position: usize) -> Vec<(f64, f64)> {
	let dim = shape.head_dim as usize;
	let angle = |c: usize| {
		let frequency = libm::pow(theta, -((2 * c) as f64) / dim as f64);
		let angle = position as f64 * frequency;
		(libm::cos(angle), libm::sin(angle))
	};
	(0..dim / 2).map(angle).collect()
}

/// The tables of the container, `[context, head_dim / 2]` in Q14 as little-endian bytes.
pub fn table(shape: &Shape, theta: f64, pick: fn((f64, f64)) -> f64) -> Vec<u8> {
	let entry = |angle| ((pick(angle) * 16_384.0).round() as i16).to_le_bytes();
	(0..shape.context as usize)
		.flat_map(|t| angles(shape, theta, t))
		.flat_map(entry)
		.collect()
}
