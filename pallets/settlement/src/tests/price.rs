//! The average price and its guards, as arithmetic.

use polkadot_sdk::sp_arithmetic::{FixedPointNumber, Permill};
use proptest::prelude::*;

use crate::price::{spot, Price, PriceRecord};

const PERIOD: u64 = 1_800_000;

#[test]
fn spot_should_be_none_when_a_side_is_empty_or_the_ratio_vanishes() {
	assert_eq!(spot(0, 1), None);
	assert_eq!(spot(1, 0), None);
	assert_eq!(spot(u128::MAX, 1), None);
	assert_eq!(spot(1, u128::MAX), None);
	assert_eq!(spot(4, 2), Some(Price::from_float(0.5)));
}

#[test]
fn average_should_move_by_the_part_of_the_period_that_passed() {
	let record = PriceRecord::first(Price::from_u32(100), 0);
	let record = record.observe(Price::from_u32(200), 3_000, PERIOD);
	assert_eq!(
		record.average,
		Price::saturating_from_rational(100 * 600 + 100, 600)
	);
	assert_eq!(record.last, Price::from_u32(200));
	let later = record.observe(Price::from_u32(50), 3_000 + PERIOD, PERIOD);
	assert_eq!(later.average, Price::from_u32(50));
}

#[test]
fn floor_should_be_the_average_less_the_discount_rounded_up() {
	let record = PriceRecord::first(Price::saturating_from_rational(1, 3), 0);
	assert_eq!(record.floor(300, Permill::zero()), Some(100));
	assert_eq!(record.floor(300, Permill::from_percent(1)), Some(99));
	assert_eq!(record.floor(10, Permill::from_percent(1)), Some(4));
	let dear = PriceRecord::first(Price::from_u32(3), 0);
	assert_eq!(dear.floor(u128::MAX, Permill::zero()), None);
}

#[test]
fn price_should_have_moved_only_beyond_the_limit() {
	let record = PriceRecord::first(Price::from_u32(1_000), 0);
	let limit = Permill::from_parts(3_000);
	assert!(!record.has_moved(Price::from_u32(1_003), limit));
	assert!(!record.has_moved(Price::from_u32(997), limit));
	assert!(record.has_moved(Price::from_u32(1_004), limit));
	assert!(record.has_moved(Price::from_u32(996), limit));
}

proptest! {
	#[test]
	fn average_should_stay_between_itself_and_the_price(
		average in 1u128.., price in 1u128.., passed in 0u64.., period in 0u64..,
	) {
		let (average, price) = (Price::from_inner(average), Price::from_inner(price));
		let next = PriceRecord::first(average, 0).observe(price, passed, period).average;
		prop_assert!(next >= average.min(price) && next <= average.max(price));
	}

	#[test]
	fn floor_should_never_be_more_than_a_unit_above_the_discounted_average(
		price in 1u128..1 << 60, amount in 0u128..1 << 60, discount in 0u32..=1_000_000,
	) {
		let record = PriceRecord::first(Price::from_inner(price), 0);
		let floor = record.floor(amount, Permill::from_parts(discount)).unwrap();
		let worth = record.average.saturating_mul_int(amount);
		prop_assert!(floor <= worth + 1);
	}
}
