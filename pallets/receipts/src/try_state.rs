//! The invariants of receipts, numbered as in the README.

use one_primitives::receipts::Outcome;
use polkadot_sdk::{frame_support::ensure, sp_runtime::TryRuntimeError};

use crate::{Config, Expiries, ExpiryCursor, Pallet, Records, Stubs};

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		for (job, record) in Records::<T>::iter() {
			ensure!(
				!Stubs::<T>::contains_key(job),
				"1: a job has a record or a stub"
			);
			ensure!(record.receipt.job == job, "2: a record is of its job");
			ensure!(
				record.receipt.outcome == Outcome::Served,
				"2: a recorded job was served"
			);
		}
		for (number, job, ()) in Expiries::<T>::iter() {
			ensure!(Stubs::<T>::contains_key(job), "3: an expiry is of a stub");
			ensure!(
				number >= ExpiryCursor::<T>::get(),
				"3: no expiry is passed over"
			);
		}
		let (stubs, expiries) = (Stubs::<T>::iter().count(), Expiries::<T>::iter().count());
		ensure!(stubs == expiries, "3: a stub has one expiry");
		Ok(())
	}
}
