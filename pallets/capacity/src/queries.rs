//! What clients ask.

use alloc::vec::Vec;

use frame_support::{
	storage::with_transaction,
	traits::{fungibles::Inspect as _, Get},
};
use one_primitives::{
	capacity::{BookingId, ClassId},
	credits::LaneFunds,
	models::ModelId,
	Cu, ProtocolTime,
};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, TransactionOutcome};

use crate::{
	draw::drawable, types::sum, Booking, Bookings, ClassStatus, Config, Ends, Error, NextBooking,
	OpenClasses, Pallet, PriceStatus, Purchase, Spendable, Sponsorship, ThroughputQuote,
};

impl<T: Config> Pallet<T> {
	/// At what price vouchers are sold; for [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn price_status() -> PriceStatus {
		PriceStatus {
			price: Self::posted_price(),
			governed: T::PricePerGiga::get(),
			steps_from: Self::steps_from(),
			premium: T::Premium::get(),
			least_premium: T::LeastPremium::get(),
			for_sale: Self::for_sale(),
		}
	}

	/// What `cu` cost `who` now; for [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn quote_purchase(who: &T::AccountId, cu: Cu) -> Purchase {
		Self::purchase(who, cu)
	}

	/// The classes that pay for jobs, oldest first; for
	/// [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn open_classes() -> Vec<ClassStatus<T::AccountId>> {
		let classes = OpenClasses::<T>::get().into_iter();
		classes.filter_map(Self::class).collect()
	}

	/// A class, open or closed; for [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn class(class: ClassId) -> Option<ClassStatus<T::AccountId>> {
		let (asset, escrow) = (Self::asset(class), Self::escrow(class));
		Some(ClassStatus {
			class,
			asset,
			price: Self::price_of(class).ok()?,
			outstanding: Self::outstanding(class),
			reserved: T::Vouchers::balance(asset, &escrow),
			held: Self::held(class),
			escrow,
		})
	}

	/// What it would take `sponsor` to reserve throughput now, by doing so and undoing it; for
	/// [`CapacityApi`](crate::runtime_api::CapacityApi).
	///
	/// # Errors
	/// Those of the call.
	pub fn quote_throughput(
		sponsor: T::AccountId,
		model: ModelId,
		cu_per_minute: Cu,
		period: ProtocolTime,
	) -> Result<ThroughputQuote, DispatchError> {
		with_transaction(|| {
			let id = NextBooking::<T>::get();
			let booked = Self::do_book(sponsor, model, cu_per_minute, period, Cu::MAX);
			let quote = booked.and_then(|_| {
				let booking = Bookings::<T>::get(id).ok_or(Error::<T>::UnknownBooking)?;
				Ok(ThroughputQuote {
					slots: booking.wanted,
					standby: sum(&booking.lots),
				})
			});
			TransactionOutcome::Rollback(quote)
		})
	}

	/// The bookings of `sponsor`; for [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn bookings(sponsor: &T::AccountId) -> Vec<(BookingId, Booking<T::AccountId>)> {
		let all = Ends::<T>::get().into_iter();
		all.filter_map(|(id, _)| Some((id, Bookings::<T>::get(id)?)))
			.filter(|(_, booking)| booking.sponsor == *sponsor)
			.collect()
	}

	/// What `who` may spend; for [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn spendable(who: &T::AccountId) -> Spendable<T::AccountId> {
		let sponsor = Self::sponsorship(who).map(|(sponsor, allowance)| Sponsorship {
			available: drawable(&Self::vouchers(&sponsor)).min(allowance.left()),
			sponsor,
			allowance,
		});
		Spendable {
			available: Self::available(who),
			own: Self::vouchers(who),
			sponsor,
		}
	}
}
