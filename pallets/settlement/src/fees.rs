//! Splits transaction fees between the fee pot and the block's author.

use core::marker::PhantomData;

use polkadot_sdk::{
	frame_support::traits::{
		fungible::{self, Balanced as _},
		fungibles, Get, Imbalance as _, OnUnbalanced,
	},
	frame_system,
};

use crate::{types::Balance, Config, Pallet, LOG_TARGET};

/// Takes the fee and the tip of a transaction: [`Config::FeeShare`] of the fee goes to the fee
/// pot, the rest and the whole tip to `Author`; all of it to the fee pot where there is no author
/// or it cannot be paid.
///
/// Serves `FungibleAdapter` of pallet-transaction-payment (fees in ONE) and `SwapAssetAdapter` of
/// pallet-asset-conversion-tx-payment (fees in USDC, swapped to ONE on the way); the latter needs
/// `Assets`, the union of all assets, whose credits must be of ONE.
pub struct SplitFees<T, Author, Assets = ()>(PhantomData<(T, Author, Assets)>);

impl<T: Config, Author: Get<Option<T::AccountId>>, Assets> SplitFees<T, Author, Assets> {
	fn split<F: Fee<T::AccountId>>(fee: F, tip: Option<F>) {
		let share = T::FeeShare::get().mul_ceil(fee.amount());
		let (pot, rest) = fee.split(share);
		Self::give_pot(pot);
		Self::give_author(rest);
		tip.into_iter().for_each(Self::give_author);
	}

	fn split_all<F: Fee<T::AccountId>>(mut amounts: impl Iterator<Item = F>) {
		if let Some(fee) = amounts.next() {
			Self::split(fee, amounts.next());
		}
	}

	fn give_author<F: Fee<T::AccountId>>(part: F) {
		let left = match Author::get() {
			Some(author) => part.give(&author),
			None => Err(part),
		};
		if let Err(part) = left {
			Self::give_pot(part);
		}
	}

	fn give_pot<F: Fee<T::AccountId>>(part: F) {
		if let Err(part) = part.give(&Pallet::<T>::fee_account()) {
			// Only if the pot's account lost its existential deposit; dropping burns.
			log::error!(target: LOG_TARGET, "fee pot refuses {} of fees", part.amount());
		}
	}
}

impl<T: Config, Author: Get<Option<T::AccountId>>, Assets>
	OnUnbalanced<fungible::Credit<T::AccountId, T::Currency>> for SplitFees<T, Author, Assets>
{
	fn on_unbalanceds(amounts: impl Iterator<Item = fungible::Credit<T::AccountId, T::Currency>>) {
		Self::split_all(amounts.map(Native::<T>));
	}

	fn on_nonzero_unbalanced(amount: fungible::Credit<T::AccountId, T::Currency>) {
		Self::split(Native::<T>(amount), None);
	}
}

/// Takes what nobody owns any more, slashes and dust: all of it goes to the fee pot.
pub struct ToFeePot<T>(PhantomData<T>);

impl<T: Config> OnUnbalanced<fungible::Credit<T::AccountId, T::Currency>> for ToFeePot<T> {
	fn on_nonzero_unbalanced(amount: fungible::Credit<T::AccountId, T::Currency>) {
		SplitFees::<T, ()>::give_pot(Native::<T>(amount));
	}
}

impl<T, Author, Assets> OnUnbalanced<fungibles::Credit<T::AccountId, Assets>>
	for SplitFees<T, Author, Assets>
where
	T: Config,
	Author: Get<Option<T::AccountId>>,
	Assets: fungibles::Balanced<T::AccountId, Balance = Balance>,
{
	fn on_unbalanceds(amounts: impl Iterator<Item = fungibles::Credit<T::AccountId, Assets>>) {
		Self::split_all(amounts.map(Asset::<T::AccountId, Assets>));
	}

	fn on_nonzero_unbalanced(amount: fungibles::Credit<T::AccountId, Assets>) {
		Self::split(Asset::<T::AccountId, Assets>(amount), None);
	}
}

/// What both kinds of credit can do.
trait Fee<AccountId>: Sized {
	fn amount(&self) -> Balance;
	fn split(self, first: Balance) -> (Self, Self);
	/// Pays it to `who`, or gives it back.
	fn give(self, who: &AccountId) -> Result<(), Self>;
}

/// ONE as a credit of the currency.
struct Native<T: Config>(fungible::Credit<<T as frame_system::Config>::AccountId, T::Currency>);

impl<T: Config> Fee<T::AccountId> for Native<T> {
	fn amount(&self) -> Balance {
		self.0.peek()
	}

	fn split(self, first: Balance) -> (Self, Self) {
		let (first, second) = self.0.split(first);
		(Self(first), Self(second))
	}

	fn give(self, who: &T::AccountId) -> Result<(), Self> {
		T::Currency::resolve(who, self.0).map_err(Self)
	}
}

/// ONE as a credit of the union of all assets.
struct Asset<AccountId, Assets: fungibles::Balanced<AccountId>>(
	fungibles::Credit<AccountId, Assets>,
);

impl<AccountId, Assets> Fee<AccountId> for Asset<AccountId, Assets>
where
	Assets: fungibles::Balanced<AccountId, Balance = Balance>,
{
	fn amount(&self) -> Balance {
		self.0.peek()
	}

	fn split(self, first: Balance) -> (Self, Self) {
		let (first, second) = self.0.split(first);
		(Self(first), Self(second))
	}

	fn give(self, who: &AccountId) -> Result<(), Self> {
		Assets::resolve(who, self.0).map_err(Self)
	}
}
