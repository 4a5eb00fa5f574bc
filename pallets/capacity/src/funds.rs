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
	capacity::ClassId,
	credits::{LaneFunds, Refusal},
	price,
	settlement::Inflow,
	Cu, Moment, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{traits::SaturatedConversion, DispatchError, DispatchResult};

use crate::{
	draw::{draw, drawable},
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
				Some(Reservation { payer, lots })
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
		for Lot { class, cu } in &reservation.lots {
			let (asset, escrow) = (Self::asset(*class), Self::escrow(*class));
			T::Vouchers::transfer(asset, &payer, &escrow, (*cu).into(), Expendable)?;
		}
		Self::change_allowance(&payer, who, |allowance| {
			allowance.reserved = allowance.reserved.saturating_add(cu);
		});
		let who = who.clone();
		Self::deposit_event(Event::Reserved { who, payer, cu });
		Ok(reservation)
	}

	/// Burns `used` of what was set aside, oldest class first, and gives the rest back. For each
	/// class `pay` has to bring what the burnt vouchers are worth, and what else its escrow need
	/// not hold, out of it. Returns what all of them are worth.
	fn redeem(
		who: &T::AccountId,
		reservation: &Reservation<T::AccountId>,
		used: Cu,
		pay: impl Fn(&T::AccountId, Usdc, Usdc) -> DispatchResult,
	) -> Result<Usdc, DispatchError> {
		let (mut left, mut sum) = (used, 0);
		for lot in &reservation.lots {
			let burnt = lot.cu.min(left);
			left = left.saturating_sub(burnt);
			Self::give_back(&reservation.payer, lot.class, lot.cu.saturating_sub(burnt))?;
			let worth = Self::burn(lot.class, burnt, &pay)?;
			sum = worth.saturating_add(sum);
		}
		ensure!(left == 0, Error::<T>::ChargeTooHigh);
		Self::change_allowance(&reservation.payer, who, |allowance| {
			allowance.reserved = allowance.reserved.saturating_sub(reservation.cu());
			allowance.spent = allowance.spent.saturating_add(used);
		});
		Ok(sum)
	}

	fn give_back(payer: &T::AccountId, class: ClassId, cu: Cu) -> DispatchResult {
		if cu == 0 {
			return Ok(());
		}
		let (asset, escrow) = (Self::asset(class), Self::escrow(class));
		T::Vouchers::transfer(asset, &escrow, payer, cu.into(), Expendable).map(drop)
	}

	/// Burns `cu` that were set aside and has them paid for.
	fn burn(
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
