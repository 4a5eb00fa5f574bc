//! A worker's way through its states.

use one_primitives::{clock::Clock, ProtocolTime};
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	sp_runtime::DispatchResult,
};

use crate::{
	ladder::Rung,
	types::{MaintenanceLog, WorkerState},
	Config, Error, Event, Pallet, RecordOf, Workers,
};

/// A step on a worker's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
	/// It has served the jobs of its probation.
	Prove,
	/// It declares maintenance.
	Maintain { until: ProtocolTime },
	/// It takes jobs again.
	Resume,
	/// It is convicted.
	Suspend,
	/// It takes no more jobs.
	Drain,
	/// It leaves.
	Leave,
}

impl<T: Config> Pallet<T> {
	/// Moves `record` by `step`; the only place that knows the way. What else a step asks for is
	/// its caller's to check.
	pub(crate) fn transition(record: &mut RecordOf<T>, step: Step) -> Result<(), Error<T>> {
		use WorkerState::*;
		record.state = match (record.state, step) {
			(Left, _) => return Err(Error::<T>::AlreadyLeft),
			(_, Step::Leave) if record.used > 0 => return Err(Error::<T>::JobsOpen),
			(_, Step::Leave) => Left,
			(Joining, Step::Prove) => Active,
			(state, Step::Prove) => state,
			(Draining, _) => return Err(Error::<T>::AlreadyDraining),
			(_, Step::Drain) => Draining,
			(_, Step::Suspend) => Suspended,
			(Joining | Active, Step::Maintain { until }) => Maintenance { until },
			(Maintenance { .. }, Step::Maintain { .. }) => {
				return Err(Error::<T>::AlreadyInMaintenance)
			}
			(Suspended, Step::Maintain { .. }) => return Err(Error::<T>::Suspended),
			(Maintenance { .. } | Suspended, Step::Resume) => record.standing(),
			(Joining | Active, Step::Resume) => return Err(Error::<T>::NotPaused),
		};
		Ok(())
	}

	pub(crate) fn do_start_maintenance(who: T::AccountId, length: ProtocolTime) -> DispatchResult {
		let mut record = Self::record(&who)?;
		let now = T::Clock::protocol();
		let until = now.saturating_add(length);
		Self::transition(&mut record, Step::Maintain { until })?;
		record.maintenance = Self::declare(record.maintenance, now, length)?;
		Self::recount(&who, &record);
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::MaintenanceStarted { who, until });
		Ok(())
	}

	/// The log with `length` more; a new period begins when the last one is over.
	fn declare(
		log: MaintenanceLog,
		now: ProtocolTime,
		length: ProtocolTime,
	) -> Result<MaintenanceLog, Error<T>> {
		let over = log.since.saturating_add(T::MaintenancePeriod::get()) <= now;
		let (since, used) = match over || log.used == 0 {
			true => (now, 0),
			false => (log.since, log.used),
		};
		let used = length.saturating_add(used);
		ensure!(
			used <= T::MaintenanceCap::get(),
			Error::<T>::MaintenanceTooLong
		);
		Ok(MaintenanceLog { since, used })
	}

	pub(crate) fn do_resume(who: T::AccountId) -> DispatchResult {
		let mut record = Self::record(&who)?;
		if record.state == WorkerState::Suspended {
			Self::check_amends(&who, &record)?;
		}
		Self::resume_record(&mut record)?;
		Self::recount(&who, &record);
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::WorkerResumed { who });
		Ok(())
	}

	/// Ends a maintenance or a suspension; maintenance that was not needed can be declared again.
	pub(crate) fn resume_record(record: &mut RecordOf<T>) -> Result<(), Error<T>> {
		if let WorkerState::Maintenance { until } = record.state {
			let left = until.saturating_sub(T::Clock::protocol());
			record.maintenance.used = record.maintenance.used.saturating_sub(left);
		}
		Self::transition(record, Step::Resume)
	}

	/// Whether a suspended worker has made good: its bond is whole, and it is not removed.
	fn check_amends(who: &T::AccountId, record: &RecordOf<T>) -> Result<(), Error<T>> {
		let rung = Self::ladder(who).rung(&T::Ladder::get());
		ensure!(rung < Rung::Removal, Error::<T>::Removed);
		ensure!(
			record.bond.held >= record.bond.required,
			Error::<T>::BondTooLow
		);
		Ok(())
	}

	pub(crate) fn do_drain(who: T::AccountId) -> DispatchResult {
		let mut record = Self::record(&who)?;
		Self::transition(&mut record, Step::Drain)?;
		Self::recount(&who, &record);
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::WorkerDraining { who });
		Ok(())
	}

	pub(crate) fn do_leave(who: T::AccountId) -> DispatchResult {
		let mut record = Self::record(&who)?;
		Self::transition(&mut record, Step::Leave)?;
		Self::close_seats(&who, &record.offer, &[]);
		record.bond.require(Default::default(), Self::releasable());
		let withdrawable = record.bond.releasable;
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::WorkerLeft { who, withdrawable });
		Ok(())
	}
}
