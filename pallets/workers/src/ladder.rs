//! The ladder: what an offence costs, by what came before it within the window.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_primitives::{workers::Offence, ProtocolTime};
use polkadot_sdk::{
	frame_support::{
		traits::{tokens::Balance, ConstU32},
		BoundedVec,
	},
	sp_arithmetic::Permill,
};
use scale_info::TypeInfo;

/// Offences of a worker that are remembered at the most. The governed ladder has fewer steps, so
/// it ends in removal before.
pub const MAX_OFFENCES: u32 = 64;

/// Number of an offence, over all workers.
pub type OffenceId = u64;

/// How hard an offence falls.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Rung {
	/// It costs nothing.
	#[codec(index = 0)]
	Warning,
	/// It costs a small part of the bond.
	#[codec(index = 1)]
	Small,
	/// It costs a larger part of the bond.
	#[codec(index = 2)]
	Larger,
	/// The worker is given no jobs until the offence has left the window.
	#[codec(index = 3)]
	Removal,
}

/// The governed ladder. An offence climbs some steps: one when late, as many as lead to the rung
/// [`Larger`](Rung::Larger) when wrong, and to [`Removal`](Rung::Removal) when malicious.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LadderTerms {
	/// Steps from which an offence costs the small part.
	pub small_from: u8,
	/// Steps from which it costs the larger part.
	pub larger_from: u8,
	/// Steps from which the worker is removed.
	pub removal_from: u8,
	/// The small part of the bond.
	pub small: Permill,
	/// The larger part of the bond.
	pub larger: Permill,
	/// The part of the bond that removal costs.
	pub removal: Permill,
	/// The most of its bond that a worker loses in a window for being late.
	pub late_cap: Permill,
	/// Part of the required bond below which a worker is suspended.
	pub floor: Permill,
}

impl LadderTerms {
	fn steps(&self, offence: Offence) -> u32 {
		match offence {
			Offence::Late => 1,
			Offence::Wrong => self.larger_from.into(),
			Offence::Malicious => self.removal_from.into(),
		}
	}

	fn rung(&self, steps: u32) -> Rung {
		match steps {
			steps if steps >= self.removal_from.into() => Rung::Removal,
			steps if steps >= self.larger_from.into() => Rung::Larger,
			steps if steps >= self.small_from.into() => Rung::Small,
			_ => Rung::Warning,
		}
	}

	fn part(&self, rung: Rung) -> Permill {
		match rung {
			Rung::Warning => Permill::zero(),
			Rung::Small => self.small,
			Rung::Larger => self.larger,
			Rung::Removal => self.removal,
		}
	}
}

/// What an offence would cost a worker now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Penalty<Balance> {
	/// How hard it would fall.
	pub rung: Rung,
	/// What it would take of the bond, in 10^-12 ONE.
	pub amount: Balance,
	/// Whether the worker would be given no more jobs.
	pub suspends: bool,
	/// Whether all that the worker is owed would be void.
	pub voids_pay: bool,
}

/// An offence within the window.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct OffenceRecord<Balance> {
	/// Its number.
	pub id: OffenceId,
	/// What it was.
	pub offence: Offence,
	/// Protocol time at which the worker was convicted.
	pub at: ProtocolTime,
	/// What it cost, in 10^-12 ONE.
	pub amount: Balance,
}

/// A worker's offences within the window, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Ladder<Balance>(BoundedVec<OffenceRecord<Balance>, ConstU32<MAX_OFFENCES>>);

impl<B> Default for Ladder<B> {
	fn default() -> Self {
		Self(BoundedVec::new())
	}
}

impl<B: Balance> Ladder<B> {
	/// The offences, oldest first.
	pub fn offences(&self) -> &[OffenceRecord<B>] {
		&self.0
	}

	/// Whether nothing is remembered.
	pub fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// The rung on which the worker stands.
	pub fn rung(&self, terms: &LadderTerms) -> Rung {
		terms.rung(self.climbed(terms))
	}

	/// The rung on which `offence` falls, and what it takes of a bond of `bond`, rounded down.
	///
	/// A full ladder takes nothing more: what a worker can lose within a window is bounded by it.
	pub fn assess(&self, terms: &LadderTerms, bond: B, offence: Offence) -> (Rung, B) {
		let steps = self.climbed(terms).saturating_add(terms.steps(offence));
		let rung = terms.rung(steps);
		let amount = terms.part(rung).mul_floor(bond);
		match offence {
			_ if self.0.is_full() => (rung, B::zero()),
			Offence::Late => (rung, amount.min(self.late_left(terms, bond))),
			Offence::Wrong | Offence::Malicious => (rung, amount),
		}
	}

	/// Forgets what is older than `oldest`.
	pub(crate) fn forget_before(&mut self, oldest: ProtocolTime) {
		self.0.retain(|record| record.at >= oldest);
	}

	/// Forgets the offence `id`; false if it is not remembered.
	pub(crate) fn forget(&mut self, id: OffenceId) -> bool {
		let before = self.0.len();
		self.0.retain(|record| record.id != id);
		self.0.len() < before
	}

	/// Remembers an offence; false if the ladder is full, which then took nothing for it.
	pub(crate) fn remember(&mut self, record: OffenceRecord<B>) -> bool {
		self.0.try_push(record).is_ok()
	}

	fn climbed(&self, terms: &LadderTerms) -> u32 {
		self.0.iter().fold(0, |steps, record| {
			steps.saturating_add(terms.steps(record.offence))
		})
	}

	/// What being late may still cost within the window.
	fn late_left(&self, terms: &LadderTerms, bond: B) -> B {
		let late = self
			.0
			.iter()
			.filter(|record| record.offence == Offence::Late);
		let lost = late.fold(B::zero(), |lost, record| lost.saturating_add(record.amount));
		let cap = terms.late_cap.mul_floor(bond.saturating_add(lost));
		cap.saturating_sub(lost)
	}
}
