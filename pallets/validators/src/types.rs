//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::{tokens::Balance, ConstU32},
	BoundedVec,
};
use one_primitives::ProtocolTime;
use polkadot_sdk::{sp_staking::SessionIndex, *};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// Parts of a bond that can unbond at once.
pub const MAX_CHUNKS: u32 = 8;

/// A part of a bond on its way back to its owner.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Chunk<Balance> {
	/// 10^-12 ONE.
	pub amount: Balance,
	/// Protocol time at which it may be withdrawn.
	pub until: ProtocolTime,
}

/// What a validator is punished for.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Offence {
	/// Two blocks in a slot, or two votes in a round.
	#[codec(index = 0)]
	Equivocation,
	/// No block where many were due.
	#[codec(index = 1)]
	Offline,
}

/// Whether an account stands for election.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Status {
	/// It does not.
	#[default]
	#[codec(index = 0)]
	Chilled,
	/// It does.
	#[codec(index = 1)]
	Candidate,
	/// It does not, because of an offence.
	#[codec(index = 2)]
	Convicted {
		/// Its last one.
		offence: Offence,
		/// First session in which it may stand again.
		until: SessionIndex,
	},
}

/// What is held of one account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Ledger<Balance> {
	/// What ranks it among the candidates, in 10^-12 ONE.
	pub bond: Balance,
	/// What was unbonded and is not yet withdrawn, oldest first.
	pub unbonding: BoundedVec<Chunk<Balance>, ConstU32<MAX_CHUNKS>>,
	/// What its pending slashes sum to, in 10^-12 ONE.
	pub slashed: Balance,
	/// Whether it stands for election.
	pub status: Status,
}

impl<B: Balance> Default for Ledger<B> {
	fn default() -> Self {
		Self {
			bond: B::default(),
			unbonding: BoundedVec::new(),
			slashed: B::default(),
			status: Status::default(),
		}
	}
}

impl<B: Balance> Ledger<B> {
	/// What unbonds, in 10^-12 ONE.
	pub fn unbonding_total(&self) -> B {
		self.unbonding
			.iter()
			.fold(B::zero(), |sum, chunk| sum.saturating_add(chunk.amount))
	}

	/// What can be slashed: the bond and what unbonds, in 10^-12 ONE.
	pub fn at_stake(&self) -> B {
		self.bond.saturating_add(self.unbonding_total())
	}

	/// Whether nothing is held.
	pub fn is_empty(&self) -> bool {
		self.bond.is_zero() && self.unbonding.is_empty() && self.slashed.is_zero()
	}

	/// Takes `amount`, at most what is at stake: first out of the bond, then out of what unbonds,
	/// latest first.
	pub(crate) fn take(&mut self, mut amount: B) {
		let chunks = self.unbonding.iter_mut().rev();
		let parts = core::iter::once(&mut self.bond).chain(chunks.map(|chunk| &mut chunk.amount));
		for part in parts {
			let taken = (*part).min(amount);
			part.saturating_reduce(taken);
			amount.saturating_reduce(taken);
		}
		self.unbonding.retain(|chunk| !chunk.amount.is_zero());
	}
}

/// An account that stands for election.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Candidate<AccountId, Balance> {
	/// The account.
	pub who: AccountId,
	/// Its bond, in 10^-12 ONE.
	pub bond: Balance,
}

/// A validator of one session.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId, Balance> {
	/// The account.
	pub who: AccountId,
	/// What it answers with, in 10^-12 ONE: its bond when the session was planned. Slashes are
	/// parts of this.
	pub exposure: Balance,
}

/// What an offender of one session was slashed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Conviction {
	/// What for, the last time.
	pub offence: Offence,
	/// Part of what it answered with: the largest of its offences in that session.
	pub fraction: Perbill,
}

/// A slash that can still be cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PendingSlash<AccountId, Balance> {
	/// The offender.
	pub who: AccountId,
	/// 10^-12 ONE.
	pub amount: Balance,
	/// What for.
	pub offence: Offence,
	/// Session of the offence.
	pub session: SessionIndex,
	/// Protocol time from which it is paid out.
	pub payable_at: ProtocolTime,
}

/// Ids of the pending slashes: from `first` to below `next`. Cancelled ones leave holes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SlashRange {
	/// The oldest.
	pub first: u32,
	/// Of the next one.
	pub next: u32,
}
