//! Linear layers: 8-bit weights, 16-bit inputs.

use crate::{rsh, scale, Dyadic};

/// Inputs whose products with weights sum to less than 2^31: `256 * 127 * 32,639 < 2^31`.
const CHUNK: usize = 256;

/// `sum w a`, which is `256 A_hi + A_lo` of the halves of `a`; exact in any order.
///
/// # Panics
/// If `w` and `a` differ in length.
pub fn dot(w: &[i8], a: &[i16]) -> i64 {
	assert_eq!(w.len(), a.len());
	w.chunks(CHUNK)
		.zip(a.chunks(CHUNK))
		.map(|(w, a)| dot_chunk(w, a) as i64)
		.sum()
}

// Wrapping only to let the compiler vectorise where overflow checks are on; CHUNK rules it out.
fn dot_chunk(w: &[i8], a: &[i16]) -> i32 {
	w.iter().zip(a).fold(0i32, |sum, (w, a)| {
		sum.wrapping_add((*w as i32).wrapping_mul(*a as i32))
	})
}

/// One output of a linear layer from its [`dot`].
///
/// `m` is the row's mantissa, `shift` its `16 + e + f`, `input` the scale of the inputs.
pub const fn linear_row(dot: i64, m: u16, shift: i32, input: Dyadic) -> i32 {
	let m = rsh(m as i64 * input.m as i64, 16);
	scale(dot * m, -(shift + input.e))
}

/// `y = W a`: `weight` is `[y.len(), a.len()]` row-major, `m` and `shift` one number per row.
///
/// # Panics
/// If the lengths disagree.
pub fn linear(weight: &[i8], m: &[u16], shift: &[i32], a: &[i16], input: Dyadic, y: &mut [i32]) {
	assert!(weight.len() == a.len() * y.len() && m.len() == y.len() && shift.len() == y.len());
	for (r, row) in weight.chunks_exact(a.len()).enumerate() {
		y[r] = linear_row(dot(row, a), m[r], shift[r], input);
	}
}
