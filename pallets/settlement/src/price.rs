//! The pool's price and its moving average; pure arithmetic, no storage.

use codec::{Decode, Encode, MaxEncodedLen};
use one_primitives::{ProtocolTime, Usdc};
use polkadot_sdk::sp_arithmetic::{
	helpers_128bit::multiply_by_rational_with_rounding, FixedPointNumber, FixedU128, Permill,
	Rounding,
};
use scale_info::TypeInfo;

use crate::types::Balance;

/// Micro-USDC per 10^-12 ONE.
pub type Price = FixedU128;

/// Price of a pool that holds `one` and `usdc`; `None` if it cannot be written down.
pub fn spot(one: Balance, usdc: Usdc) -> Option<Price> {
	Price::checked_from_rational(usdc, one).filter(|price| price.into_inner() > 0)
}

/// What is remembered of the pool's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PriceRecord {
	/// Exponential moving average over the averaging period.
	pub average: Price,
	/// The price when last looked at, after an own sale if there was one.
	pub last: Price,
	/// Protocol time of the last look.
	pub seen: ProtocolTime,
}

impl PriceRecord {
	/// The first price ever seen, which is the average until others are.
	pub fn first(price: Price, now: ProtocolTime) -> Self {
		Self {
			average: price,
			last: price,
			seen: now,
		}
	}

	/// Moves the average towards `price` by the part of `period` that has passed; a price that
	/// stood for a block of a 30-minute period moves it by a six-hundredth.
	pub fn observe(self, price: Price, now: ProtocolTime, period: ProtocolTime) -> Self {
		let passed = now.saturating_sub(self.seen);
		Self {
			average: approach(self.average, price, passed, period.max(1)),
			last: price,
			seen: now,
		}
	}

	/// Whether `price` is further than `limit` from the price last looked at.
	pub fn has_moved(&self, price: Price, limit: Permill) -> bool {
		let last = self.last.into_inner();
		price.into_inner().abs_diff(last) > limit.mul_floor(last)
	}

	/// The least micro-USDC to take for `amount`: the average price less `discount`, rounded up;
	/// `None` if no supply of USDC could pay it.
	pub fn floor(&self, amount: Balance, discount: Permill) -> Option<Usdc> {
		let kept = Permill::one() - discount;
		let least = kept.mul_ceil(self.average.into_inner());
		multiply_by_rational_with_rounding(amount, least, Price::DIV, Rounding::Up)
	}
}

/// `from` moved towards `to` by `passed / period` of their distance, at most all of it.
fn approach(from: Price, to: Price, passed: ProtocolTime, period: ProtocolTime) -> Price {
	let (from, to) = (from.into_inner(), to.into_inner());
	let (passed, period) = (u128::from(passed.min(period)), u128::from(period));
	let distance = from.abs_diff(to);
	// At most the distance, so it exists and leads no further than `to`.
	let step = multiply_by_rational_with_rounding(distance, passed, period, Rounding::Down)
		.unwrap_or_default();
	Price::from_inner(if to > from {
		from.saturating_add(step)
	} else {
		from.saturating_sub(step)
	})
}
