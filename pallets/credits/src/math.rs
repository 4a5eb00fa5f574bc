//! The numbers of a credit day. All roundings are against the claimant, so that what is promised
//! is never more than what is there.

use one_primitives::{price::GIGA, Cu, Usdc};
use polkadot_sdk::*;
use sp_arithmetic::{helpers_128bit::multiply_by_rational_with_rounding, Perbill, Rounding};

/// CU that `amount` micro-USDC pay for, rounded down.
pub fn affordable(amount: Usdc, per_giga: Usdc) -> Cu {
	let cu = scale(amount, GIGA, per_giga, Rounding::Down);
	Cu::try_from(cu).unwrap_or(Cu::MAX)
}

/// Share of its allowance that every account gets, so that all of them cost `budget` at the most.
///
/// `claims` are the numbers of accounts with an allowance each.
pub fn rate(budget: Usdc, per_giga: Usdc, claims: &[(u32, Cu)]) -> Perbill {
	let cost = scale(total(claims), per_giga, GIGA, Rounding::Up);
	if cost <= budget {
		return Perbill::one();
	}
	let parts = scale(budget, GIGA, cost, Rounding::Down);
	Perbill::from_parts(u32::try_from(parts).unwrap_or(u32::MAX))
}

/// Credits that one account gets out of `allowance`.
pub fn entitlement(allowance: Cu, rate: Perbill) -> Cu {
	rate.mul_floor(allowance)
}

/// Credits that all accounts get together.
pub fn promise(rate: Perbill, claims: &[(u32, Cu)]) -> u128 {
	claims.iter().fold(0, |sum, (count, allowance)| {
		sum + u128::from(*count) * u128::from(entitlement(*allowance, rate))
	})
}

fn total(claims: &[(u32, Cu)]) -> u128 {
	promise(Perbill::one(), claims)
}

/// `a b / c`, or the largest number if that is too large or `c` is zero.
fn scale(a: u128, b: u128, c: u128, rounding: Rounding) -> u128 {
	multiply_by_rational_with_rounding(a, b, c, rounding).unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
	use one_primitives::price;
	use proptest::prelude::*;

	use super::*;

	#[test]
	fn affordable_should_be_without_limit_when_the_price_is_zero() {
		assert_eq!(affordable(1, 0), Cu::MAX);
		assert_eq!(affordable(60_000, 60_000), 1_000_000_000);
	}

	#[test]
	fn rate_should_be_full_when_nobody_claims() {
		assert_eq!(rate(0, 60_000, &[]), Perbill::one());
		assert_eq!(rate(0, 60_000, &[(1, 1)]), Perbill::zero());
	}

	proptest! {
		#[test]
		fn promise_should_be_within_the_budget_when_rounded(
			budget in 0..u128::from(u64::MAX),
			per_giga in 0..10_000_000u128,
			counts in prop::array::uniform3((0..1_000_000u32, 0..u64::MAX / 2)),
		) {
			let rate = rate(budget, per_giga, &counts);
			let promised = promise(rate, &counts);
			prop_assert!(scale(promised, per_giga, GIGA, Rounding::Up) <= budget);
		}

		#[test]
		fn affordable_should_be_paid_for_by_the_amount(
			amount in 0..1_000_000_000_000u128,
			per_giga in 1..10_000_000u128,
		) {
			let cu = u128::from(affordable(amount, per_giga));
			prop_assert!(scale(cu, per_giga, GIGA, Rounding::Up) <= amount);
		}

		#[test]
		fn price_of_parts_should_not_exceed_the_price_of_the_whole(
			parts in prop::collection::vec(0..1_000_000_000_000u64, 1..20),
			per_giga in 0..10_000_000u128,
		) {
			let sum: u128 = parts.iter().map(|part| price::floor(u128::from(*part), per_giga)).sum();
			let whole = parts.iter().map(|part| u128::from(*part)).sum();
			prop_assert!(sum <= price::floor(whole, per_giga));
		}
	}
}
