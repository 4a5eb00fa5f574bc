//! The invariants, numbered as in the README.

use alloc::collections::BTreeMap;

use frame_support::{
	ensure,
	traits::{fungibles::Inspect as _, Get},
};
use one_primitives::{
	capacity::{BookingId, ClassId},
	clock::Clock,
	models::ModelId,
	ProtocolTime,
};
use polkadot_sdk::*;
use sp_runtime::TryRuntimeError;

use crate::{
	AllowanceCount, Allowances, BookingOf, Bookings, BoundSlots, Classes, Config, Ends, NextClass,
	OpenClasses, Pallet, Records, Sponsors,
};

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	///
	/// # Errors
	/// Names the first that does not hold.
	pub fn do_try_state() -> Checked {
		Self::check_classes()?;
		Self::check_open()?;
		Self::check_allowances()?;
		Self::check_sponsors()?;
		Self::check_bookings()?;
		Self::check_bound()?;
		Self::check_records()
	}

	fn check_classes() -> Checked {
		for class in Classes::<T>::iter_keys() {
			ensure!(Self::surplus(class).is_ok(), "1: a class is not backed");
			ensure!(class < NextClass::<T>::get(), "2: a class is not numbered");
			let asset = Self::asset(class);
			ensure!(T::Vouchers::asset_exists(asset), "2: a class has no asset");
		}
		Ok(())
	}

	fn check_open() -> Checked {
		let open = OpenClasses::<T>::get();
		ensure!(
			open.is_sorted_by(|a, b| a < b),
			"3: classes are in disorder"
		);
		let is_known = open.iter().all(Classes::<T>::contains_key);
		ensure!(is_known, "3: an open class is unknown");
		let newest = NextClass::<T>::get().checked_sub(1);
		ensure!(
			open.last().copied() == newest,
			"3: the newest class is closed"
		);
		Ok(())
	}

	fn check_allowances() -> Checked {
		for (sponsor, who, allowance) in Allowances::<T>::iter() {
			ensure!(sponsor != who, "4: an account allows itself");
			ensure!(!allowance.is_over(), "4: an empty allowance is kept");
		}
		for (sponsor, count) in AllowanceCount::<T>::iter() {
			let kept = Allowances::<T>::iter_prefix(&sponsor).count();
			ensure!(kept == count as usize, "5: allowances are miscounted");
			let is_bounded = count > 0 && count <= T::MaxAllowances::get();
			ensure!(is_bounded, "5: a sponsor has too many allowances, or none");
		}
		Ok(())
	}

	fn check_sponsors() -> Checked {
		let has_count = |(sponsor, ..): (T::AccountId, T::AccountId, _)| {
			AllowanceCount::<T>::contains_key(sponsor)
		};
		let is_counted = Allowances::<T>::iter().all(has_count);
		ensure!(is_counted, "5: allowances are not counted");
		for (who, sponsor) in Sponsors::<T>::iter() {
			let allowance = Allowances::<T>::get(sponsor, who);
			let is_allowed = allowance.is_some_and(|allowance| allowance.cap > 0);
			ensure!(
				is_allowed,
				"6: an account draws on one who has not allowed it"
			);
		}
		Ok(())
	}

	fn check_bookings() -> Checked {
		let ends: BTreeMap<BookingId, ProtocolTime> = Ends::<T>::get().into_iter().collect();
		for (id, booking) in Bookings::<T>::iter() {
			let is_listed = ends.get(&id) == Some(&booking.ends);
			ensure!(is_listed, "7: a booking never ends");
			let of_sponsor = BookingOf::<T>::get(&booking.sponsor, booking.model);
			ensure!(of_sponsor == Some(id), "7: a booking is not its sponsor's");
			let bound = booking.slots.len() as u32;
			ensure!(bound <= booking.wanted, "7: a booking has too many slots");
		}
		let count = Bookings::<T>::iter().count();
		ensure!(
			ends.len() == count && BookingOf::<T>::iter().count() == count,
			"7: a booking is forgotten"
		);
		Ok(())
	}

	fn check_bound() -> Checked {
		let (mut wanted, mut aside) = (BTreeMap::new(), BTreeMap::<ClassId, u128>::new());
		for booking in Bookings::<T>::iter_values() {
			*wanted.entry(booking.model).or_default() += booking.wanted;
			for lot in &booking.lots {
				*aside.entry(lot.class).or_default() += u128::from(lot.cu);
			}
		}
		let counted: BTreeMap<ModelId, u32> = BoundSlots::<T>::iter().collect();
		ensure!(wanted == counted, "8: bound slots are miscounted");
		for (class, cu) in aside {
			let held = T::Vouchers::balance(Self::asset(class), &Self::escrow(class));
			ensure!(held >= cu, "9: vouchers of a booking are not in escrow");
		}
		Ok(())
	}

	fn check_records() -> Checked {
		let latest = T::Clock::protocol().saturating_add(T::RecordPeriod::get());
		let most = T::Premium::get();
		let least = T::LeastPremium::get().min(most);
		for (who, record) in Records::<T>::iter() {
			ensure!(record.until <= latest, "10: a record counts for too long");
			let is_bounded = (least..=most).contains(&Self::premium_of(&who));
			ensure!(is_bounded, "10: a premium is out of bounds");
		}
		Ok(())
	}
}
