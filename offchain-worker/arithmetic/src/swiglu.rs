//! The gated activation of the feed-forward block.

use crate::{rsh, scale, sigmoid};

/// `h = g sigmoid(g) u`, for gates with `f_gate` fraction bits.
///
/// `shift` is `f_gate + f_up - f_h`.
///
/// # Panics
/// If `g`, `u` and `h` differ in length.
pub fn swiglu(g: &[i32], u: &[i32], f_gate: u32, shift: i32, h: &mut [i32]) {
	assert!(g.len() == h.len() && u.len() == h.len());
	for ((h, &g), &u) in h.iter_mut().zip(g).zip(u) {
		let w = rsh(g as i64 * sigmoid(g, f_gate) as i64, 15);
		*h = scale(w * u as i64, shift);
	}
}
