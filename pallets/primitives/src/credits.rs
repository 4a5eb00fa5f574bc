//! How a job is paid for: reserved before it starts, charged by its receipt.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
	frame_support::Parameter,
	sp_runtime::{DispatchError, DispatchResult},
};
use scale_info::TypeInfo;

use crate::{
	access::TierId,
	capacity::BookingId,
	jobs::{JobId, LaneChoice},
	models::ModelId,
	Cu, Moment, Usdc,
};

/// Why a job is not taken, and what it would take; the numbers are those of the refused request.
///
/// The index of a variant is its [`code`](Refusal::code): the number in
/// `InvalidTransaction::Custom`, stable across releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Refusal {
	/// The stake gives no tier.
	#[codec(index = 1)]
	BelowThreshold {
		/// What is staked, in 10^-12 ONE.
		staked: u128,
		/// What the lowest tier asks for.
		threshold: u128,
	},
	/// The stake is enough, but counts from a later credit day.
	#[codec(index = 2)]
	NotYetCounting {
		/// When that day starts.
		counts_from: Moment,
	},
	/// Too little is left of today's credits.
	#[codec(index = 3)]
	NoCredits {
		/// CU asked for, admission included.
		needed: Cu,
		/// CU left.
		available: Cu,
		/// When the next day's credits come.
		resets_at: Moment,
	},
	/// Another open job of the account holds this slot.
	#[codec(index = 4)]
	SlotTaken {
		/// The slot.
		slot: u8,
		/// The job that holds it.
		job: JobId,
	},
	/// No model of this id takes jobs.
	#[codec(index = 5)]
	UnknownModel,
	/// The prompt has too many bytes.
	#[codec(index = 6)]
	PromptTooLong {
		/// Bytes of the prompt.
		bytes: u32,
		/// Bytes at the most.
		limit: u32,
	},
	/// One job of the tier may not cost this much.
	#[codec(index = 7)]
	JobTooLarge {
		/// CU the job would reserve.
		needed: Cu,
		/// CU at the most.
		limit: Cu,
	},
	/// The model is for higher tiers.
	#[codec(index = 8)]
	TierTooLow {
		/// Tier of the account.
		tier: TierId,
		/// Lowest tier of the model.
		needed: TierId,
	},
	/// The lane takes no jobs.
	#[codec(index = 9)]
	LaneClosed,
	/// There is no such open job.
	#[codec(index = 10)]
	UnknownJob,
	/// The job belongs to another account.
	#[codec(index = 11)]
	NotOwner,
	/// The job is past the point where it could be cancelled.
	#[codec(index = 12)]
	NotCancellable,
	/// The tier has fewer slots.
	#[codec(index = 13)]
	NoSuchSlot {
		/// The slot named.
		slot: u8,
		/// Slots of the tier: 0 to `slots - 1` may be named.
		slots: u8,
	},
	/// Prompt and answer together exceed the model's context.
	#[codec(index = 14)]
	ContextExceeded {
		/// Tokens asked for.
		tokens: u32,
		/// Tokens at the most.
		limit: u32,
	},
	/// The job asks for no output.
	#[codec(index = 15)]
	NoOutput,
	/// The queue of the model and lane is full.
	#[codec(index = 16)]
	QueueFull {
		/// Jobs waiting.
		waiting: u32,
	},
	/// Too few vouchers are left, of the account itself and of its sponsor.
	#[codec(index = 17)]
	NoVouchers {
		/// CU asked for.
		needed: Cu,
		/// CU at the most that one job could set aside.
		available: Cu,
	},
	/// Too few workers serve the model for the Included lane.
	#[codec(index = 18)]
	TooFewOperators {
		/// Workers that have slots for it.
		operators: u32,
		/// What the lane asks for.
		needed: u32,
	},
	/// The model is on trial, and has as many open jobs as its share of the slots allows.
	#[codec(index = 19)]
	CanaryFull {
		/// Jobs open for it.
		open: u32,
		/// Jobs at the most.
		limit: u32,
	},
	/// The receipt cannot carry that many token ids.
	#[codec(index = 20)]
	ResultTooLong {
		/// New tokens asked for.
		tokens: u32,
		/// Tokens at the most.
		limit: u32,
	},
	/// The guardians have paused the model.
	#[codec(index = 30)]
	ModelPaused {
		/// UTC until which it takes no new jobs.
		until: Moment,
	},
	/// The lane is paused.
	#[codec(index = 31)]
	LanePaused {
		/// UTC until which it takes no new jobs; the last moment there is when governance has to
		/// lift the pause.
		until: Moment,
	},
}

impl Refusal {
	/// Number of the reason, as in `InvalidTransaction::Custom`.
	pub fn code(&self) -> u8 {
		self.using_encoded(|bytes| bytes.first().copied().unwrap_or_default())
	}
}

/// What a submission asks for, without the prompt itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmitTerms {
	/// Job slot of the account.
	pub slot: u8,
	/// What is to pay.
	pub lane: LaneChoice,
	/// The model to run.
	pub model: ModelId,
	/// Bytes of the prompt.
	pub prompt_len: u32,
	/// New tokens at the most.
	pub max_output: u32,
	/// Whether the receipt is to carry the new token ids, which only a pallet can ask for.
	pub wants_ids: bool,
}

/// A call for which the fee of a transaction may be waived or come out of the stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditCall {
	/// Submits a job.
	Submit(SubmitTerms),
	/// Cancels a job.
	Cancel(JobId),
	/// Takes stake back: unstake, withdraw, exit.
	Leave,
}

/// Recognises the direct calls that [`CreditCall`] names; the runtime knows them.
pub trait CreditCalls<RuntimeCall> {
	/// What `call` is, if it is one of them; wrapped calls are not.
	fn classify(call: &RuntimeCall) -> Option<CreditCall>;
}

/// What the market says of a call before it is dispatched, by the same code as the dispatch.
pub trait Submissions<AccountId> {
	/// CU that the job of `who` would reserve.
	///
	/// # Errors
	/// The reason why the dispatch would fail.
	fn check_submit(who: &AccountId, terms: &SubmitTerms) -> Result<Cu, Refusal>;
	/// Whether `who` may cancel `job`.
	///
	/// # Errors
	/// The reason why the dispatch would fail.
	fn check_cancel(who: &AccountId, job: JobId) -> Result<(), Refusal>;
}

/// A lane's money: [`reserve`](LaneFunds::reserve) before the job, then exactly one of
/// [`charge`](LaneFunds::charge), [`forfeit`](LaneFunds::forfeit),
/// [`release`](LaneFunds::release) and [`refuse`](LaneFunds::refuse).
pub trait LaneFunds<AccountId> {
	/// What was set aside for one job.
	type Reservation: Parameter + MaxEncodedLen;
	/// Who owns the jobs that `who` submits to this lane, and whose funds pay for them: `who` itself,
	/// unless it is a delegate. All that follows is of an owner.
	fn owner(who: &AccountId) -> AccountId;
	/// What [`reserve`](LaneFunds::reserve) would say, without writing anything.
	///
	/// # Errors
	/// Naming what is missing: stake, tier, credits, vouchers, or a size within the limit.
	fn check(who: &AccountId, min_tier: TierId, cu: Cu) -> Result<(), Refusal>;
	/// Sets `cu` of `who` aside; from here on the job's whole price is in a pot.
	///
	/// # Errors
	/// Naming what is missing: stake, tier, credits, vouchers, or a size within the limit.
	fn reserve(
		who: &AccountId,
		min_tier: TierId,
		cu: Cu,
	) -> Result<Self::Reservation, DispatchError>;
	/// Puts a reserved job for `model` under a booking of throughput, if one covers it.
	fn book(_: &mut Self::Reservation, _: &ModelId) -> Option<BookingId> {
		None
	}
	/// Whether a booking would cover a job of `cu` of this account for `model`.
	fn is_covered(_: &AccountId, _: &ModelId, _: Cu) -> bool {
		false
	}
	/// Takes `charged <= reserved`, frees the rest for `who`, and moves the price of the charge
	/// to the earnings of `worker`; returns that price.
	///
	/// # Errors
	/// If the books do not hold what was reserved.
	fn charge(
		who: &AccountId,
		reservation: &Self::Reservation,
		charged: Cu,
		worker: &AccountId,
	) -> Result<Usdc, DispatchError>;
	/// Takes `forfeited <= reserved` and frees the rest for `who`, as a charge does, but no worker
	/// earns it: the price goes to the credit pot.
	///
	/// # Errors
	/// If the books do not hold what was reserved.
	fn forfeit(who: &AccountId, reservation: &Self::Reservation, forfeited: Cu) -> DispatchResult;
	/// Frees all of a job that came to nothing, across a day change too.
	///
	/// # Errors
	/// If the books do not hold what was reserved.
	fn release(who: &AccountId, reservation: &Self::Reservation) -> DispatchResult;
	/// Frees all of a job that nobody can answer, for which its owner is to blame.
	///
	/// # Errors
	/// If the books do not hold what was reserved.
	fn refuse(who: &AccountId, reservation: &Self::Reservation) -> DispatchResult {
		Self::release(who, reservation)
	}
	/// What a worker would earn for `cu` of `who` now, in micro-USDC.
	fn price(who: &AccountId, cu: Cu) -> Usdc;
	/// CU that one job of `who` could reserve now.
	fn available(who: &AccountId) -> Cu;
	/// Job slots of `who` now.
	fn slots(who: &AccountId) -> u8;
	/// UTC at which [`available`](LaneFunds::available) is refilled, if it ever is.
	fn resets_at() -> Option<Moment>;
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn code_should_be_the_variants_index_when_it_carries_numbers() {
		let below = Refusal::BelowThreshold {
			staked: 7,
			threshold: 1_000,
		};
		assert_eq!(below.code(), 1);
		assert_eq!(Refusal::LaneClosed.code(), 9);
		assert_eq!(Refusal::QueueFull { waiting: 3 }.code(), 16);
	}
}
