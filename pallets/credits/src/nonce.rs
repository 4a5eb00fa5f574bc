//! The transaction extension that keeps what costs nothing out of the pool's future queue.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{
	dispatch::{DispatchInfo, DispatchResult},
	pallet_prelude::TransactionSource,
	weights::Weight,
};
use frame_system::{pallet_prelude::OriginFor, CheckNonce};
use one_primitives::{
	credits::{CreditCall, CreditCalls},
	jobs::LaneChoice,
};
use polkadot_sdk::*;
use scale_info::{StaticTypeInfo, TypeInfo};
use sp_runtime::{
	traits::{
		AsSystemOriginSigner, DispatchInfoOf, Dispatchable, Implication, PostDispatchInfoOf,
		TransactionExtension, TransactionExtensionMetadata, ValidateResult,
	},
	transaction_validity::{InvalidTransaction, TransactionValidityError},
};

use crate::Config;

/// [`CheckNonce`], under which a direct submission that credits may pay, or a cancellation, must
/// carry the next nonce of its account: one that waits for an earlier transaction would fill the
/// pool's future queue for free.
/// So an account has at most one of them in the pool.
///
/// It encodes, is named and signed as `CheckNonce`, so wallets see nothing new.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq)]
pub struct CheckNextNonce<T: frame_system::Config>(CheckNonce<T>);

impl<T: frame_system::Config> CheckNextNonce<T> {
	/// The extension of a transaction of `nonce`.
	pub fn from(nonce: T::Nonce) -> Self {
		Self(CheckNonce::from(nonce))
	}
}

impl<T: frame_system::Config> core::fmt::Debug for CheckNextNonce<T> {
	fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
		self.0.fmt(f)
	}
}

impl<T: frame_system::Config> TypeInfo for CheckNextNonce<T>
where
	CheckNonce<T>: StaticTypeInfo,
{
	type Identity = CheckNonce<T>;
	fn type_info() -> scale_info::Type {
		CheckNonce::<T>::type_info()
	}
}

impl<T: Config + Send + Sync> CheckNextNonce<T>
where
	T::RuntimeCall: Dispatchable<Info = DispatchInfo>,
	<T::RuntimeCall as Dispatchable>::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
{
	fn waits_for_free(&self, origin: &OriginFor<T>, call: &T::RuntimeCall) -> bool {
		let waits = |who| self.0 .0 > frame_system::Pallet::<T>::account_nonce(who);
		match T::CreditCalls::classify(call) {
			Some(CreditCall::Submit(terms)) if terms.lane == LaneChoice::Dedicated => false,
			Some(CreditCall::Submit(_) | CreditCall::Cancel(_)) => {
				origin.as_system_origin_signer().is_some_and(waits)
			}
			Some(CreditCall::Leave) | None => false,
		}
	}
}

impl<T: Config + Send + Sync> TransactionExtension<T::RuntimeCall> for CheckNextNonce<T>
where
	T::RuntimeCall: Dispatchable<Info = DispatchInfo>,
	<T::RuntimeCall as Dispatchable>::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
	CheckNonce<T>: StaticTypeInfo,
{
	const IDENTIFIER: &'static str =
		<CheckNonce<T> as TransactionExtension<T::RuntimeCall>>::IDENTIFIER;
	type Implicit = ();
	type Val = <CheckNonce<T> as TransactionExtension<T::RuntimeCall>>::Val;
	type Pre = <CheckNonce<T> as TransactionExtension<T::RuntimeCall>>::Pre;

	fn metadata() -> Vec<TransactionExtensionMetadata> {
		<CheckNonce<T> as TransactionExtension<T::RuntimeCall>>::metadata()
	}

	fn weight(&self, call: &T::RuntimeCall) -> Weight {
		self.0.weight(call)
	}

	fn validate(
		&self,
		origin: OriginFor<T>,
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
		self_implicit: (),
		inherited_implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, T::RuntimeCall> {
		if self.waits_for_free(&origin, call) {
			return Err(InvalidTransaction::Future.into());
		}
		let inherited = inherited_implication;
		self.0
			.validate(origin, call, info, len, self_implicit, inherited, source)
	}

	fn prepare(
		self,
		val: Self::Val,
		origin: &OriginFor<T>,
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		self.0.prepare(val, origin, call, info, len)
	}

	fn post_dispatch_details(
		pre: Self::Pre,
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		CheckNonce::<T>::post_dispatch_details(pre, info, post_info, len, result)
	}
}
