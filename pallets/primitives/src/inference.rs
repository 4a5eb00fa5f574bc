//! Inference for other pallets: a pallet submits a public prompt, paid out of an account of its
//! own, and is told the token ids of the answer.

extern crate alloc;

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
	frame_support::weights::Weight,
	sp_core::ConstU32,
	sp_runtime::{BoundedVec, DispatchError, DispatchResult},
};
use scale_info::TypeInfo;

use crate::{credits::Refusal, jobs::JobId, models::ModelId, receipts::Finish, Cu, Usdc};

/// Token ids that a receipt carries at the most: 1 KiB.
pub const MAX_IDS: u32 = 256;
/// Bytes of a token id.
pub const ID_BYTES: u32 = 4;

/// The token ids of an answer.
pub type ResultIds = BoundedVec<u32, ConstU32<MAX_IDS>>;
/// Names a pallet that asks: the bytes of its `PalletId`.
pub type AskerId = [u8; 8];

/// What a pallet asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
	/// The model to run.
	pub model: ModelId,
	/// UTF-8 text, public until the job is final, at most [`MAX_PROMPT`](crate::jobs::MAX_PROMPT)
	/// bytes.
	pub prompt: Vec<u8>,
	/// New tokens at the most: 1 to [`MAX_IDS`].
	pub max_output: u32,
}

/// What a job costs at the most; what its receipt does not use comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobPrice {
	/// CU set aside.
	pub cu: Cu,
	/// What these are worth, in micro-USDC.
	pub usdc: Usdc,
}

/// What came of a pallet's job.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum JobResult {
	/// It was answered. The ids are those of the receipt's result root, which can still be
	/// challenged until the job is final.
	Served {
		/// The new token ids.
		ids: ResultIds,
		/// Why generation ended.
		finish: Finish,
	},
	/// Nobody can answer it: a prompt that is too long for the model, or not text.
	Refused,
	/// No attempt succeeded.
	Failed,
	/// No worker was free in time.
	Expired,
	/// Its payer withdrew it.
	Cancelled,
}

/// The market, as a pallet that asks sees it.
pub trait Inference<AccountId> {
	/// What `request` would cost `payer` if it were submitted now.
	///
	/// # Errors
	/// What is missing.
	fn quote(payer: &AccountId, request: &Request) -> Result<JobPrice, Refusal>;
	/// Submits `request` on the Dedicated lane, in the first free job slot of `payer`, whose
	/// vouchers, or its sponsor's, pay for it. `asker` is told once what came of it, in a later
	/// block.
	///
	/// `payer` is not asked: name an account of the pallet's own.
	///
	/// # Errors
	/// What is missing, or that nobody would be told.
	fn submit(asker: AskerId, payer: &AccountId, request: Request) -> Result<JobId, DispatchError>;
	/// Withdraws `job` of `payer`, on the terms of a call of its owner. The asker is told before
	/// this returns.
	///
	/// # Errors
	/// If it is not an open job of `payer`.
	fn cancel(payer: &AccountId, job: JobId) -> DispatchResult;
	/// Weight of [`submit`](Inference::submit) with a prompt of so many bytes.
	fn submit_weight(prompt_len: u32) -> Weight;
	/// Weight of [`cancel`](Inference::cancel), the asker's included.
	fn cancel_weight() -> Weight;
}

/// A pallet that asks.
pub trait OnResult {
	/// The name under which it asks.
	fn asker() -> AskerId;
	/// Weight of [`on_result`](OnResult::on_result) at the most.
	fn weight() -> Weight;
	/// `job` came to `result`. Said once of each job.
	///
	/// # Errors
	/// Whatever is in the way. What was written is undone, an event tells of it, and the job
	/// itself goes on as if all were well.
	fn on_result(job: JobId, result: JobResult) -> DispatchResult;
}

/// The asking pallets of a runtime: a tuple of them.
pub trait Callbacks {
	/// Weight of the dearest of them.
	fn weight() -> Weight;
	/// Whether `asker` is one of them.
	fn knows(asker: &AskerId) -> bool;
	/// Tells `asker`.
	///
	/// # Errors
	/// Those of the asker; or that there is none of this name.
	fn on_result(asker: &AskerId, job: JobId, result: JobResult) -> DispatchResult;
}

/// No pallet asks.
impl Callbacks for () {
	fn weight() -> Weight {
		Weight::zero()
	}
	fn knows(_: &AskerId) -> bool {
		false
	}
	fn on_result(_: &AskerId, _: JobId, _: JobResult) -> DispatchResult {
		Err(DispatchError::CannotLookup)
	}
}

macro_rules! impl_callbacks {
	($($pallet:ident)+) => {
		impl<$($pallet: OnResult),+> Callbacks for ($($pallet,)+) {
			fn weight() -> Weight {
				Weight::zero()$(.max($pallet::weight()))+
			}
			fn knows(asker: &AskerId) -> bool {
				[$($pallet::asker()),+].contains(asker)
			}
			fn on_result(asker: &AskerId, job: JobId, result: JobResult) -> DispatchResult {
				$(
					if *asker == $pallet::asker() {
						return $pallet::on_result(job, result);
					}
				)+
				Err(DispatchError::CannotLookup)
			}
		}
	};
}

impl_callbacks!(A);
impl_callbacks!(A B);
impl_callbacks!(A B C);
impl_callbacks!(A B C D);

#[cfg(test)]
mod tests {
	use super::*;

	/// A pallet that is told of nothing but job `N`.
	struct Asker<const N: u64>;
	impl<const N: u64> OnResult for Asker<N> {
		fn asker() -> AskerId {
			N.to_le_bytes()
		}
		fn weight() -> Weight {
			Weight::from_parts(N, 10 - N)
		}
		fn on_result(job: JobId, _: JobResult) -> DispatchResult {
			(job == N)
				.then_some(())
				.ok_or(DispatchError::Other("another's"))
		}
	}

	type Both = (Asker<3>, Asker<5>);

	#[test]
	fn callbacks_should_tell_only_who_asked() {
		let tell = |asker: u64, job| Both::on_result(&asker.to_le_bytes(), job, JobResult::Failed);
		assert_eq!(tell(3, 3), Ok(()));
		assert_eq!(tell(5, 5), Ok(()));
		assert_eq!(tell(5, 3), Err(DispatchError::Other("another's")));
		assert_eq!(tell(4, 4), Err(DispatchError::CannotLookup));
		assert!(Both::knows(&5u64.to_le_bytes()) && !Both::knows(&4u64.to_le_bytes()));
		assert!(!<()>::knows(&5u64.to_le_bytes()));
	}

	#[test]
	fn callbacks_should_weigh_as_much_as_the_dearest() {
		assert_eq!(Both::weight(), Weight::from_parts(5, 7));
	}
}
