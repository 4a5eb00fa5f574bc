//! Benchmarks of the hook's steps. What a receipt costs is a part of a worker's report.

use frame_benchmarking::v2::*;
use frame_support::weights::WeightMeter;
use one_primitives::{benchmarking::World, jobs::JobId};
use polkadot_sdk::*;

use crate::*;

const JOB: JobId = 7;

#[benchmarks]
mod benchmarks {
	use super::*;

	/// The oldest bucket is empty, and the cursor moves past it.
	#[benchmark]
	fn prune_base() {
		T::BenchmarkHelper::pass(BUCKET);
		let start = ExpiryCursor::<T>::get();
		let limit = T::WeightInfo::prune_base().saturating_add(T::WeightInfo::prune_bucket());
		let mut meter = WeightMeter::with_limit(limit);

		#[block]
		{
			Pallet::<T>::prune_stubs(&mut meter);
		}

		assert_eq!(ExpiryCursor::<T>::get(), start + 1);
	}

	#[benchmark]
	fn prune_bucket() {
		let is_over;

		#[block]
		{
			is_over = Pallet::<T>::prune_bucket(0, &mut WeightMeter::new());
		}

		assert!(is_over);
	}

	#[benchmark]
	fn prune_stub() {
		let stub = StubOf::<T> {
			worker: account("worker", 0, 0),
			model: Default::default(),
			result_root: Default::default(),
			price: 1,
		};
		Stubs::<T>::insert(JOB, stub);
		Expiries::<T>::insert(0, JOB, ());

		#[block]
		{
			Pallet::<T>::prune_bucket(0, &mut WeightMeter::new());
		}

		assert!(!Stubs::<T>::contains_key(JOB));
	}
}
