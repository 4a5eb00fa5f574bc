//! The invariants, numbered as in the README.

use frame_support::{
	ensure,
	traits::{fungibles::Inspect as _, Get},
};
use polkadot_sdk::*;
use sp_runtime::TryRuntimeError;

use crate::{
	AllowanceCount, Allowances, Classes, Config, NextClass, OpenClasses, Pallet, Sponsors,
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
		Self::check_sponsors()
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
}
