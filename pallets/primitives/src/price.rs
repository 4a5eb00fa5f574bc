//! What CU cost, at a price in micro-USDC per 10^9 CU.

use polkadot_sdk::sp_arithmetic::{
	helpers_128bit::multiply_by_rational_with_rounding as multiply, Rounding,
};

use crate::Usdc;

/// CU that a price is quoted for.
pub const GIGA: u128 = 1_000_000_000;

/// Micro-USDC for `cu` at `per_giga`, rounded down: what a claimant gets.
pub fn floor(cu: u128, per_giga: Usdc) -> Usdc {
	scale(cu, per_giga, Rounding::Down)
}

/// Micro-USDC for `cu` at `per_giga`, rounded up: what a buyer pays, and a pot holds.
pub fn ceil(cu: u128, per_giga: Usdc) -> Usdc {
	scale(cu, per_giga, Rounding::Up)
}

/// `cu per_giga / GIGA`, or the largest number where that is larger.
fn scale(cu: u128, per_giga: Usdc, rounding: Rounding) -> Usdc {
	multiply(cu, per_giga, GIGA, rounding).unwrap_or(Usdc::MAX)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn price_should_be_rounded_when_it_is_a_fraction() {
		assert_eq!((floor(GIGA, 60_000), ceil(GIGA, 60_000)), (60_000, 60_000));
		assert_eq!((floor(16_666, 60_000), ceil(16_666, 60_000)), (0, 1));
		assert_eq!((floor(16_667, 60_000), ceil(16_667, 60_000)), (1, 2));
		assert_eq!((floor(0, 60_000), ceil(0, 60_000)), (0, 0));
	}

	#[test]
	fn price_should_be_the_largest_number_when_it_is_larger() {
		assert_eq!(floor(u128::MAX, GIGA + 1), Usdc::MAX);
		assert_eq!(ceil(u128::MAX, u128::MAX), Usdc::MAX);
	}
}
