//! Sums of 32-bit values.

use crate::sat32;

/// `x = sat32(x + y)`, element by element: the residual stream, and biases.
///
/// # Panics
/// If `x` and `y` differ in length.
pub fn add(x: &mut [i32], y: &[i32]) {
	assert_eq!(x.len(), y.len());
	for (x, y) in x.iter_mut().zip(y) {
		*x = sat32(*x as i64 + *y as i64);
	}
}
