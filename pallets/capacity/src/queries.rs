//! What clients ask.

use alloc::vec::Vec;

use frame_support::traits::{fungibles::Inspect as _, Get};
use one_primitives::{capacity::ClassId, credits::LaneFunds, Cu};
use polkadot_sdk::*;

use crate::{
	draw::drawable, ClassStatus, Config, OpenClasses, Pallet, PriceStatus, Purchase, Spendable,
	Sponsorship,
};

impl<T: Config> Pallet<T> {
	/// At what price vouchers are sold; for [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn price_status() -> PriceStatus {
		PriceStatus {
			price: Self::posted_price(),
			governed: T::PricePerGiga::get(),
			steps_from: Self::steps_from(),
			premium: T::Premium::get(),
			for_sale: Self::for_sale(),
		}
	}

	/// What `cu` cost now; for [`CapacityApi`](crate::runtime_api::CapacityApi).
	pub fn quote_purchase(cu: Cu) -> Purchase {
		Self::purchase(cu)
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
