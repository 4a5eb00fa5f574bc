//! Benchmarks of the calls and the hook, at their dearest.
//!
//! Not measured here: bookings of throughput, which are mostly what the workers' slots cost.

#![cfg(feature = "runtime-benchmarks")]

use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Inspect as _, Mutate as _},
	fungibles::Inspect as _,
};
use frame_system::RawOrigin;
use one_primitives::{price::GIGA, Cu, Usdc};
use polkadot_sdk::*;

use crate::{
	AllowanceCount, Allowances, Classes, Config, NextClass, OpenClasses, Pallet, Price,
	PriceRecord, Sponsors, MAX_CLASSES,
};

/// CU of each purchase: enough for its premium to keep an escrow alive.
const CU: Cu = 500 * GIGA as Cu;
/// Micro-USDC per 10^9 CU of the first class; the next ones cost one more each.
const PRICE: Usdc = 100_000;

/// An account with USDC for the purchases of a benchmark.
fn buyer<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let who: T::AccountId = whitelisted_caller();
	let funds = Pallet::<T>::purchase(CU)
		.cost
		.saturating_mul(2 * Usdc::from(MAX_CLASSES))
		.saturating_add(T::UsdcAsset::minimum_balance());
	T::UsdcAsset::mint_into(&who, funds)?;
	Ok(who)
}

/// Buys vouchers of `classes` classes.
fn buy_classes<T: Config>(who: &T::AccountId, classes: u32) -> Result<(), BenchmarkError> {
	for class in 0..classes {
		post::<T>(class);
		Pallet::<T>::do_buy(who.clone(), CU, Usdc::MAX)?;
	}
	Ok(())
}

fn post<T: Config>(class: u32) {
	Price::<T>::put(PriceRecord {
		price: PRICE + Usdc::from(class),
		since: 0,
	});
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn buy() -> Result<(), BenchmarkError> {
		let who = buyer::<T>()?;
		buy_classes::<T>(&who, MAX_CLASSES)?;
		post::<T>(MAX_CLASSES);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), CU, Usdc::MAX);

		let asset = Pallet::<T>::asset(MAX_CLASSES);
		assert_eq!(T::Vouchers::balance(asset, &who), u128::from(CU));
		assert_eq!(OpenClasses::<T>::get().first(), Some(&1));
		assert_eq!(NextClass::<T>::get(), MAX_CLASSES + 1);
		Ok(())
	}

	#[benchmark]
	fn refund() -> Result<(), BenchmarkError> {
		let who = buyer::<T>()?;
		buy_classes::<T>(&who, 1)?;

		// An odd number, so that rounding leaves something for the credit pot.
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0, CU - 1);

		assert_eq!(T::Vouchers::balance(Pallet::<T>::asset(0), &who), 1);
		assert!(Classes::<T>::contains_key(0));
		Ok(())
	}

	#[benchmark]
	fn allow() {
		let sponsor: T::AccountId = whitelisted_caller();
		let who: T::AccountId = account("sponsored", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(sponsor.clone()), who.clone(), CU);

		assert!(Allowances::<T>::contains_key(&sponsor, &who));
		assert_eq!(Sponsors::<T>::get(&who), Some(sponsor));
	}

	#[benchmark]
	fn disallow() -> Result<(), BenchmarkError> {
		let sponsor: T::AccountId = whitelisted_caller();
		let who: T::AccountId = account("sponsored", 0, 0);
		Pallet::<T>::do_allow(sponsor.clone(), who.clone(), CU)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(sponsor.clone()), who.clone());

		assert!(!AllowanceCount::<T>::contains_key(&sponsor));
		assert_eq!(Sponsors::<T>::get(&who), None);
		Ok(())
	}

	#[benchmark]
	fn choose_sponsor() -> Result<(), BenchmarkError> {
		let who: T::AccountId = whitelisted_caller();
		let sponsor: T::AccountId = account("sponsor", 0, 0);
		Pallet::<T>::do_allow(sponsor.clone(), who.clone(), CU)?;
		Sponsors::<T>::remove(&who);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), Some(sponsor.clone()));

		assert_eq!(Sponsors::<T>::get(&who), Some(sponsor));
		Ok(())
	}

	#[benchmark]
	fn post_price() {
		Price::<T>::kill();

		#[block]
		{
			Pallet::<T>::post_price();
		}

		assert!(Price::<T>::exists());
	}
}
