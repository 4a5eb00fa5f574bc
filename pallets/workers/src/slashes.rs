//! Pays out what convictions have taken and nobody has cancelled in time.

use codec::{Decode, Encode, MaxEncodedLen};
use one_primitives::{clock::Clock, workers::Challenger, ProtocolTime};
use polkadot_sdk::{
	frame_support::{
		defensive,
		traits::{
			fungible::{Balanced, BalancedHold},
			Imbalance, OnUnbalanced,
		},
		weights::WeightMeter,
	},
	sp_runtime::{
		traits::{CheckedSub, Zero},
		Permill,
	},
};
use scale_info::TypeInfo;

use crate::{
	ladder::OffenceId, BalanceOf, Config, CreditOf, Event, HoldReason, Numbers, Pallet, SlashOf,
	Slashes, WeightInfo, Workers,
};

/// The most of a slash that whoever showed the offence gets.
pub const MAX_CHALLENGER_PART: Permill = Permill::from_percent(20);

/// An amount that a conviction has taken, until it is paid out or cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Slash<AccountId, Balance> {
	/// The worker.
	pub who: AccountId,
	/// What it loses, in 10^-12 ONE.
	pub amount: Balance,
	/// Who is paid a part of it.
	pub challenger: Option<Challenger<AccountId>>,
	/// Protocol time from which it is paid out.
	pub due: ProtocolTime,
}

/// Numbers of offences: those of `oldest..next` may have a slash that waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct OffenceIds {
	/// The oldest whose slash may wait.
	pub oldest: OffenceId,
	/// The next offence.
	pub next: OffenceId,
}

impl<T: Config> Pallet<T> {
	/// Pays out the slashes whose appeal window is over, oldest first, as weight allows. One that
	/// was given a longer window keeps the later ones waiting.
	pub(crate) fn pay_slashes(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::slashes_base()).is_err() {
			return;
		}
		let mut numbers = Numbers::<T>::get();
		let start = numbers.oldest;
		while numbers.oldest < numbers.next
			&& meter.try_consume(T::WeightInfo::pay_slash()).is_ok()
			&& Self::try_pay(numbers.oldest)
		{
			numbers.oldest = numbers.oldest.saturating_add(1);
		}
		if numbers.oldest != start {
			Numbers::<T>::put(numbers);
		}
	}

	/// Pays out the slash of the offence `id`, if it has one; false if that has to wait.
	fn try_pay(id: OffenceId) -> bool {
		let Some(slash) = Slashes::<T>::get(id) else {
			return true;
		};
		if slash.due > T::Clock::protocol() {
			return false;
		}
		Slashes::<T>::remove(id);
		Self::pay_slash(id, slash);
		true
	}

	fn pay_slash(id: OffenceId, slash: SlashOf<T>) {
		let (who, amount) = (slash.who, slash.amount);
		let (credit, missing) = T::Currency::slash(&HoldReason::Slashed.into(), &who, amount);
		if !missing.is_zero() {
			defensive!("what was taken is on hold");
		}
		Workers::<T>::mutate_extant(&who, |record| {
			let left = record.bond.slashed.checked_sub(&amount);
			record.bond.slashed = left.unwrap_or_default();
		});
		let (reward, rest) = Self::reward(slash.challenger, credit);
		T::SlashDestination::on_unbalanced(rest);
		Self::deposit_event(Event::SlashPaid {
			who,
			id,
			amount,
			reward,
		});
	}

	/// Pays the challenger its part of `credit`; returns how much, and the rest. The part of one
	/// that cannot be paid stays in the rest.
	fn reward(
		challenger: Option<Challenger<T::AccountId>>,
		credit: CreditOf<T>,
	) -> (BalanceOf<T>, CreditOf<T>) {
		let Some(Challenger { who, part }) = challenger else {
			return (Zero::zero(), credit);
		};
		let amount = part.min(MAX_CHALLENGER_PART).mul_floor(credit.peek());
		let (reward, rest) = credit.split(amount);
		match T::Currency::resolve(&who, reward) {
			Ok(()) => (amount, rest),
			Err(unpaid) => (Zero::zero(), rest.merge(unpaid)),
		}
	}
}
