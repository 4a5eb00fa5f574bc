//! Benchmarks of the calls and the hook, at their dearest.
//!
//! Not measured here: throughput reserved, tended and at its end, which are mostly what the workers'
//! slots cost.

#![cfg(feature = "runtime-benchmarks")]

use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect as _, Mutate as _},
		fungibles::Inspect as _,
	},
	BoundedVec,
};
use frame_system::RawOrigin;
use one_primitives::{
	clock::Clock, models::ModelId, price::GIGA, reputation, Cu, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::Permill;

use crate::{
	AllowanceCount, Allowances, Booking, Bookings, BoundSlot, Classes, Config, Ends, NextClass,
	OpenClasses, Pallet, Price, PriceRecord, Records, SponsorRecord, Sponsors, MAX_BOOKINGS,
	MAX_BOUND, MAX_CLASSES, MIN_PERIOD,
};

/// CU of each purchase: enough for its premium to keep an escrow alive.
const CU: Cu = 500 * GIGA as Cu;
/// Micro-USDC per 10^9 CU of the first class; the next ones cost one more each.
const PRICE: Usdc = 100_000;

/// An account with USDC for the purchases of a benchmark.
fn buyer<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let who: T::AccountId = whitelisted_caller();
	let funds = Pallet::<T>::purchase(&who, CU)
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

/// As many bookings as there may be; the last one, of `sponsor`, has as many slots as one can have.
fn book<T: Config>(sponsor: &T::AccountId) -> Result<u32, BenchmarkError> {
	let (last, ends) = (MAX_BOOKINGS - 1, ProtocolTime::MAX);
	for id in 0..MAX_BOOKINGS {
		Ends::<T>::try_append((id, ends)).map_err(|()| "there is room for all bookings")?;
	}
	let slot = |n| BoundSlot {
		worker: account("worker", n, 0),
		rate: CU,
		busy: false,
		since: T::Clock::protocol(),
		idle: 0,
	};
	let booking = Booking {
		sponsor: sponsor.clone(),
		model: ModelId::zero(),
		cu_per_minute: CU,
		ends,
		standby: Permill::one(),
		lots: Default::default(),
		wanted: MAX_BOUND,
		slots: BoundedVec::truncate_from((0..MAX_BOUND).map(slot).collect()),
		open: 0,
	};
	Bookings::<T>::insert(last, booking);
	Ok(last)
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
	fn release_throughput() -> Result<(), BenchmarkError> {
		let who: T::AccountId = whitelisted_caller();
		let id = book::<T>(&who)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), id);

		let ends = Bookings::<T>::get(id).map(|booking| booking.ends);
		assert_eq!(ends, Some(T::Clock::protocol() + MIN_PERIOD));
		Ok(())
	}

	#[benchmark]
	fn reap_record() {
		let who: T::AccountId = whitelisted_caller();
		let record = SponsorRecord {
			reputation: reputation::FIRST,
			until: 0,
		};
		Records::<T>::insert(&who, record);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), who.clone());

		assert!(!Records::<T>::contains_key(&who));
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
