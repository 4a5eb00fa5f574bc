//! Rotary position embedding, rotate-half.

use crate::{
	limits::{LIMIT16, LIMIT_ROPE},
	rsh,
};

/// `x` clamped to a 16-bit activation.
pub const fn clamp16(x: i64) -> i16 {
	const MAX: i64 = LIMIT16 as i64;
	if x > MAX {
		LIMIT16 as i16
	} else if x < -MAX {
		-LIMIT16 as i16
	} else {
		x as i16
	}
}

/// Rotates one head `x` of size D by the angles of its position and drops one fraction bit.
///
/// `cos` and `sin` are one row `[D / 2]` of the tables in Q14; channel `c` pairs with `c + D / 2`.
/// Inputs are first clamped to 65,535 in magnitude.
///
/// # Panics
/// If the lengths disagree.
pub fn rope(x: &[i32], cos: &[i16], sin: &[i16], y: &mut [i16]) {
	let half = cos.len();
	assert!(sin.len() == half && x.len() == 2 * half && y.len() == 2 * half);
	for c in 0..half {
		let (l, r) = (clamp_rope(x[c]), clamp_rope(x[c + half]));
		let (cos, sin) = (cos[c] as i64, sin[c] as i64);
		y[c] = clamp16(rsh(l * cos - r * sin, 15));
		y[c + half] = clamp16(rsh(r * cos + l * sin, 15));
	}
}

fn clamp_rope(x: i32) -> i64 {
	x.clamp(-LIMIT_ROPE, LIMIT_ROPE) as i64
}
