//! Rounding, saturation and the split of activations.

use crate::limits::{LIMIT16, LIMIT32};

/// Number of bits of `x`; 0 for 0.
pub const fn bit_length(x: u64) -> u32 {
	64 - x.leading_zeros()
}

/// `x 2^-s` rounded half up, toward +infinity for negative numbers too; `s <= 62`.
#[inline]
pub const fn rsh(x: i64, s: u32) -> i64 {
	if s == 0 {
		return x;
	}
	(x >> s) + ((x >> (s - 1)) & 1)
}

/// `x` clamped to `[-(2^31 - 1), 2^31 - 1]`.
pub const fn sat32(x: i64) -> i32 {
	const MAX: i64 = LIMIT32 as i64;
	if x > MAX {
		LIMIT32
	} else if x < -MAX {
		-LIMIT32
	} else {
		x as i32
	}
}

/// `x 2^-s` rounded and saturated to 32 bits, for any integer `s`.
pub const fn scale(x: i64, s: i32) -> i32 {
	if s > 62 {
		return 0;
	}
	if s >= 0 {
		return sat32(rsh(x, s as u32));
	}
	let left = if s < -31 { 31 } else { s.unsigned_abs() };
	sat32((sat32(x) as i64) << left)
}

/// The 16-bit rounding of `t` by one shared shift: writes `a = rsh(t, s)` and returns `s`.
///
/// `s` is the least shift for which every `|a|` is at most [`LIMIT16`].
///
/// # Panics
/// If `t` and `a` differ in length.
#[inline(always)]
pub fn quant(t: &[i32], a: &mut [i16]) -> u32 {
	assert_eq!(t.len(), a.len());
	let s = quant_shift(max_abs(t));
	for (a, t) in a.iter_mut().zip(t) {
		*a = rsh(*t as i64, s) as i16;
	}
	s
}

/// The shift that [`quant`] takes for a vector whose largest magnitude is `max`.
pub const fn quant_shift(max: u32) -> u32 {
	let s = bit_length(max as u64).saturating_sub(15);
	if rsh(max as i64, s) > LIMIT16 as i64 {
		s + 1
	} else {
		s
	}
}

/// The largest magnitude of `x`; 0 for an empty slice.
#[inline(always)]
pub fn max_abs(x: &[i32]) -> u32 {
	x.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0)
}

/// Splits `a` in `[-LIMIT16, LIMIT16]` as `256 hi + lo`; `hi` lies in `[-127, 127]`.
pub const fn halves(a: i16) -> (i8, i8) {
	let hi = (a as i32 + 128) >> 8;
	(hi as i8, (a as i32 - 256 * hi) as i8)
}
