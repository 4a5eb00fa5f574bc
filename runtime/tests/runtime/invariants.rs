//! What must hold in any state of the chain.

use one_runtime::{
	constants::currency::TOTAL_SUPPLY, Access, Assets, Balance, Balances, Capacity, Clock, Credits,
	Jobs, Models, Pauses, Receipts, Runtime, Settlement, Validators, Workers,
};
use pallet_capacity::Bookings;
use pallet_jobs::{JobOf, Reservation, State};
use polkadot_sdk::sp_runtime::TryRuntimeError;
use std::collections::BTreeMap;

type Check = fn() -> Result<(), TryRuntimeError>;

/// Checks the invariants of every pallet, and those of them together.
///
/// # Errors
/// The first that does not hold.
pub fn check() -> Result<(), String> {
	let checks: [(&str, Check); 15] = [
		("clock", Clock::do_try_state),
		("access", Access::do_try_state),
		("credits", Credits::do_try_state),
		("models", Models::do_try_state),
		("workers", Workers::do_try_state),
		("jobs", Jobs::do_try_state),
		("receipts", Receipts::do_try_state),
		("settlement", Settlement::do_try_state),
		("capacity", Capacity::do_try_state),
		("validators", Validators::do_try_state),
		("pauses", Pauses::do_try_state),
		("supply", check_supply),
		("workers' jobs", check_workers),
		("bookings' jobs", check_bookings),
		("vouchers", check_vouchers),
	];
	for (name, check) in checks {
		check().map_err(|error| format!("{name}: {error:?}"))?;
	}
	Ok(())
}

fn ensure(holds: bool, what: &'static str) -> Result<(), TryRuntimeError> {
	holds.then_some(()).ok_or(TryRuntimeError::Other(what))
}

fn check_supply() -> Result<(), TryRuntimeError> {
	ensure(
		Balances::total_issuance() == TOTAL_SUPPLY,
		"ONE were made or lost",
	)
}

/// A worker's slots in use are the jobs it is at and the idle ones bound to bookings, and what it has
/// accrued, or what was voided of that, is the price of its jobs that are not final.
fn check_workers() -> Result<(), TryRuntimeError> {
	let (mut in_use, mut owed) = (BTreeMap::new(), BTreeMap::new());
	for job in pallet_jobs::Jobs::<Runtime>::iter_values() {
		if let Some((worker, _)) = job.state.attempt() {
			*in_use.entry(worker.clone()).or_insert(0) += 1;
		}
		if let State::Completed { worker, price, .. } = job.state {
			*owed.entry(worker).or_insert(0) += price;
		}
	}
	let bound = Bookings::<Runtime>::iter_values().flat_map(|booking| booking.slots);
	for slot in bound.filter(|slot| !slot.busy) {
		*in_use.entry(slot.worker).or_insert(0) += 1;
	}
	for (who, record) in pallet_workers::Workers::<Runtime>::iter() {
		let used = in_use.remove(&who).unwrap_or_default();
		ensure(
			used == record.used,
			"a worker's used slots are not its jobs and bindings",
		)?;
	}
	for (who, record) in pallet_settlement::Earnings::<Runtime>::iter() {
		let unsettled = owed.remove(&who).unwrap_or_default();
		ensure(
			unsettled == record.accrued + record.voided,
			"accrued pay is not that of open jobs",
		)?;
	}
	let is_complete = in_use.is_empty() && owed.values().all(|price| *price == 0);
	ensure(is_complete, "a job is with a worker that does not know it")
}

fn open_jobs() -> impl Iterator<Item = JobOf<Runtime>> {
	pallet_jobs::Jobs::<Runtime>::iter_values().filter(|job| job.state.is_open())
}

/// A booking counts its open jobs, and its busy slots are those of their attempts.
fn check_bookings() -> Result<(), TryRuntimeError> {
	let mut jobs = BTreeMap::<_, Vec<_>>::new();
	for job in open_jobs() {
		let booking = match &job.reservation {
			Reservation::Dedicated(vouchers) => vouchers.booking,
			Reservation::Included(_) => None,
		};
		ensure(job.booking == booking, "a job is under two bookings")?;
		let worker = job.state.attempt().map(|(worker, _)| worker.clone());
		if let Some(id) = booking {
			jobs.entry(id).or_default().push(worker);
		}
	}
	for (id, booking) in Bookings::<Runtime>::iter() {
		let of_booking = jobs.remove(&id).unwrap_or_default();
		let is_counted = booking.open as usize == of_booking.len();
		ensure(is_counted, "a booking miscounts its jobs")?;
		let busy = booking.slots.into_iter().filter(|slot| slot.busy);
		let mut busy: Vec<_> = busy.map(|slot| slot.worker).collect();
		let mut at_work: Vec<_> = of_booking.into_iter().flatten().collect();
		busy.sort();
		at_work.sort();
		ensure(busy == at_work, "a booking's busy slots are not its jobs'")?;
	}
	ensure(jobs.is_empty(), "a job is under no booking")
}

/// The vouchers in escrow are those of open jobs and of bookings.
fn check_vouchers() -> Result<(), TryRuntimeError> {
	let mut aside = BTreeMap::<_, Balance>::new();
	let of_jobs = open_jobs().filter_map(|job| match job.reservation {
		Reservation::Dedicated(vouchers) => Some(vouchers.lots),
		Reservation::Included(_) => None,
	});
	let of_bookings = Bookings::<Runtime>::iter_values().map(|booking| booking.lots);
	for lot in of_jobs.chain(of_bookings).flatten() {
		*aside.entry(lot.class).or_default() += Balance::from(lot.cu);
	}
	for class in pallet_capacity::Classes::<Runtime>::iter_keys() {
		let held = Assets::balance(Capacity::asset(class), Capacity::escrow(class));
		let owed = aside.remove(&class).unwrap_or_default();
		ensure(held == owed, "vouchers in escrow are not those set aside")?;
	}
	ensure(aside.is_empty(), "vouchers of no class are set aside")
}
