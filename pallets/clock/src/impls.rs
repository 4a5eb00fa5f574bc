//! How the clocks advance.

use frame_support::traits::Get;
use one_primitives::{
	clock::{Clock, Day},
	Moment, ProtocolTime,
};
use polkadot_sdk::*;

use crate::{Calendar, Config, Days, Elapsed, LastSeen, Pallet, Windows};

impl<T: Config> Pallet<T> {
	/// Moves protocol time and takes over changed lengths of periods; once a block.
	pub(crate) fn do_tick() {
		let utc = pallet_timestamp::Now::<T>::get();
		Elapsed::<T>::mutate(|elapsed| *elapsed = elapsed.saturating_add(Self::step(utc)));
		LastSeen::<T>::put(utc);
		Days::<T>::mutate(|days| Self::follow(days, T::DayLength::get(), utc));
		Windows::<T>::mutate(|windows| Self::follow(windows, T::WindowLength::get(), utc));
	}

	/// What this block adds to protocol time: at most two slots, so that downtime adds nothing.
	fn step(utc: Moment) -> ProtocolTime {
		let longest = T::SlotDuration::get().saturating_mul(2);
		LastSeen::<T>::get().map_or(0, |last| utc.saturating_sub(last).min(longest))
	}

	fn follow(calendar: &mut Option<Calendar>, length: Moment, utc: Moment) {
		match calendar {
			None => *calendar = Some(Calendar::new(length)),
			Some(old) if old.length != length.max(1) => *old = old.with_length(length, utc),
			Some(_) => {}
		}
	}

	fn days() -> Calendar {
		Days::<T>::get().unwrap_or_else(|| Calendar::new(T::DayLength::get()))
	}

	fn windows() -> Calendar {
		Windows::<T>::get().unwrap_or_else(|| Calendar::new(T::WindowLength::get()))
	}
}

impl<T: Config> Clock for Pallet<T> {
	fn utc() -> Moment {
		pallet_timestamp::Now::<T>::get()
	}

	fn protocol() -> ProtocolTime {
		Elapsed::<T>::get()
	}

	fn day() -> Day {
		Self::days().at(Self::utc())
	}

	fn day_start(day: Day) -> Moment {
		Self::days().start_of(day)
	}

	fn window() -> u32 {
		Self::windows().at(Self::utc())
	}

	fn window_start(window: u32) -> Moment {
		Self::windows().start_of(window)
	}
}

#[cfg(any(feature = "try-runtime", feature = "std"))]
impl<T: Config> Pallet<T> {
	/// Checks the invariants of the README.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::ensure;
		let utc = pallet_timestamp::Now::<T>::get();
		if let Some(last) = LastSeen::<T>::get() {
			ensure!(last <= utc, "1: the last tick lies in the past");
		}
		for calendar in [Self::days(), Self::windows()] {
			ensure!(calendar.length > 0, "2: a period has a length");
			let index = calendar.at(utc);
			ensure!(
				calendar.start_of(index) <= utc,
				"3: the current period has started"
			);
			ensure!(
				utc < calendar.start_of(index.saturating_add(1)),
				"4: the current period has not ended"
			);
		}
		Ok(())
	}
}
