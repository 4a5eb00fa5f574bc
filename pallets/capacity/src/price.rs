//! The posted price: it follows the governed one in small and rare steps.

use core::marker::PhantomData;

use frame_support::traits::Get;
use one_primitives::{clock::Clock, ProtocolTime, Usdc};
use polkadot_sdk::*;
use sp_runtime::Permill;

use crate::{Config, Event, Pallet, Price, PriceRecord};

/// Micro-USDC per 10^9 CU of the Dedicated lane, as other pallets read it.
pub struct PostedPrice<T>(PhantomData<T>);

impl<T: Config> Get<Usdc> for PostedPrice<T> {
	fn get() -> Usdc {
		Pallet::<T>::posted_price()
	}
}

impl<T: Config> Pallet<T> {
	/// Micro-USDC per 10^9 CU at which vouchers are sold; the governed price before the first block.
	pub fn posted_price() -> Usdc {
		Price::<T>::get().map_or_else(T::PricePerGiga::get, |posted| posted.price)
	}

	/// Protocol time from which the posted price may change.
	pub(crate) fn steps_from() -> ProtocolTime {
		let since = Price::<T>::get().map(|posted| posted.since);
		since.map_or(0, |since| since.saturating_add(T::StepPeriod::get()))
	}

	/// Moves the posted price towards the governed one, if it may.
	pub(crate) fn post_price() {
		let now = T::Clock::protocol();
		if now < Self::steps_from() {
			return;
		}
		let (posted, governed) = (Price::<T>::get(), T::PricePerGiga::get());
		let price = match posted {
			Some(posted) => step(posted.price, governed, T::PriceStep::get()),
			None => governed,
		};
		if posted.is_none_or(|posted| posted.price != price) {
			Price::<T>::put(PriceRecord { price, since: now });
			Self::deposit_event(Event::PriceChanged { price });
		}
	}
}

/// `price` moved towards `target` by at most `limit` of it.
fn step(price: Usdc, target: Usdc, limit: Permill) -> Usdc {
	let most = limit.mul_floor(price);
	target.clamp(price.saturating_sub(most), price.saturating_add(most))
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	proptest! {
		#[test]
		fn step_should_go_towards_the_target_and_never_past_the_limit(
			price in 1_000..100_000_000u128,
			target in 1_000..100_000_000u128,
		) {
			let limit = Permill::from_percent(10);
			let next = step(price, target, limit);
			prop_assert!(next.abs_diff(price) * 10 <= price);
			prop_assert!(next.abs_diff(target) < price.abs_diff(target) || price == target);
		}
	}
}
