//! Benchmark of the hook, in a block in which the lengths of both periods have changed.

use frame_benchmarking::v2::*;
use frame_support::traits::Get;
use one_primitives::Moment;
use polkadot_sdk::*;

use crate::*;

/// UTC of the block that is measured, in ms: in 2027.
const NOW: Moment = 1_800_000_000_000;

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn on_poll() {
		pallet_timestamp::Now::<T>::put(NOW);
		LastSeen::<T>::put(NOW - 1);
		Days::<T>::put(Calendar::new(T::DayLength::get().saturating_add(1)));
		Windows::<T>::put(Calendar::new(T::WindowLength::get().saturating_add(1)));
		let elapsed = Elapsed::<T>::get();

		#[block]
		{
			Pallet::<T>::do_tick();
		}

		assert_eq!(Elapsed::<T>::get(), elapsed + 1);
		let length = |calendar: Option<Calendar>| calendar.map(|calendar| calendar.length);
		assert_eq!(length(Days::<T>::get()), Some(T::DayLength::get()));
		assert_eq!(length(Windows::<T>::get()), Some(T::WindowLength::get()));
	}
}
