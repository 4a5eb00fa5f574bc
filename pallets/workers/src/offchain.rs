//! The `offchain_worker` hook: what this node owes on the best chain's state goes into the
//! mailbox, what its service is done with goes back in a signed report.
//!
//! It holds no state of its own: whatever the chain does not show yet is said again at the next
//! block, so a lost transaction, a fork or a killed node needs no special case.

extern crate alloc;

use alloc::vec::Vec;

use codec::Decode;
use one_mailbox::{Completion, Order, OrderId, Service, VERSION};
use one_primitives::{
	jobs::{Acceptance, Assignment, Market},
	receipts::{self, Receipt, SignedReceipt},
	workers::crypto::{WorkerKey, WorkerSignature},
};
use polkadot_sdk::{
	frame_support::BoundedVec,
	frame_system::{offchain::SubmitTransaction, pallet_prelude::BlockNumberFor},
	sp_application_crypto::RuntimeAppPublic,
	sp_core::H256,
	sp_io,
};

use crate::{
	mailbox,
	types::{PeerId, Report, WorkerState},
	Call, Config, Keys, Pallet, RecordOf, ReportOf, Workers, LOG_TARGET,
};

/// A worker that this node works for, and what it owes.
struct Local<T: Config> {
	who: T::AccountId,
	record: RecordOf<T>,
	assignments: Vec<Assignment>,
}

impl<T: Config> Pallet<T> {
	/// The hook; returns in milliseconds.
	pub(crate) fn do_offchain_worker(now: BlockNumberFor<T>) {
		let locals = Self::locals();
		let orders: Vec<Order> = locals
			.iter()
			.flat_map(|local| local.assignments.iter().map(order))
			.collect();
		mailbox::sync(&orders);
		if locals.is_empty() {
			return;
		}
		let service = mailbox::service();
		for local in &locals {
			Self::send_report(now, local, service.as_ref());
		}
	}

	/// The workers whose keys are in this node's keystore and whose registered node this is.
	fn locals() -> Vec<Local<T>> {
		WorkerKey::all().iter().filter_map(Self::local).collect()
	}

	fn local(key: &WorkerKey) -> Option<Local<T>> {
		let who = Keys::<T>::get(key)?;
		let record = Workers::<T>::get(&who)?;
		if record.state == WorkerState::Left || !is_here(&who, &record.offer.peer_id) {
			return None;
		}
		let assignments = T::Market::assignments(&who);
		Some(Local {
			who,
			record,
			assignments,
		})
	}

	fn send_report(now: BlockNumberFor<T>, local: &Local<T>, service: Option<&Service>) {
		let report = Self::compose(now, local, service);
		if !Self::is_wanted(&local.record, &report) {
			return;
		}
		let Some(signature) = local.record.key.sign(&Self::report_message(&report)) else {
			log::error!(target: LOG_TARGET, "the keystore refuses to sign for {:?}", local.who);
			return;
		};
		let transaction =
			T::create_authorized_transaction(Call::report { report, signature }.into());
		match SubmitTransaction::<T, Call<T>>::submit_transaction(transaction) {
			Ok(()) => log::debug!(target: LOG_TARGET, "reported at {now:?} for {:?}", local.who),
			// The pool may know it already; the next block's hook looks again.
			Err(()) => log::debug!(target: LOG_TARGET, "report at {now:?} not taken by the pool"),
		}
	}

	fn compose(
		block: BlockNumberFor<T>,
		local: &Local<T>,
		service: Option<&Service>,
	) -> ReportOf<T> {
		let receipts = local.assignments.iter().filter_map(|assignment| {
			let completion = mailbox::completion(&order_id(assignment))?;
			Self::sign_receipt(local, assignment, completion)
		});
		let acceptances = local
			.assignments
			.iter()
			.filter(|assignment| !assignment.accepted && serves(service, assignment))
			.map(acceptance);
		Report {
			worker: local.who.clone(),
			block,
			mailbox: service.map_or(0, |_| VERSION),
			arithmetics: service
				.map(|service| BoundedVec::truncate_from(service.arithmetics.clone()))
				.unwrap_or_default(),
			acceptances: BoundedVec::truncate_from(acceptances.collect()),
			receipts: BoundedVec::truncate_from(receipts.collect()),
		}
	}

	fn sign_receipt(
		local: &Local<T>,
		assignment: &Assignment,
		mut completion: Completion,
	) -> Option<SignedReceipt<T::AccountId, WorkerSignature>> {
		let ids = core::mem::take(&mut completion.ids).try_into().ok()?;
		let receipt = receipt(&local.who, assignment, completion);
		let message = receipts::message(&Self::genesis_hash(), &assignment.assigned, &receipt);
		let signature = local.record.key.sign(&message)?;
		Some(SignedReceipt {
			receipt,
			signature,
			ids,
		})
	}
}

/// Whether this node is the registered one: of two nodes with the same key only one may work.
fn is_here(who: &impl core::fmt::Debug, registered: &PeerId) -> bool {
	let own = sp_io::offchain::network_state()
		.ok()
		.and_then(|state| Vec::<u8>::decode(&mut &state.peer_id.0[..]).ok());
	let here = own.as_deref() == Some(registered.as_slice());
	if !here {
		log::error!(
			target: LOG_TARGET,
			"this node refuses to work for {who:?}: its peer id is {own:02x?}, the registered one {:02x?}",
			registered.as_slice(),
		);
	}
	here
}

/// Whether the service has the model and no result yet.
fn serves(service: Option<&Service>, assignment: &Assignment) -> bool {
	let has_model = |service: &Service| service.models.contains(&assignment.model.0);
	service.is_some_and(has_model) && mailbox::completion(&order_id(assignment)).is_none()
}

fn order_id(assignment: &Assignment) -> OrderId {
	OrderId {
		job: assignment.job,
		attempt: assignment.attempt,
		assigned: assignment.assigned.0,
	}
}

fn order(assignment: &Assignment) -> Order {
	Order {
		id: order_id(assignment),
		model: assignment.model.0,
		prompt: assignment.prompt.clone(),
		secret: [0; 32],
		max_input: assignment.max_input,
		max_output: assignment.max_output,
		wants_ids: assignment.wants_ids,
	}
}

fn acceptance(assignment: &Assignment) -> Acceptance {
	Acceptance {
		job: assignment.job,
		attempt: assignment.attempt,
		assigned: assignment.assigned,
	}
}

fn receipt<AccountId: Clone>(
	who: &AccountId,
	assignment: &Assignment,
	completion: Completion,
) -> Receipt<AccountId> {
	Receipt {
		job: assignment.job,
		attempt: assignment.attempt,
		model: assignment.model,
		worker: who.clone(),
		requests: 1,
		input_tokens: completion.input_tokens,
		output_tokens: completion.output_tokens,
		request_root: H256(completion.request_root),
		result_root: H256(completion.result_root),
		trace_root: H256(completion.trace_root),
		outcome: completion.outcome,
		finish: completion.finish,
	}
}
