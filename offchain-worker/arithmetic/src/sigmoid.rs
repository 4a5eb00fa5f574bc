//! The logistic function.

use crate::{exp2, rsh};

/// `|g|` in Q12 from which the result no longer changes: 20.
const SATURATION: i64 = 20 << 12;
/// `log2(e)` in Q14.
const LOG2_E: u32 = 23_637;

/// `1 / (1 + e^-g)` in Q15, for `g` with `f` fraction bits, `f` in `12..=20`.
pub const fn sigmoid(g: i32, f: u32) -> u32 {
	let a = rsh(g.unsigned_abs() as i64, f - 12);
	let a = if a < SATURATION {
		a as u32
	} else {
		SATURATION as u32
	};
	let e = rsh(exp2((a * LOG2_E) >> 10) as i64, 14) as u32;
	let d = 65_536 + e;
	let s = ((1 << 31) + (d >> 1)) / d;
	if g >= 0 {
		s
	} else {
		rsh(e as i64 * s as i64, 16) as u32
	}
}
