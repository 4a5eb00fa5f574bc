//! The one message of a worker in a block: checked before it enters a block, then taken entry by
//! entry.

extern crate alloc;

use alloc::vec::Vec;

use codec::Encode;
use one_primitives::{
	clock::Clock,
	jobs::Market,
	receipts::{Receipts, VERSION},
	workers::crypto::{WorkerKey, WorkerSignature},
};
use polkadot_sdk::{
	frame_support::{
		pallet_prelude::{
			InvalidTransaction, TransactionValidityError, UnknownTransaction, ValidTransaction,
		},
		storage::with_storage_layer,
		traits::Get,
		weights::Weight,
	},
	frame_system::{self, pallet_prelude::BlockNumberFor},
	sp_application_crypto::RuntimeAppPublic,
	sp_runtime::{
		traits::Saturating, transaction_validity::TransactionValidityWithRefund, DispatchError,
	},
};

use crate::{
	types::{Pulse, WorkerState},
	Config, Error, Event, Pallet, RecordOf, ReportOf, WeightInfo, Workers,
};

/// Blocks for which a report is good; a fork that is longer is not reported across.
pub const MAX_AGE: u32 = 64;
/// Code of [`UnknownTransaction::Custom`] for a report of a block that this chain has not reached.
pub const AHEAD: u8 = 1;
/// Blocks that a report waits in the pool: the hook has sent a newer one by then.
const LONGEVITY: u64 = 16;

impl<T: Config> Pallet<T> {
	/// Bytes that a worker's key signs for `report`: SCALE of
	/// `(genesis hash, "report", version, report)`.
	pub fn report_message(report: &ReportOf<T>) -> Vec<u8> {
		(Self::genesis_hash(), b"report", VERSION, report).encode()
	}

	/// Whether `report` may enter a block now. State decides first, the signature last; a repeat
	/// fails by state.
	pub(crate) fn authorize_report(
		report: &ReportOf<T>,
		signature: &WorkerSignature,
	) -> TransactionValidityWithRefund {
		// The registration may be on its way.
		let record = Workers::<T>::get(&report.worker).ok_or(UnknownTransaction::CannotLookup)?;
		Self::check_age(&record, report.block)?;
		if !Self::is_wanted(&record, report) {
			return Err(InvalidTransaction::Stale.into());
		}
		if !record.key.verify(&Self::report_message(report), signature) {
			return Err(InvalidTransaction::BadProof.into());
		}
		ValidTransaction::with_tag_prefix("one/report")
			.priority(T::ReportPriority::get())
			.and_provides((&report.worker, report.block))
			.longevity(LONGEVITY)
			.propagate(true)
			.build()
			.map(|valid| (valid, Weight::zero()))
	}

	fn check_age(
		record: &RecordOf<T>,
		block: BlockNumberFor<T>,
	) -> Result<(), TransactionValidityError> {
		let now = frame_system::Pallet::<T>::block_number();
		if block > now {
			return Err(UnknownTransaction::Custom(AHEAD).into());
		}
		if now.saturating_sub(block) > MAX_AGE.into() {
			return Err(InvalidTransaction::AncientBirthBlock.into());
		}
		let seen = record
			.pulse
			.as_ref()
			.is_some_and(|pulse| pulse.block >= block);
		if seen || record.state == WorkerState::Left {
			return Err(InvalidTransaction::Stale.into());
		}
		Ok(())
	}

	/// Whether `report` says anything that the chain does not know yet.
	pub(crate) fn is_wanted(record: &RecordOf<T>, report: &ReportOf<T>) -> bool {
		let who = &report.worker;
		Self::is_pulse_due(record, report)
			|| report
				.acceptances
				.iter()
				.any(|entry| T::Market::is_acceptable(who, entry))
			|| report
				.receipts
				.iter()
				.any(|entry| entry.receipt.worker == *who && T::Receipts::is_wanted(&entry.receipt))
	}

	/// Whether a heartbeat is due, or the service's abilities have changed.
	fn is_pulse_due(record: &RecordOf<T>, report: &ReportOf<T>) -> bool {
		let serves = report.mailbox == one_mailbox::VERSION;
		if !record.state.takes_jobs() && !Self::is_rested(record) {
			return false;
		}
		record.pulse.as_ref().map_or(serves, |pulse| {
			let silence = T::Clock::protocol().saturating_sub(pulse.at);
			let changed =
				pulse.mailbox != report.mailbox || pulse.arithmetics != report.arithmetics;
			changed || (serves && silence >= T::HeartbeatInterval::get())
		})
	}

	/// Whether a maintenance is over.
	fn is_rested(record: &RecordOf<T>) -> bool {
		let now = T::Clock::protocol();
		matches!(record.state, WorkerState::Maintenance { until } if until <= now)
	}

	/// Takes every entry of `report` that is still wanted, skips the others. False if the worker
	/// counts for its models as before.
	pub(crate) fn do_report(report: ReportOf<T>) -> Result<bool, DispatchError> {
		let who = report.worker.clone();
		let (key, was_late) = Self::note_pulse(&report)?;
		let taken = |result: &Result<(), DispatchError>| result.is_ok();
		let acceptances = report
			.acceptances
			.iter()
			.map(|entry| with_storage_layer(|| T::Market::accept(&who, entry)))
			.filter(taken)
			.count();
		let receipts = report
			.receipts
			.into_iter()
			.filter(|entry| entry.receipt.worker == who && T::Receipts::is_wanted(&entry.receipt))
			.map(|entry| with_storage_layer(|| T::Receipts::receive(entry, &key)))
			.filter(taken)
			.count();
		let has_changed = Self::relist(&who);
		let (acceptances, receipts) = (count(acceptances), count(receipts));
		Self::deposit_event(Event::Reported {
			who,
			acceptances,
			receipts,
		});
		Ok(has_changed || was_late)
	}

	/// What a report takes of a worker that counts for its models as before.
	pub(crate) fn report_weight(report: &ReportOf<T>) -> Weight {
		let entries = report.acceptances.len().max(report.receipts.len());
		let callbacks = T::Receipts::callback_weight();
		T::WeightInfo::report(count(entries))
			.saturating_add(callbacks.saturating_mul(count(report.receipts.len()).into()))
	}

	/// Records the report's pulse, and what is due with it; returns the worker's key, and whether
	/// it was convicted.
	fn note_pulse(report: &ReportOf<T>) -> Result<(WorkerKey, bool), Error<T>> {
		let who = &report.worker;
		let mut record = Self::record(who)?;
		// Only who was never silent for long can be blamed for a deadline: offline is no offence.
		let is_late = core::mem::take(&mut record.late) && Self::was_there(&record);
		record.pulse = Some(Pulse {
			block: report.block,
			at: T::Clock::protocol(),
			mailbox: report.mailbox,
			arithmetics: report.arithmetics.clone(),
		});
		if Self::is_rested(&record) {
			Self::resume_record(&mut record)?;
			Self::deposit_event(Event::WorkerResumed { who: who.clone() });
		}
		let key = record.key.clone();
		Workers::<T>::insert(who, record);
		if is_late {
			Self::convict_late(who);
		}
		Ok((key, is_late))
	}
}

fn count(entries: usize) -> u32 {
	u32::try_from(entries).unwrap_or(u32::MAX)
}
