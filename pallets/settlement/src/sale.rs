//! Sells the fee pot for USDC, slice by slice, at prices near the average.

use one_primitives::{clock::Clock, Usdc};
use polkadot_sdk::{
	frame_support::{
		ensure,
		storage::with_storage_layer,
		traits::{
			fungible::Inspect,
			tokens::{DepositConsequence, Provenance},
			Get,
		},
	},
	sp_runtime::DispatchError,
};

use crate::{
	exchange::Exchange,
	pallet::*,
	price::{spot, PriceRecord},
	types::{Balance, HaltReason},
	LOG_TARGET,
};

/// A slice that was sold.
struct Sale {
	one: Balance,
	usdc: Usdc,
	booked: Usdc,
}

impl<T: Config> Pallet<T> {
	/// Looks at the pool once a block, and sells a slice of the fee pot if the price is fair.
	pub(crate) fn do_sell() {
		match Self::try_sell() {
			Ok(Some(Sale { one, usdc, booked })) => {
				Halt::<T>::kill();
				Self::deposit_event(Event::FeesSold { one, usdc, booked });
			}
			Ok(None) => Halt::<T>::kill(),
			Err(reason) => Self::halt(reason),
		}
	}

	/// `None`: there is not enough to sell.
	fn try_sell() -> Result<Option<Sale>, HaltReason> {
		let (one, usdc) = T::Exchange::reserves().ok_or(HaltReason::NoPool)?;
		let price = spot(one, usdc).ok_or(HaltReason::NoPool)?;
		let now = T::Clock::protocol();
		let before = PoolPrice::<T>::get().unwrap_or_else(|| PriceRecord::first(price, now));
		let record = before.observe(price, now, T::AveragingPeriod::get());
		PoolPrice::<T>::put(record);

		let amount = Self::slice(one);
		if amount < T::MinSale::get().max(1) {
			return Ok(None);
		}
		ensure!(
			!before.has_moved(price, T::MaxMove::get()),
			HaltReason::PoolMoved
		);
		Self::sell_slice(amount, record)
	}

	/// What may be sold in one block of a pool that holds `reserve` ONE.
	fn slice(reserve: Balance) -> Balance {
		Self::fee_pot().min(T::SliceShare::get().mul_floor(reserve))
	}

	fn sell_slice(amount: Balance, record: PriceRecord) -> Result<Option<Sale>, HaltReason> {
		let quote = T::Exchange::quote(amount).unwrap_or_default();
		if !Self::is_worth_it(quote) {
			return Ok(None);
		}
		let least = record
			.floor(amount, T::MaxDiscount::get())
			.filter(|least| quote >= *least)
			.ok_or(HaltReason::BelowAverage)?;
		let sale = with_storage_layer(|| Self::swap(amount, least)).map_err(refused)?;
		Self::remember_own_sale(record);
		Ok(Some(sale))
	}

	/// A sale that brings nothing, or less than a new account must hold, waits for more fees.
	fn is_worth_it(quote: Usdc) -> bool {
		let account = Self::usdc_account();
		let consequence = T::UsdcAsset::can_deposit(&account, quote, Provenance::Extant);
		quote > 0 && consequence != DepositConsequence::BelowMinimum
	}

	fn swap(one: Balance, least: Usdc) -> Result<Sale, DispatchError> {
		let (from, to) = (Self::fee_account(), Self::usdc_account());
		let usdc = T::Exchange::sell(&from, &to, one, least)?;
		let booked = Self::book_fees(usdc)?;
		Ok(Sale { one, usdc, booked })
	}

	/// The sale moved the pool itself; that is no reason to wait in the next block.
	fn remember_own_sale(record: PriceRecord) {
		let after = T::Exchange::reserves().and_then(|(one, usdc)| spot(one, usdc));
		let last = after.unwrap_or(record.last);
		PoolPrice::<T>::put(PriceRecord { last, ..record });
	}

	/// Says once why sales wait.
	fn halt(reason: HaltReason) {
		if Halt::<T>::get() != Some(reason) {
			Halt::<T>::put(reason);
			Self::deposit_event(Event::SalesHalted { reason });
		}
	}
}

fn refused(error: DispatchError) -> HaltReason {
	log::debug!(target: LOG_TARGET, "sale of fees refused: {error:?}");
	HaltReason::SwapRefused
}
