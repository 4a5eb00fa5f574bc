//! Models, and workers that answer jobs, in the real runtime.

use crate::chain::*;
use codec::Encode;
use one_primitives::{
	jobs::{Acceptance, Assignment, JobId, Market as _},
	models::ModelId,
	receipts::{self, Finish, Outcome, Receipt, SignedReceipt},
	workers::crypto::{WorkerPair, WorkerSignature},
};
use one_runtime::{
	AccountId, BlockNumber, Executive, Jobs, Runtime, RuntimeCall, System, UncheckedExtrinsic,
	Workers,
};
use pallet_models::{shape::Shape, types::ModelRecord};
use pallet_workers::{Keys, Offer, Report};
use polkadot_sdk::{
	frame_support::{assert_ok, BoundedVec},
	frame_system::offchain::CreateAuthorizedTransaction,
	sp_core::{Pair, H256},
	sp_keyring::Sr25519Keyring,
	sp_runtime::ApplyExtrinsicResult,
	*,
};

type SignedReceiptOf = SignedReceipt<AccountId, WorkerSignature>;

/// The model of these tests.
pub const MODEL: ModelId = H256::repeat_byte(7);
/// The mailbox version and the arithmetic that the workers' services speak.
const MAILBOX: u16 = one_mailbox::VERSION;
const ARITHMETIC: u32 = 1;

/// A model of a few million weights.
pub fn model() -> ModelRecord {
	ModelRecord {
		name: b"tiny".to_vec().try_into().unwrap(),
		tokenizer: H256::zero(),
		template: H256::zero(),
		calibration: H256::zero(),
		arithmetic: ARITHMETIC,
		shape: Shape {
			layers: 6,
			hidden: 192,
			ffn: 512,
			heads: 6,
			kv_heads: 2,
			head_dim: 32,
			vocab: 2_048,
			context: 512,
		},
		template_tokens: 16,
		min_vram: 64,
		min_tier: 0,
		canary: Default::default(),
		retires_at: None,
	}
}

/// What makes `model` known and active, where there is no timelock.
pub fn activation(model: ModelId, record: ModelRecord) -> Vec<RuntimeCall> {
	vec![
		pallet_models::Call::<Runtime>::register { model, record }.into(),
		pallet_models::Call::<Runtime>::stage { model }.into(),
		pallet_models::Call::<Runtime>::activate { model }.into(),
	]
}

/// A key of the node of `who`, which may have had others before.
fn key_of_node(who: Sr25519Keyring, number: u8) -> WorkerPair {
	WorkerPair::from_string(&format!("//{who}//onew//{number}"), None).unwrap()
}

/// The key that the node of `who` signs with.
fn node_key(who: Sr25519Keyring) -> WorkerPair {
	let second = key_of_node(who, 1);
	match Keys::<Runtime>::contains_key(second.public()) {
		true => second,
		false => key_of_node(who, 0),
	}
}

/// Replaces the key that the node of `who` signs with.
pub fn rotation(who: Sr25519Keyring) -> RuntimeCall {
	let number = u8::from(node_key(who).public() == key_of_node(who, 0).public());
	let key = key_of_node(who, number);
	let proof = key.sign(&Workers::registration_message(&account(who)));
	let key = key.public();
	pallet_workers::Call::<Runtime>::rotate_key { key, proof }.into()
}

/// Registers the caller `who` as a worker.
pub fn registration(who: Sr25519Keyring, models: Vec<ModelId>, slots: u8) -> RuntimeCall {
	let key = node_key(who);
	let proof = key.sign(&Workers::registration_message(&account(who)));
	pallet_workers::Call::<Runtime>::register {
		offer: offer(models, slots),
		key: key.public(),
		proof,
	}
	.into()
}

/// An offer of a device with one GiB of memory.
pub fn offer(models: Vec<ModelId>, slots: u8) -> Offer {
	Offer {
		models: BoundedVec::truncate_from(models),
		slots,
		vram: 1_024,
		peer_id: vec![1; 38].try_into().unwrap(),
		addresses: Default::default(),
	}
}

/// Registers `who` with slots for `model`, and has its node report.
pub fn join(who: Sr25519Keyring, model: ModelId, slots: u8) {
	assert_ok!(submit(who, registration(who, vec![model], slots)).unwrap());
	assert_ok!(send_report(who, vec![], vec![]).unwrap());
}

/// The node of `who` promises to serve all that it was assigned, and serves it with so many tokens.
pub fn serve(who: Sr25519Keyring, input_tokens: u32, output_tokens: u32) -> Vec<JobId> {
	let assignments = Jobs::assignments(&account(who));
	let jobs = assignments
		.iter()
		.map(|assignment| assignment.job)
		.collect();
	let tokens = (input_tokens, output_tokens);
	let receipts = assignments
		.iter()
		.map(|assignment| receipt(who, assignment, tokens, Outcome::Served))
		.collect();
	let acceptances = assignments.iter().map(acceptance).collect();
	assert_ok!(send_report(who, acceptances, receipts).unwrap());
	jobs
}

/// What the node of `who` reports of its assignments: accepts those it has not, and has receipts
/// with `outcome` for those it has.
pub fn report(who: Sr25519Keyring, outcome: Outcome) -> ApplyExtrinsicResult {
	let (accepted, assigned): (Vec<_>, Vec<_>) = Jobs::assignments(&account(who))
		.into_iter()
		.partition(|assignment| assignment.accepted);
	let receipts = accepted.iter().map(|assignment| {
		let tokens = (assignment.max_input / 2, assignment.max_output / 2);
		receipt(who, assignment, tokens, outcome)
	});
	let acceptances = assigned.iter().map(acceptance).collect();
	send_report(who, acceptances, receipts.collect())
}

/// Sends the one message of `who` in this block, as its node does.
pub fn send_report(
	who: Sr25519Keyring,
	acceptances: Vec<Acceptance>,
	receipts: Vec<SignedReceiptOf>,
) -> ApplyExtrinsicResult {
	let report = Report::<AccountId, BlockNumber> {
		worker: account(who),
		block: System::block_number(),
		mailbox: MAILBOX,
		arithmetics: vec![ARITHMETIC].try_into().unwrap(),
		acceptances: BoundedVec::truncate_from(acceptances),
		receipts: BoundedVec::truncate_from(receipts),
	};
	let signature = node_key(who).sign(&Workers::report_message(&report));
	let call = pallet_workers::Call::<Runtime>::report { report, signature };
	let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
	Executive::apply_extrinsic(UncheckedExtrinsic::new_transaction(call.into(), extension))
}

fn acceptance(assignment: &Assignment) -> Acceptance {
	Acceptance {
		job: assignment.job,
		attempt: assignment.attempt,
		assigned: assignment.assigned,
	}
}

fn receipt(
	who: Sr25519Keyring,
	assignment: &Assignment,
	(input_tokens, output_tokens): (u32, u32),
	outcome: Outcome,
) -> SignedReceiptOf {
	let receipt = Receipt {
		job: assignment.job,
		attempt: assignment.attempt,
		model: assignment.model,
		worker: account(who),
		requests: 1,
		input_tokens,
		output_tokens,
		request_root: H256(sp_io::hashing::blake2_256(&assignment.prompt)),
		result_root: H256(sp_io::hashing::blake2_256(&assignment.job.encode())),
		trace_root: H256::repeat_byte(3),
		outcome,
		finish: Finish::Stop,
	};
	let message = receipts::message(&System::block_hash(0), &assignment.assigned, &receipt);
	SignedReceipt {
		signature: node_key(who).sign(&message),
		receipt,
		ids: Default::default(),
	}
}
