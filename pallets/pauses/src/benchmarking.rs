//! Benchmarks of the calls, with as many pauses as there may be, of the subject that is dearest to
//! check: a model.

use frame_benchmarking::v2::*;
use frame_support::{
	traits::{EnsureOrigin, Get},
	BoundedVec,
};
use one_primitives::{benchmarking::World, clock::Clock, Moment};
use polkadot_sdk::*;

use crate::*;

/// Pauses of the pallets with the longest names; they leave room for one.
fn crowd<T: Config>() {
	let pause = |n: u32| Pause {
		subject: Subject::Pallet(PalletName::truncate_from(n.to_le_bytes().repeat(8))),
		until: Moment::MAX,
		again: Moment::MAX,
	};
	let pauses = (1..T::MaxPauses::get()).map(pause).collect();
	Pauses::<T>::put(BoundedVec::<_, T::MaxPauses>::truncate_from(pauses));
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn pause() -> Result<(), BenchmarkError> {
		let origin =
			T::PauseOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let subject = Subject::Model(T::BenchmarkHelper::model(0));
		crowd::<T>();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, subject);

		assert!(Pauses::<T>::get().is_full());
		Ok(())
	}

	#[benchmark]
	fn resume() -> Result<(), BenchmarkError> {
		let origin =
			T::ResumeOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let subject = Subject::Model(T::BenchmarkHelper::model(0));
		crowd::<T>();
		Pallet::<T>::do_pause(subject.clone())?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, subject);

		let pauses = Pauses::<T>::get();
		let until = pauses.last().map(|last| last.until);
		assert_eq!(until, Some(T::Clock::utc()));
		Ok(())
	}
}
