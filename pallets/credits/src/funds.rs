//! The Included lane's money: reserved out of the day's credits, charged by the receipt.

use frame_support::{ensure, storage::with_storage_layer};
use one_primitives::{
	access::{Access, TierId},
	clock::Day,
	credits::{LaneFunds, Refusal},
	price,
	settlement::{Earnings, Treasury},
	Cu, Moment, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
	impls::{Position, RecordOf},
	math, Config, Days, Error, Event, Ledgers, Pallet, Reservation, Today,
};

impl<T: Config> Pallet<T> {
	fn reservable(who: &T::AccountId, min_tier: TierId, cu: Cu) -> Result<Position<T>, Refusal> {
		let (position, tier) = Self::holder(who)?;
		if tier < min_tier {
			return Err(Refusal::TierTooLow {
				tier,
				needed: min_tier,
			});
		}
		let limit = position.terms().map_or(0, |terms| terms.max_job);
		if cu > limit {
			return Err(Refusal::JobTooLarge { needed: cu, limit });
		}
		Self::ensure_left(&position, cu)?;
		Ok(position)
	}

	fn do_reserve(mut position: Position<T>, who: &T::AccountId, cu: Cu) -> Reservation {
		position.ledger.reserved = position.ledger.reserved.saturating_add(cu);
		position.record.reserved = position.record.reserved.saturating_add(u128::from(cu));
		position.record.open = position.record.open.saturating_add(1);
		Ledgers::<T>::insert(who, position.ledger);
		Days::<T>::insert(position.day, position.record);
		Reservation {
			day: position.day,
			reserved: cu,
		}
	}

	/// The books of the reservation's day without the job.
	fn settled(reservation: &Reservation) -> Result<RecordOf<T>, Error<T>> {
		let mut record = Days::<T>::get(reservation.day).ok_or(Error::<T>::UnknownDay)?;
		record
			.settle(reservation.reserved)
			.ok_or(Error::<T>::NotReserved)?;
		Ok(record)
	}

	/// Turns `used` of what was set aside into use and frees the rest, if the day is not over.
	fn settle_ledger(who: &T::AccountId, reservation: &Reservation, used: Cu) -> DispatchResult {
		if Today::<T>::get() != Some(reservation.day) {
			return Ok(());
		}
		let mut ledger = Self::ledger(who, reservation.day);
		ledger.reserved = ledger
			.reserved
			.checked_sub(reservation.reserved)
			.ok_or(Error::<T>::NotReserved)?;
		ledger.used = ledger.used.saturating_add(used);
		Ledgers::<T>::insert(who, ledger);
		Ok(())
	}

	fn do_charge(
		who: &T::AccountId,
		reservation: &Reservation,
		charged: Cu,
		worker: &T::AccountId,
	) -> Result<Usdc, DispatchError> {
		ensure!(charged <= reservation.reserved, Error::<T>::ChargeTooHigh);
		let mut record = Self::settled(reservation)?;
		let price = record.price_of(charged);
		record.spend(price).ok_or(Error::<T>::NotReserved)?;
		T::Earnings::accrue(reservation.day, worker, price)?;
		Self::settle_ledger(who, reservation, charged)?;
		Self::store_day(reservation.day, record);
		Ok(price)
	}

	fn do_forfeit(who: &T::AccountId, reservation: &Reservation, forfeited: Cu) -> DispatchResult {
		ensure!(forfeited <= reservation.reserved, Error::<T>::ChargeTooHigh);
		let record = Self::settled(reservation)?;
		Self::settle_ledger(who, reservation, forfeited)?;
		Self::store_day(reservation.day, record);
		Ok(())
	}

	fn do_release(who: &T::AccountId, reservation: &Reservation) -> DispatchResult {
		let mut record = Self::settled(reservation)?;
		match Today::<T>::get() {
			Some(today) if today > reservation.day => {
				Self::carry(who, reservation, &mut record, today)?
			}
			_ => Self::settle_ledger(who, reservation, 0)?,
		}
		Self::store_day(reservation.day, record);
		Ok(())
	}

	/// Carries a job's backing from its day's pot to today's, and its owner's credits with it: as
	/// many as that backing pays for today.
	fn carry(
		who: &T::AccountId,
		reservation: &Reservation,
		record: &mut RecordOf<T>,
		today: Day,
	) -> DispatchResult {
		let mut record_today = Days::<T>::get(today).ok_or(Error::<T>::UnknownDay)?;
		let amount = record.price_of(reservation.reserved).min(record.pot());
		T::Treasury::release(reservation.day, amount)?;
		T::Treasury::earmark(today, amount)?;
		record.budget = record.budget.saturating_sub(amount);
		record_today.budget = record_today.budget.saturating_add(amount);
		let cu = math::affordable(amount, record_today.price).min(reservation.reserved);
		let mut ledger = Self::ledger(who, today);
		ledger.returned = ledger.returned.saturating_add(cu);
		Ledgers::<T>::insert(who, ledger);
		Days::<T>::insert(today, record_today);
		Self::deposit_event(Event::CreditsReturned {
			who: who.clone(),
			from: reservation.day,
			cu,
			amount,
		});
		Ok(())
	}
}

impl<T: Config> LaneFunds<T::AccountId> for Pallet<T> {
	type Reservation = Reservation;

	fn owner(who: &T::AccountId) -> T::AccountId {
		T::Access::holder(who)
	}

	fn check(who: &T::AccountId, min_tier: TierId, cu: Cu) -> Result<(), Refusal> {
		Self::reservable(who, min_tier, cu).map(drop)
	}

	fn reserve(who: &T::AccountId, min_tier: TierId, cu: Cu) -> Result<Reservation, DispatchError> {
		let position = Self::reservable(who, min_tier, cu).map_err(Error::<T>::from)?;
		Ok(Self::do_reserve(position, who, cu))
	}

	fn charge(
		who: &T::AccountId,
		reservation: &Reservation,
		charged: Cu,
		worker: &T::AccountId,
	) -> Result<Usdc, DispatchError> {
		with_storage_layer(|| Self::do_charge(who, reservation, charged, worker))
	}

	fn forfeit(who: &T::AccountId, reservation: &Reservation, forfeited: Cu) -> DispatchResult {
		with_storage_layer(|| Self::do_forfeit(who, reservation, forfeited))
	}

	fn release(who: &T::AccountId, reservation: &Reservation) -> DispatchResult {
		with_storage_layer(|| Self::do_release(who, reservation))
	}

	fn price(_: &T::AccountId, cu: Cu) -> Usdc {
		price::floor(u128::from(cu), Self::price_today())
	}

	fn available(who: &T::AccountId) -> Cu {
		Self::position(who).map_or(0, |position| position.available())
	}

	fn slots(who: &T::AccountId) -> u8 {
		Self::position(who)
			.as_ref()
			.and_then(Position::terms)
			.map_or(0, |terms| terms.slots)
	}

	fn resets_at() -> Option<Moment> {
		Some(Self::next_day())
	}
}
