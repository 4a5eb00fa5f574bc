//! What is kept of receipts.

use codec::{Decode, Encode, MaxEncodedLen};
use one_primitives::{models::ModelId, receipts::Receipt, Cu, Usdc};
use polkadot_sdk::sp_core::{sr25519, H256};
use scale_info::TypeInfo;

/// A served job's receipt, with what makes it evidence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ReceiptRecord<AccountId> {
	/// What the worker states.
	pub receipt: Receipt<AccountId>,
	/// Signature of the worker's `onew` key over [`one_primitives::receipts::message`].
	pub signature: sr25519::Signature,
	/// Hash of the parent of the block that assigned the job.
	pub assigned: H256,
	/// Block that took the receipt.
	pub block: u64,
	/// CU that it cost the job's owner.
	pub charged: Cu,
	/// What the worker earns, in micro-USDC.
	pub price: Usdc,
}

/// What is kept of a final job's receipt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ReceiptStub<AccountId> {
	/// Who served the job.
	pub worker: AccountId,
	/// The model that was run.
	pub model: ModelId,
	/// Merkle root over the new token ids.
	pub result_root: H256,
	/// What the worker earned, in micro-USDC.
	pub price: Usdc,
}

impl<AccountId> From<ReceiptRecord<AccountId>> for ReceiptStub<AccountId> {
	fn from(record: ReceiptRecord<AccountId>) -> Self {
		let Receipt {
			worker,
			model,
			result_root,
			..
		} = record.receipt;
		Self {
			worker,
			model,
			result_root,
			price: record.price,
		}
	}
}

/// A receipt as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum ReceiptStatus<AccountId> {
	/// Its job may still be challenged.
	#[codec(index = 0)]
	Recorded(ReceiptRecord<AccountId>),
	/// Its job is final.
	#[codec(index = 1)]
	Settled(ReceiptStub<AccountId>),
}
