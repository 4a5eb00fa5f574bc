//! Where ONE is sold for USDC: the trait, and its implementation over a pool of
//! `pallet-asset-conversion`.

extern crate alloc;

use core::marker::PhantomData;

use alloc::vec;
use one_primitives::Usdc;
use polkadot_sdk::{
	frame_support::traits::Get,
	pallet_asset_conversion::{self as pool, Swap},
	sp_runtime::DispatchError,
};

use crate::types::Balance;

/// A market with a price, on which ONE can be sold.
pub trait Exchange<AccountId> {
	/// 10^-12 ONE and micro-USDC in the pool; `None` if it cannot trade.
	fn reserves() -> Option<(Balance, Usdc)>;
	/// Micro-USDC that a sale of `amount` would bring now, after the pool's fee; `None` if the
	/// pool does not quote it, for one because it is too little.
	fn quote(amount: Balance) -> Option<Usdc>;
	/// Sells `amount` of `from` for at least `least` micro-USDC, which go to `to`; keeps `from`
	/// alive; returns what it brought.
	///
	/// # Errors
	/// If the pool pays less, or one of the two assets cannot be moved; nothing has changed then.
	fn sell(
		from: &AccountId,
		to: &AccountId,
		amount: Balance,
		least: Usdc,
	) -> Result<Usdc, DispatchError>;
}

/// The pool of the assets `One` and `Dollar` in the asset conversion of runtime `T`.
pub struct ConversionPool<T, One, Dollar>(PhantomData<(T, One, Dollar)>);

impl<T, One, Dollar> Exchange<T::AccountId> for ConversionPool<T, One, Dollar>
where
	T: pool::Config<Balance = Balance>,
	One: Get<T::AssetKind>,
	Dollar: Get<T::AssetKind>,
{
	fn reserves() -> Option<(Balance, Usdc)> {
		pool::Pallet::<T>::get_reserves(One::get(), Dollar::get()).ok()
	}

	fn quote(amount: Balance) -> Option<Usdc> {
		let (one, dollar) = (One::get(), Dollar::get());
		pool::Pallet::<T>::quote_price_exact_tokens_for_tokens(one, dollar, amount, true)
	}

	fn sell(
		from: &T::AccountId,
		to: &T::AccountId,
		amount: Balance,
		least: Usdc,
	) -> Result<Usdc, DispatchError> {
		let path = vec![One::get(), Dollar::get()];
		<pool::Pallet<T> as Swap<T::AccountId>>::swap_exact_tokens_for_tokens(
			from.clone(),
			path,
			amount,
			Some(least),
			to.clone(),
			true,
		)
	}
}
