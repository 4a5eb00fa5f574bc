//! Takes receipts in, settles and prunes them.

use one_primitives::{
	clock::Clock,
	jobs::{JobId, Market, OnFinal},
	receipts::{message, result_root, Outcome, Receipt, Receipts, SignedReceipt},
	workers::crypto::{WorkerKey, WorkerSignature},
	Cu, ProtocolTime, Usdc,
};
use polkadot_sdk::{
	frame_support::{
		ensure,
		storage::with_storage_layer,
		traits::Get,
		weights::{Weight, WeightMeter},
	},
	frame_system::{self, pallet_prelude::BlockNumberFor},
	sp_application_crypto::RuntimeAppPublic,
	sp_core::H256,
	sp_runtime::{
		traits::{SaturatedConversion, Zero},
		DispatchResult,
	},
};

use crate::{
	Config, Error, Event, Expiries, ExpiryCursor, Pallet, ReceiptStatus, RecordOf, Records, StubOf,
	Stubs, WeightInfo, BUCKET,
};

type SignedReceiptOf<T> = SignedReceipt<<T as frame_system::Config>::AccountId, WorkerSignature>;

pub(crate) fn bucket(time: ProtocolTime) -> u64 {
	time / BUCKET
}

impl<T: Config> Pallet<T> {
	fn do_receive(signed: SignedReceiptOf<T>, key: &WorkerKey) -> DispatchResult {
		let SignedReceipt {
			receipt,
			signature,
			ids,
		} = signed;
		let assigned = T::Market::assigned(&receipt).ok_or(Error::<T>::StaleReceipt)?;
		let message = message(&Self::genesis(), &assigned, &receipt);
		ensure!(key.verify(&message, &signature), Error::<T>::BadSignature);
		Self::check_ids(&receipt, &ids)?;
		let (charged, price) = T::Market::complete(&receipt)?;
		Self::deposit_event(Self::accepted(&receipt, charged, price));
		if receipt.outcome == Outcome::Served {
			let (job, finish) = (receipt.job, receipt.finish);
			Self::record(receipt, signature, assigned, (charged, price));
			T::Market::deliver(job, ids, finish);
		}
		Ok(())
	}

	/// A receipt carries the ids of its result where a pallet waits for them, and nowhere else.
	fn check_ids(receipt: &Receipt<T::AccountId>, ids: &[u32]) -> DispatchResult {
		let wanted = receipt.outcome == Outcome::Served && T::Market::wants_ids(receipt.job);
		let fits = match wanted {
			true => {
				ids.len() == receipt.output_tokens as usize
					&& result_root(ids) == receipt.result_root
			}
			false => ids.is_empty(),
		};
		ensure!(fits, Error::<T>::WrongIds);
		Ok(())
	}

	fn record(
		receipt: Receipt<T::AccountId>,
		signature: WorkerSignature,
		assigned: H256,
		(charged, price): (Cu, Usdc),
	) {
		let (job, signature) = (receipt.job, signature.into_inner());
		let block = frame_system::Pallet::<T>::block_number().saturated_into();
		let record = RecordOf::<T> {
			receipt,
			signature,
			assigned,
			block,
			charged,
			price,
		};
		Records::<T>::insert(job, record);
	}

	/// Hash of the genesis block: names the chain.
	fn genesis() -> H256 {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
	}

	fn accepted(receipt: &Receipt<T::AccountId>, charged: Cu, price: Usdc) -> Event<T> {
		Event::ReceiptAccepted {
			worker: receipt.worker.clone(),
			job: receipt.job,
			model: receipt.model,
			request_root: receipt.request_root,
			result_root: receipt.result_root,
			trace_root: receipt.trace_root,
			input_tokens: receipt.input_tokens,
			output_tokens: receipt.output_tokens,
			outcome: receipt.outcome,
			finish: receipt.finish,
			charged,
			price,
		}
	}

	fn settle(job: JobId, record: RecordOf<T>) {
		let stub = StubOf::<T>::from(record);
		let until = T::Clock::protocol().saturating_add(T::StubPeriod::get());
		Expiries::<T>::insert(bucket(until), job, ());
		let (worker, price) = (stub.worker.clone(), stub.price);
		Stubs::<T>::insert(job, stub);
		Self::deposit_event(Event::ReceiptSettled { worker, job, price });
	}

	/// Drops the stubs of all buckets that are over, oldest first, as weight allows.
	pub(crate) fn prune_stubs(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::prune_base()).is_err() {
			return;
		}
		let current = bucket(T::Clock::protocol());
		let start = ExpiryCursor::<T>::get();
		let mut cursor = start;
		while cursor < current && Self::prune_bucket(cursor, meter) {
			cursor = cursor.saturating_add(1);
		}
		if cursor != start {
			ExpiryCursor::<T>::put(cursor);
		}
	}

	/// Drops the stubs of one bucket; false if weight ran out before its end.
	pub(crate) fn prune_bucket(number: u64, meter: &mut WeightMeter) -> bool {
		if meter.try_consume(T::WeightInfo::prune_bucket()).is_err() {
			return false;
		}
		for job in Expiries::<T>::iter_key_prefix(number) {
			if meter.try_consume(T::WeightInfo::prune_stub()).is_err() {
				return false;
			}
			Expiries::<T>::remove(number, job);
			Stubs::<T>::remove(job);
		}
		true
	}

	/// The receipt of a served job; for [`ReceiptsApi`](crate::runtime_api::ReceiptsApi).
	pub fn receipt(job: JobId) -> Option<ReceiptStatus<T::AccountId>> {
		let recorded = Records::<T>::get(job).map(ReceiptStatus::Recorded);
		recorded.or_else(|| Stubs::<T>::get(job).map(ReceiptStatus::Settled))
	}
}

impl<T: Config> Receipts<T::AccountId, WorkerKey, WorkerSignature> for Pallet<T> {
	fn is_wanted(receipt: &Receipt<T::AccountId>) -> bool {
		T::Market::assigned(receipt).is_some()
	}

	fn receive(signed: SignedReceiptOf<T>, key: &WorkerKey) -> DispatchResult {
		with_storage_layer(|| Self::do_receive(signed, key))
	}

	fn callback_weight() -> Weight {
		T::Market::callback_weight()
	}
}

impl<T: Config> OnFinal for Pallet<T> {
	fn on_final(job: JobId) {
		if let Some(record) = Records::<T>::take(job) {
			Self::settle(job, record);
		}
	}
}
