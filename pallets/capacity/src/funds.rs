//! The Dedicated lane's money: vouchers set aside, burnt by the receipt, paid for out of escrow.

use alloc::vec::Vec;

use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungibles::{Inspect as _, Mutate as _},
		tokens::{Fortitude::Polite, Precision::Exact, Preservation::Expendable},
		Get,
	},
};
use one_primitives::{
	access::TierId,
	capacity::{BookingId, ClassId},
	credits::{LaneFunds, Refusal},
	models::ModelId,
	price,
	settlement::Inflow,
	Cu, Moment, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{traits::SaturatedConversion, DispatchError, DispatchResult};

use crate::{
	draw::{draw, drawable},
	types::Lots,
	Config, Error, Event, Lot, OpenClasses, Pallet, Reservation,
};

impl<T: Config> Pallet<T> {
	/// The vouchers of `who` that pay for jobs, oldest class first.
	pub(crate) fn vouchers(who: &T::AccountId) -> Vec<Lot> {
		let classes = OpenClasses::<T>::get().into_iter();
		classes
			.map(|class| Lot {
				class,
				cu: T::Vouchers::balance(Self::asset(class), who).saturated_into(),
			})
			.filter(|lot| lot.cu > 0)
			.collect()
	}

	/// What a job of `cu` would draw on: the vouchers of the sponsor of `who`, else its own.
	fn source(who: &T::AccountId, cu: Cu) -> Result<Reservation<T::AccountId>, Refusal> {
		let sponsor = Self::sponsorship(who)
			.filter(|(_, allowance)| cu <= allowance.left())
			.map(|(sponsor, _)| sponsor);
		sponsor
			.into_iter()
			.chain([who.clone()])
			.find_map(|payer| {
				let lots = draw(&Self::vouchers(&payer), cu)?;
				Some(Reservation {
					payer,
					lots,
					booking: None,
				})
			})
			.ok_or_else(|| Refusal::NoVouchers {
				needed: cu,
				available: Self::available(who),
			})
	}

	fn do_reserve(
		who: &T::AccountId,
		reservation: Reservation<T::AccountId>,
	) -> Result<Reservation<T::AccountId>, DispatchError> {
		let (payer, cu) = (reservation.payer.clone(), reservation.cu());
		Self::set_aside(&payer, &reservation.lots)?;
		Self::change_allowance(&payer, who, |allowance| {
			allowance.reserved = allowance.reserved.saturating_add(cu);
		});
		let who = who.clone();
		Self::deposit_event(Event::Reserved { who, payer, cu });
		Ok(reservation)
	}

	/// Burns `used` of what was set aside for a job, has it paid for by `pay`, and gives the rest
	/// back. Returns what the burnt vouchers are worth.
	fn redeem(
		who: &T::AccountId,
		reservation: &Reservation<T::AccountId>,
		used: Cu,
		pay: impl Fn(&T::AccountId, Usdc, Usdc) -> DispatchResult,
	) -> Result<Usdc, DispatchError> {
		let mut lots = reservation.lots.clone();
		let worth = Self::burn(&mut lots, used, pay)?;
		Self::give_back(&reservation.payer, &lots)?;
		Self::change_allowance(&reservation.payer, who, |allowance| {
			allowance.reserved = allowance.reserved.saturating_sub(reservation.cu());
			allowance.spent = allowance.spent.saturating_add(used);
		});
		Self::leave_booking(reservation);
		Ok(worth)
	}

	/// Moves `lots` of `payer` into escrow.
	pub(crate) fn set_aside(payer: &T::AccountId, lots: &[Lot]) -> DispatchResult {
		for Lot { class, cu } in lots {
			let (asset, escrow) = (Self::asset(*class), Self::escrow(*class));
			T::Vouchers::transfer(asset, payer, &escrow, (*cu).into(), Expendable)?;
		}
		Ok(())
	}

	/// Moves `lots` out of escrow to `payer`.
	pub(crate) fn give_back(payer: &T::AccountId, lots: &[Lot]) -> DispatchResult {
		for Lot { class, cu } in lots.iter().filter(|lot| lot.cu > 0) {
			let (asset, escrow) = (Self::asset(*class), Self::escrow(*class));
			T::Vouchers::transfer(asset, &escrow, payer, (*cu).into(), Expendable)?;
		}
		Ok(())
	}

	/// Burns `used` of `lots` in escrow, oldest class first. For each class `pay` has to bring what
	/// the burnt vouchers are worth, and what else its escrow need not hold, out of it. Returns
	/// what all of them are worth.
	pub(crate) fn burn(
		lots: &mut Lots,
		used: Cu,
		pay: impl Fn(&T::AccountId, Usdc, Usdc) -> DispatchResult,
	) -> Result<Usdc, DispatchError> {
		let (mut left, mut sum) = (used, 0);
		for lot in lots.iter_mut() {
			let burnt = lot.cu.min(left);
			left = left.saturating_sub(burnt);
			lot.cu = lot.cu.saturating_sub(burnt);
			let worth = Self::burn_of(lot.class, burnt, &pay)?;
			sum = worth.saturating_add(sum);
		}
		ensure!(left == 0, Error::<T>::ChargeTooHigh);
		Ok(sum)
	}

	fn burn_of(
		class: ClassId,
		cu: Cu,
		pay: impl Fn(&T::AccountId, Usdc, Usdc) -> DispatchResult,
	) -> Result<Usdc, DispatchError> {
		if cu == 0 {
			return Ok(0);
		}
		let (asset, escrow) = (Self::asset(class), Self::escrow(class));
		T::Vouchers::burn_from(asset, &escrow, cu.into(), Expendable, Exact, Polite)?;
		let worth = price::floor(cu.into(), Self::price_of(class)?);
		let rest = Self::surplus(class)?.checked_sub(worth);
		pay(&escrow, worth, rest.ok_or(Error::<T>::EscrowShort)?)?;
		Ok(worth)
	}

	fn do_charge(
		who: &T::AccountId,
		reservation: &Reservation<T::AccountId>,
		charged: Cu,
		worker: &T::AccountId,
	) -> Result<Usdc, DispatchError> {
		let amount = Self::redeem(who, reservation, charged, |escrow, worth, rest| {
			T::Ledger::earn(escrow, worker, worth, rest)
		})?;
		Self::note_job(&reservation.payer, true);
		Self::deposit_event(Event::Redeemed {
			who: who.clone(),
			payer: reservation.payer.clone(),
			worker: worker.clone(),
			cu: charged,
			amount,
		});
		Ok(amount)
	}

	fn do_forfeit(
		who: &T::AccountId,
		reservation: &Reservation<T::AccountId>,
		forfeited: Cu,
	) -> DispatchResult {
		let amount = Self::redeem(who, reservation, forfeited, |escrow, worth, rest| {
			T::Ledger::fund(escrow, worth.saturating_add(rest))
		})?;
		Self::note_job(&reservation.payer, false);
		Self::deposit_event(Event::Forfeited {
			who: who.clone(),
			payer: reservation.payer.clone(),
			cu: forfeited,
			amount,
		});
		Ok(())
	}

	fn do_release(who: &T::AccountId, reservation: &Reservation<T::AccountId>) -> DispatchResult {
		Self::redeem(who, reservation, 0, |_, _, _| Ok(()))?;
		Self::deposit_event(Event::Returned {
			who: who.clone(),
			payer: reservation.payer.clone(),
			cu: reservation.cu(),
		});
		Ok(())
	}
}

impl<T: Config> LaneFunds<T::AccountId> for Pallet<T> {
	type Reservation = Reservation<T::AccountId>;

	fn owner(who: &T::AccountId) -> T::AccountId {
		who.clone()
	}

	/// Every active model is open to whoever has vouchers, whatever its tier.
	fn check(who: &T::AccountId, _: TierId, cu: Cu) -> Result<(), Refusal> {
		Self::source(who, cu).map(drop)
	}

	fn reserve(who: &T::AccountId, _: TierId, cu: Cu) -> Result<Self::Reservation, DispatchError> {
		let reservation = Self::source(who, cu).map_err(Error::<T>::from)?;
		with_storage_layer(|| Self::do_reserve(who, reservation))
	}

	fn book(reservation: &mut Self::Reservation, model: &ModelId) -> Option<BookingId> {
		reservation.booking = Self::enter_booking(&reservation.payer, model);
		reservation.booking
	}

	fn is_covered(who: &T::AccountId, model: &ModelId, cu: Cu) -> bool {
		Self::source(who, cu).is_ok_and(|source| Self::covering(&source.payer, model).is_some())
	}

	fn charge(
		who: &T::AccountId,
		reservation: &Self::Reservation,
		charged: Cu,
		worker: &T::AccountId,
	) -> Result<Usdc, DispatchError> {
		with_storage_layer(|| Self::do_charge(who, reservation, charged, worker))
	}

	fn forfeit(
		who: &T::AccountId,
		reservation: &Self::Reservation,
		forfeited: Cu,
	) -> DispatchResult {
		with_storage_layer(|| Self::do_forfeit(who, reservation, forfeited))
	}

	fn release(who: &T::AccountId, reservation: &Self::Reservation) -> DispatchResult {
		with_storage_layer(|| Self::do_release(who, reservation))
	}

	fn refuse(who: &T::AccountId, reservation: &Self::Reservation) -> DispatchResult {
		Self::release(who, reservation)?;
		Self::note_job(&reservation.payer, false);
		Ok(())
	}

	/// At the prices of the classes that would pay; at the posted one if none can.
	fn price(who: &T::AccountId, cu: Cu) -> Usdc {
		let posted = || price::floor(cu.into(), Self::posted_price());
		let lot_price = |lot: &Lot| {
			let per_giga = Self::price_of(lot.class).ok()?;
			Some(price::floor(lot.cu.into(), per_giga))
		};
		let drawn = Self::source(who, cu).ok();
		let price = drawn.and_then(|source| source.lots.iter().map(lot_price).sum());
		price.unwrap_or_else(posted)
	}

	fn available(who: &T::AccountId) -> Cu {
		let own = drawable(&Self::vouchers(who));
		let sponsored = Self::sponsorship(who)
			.map(|(sponsor, allowance)| drawable(&Self::vouchers(&sponsor)).min(allowance.left()));
		own.max(sponsored.unwrap_or_default())
	}

	fn slots(_: &T::AccountId) -> u8 {
		T::JobSlots::get()
	}

	fn resets_at() -> Option<Moment> {
		None
	}
}
