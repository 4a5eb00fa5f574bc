//! Capacity that sponsors buy: vouchers in classes of one price each.

use crate::Cu;

/// Number of a class of vouchers: all that were sold at one price.
pub type ClassId = u32;

/// What the workers have shown that they can serve.
pub trait ProvenCapacity {
	/// CU in a credit day.
	fn cu_per_day() -> Cu;
}
