//! The embedding of a token.

use crate::scale;

/// One row of the embedding as residual: `x = scale(w m, shift)`.
///
/// `shift` is `-(e + F)` for a row with scale `m 2^e` and a residual with `F` fraction bits.
///
/// # Panics
/// If `row` and `x` differ in length.
pub fn embed(row: &[i8], m: u16, shift: i32, x: &mut [i32]) {
	assert_eq!(row.len(), x.len());
	for (x, w) in x.iter_mut().zip(row) {
		*x = scale(*w as i64 * m as i64, shift);
	}
}
