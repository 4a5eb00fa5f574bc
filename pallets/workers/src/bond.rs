//! The bond: held, topped up, taken, given back.

use codec::{Decode, Encode};
use one_primitives::{clock::Clock, ProtocolTime};
use polkadot_sdk::{
	frame_support::{
		ensure,
		traits::{
			fungible::MutateHold,
			tokens::{Balance, Precision::Exact},
			Get,
		},
	},
	sp_runtime::{
		traits::{CheckedAdd, CheckedMul, CheckedSub, Zero},
		ArithmeticError, DispatchError, DispatchResult, Permill, SaturatedConversion,
	},
};
use scale_info::TypeInfo;

use crate::{
	types::{Bond, Offer, WorkerState},
	BalanceOf, BondOf, Config, Error, Event, HoldReason, Keys, Ladders, Pallet, Workers,
};

/// MiB in a GiB.
const GIB: u32 = 1_024;

/// What an offer would do to an account's bond now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BondQuote<Balance> {
	/// What the offer asks for, in 10^-12 ONE.
	pub required: Balance,
	/// What of it would be held in addition.
	pub lacking: Balance,
	/// What could be withdrawn after the unbonding period.
	pub surplus: Balance,
}

impl<B: Balance> Bond<B> {
	/// Asks for `required`. What is no longer needed still answers for work already done: it can
	/// be withdrawn from `releasable` on.
	pub(crate) fn require(&mut self, required: B, releasable: ProtocolTime) {
		if required < self.required {
			self.releasable = releasable;
		}
		self.required = required;
	}

	/// What is held beyond what is required.
	fn surplus(&self) -> B {
		self.held.saturating_sub(self.required)
	}

	/// What is required beyond what is held.
	fn lacking(&self) -> B {
		self.required.saturating_sub(self.held)
	}

	/// Whether what is left without `amount` is less than the part `floor` of what is required.
	pub(crate) fn falls_short(&self, amount: B, floor: Permill) -> bool {
		self.held.saturating_sub(amount) < floor.mul_ceil(self.required)
	}
}

impl<T: Config> Pallet<T> {
	/// Bond for `offer`: slots, times GiB of memory rounded up, times the governed amount.
	///
	/// # Errors
	/// [`Error::BondTooLarge`] if the product does not fit a balance.
	pub fn required_bond(offer: &Offer) -> Result<BalanceOf<T>, DispatchError> {
		let units = u32::from(offer.slots).saturating_mul(offer.vram.div_ceil(GIB).max(1));
		let bond = T::BondPerSlotGib::get().checked_mul(&units.saturated_into());
		bond.ok_or_else(|| Error::<T>::BondTooLarge.into())
	}

	/// What `offer` would do to the bond of `who`, by the checks and the sums of
	/// [`register`](Pallet::register) and [`update`](Pallet::update).
	///
	/// # Errors
	/// Why those would refuse the offer; what the account can hold aside.
	pub fn bond_quote(
		who: &T::AccountId,
		offer: &Offer,
	) -> Result<BondQuote<BalanceOf<T>>, DispatchError> {
		let record = Workers::<T>::get(who);
		let left = record
			.as_ref()
			.is_some_and(|record| record.state == WorkerState::Left);
		ensure!(!left, Error::<T>::AlreadyLeft);
		let mut bond = record.map(|record| record.bond).unwrap_or_default();
		let lacking = Self::fit(&mut bond, offer)?;
		Ok(BondQuote {
			required: bond.required,
			lacking,
			surplus: bond.surplus(),
		})
	}

	/// Makes `bond` the one of `offer`, if that makes sense; returns what has to be held for it.
	fn fit(bond: &mut BondOf<T>, offer: &Offer) -> Result<BalanceOf<T>, DispatchError> {
		Self::check_offer(offer)?;
		bond.require(Self::required_bond(offer)?, Self::releasable());
		let lacking = bond.lacking();
		bond.held = bond.held.max(bond.required);
		Ok(lacking)
	}

	/// Makes `bond` the one of `offer` and holds what it lacks.
	pub(crate) fn fit_bond(
		who: &T::AccountId,
		bond: &mut BondOf<T>,
		offer: &Offer,
	) -> DispatchResult {
		let lacking = Self::fit(bond, offer)?;
		if lacking.is_zero() {
			return Ok(());
		}
		T::Currency::hold(&HoldReason::Bond.into(), who, lacking)
	}

	/// Protocol time from which what is not needed from now on can be withdrawn.
	pub(crate) fn releasable() -> ProtocolTime {
		T::Clock::protocol().saturating_add(T::UnbondingPeriod::get())
	}

	/// Takes `amount` off the bond, for as long as the conviction can be cancelled.
	pub(crate) fn seize(
		who: &T::AccountId,
		bond: &mut BondOf<T>,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		bond.held = bond
			.held
			.checked_sub(&amount)
			.ok_or(ArithmeticError::Underflow)?;
		bond.slashed = bond
			.slashed
			.checked_add(&amount)
			.ok_or(ArithmeticError::Overflow)?;
		Self::rehold(who, HoldReason::Bond, HoldReason::Slashed, amount)
	}

	/// Gives `amount` of a cancelled conviction back to the bond.
	pub(crate) fn restore(
		who: &T::AccountId,
		bond: &mut BondOf<T>,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		bond.slashed = bond
			.slashed
			.checked_sub(&amount)
			.ok_or(ArithmeticError::Underflow)?;
		bond.held = bond
			.held
			.checked_add(&amount)
			.ok_or(ArithmeticError::Overflow)?;
		Self::rehold(who, HoldReason::Slashed, HoldReason::Bond, amount)
	}

	fn rehold(
		who: &T::AccountId,
		from: HoldReason,
		to: HoldReason,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		T::Currency::release(&from.into(), who, amount, Exact)?;
		T::Currency::hold(&to.into(), who, amount)
	}

	/// Frees what the bond no longer needs; a worker that left is forgotten.
	pub(crate) fn do_withdraw(who: T::AccountId) -> DispatchResult {
		let mut record = Self::record(&who)?;
		let has_left = record.state == WorkerState::Left;
		let amount = record.bond.surplus();
		ensure!(has_left || !amount.is_zero(), Error::<T>::NothingToWithdraw);
		let is_due = T::Clock::protocol() >= record.bond.releasable;
		ensure!(is_due, Error::<T>::Unbonding);
		let waits = has_left && !record.bond.slashed.is_zero();
		ensure!(!waits, Error::<T>::SlashPending);
		T::Currency::release(&HoldReason::Bond.into(), &who, amount, Exact)?;
		if has_left {
			Keys::<T>::remove(&record.key);
			Ladders::<T>::remove(&who);
			Workers::<T>::remove(&who);
		} else {
			record.bond.held = record.bond.required;
			Workers::<T>::insert(&who, record);
		}
		Self::deposit_event(Event::BondWithdrawn { who, amount });
		Ok(())
	}
}
