//! A worker on a chain of a preset: it registers, promises, and sends receipts.

use crate::chain::*;
use one_primitives::{
	jobs::{Acceptance, Assignment, JobId, Market as _},
	models::ModelId,
	receipts::{message, Finish, Outcome, Receipt, SignedReceipt},
	workers::crypto::{WorkerPair, WorkerSignature},
};
use one_runtime::{
	AccountId, BlockNumber, Executive, Jobs, Runtime, RuntimeCall, System, UncheckedExtrinsic,
	Workers,
};
use pallet_workers::{Offer, Report};
use polkadot_sdk::{
	frame_support::{assert_ok, BoundedVec},
	frame_system::offchain::CreateAuthorizedTransaction,
	sp_core::{sr25519, Pair, H256},
	sp_keyring::Sr25519Keyring,
};

type ReportOf = Report<AccountId, BlockNumber>;
type SignedReceiptOf = SignedReceipt<AccountId, WorkerSignature>;

/// The key of the node of `who`.
fn pair(who: Sr25519Keyring) -> WorkerPair {
	sr25519::Pair::from_seed(&who.to_raw_public()).into()
}

/// Registers `who` with slots for `model`, and has its node report.
pub fn join(who: Sr25519Keyring, model: ModelId, slots: u8) {
	let offer = Offer {
		models: BoundedVec::truncate_from(vec![model]),
		slots,
		vram: 64,
		peer_id: BoundedVec::truncate_from(vec![1; 38]),
		addresses: Default::default(),
	};
	let proof = pair(who).sign(&Workers::registration_message(&account(who)));
	let key = pair(who).public();
	let register = pallet_workers::Call::<Runtime>::register { offer, key, proof };
	assert_ok!(submit(who, register).unwrap());
	report(who, vec![], vec![]);
}

/// Promises to serve all that `who` was assigned, and serves it with so many tokens.
pub fn serve(who: Sr25519Keyring, input_tokens: u32, output_tokens: u32) -> Vec<JobId> {
	let assignments = Jobs::assignments(&account(who));
	let receipts = assignments
		.iter()
		.map(|assignment| signed_receipt(who, assignment, input_tokens, output_tokens));
	let receipts = receipts.collect();
	report(who, assignments.iter().map(acceptance).collect(), receipts);
	assignments
		.iter()
		.map(|assignment| assignment.job)
		.collect()
}

fn acceptance(assignment: &Assignment) -> Acceptance {
	Acceptance {
		job: assignment.job,
		attempt: assignment.attempt,
		assigned: assignment.assigned,
	}
}

fn signed_receipt(
	who: Sr25519Keyring,
	assignment: &Assignment,
	input_tokens: u32,
	output_tokens: u32,
) -> SignedReceiptOf {
	let receipt = Receipt {
		job: assignment.job,
		attempt: assignment.attempt,
		model: assignment.model,
		worker: account(who),
		requests: 1,
		input_tokens,
		output_tokens,
		request_root: H256::repeat_byte(1),
		result_root: H256::repeat_byte(2),
		trace_root: H256::repeat_byte(3),
		outcome: Outcome::Served,
		finish: Finish::Stop,
	};
	let message = message(&System::block_hash(0), &assignment.assigned, &receipt);
	SignedReceipt {
		signature: pair(who).sign(&message),
		receipt,
	}
}

/// Sends the one message of `who` in this block, as its node does.
fn report(who: Sr25519Keyring, acceptances: Vec<Acceptance>, receipts: Vec<SignedReceiptOf>) {
	let report = ReportOf {
		worker: account(who),
		block: System::block_number(),
		mailbox: one_mailbox::VERSION,
		arithmetics: BoundedVec::truncate_from(vec![1]),
		acceptances: BoundedVec::truncate_from(acceptances),
		receipts: BoundedVec::truncate_from(receipts),
	};
	let signature = pair(who).sign(&Workers::report_message(&report));
	let call = pallet_workers::Call::<Runtime>::report { report, signature };
	let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
	let xt = UncheckedExtrinsic::new_transaction(call.into(), extension);
	assert_ok!(Executive::apply_extrinsic(xt).unwrap());
}
