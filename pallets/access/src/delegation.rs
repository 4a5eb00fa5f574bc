//! One key that spends a holder's credits, and needs no ONE for it.

use alloc::vec::Vec;

use codec::Encode;
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Verify, Zero},
	DispatchResult,
};

use crate::{Config, Delegates, Error, Event, Pallet, Principals, Stakes};

impl<T: Config> Pallet<T> {
	/// Bytes that the key of a delegate signs: SCALE of `(genesis hash, "delegate", holder)`.
	pub fn delegation_message(holder: &T::AccountId) -> Vec<u8> {
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		(genesis, b"delegate", holder).encode()
	}

	pub(crate) fn do_delegate(
		who: T::AccountId,
		delegate: T::AccountId,
		proof: &T::Signature,
	) -> DispatchResult {
		Self::staking(&who)?;
		let has_one = Delegates::<T>::contains_key(&who);
		ensure!(!has_one, Error::<T>::AlreadyDelegated);
		let is_taken = Principals::<T>::contains_key(&delegate);
		ensure!(!is_taken, Error::<T>::DelegateTaken);
		let stakes = Stakes::<T>::contains_key(&delegate);
		ensure!(!stakes, Error::<T>::DelegateStakes);
		let message = Self::delegation_message(&who);
		ensure!(
			proof.verify(&message[..], &delegate),
			Error::<T>::InvalidProof
		);
		// A nonce needs an account; this one exists without a balance.
		frame_system::Pallet::<T>::inc_sufficients(&delegate);
		Delegates::<T>::insert(&who, &delegate);
		Principals::<T>::insert(&delegate, &who);
		Self::deposit_event(Event::Delegated { who, delegate });
		Ok(())
	}

	/// Ends a delegation, for either of its sides.
	pub(crate) fn do_undelegate(who: T::AccountId) -> DispatchResult {
		let holder = Principals::<T>::get(&who).unwrap_or(who);
		let has_one = Delegates::<T>::contains_key(&holder);
		ensure!(has_one, Error::<T>::NotDelegated);
		Self::end_delegation(&holder);
		Ok(())
	}

	/// Takes the credits of `who` away from its delegate, if it has one. An account that has nothing
	/// else goes with that.
	pub(crate) fn end_delegation(who: &T::AccountId) {
		let Some(delegate) = Delegates::<T>::take(who) else {
			return;
		};
		Principals::<T>::remove(&delegate);
		frame_system::Pallet::<T>::dec_sufficients(&delegate);
		Self::deposit_event(Event::Undelegated {
			who: who.clone(),
			delegate,
		});
	}
}

#[cfg(any(feature = "try-runtime", feature = "std"))]
impl<T: Config> Pallet<T> {
	pub(crate) fn check_delegations() -> Result<(), sp_runtime::TryRuntimeError> {
		for (holder, delegate) in Delegates::<T>::iter() {
			ensure!(
				Principals::<T>::get(&delegate) == Some(holder.clone()),
				"7: a delegate knows its holder"
			);
			let stakes = Self::staking(&holder).is_ok();
			ensure!(stakes, "8: only a stake has a delegate");
			let is_holder = Stakes::<T>::contains_key(&delegate);
			ensure!(!is_holder, "8: a delegate has no stake");
			let exists = frame_system::Account::<T>::get(&delegate).sufficients > 0;
			ensure!(exists, "9: a delegate has an account");
		}
		ensure!(
			Principals::<T>::iter().count() == Delegates::<T>::iter().count(),
			"7: a holder knows its delegate"
		);
		Ok(())
	}
}
