//! What must hold in any state of the chain.

use one_runtime::{
	constants::currency::TOTAL_SUPPLY, Access, Balances, Capacity, Clock, Credits, Jobs, Models,
	Receipts, Runtime, Settlement, Validators, Workers,
};
use pallet_jobs::State;
use polkadot_sdk::sp_runtime::TryRuntimeError;
use std::collections::BTreeMap;

type Check = fn() -> Result<(), TryRuntimeError>;

/// Checks the invariants of every pallet, and those of them together.
///
/// # Errors
/// The first that does not hold.
pub fn check() -> Result<(), String> {
	let checks: [(&str, Check); 12] = [
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
		("supply", check_supply),
		("workers' jobs", check_workers),
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

/// A worker's slots in use are the jobs it is at, and what it has accrued, or what was voided of
/// that, is the price of its jobs that are not final.
fn check_workers() -> Result<(), TryRuntimeError> {
	let (mut at_work, mut owed) = (BTreeMap::new(), BTreeMap::new());
	for job in pallet_jobs::Jobs::<Runtime>::iter_values() {
		if let Some((worker, _)) = job.state.attempt() {
			*at_work.entry(worker.clone()).or_insert(0) += 1;
		}
		if let State::Completed { worker, price, .. } = job.state {
			*owed.entry(worker).or_insert(0) += price;
		}
	}
	for (who, record) in pallet_workers::Workers::<Runtime>::iter() {
		let used = at_work.remove(&who).unwrap_or_default();
		ensure(
			used == record.used,
			"a worker's used slots are not its jobs",
		)?;
	}
	for (who, record) in pallet_settlement::Earnings::<Runtime>::iter() {
		let unsettled = owed.remove(&who).unwrap_or_default();
		ensure(
			unsettled == record.accrued + record.voided,
			"accrued pay is not that of open jobs",
		)?;
	}
	let is_complete = at_work.is_empty() && owed.values().all(|price| *price == 0);
	ensure(is_complete, "a job is with a worker that does not know it")
}
