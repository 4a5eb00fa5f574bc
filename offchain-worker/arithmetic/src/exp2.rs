//! The base-2 exponential.

use crate::exp2_table::TABLE;

/// `2^(-n / 2^16)` in Q30: a table of 256 steps with linear interpolation.
pub const fn exp2(n: u32) -> u32 {
	let (whole, fraction) = (n >> 16, n & 0xffff);
	if whole >= 31 {
		return 0;
	}
	if fraction == 0 {
		return (1 << 30) >> whole;
	}
	let g = 65_536 - fraction;
	let (i, r) = ((g >> 8) as usize, g & 255);
	let v = TABLE[i] + (((TABLE[i + 1] - TABLE[i]) * r) >> 8);
	v >> (whole + 1)
}
