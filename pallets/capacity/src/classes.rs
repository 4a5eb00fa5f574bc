//! Classes of vouchers: opened, sold, refunded, each with its own escrow.

use alloc::format;

use frame_support::{
	ensure,
	traits::{
		fungible::{Inspect as _, Mutate as _},
		fungibles::{metadata::Mutate as _, Create as _, Inspect as _, Mutate as _},
		tokens::{
			Fortitude::Polite,
			Precision::Exact,
			Preservation::{Expendable, Preserve},
		},
		Get,
	},
};
use one_primitives::{
	capacity::{ClassId, ProvenCapacity},
	price,
	settlement::Inflow,
	Cu, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{
	traits::{AccountIdConversion, SaturatedConversion},
	ArithmeticError, DispatchError, DispatchResult,
};

use crate::{
	Classes, Config, Error, Event, NextClass, OpenClasses, Pallet, Purchase, ESCROW, MAX_CLASSES,
};

/// Decimals of vouchers: wallets show 10^9 CU as one.
const DECIMALS: u8 = 9;

impl<T: Config> Pallet<T> {
	/// The account that backs `class` and keeps the vouchers set aside for jobs.
	pub fn escrow(class: ClassId) -> T::AccountId {
		ESCROW.into_sub_account_truncating(class)
	}

	/// The asset that `class` is.
	pub fn asset(class: ClassId) -> u32 {
		T::FirstAsset::get().saturating_add(class)
	}

	/// CU of `class` in all hands.
	pub(crate) fn outstanding(class: ClassId) -> u128 {
		T::Vouchers::total_issuance(Self::asset(class))
	}

	/// Micro-USDC per 10^9 CU of `class`.
	pub(crate) fn price_of(class: ClassId) -> Result<Usdc, Error<T>> {
		Classes::<T>::get(class).ok_or(Error::<T>::UnknownClass)
	}

	/// Micro-USDC in the escrow of `class`, without what keeps the account alive.
	pub(crate) fn held(class: ClassId) -> Usdc {
		T::UsdcAsset::balance(&Self::escrow(class)).saturating_sub(T::UsdcAsset::minimum_balance())
	}

	/// Micro-USDC that the escrow of `class` holds above what its vouchers are worth.
	pub(crate) fn surplus(class: ClassId) -> Result<Usdc, Error<T>> {
		let worth = price::ceil(Self::outstanding(class), Self::price_of(class)?);
		let surplus = Self::held(class).checked_sub(worth);
		surplus.ok_or(Error::<T>::EscrowShort)
	}

	/// CU that may be sold now.
	pub(crate) fn for_sale() -> Cu {
		let most = u128::from(T::Proven::cu_per_day()).saturating_mul(T::Horizon::get().into());
		let classes = OpenClasses::<T>::get().into_iter();
		let sold = classes.fold(0u128, |sum, class| {
			sum.saturating_add(Self::outstanding(class))
		});
		most.saturating_sub(sold).saturated_into()
	}

	/// What `cu` cost `who` now.
	pub(crate) fn purchase(who: &T::AccountId, cu: Cu) -> Purchase {
		let worth = price::ceil(cu.into(), Self::posted_price());
		let premium = Self::premium_of(who).mul_ceil(worth);
		Purchase {
			worth,
			premium,
			cost: worth.saturating_add(premium),
		}
	}

	pub(crate) fn do_buy(who: T::AccountId, cu: Cu, max_cost: Usdc) -> DispatchResult {
		ensure!(cu > 0, Error::<T>::ZeroAmount);
		let Purchase { cost, premium, .. } = Self::purchase(&who, cu);
		ensure!(cost <= max_cost, Error::<T>::CostAboveLimit);
		ensure!(cu <= Self::for_sale(), Error::<T>::CapacitySoldOut);
		let class = match Self::current_class() {
			Some(class) => class,
			None => Self::open_class(premium)?,
		};
		let escrow = Self::escrow(class);
		T::UsdcAsset::transfer(&who, &escrow, cost, Preserve)?;
		T::Vouchers::mint_into(Self::asset(class), &who, cu.into())?;
		T::Ledger::fund(&escrow, Self::surplus(class)?)?;
		Self::deposit_event(Event::Bought {
			who,
			class,
			cu,
			cost,
			premium,
		});
		Ok(())
	}

	pub(crate) fn do_refund(who: T::AccountId, class: ClassId, cu: Cu) -> DispatchResult {
		ensure!(cu > 0, Error::<T>::ZeroAmount);
		let amount = price::floor(cu.into(), Self::price_of(class)?);
		let (asset, escrow) = (Self::asset(class), Self::escrow(class));
		T::Vouchers::burn_from(asset, &who, cu.into(), Expendable, Exact, Polite)?;
		if amount > 0 {
			T::UsdcAsset::transfer(&escrow, &who, amount, Preserve)?;
		}
		T::Ledger::fund(&escrow, Self::surplus(class)?)?;
		Self::deposit_event(Event::Refunded {
			who,
			class,
			cu,
			amount,
		});
		Ok(())
	}

	/// The class of the posted price, if a purchase has opened it.
	fn current_class() -> Option<ClassId> {
		let newest = OpenClasses::<T>::get().last().copied()?;
		let is_current = Classes::<T>::get(newest) == Some(Self::posted_price());
		is_current.then_some(newest)
	}

	/// Opens the class of the posted price. The `premium` of its first purchase leaves the escrow
	/// the minimum balance of USDC.
	fn open_class(premium: Usdc) -> Result<ClassId, DispatchError> {
		let is_enough = premium > T::UsdcAsset::minimum_balance();
		ensure!(is_enough, Error::<T>::PurchaseTooSmall);
		let (class, price) = (NextClass::<T>::get(), Self::posted_price());
		let next = class.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let asset = T::FirstAsset::get().checked_add(class);
		let asset = asset.ok_or(ArithmeticError::Overflow)?;
		Self::create_asset(asset, class)?;
		NextClass::<T>::put(next);
		Classes::<T>::insert(class, price);
		Self::list(class)?;
		Self::deposit_event(Event::ClassOpened {
			class,
			asset,
			price,
		});
		Ok(class)
	}

	/// Creates the vouchers of `class`. The smallest balance is one CU, so that what a job did not
	/// use can always be given back; an account costs its sender the fee of a transfer, which is
	/// above the existential deposit.
	fn create_asset(asset: u32, class: ClassId) -> DispatchResult {
		let owner = Self::escrow(class);
		T::Vouchers::create(asset, owner.clone(), true, 1)?;
		let name = format!("ONE compute, class {class}").into_bytes();
		let symbol = format!("GCU-{class}").into_bytes();
		T::Vouchers::set(asset, &owner, name, symbol, DECIMALS)
	}

	/// Lists `class` among those that pay for jobs; if there are too many, an empty one, or else
	/// the oldest, makes room.
	fn list(class: ClassId) -> DispatchResult {
		let mut classes = OpenClasses::<T>::get();
		if classes.len() >= MAX_CLASSES as usize {
			let empty = classes
				.iter()
				.position(|class| Self::outstanding(*class) == 0);
			let closed = classes.remove(empty.unwrap_or_default());
			Self::deposit_event(Event::ClassClosed { class: closed });
		}
		classes
			.try_push(class)
			.map_err(|_| Error::<T>::TooManyClasses)?;
		OpenClasses::<T>::put(classes);
		Ok(())
	}
}
