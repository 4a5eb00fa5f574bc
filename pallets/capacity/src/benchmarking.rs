//! Benchmarks of the calls and of the hook's steps, at their dearest.

#![cfg(feature = "runtime-benchmarks")]

use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungibles::Inspect as _, Get},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;
use one_primitives::{
	benchmarking::World,
	capacity::BookingId,
	clock::Clock,
	models::{ModelId, Models},
	price::GIGA,
	reputation, Cu, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::Permill;

use crate::{
	AllowanceCount, Allowances, Booking, Bookings, BoundSlot, Call, Classes, Config, Ends,
	NextBooking, NextClass, OpenClasses, Pallet, Price, PriceRecord, Records, SponsorRecord,
	Sponsors, WeightInfo, MAX_BOOKINGS, MAX_BOUND, MAX_CLASSES, MIN_PERIOD,
};

/// CU of each purchase: enough for its premium to keep an escrow alive.
const CU: Cu = 500 * GIGA as Cu;
/// Micro-USDC per 10^9 CU of the first class; the next ones cost one more each.
const PRICE: Usdc = 100_000;

/// Protocol time after which a silent worker is given no jobs, whatever governance says.
const SILENCE: ProtocolTime = 2 * 60 * 60 * 1_000;

/// An account with USDC for the purchases of a benchmark.
fn buyer<T: Config>() -> T::AccountId {
	let who: T::AccountId = whitelisted_caller();
	T::BenchmarkHelper::endow(&who);
	who
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
	Bookings::<T>::insert(last, largest_booking::<T>(sponsor, ends));
	Ok(last)
}

/// All bookings but one are over, and wait to be closed.
fn end_others<T: Config>() -> Result<(), BenchmarkError> {
	let others = BookingId::MAX - MAX_BOOKINGS + 1..BookingId::MAX;
	for id in others {
		Ends::<T>::try_append((id, 0)).map_err(|()| "there is room for all bookings")?;
		let booking = largest_booking::<T>(&account("other", id, 0), 0);
		Bookings::<T>::insert(id, booking);
	}
	Ok(())
}

/// A booking with as many slots as one can have.
fn largest_booking<T: Config>(sponsor: &T::AccountId, ends: ProtocolTime) -> Booking<T::AccountId> {
	let slot = |n| BoundSlot {
		worker: account("worker", n, 0),
		rate: CU,
		busy: false,
		since: T::Clock::protocol(),
		idle: 0,
	};
	Booking {
		sponsor: sponsor.clone(),
		model: ModelId::zero(),
		cu_per_minute: CU,
		ends,
		standby: Permill::one(),
		lots: Default::default(),
		wanted: MAX_BOUND,
		slots: BoundedVec::truncate_from((0..MAX_BOUND).map(slot).collect()),
		open: 0,
	}
}

/// Registers `count` workers with a slot each, numbered from `first` on; those before them go
/// silent, and what slots they had free are stale.
fn workers<T: Config>(model: &ModelId, first: u32, count: u32) {
	T::BenchmarkHelper::pass(SILENCE);
	for n in first..first + count {
		T::BenchmarkHelper::worker(n, &[*model], 1);
	}
}

/// A sponsor with vouchers, a model of whose listed slots a third are stale, and the rate that takes
/// as many as one booking can have.
fn sponsor<T: Config>() -> Result<(T::AccountId, ModelId, Cu), BenchmarkError> {
	let (who, model) = (whitelisted_caller(), T::BenchmarkHelper::model(0));
	T::BenchmarkHelper::vouchers(&who);
	workers::<T>(&model, 0, MAX_BOUND);
	workers::<T>(&model, MAX_BOUND, 2 * MAX_BOUND);
	let terms = T::Models::terms(&model).ok_or("the model is active")?;
	let rate = Pallet::<T>::rate(&who, &model, &terms);
	let spare = T::SpareShare::get().mul_ceil(MAX_BOUND);
	Ok((who, model, rate * Cu::from(MAX_BOUND - spare)))
}

/// The booking of a sponsor that has as many slots as one can have.
fn booked<T: Config>() -> Result<(BookingId, ModelId), BenchmarkError> {
	let (who, model, rate) = sponsor::<T>()?;
	let id = NextBooking::<T>::get();
	Pallet::<T>::do_book(who, model, rate, T::MaxBookingPeriod::get(), Cu::MAX)?;
	Ok((id, model))
}

fn bound<T: Config>(id: BookingId) -> usize {
	Bookings::<T>::get(id).map_or(0, |booking| booking.slots.len())
}

/// Ends a booking now; its slots were idle all the time.
fn expire<T: Config>(id: BookingId) {
	Bookings::<T>::mutate_extant(id, |booking| {
		booking.ends = T::Clock::protocol();
		let idle = T::MaxBookingPeriod::get();
		booking.slots.iter_mut().for_each(|slot| slot.idle = idle);
	});
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn buy() -> Result<(), BenchmarkError> {
		let who = buyer::<T>();
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
		let who = buyer::<T>();
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

	/// As many bookings are looked at as can be over, the last of the sponsor is not one of them.
	#[benchmark]
	fn reserve_throughput() -> Result<(), BenchmarkError> {
		let (who, model, rate) = sponsor::<T>()?;
		end_others::<T>()?;
		let (id, period) = (NextBooking::<T>::get(), T::MaxBookingPeriod::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(who), model, rate, period, Cu::MAX);

		assert_eq!(bound::<T>(id), MAX_BOUND as usize);
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

	/// A booking that is over, without weight to close it.
	#[benchmark]
	fn read_booking() -> Result<(), BenchmarkError> {
		let id = book::<T>(&whitelisted_caller())?;
		let mut meter = WeightMeter::with_limit(T::WeightInfo::read_booking());

		#[block]
		{
			Pallet::<T>::end_booking(id, &mut meter);
		}

		assert!(Bookings::<T>::contains_key(id));
		Ok(())
	}

	/// All slots are lost and replaced.
	#[benchmark]
	fn tend_booking() -> Result<(), BenchmarkError> {
		let (id, model) = booked::<T>()?;
		workers::<T>(&model, 3 * MAX_BOUND, 2 * MAX_BOUND);

		#[block]
		{
			Pallet::<T>::tend_booking(id, &mut WeightMeter::new());
		}

		assert_eq!(bound::<T>(id), MAX_BOUND as usize);
		Ok(())
	}

	/// All slots were idle and are paid for.
	#[benchmark]
	fn end_booking() -> Result<(), BenchmarkError> {
		let (id, _) = booked::<T>()?;
		expire::<T>(id);

		#[block]
		{
			Pallet::<T>::end_booking(id, &mut WeightMeter::new());
		}

		assert!(!Bookings::<T>::contains_key(id));
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
