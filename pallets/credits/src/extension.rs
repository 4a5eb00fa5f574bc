//! The transaction extension that lets a holder's submission pass without a fee.

use alloc::vec::Vec;
use core::marker::PhantomData;

use codec::{Compact, Decode, DecodeWithMemTracking, Encode};
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, DispatchResult, PostDispatchInfo},
	pallet_prelude::TransactionSource,
	traits::Get,
	weights::Weight,
};
use frame_system::pallet_prelude::OriginFor;
use one_primitives::{
	access::{Access, PayFromStake},
	credits::{CreditCall, CreditCalls, Refusal, Submissions, SubmitTerms},
	jobs::{JobId, LaneChoice},
	Cu,
};
use pallet_transaction_payment::ChargeTransactionPayment;
use polkadot_sdk::*;
use scale_info::{StaticTypeInfo, TypeInfo};
use sp_runtime::{
	traits::{
		AsSystemOriginSigner, DispatchInfoOf, Dispatchable, Implication, PostDispatchInfoOf,
		TransactionExtension, TransactionExtensionMetadata, ValidateResult, Zero,
	},
	transaction_validity::{
		InvalidTransaction, TransactionLongevity, TransactionPriority, TransactionValidityError,
		ValidTransaction,
	},
};

use crate::{impls::Position, BalanceOf, BlockUse, Config, Event, Ledgers, Pallet, WeightInfo};

/// Blocks for which a transaction without a fee stays in the pool.
pub const LONGEVITY: TransactionLongevity = 64;

/// Priority of a transaction without a fee: below that of every one with a fee.
pub const PRIORITY: TransactionPriority = 1;

/// Charges credits instead of a fee for a holder's direct submission, and takes the fee of leaving
/// out of the stake where nothing else can pay it. Everything else is for the wrapped `S`.
///
/// It encodes, is named and signed as `S`, so wallets see nothing new.
#[derive(Encode, Decode, DecodeWithMemTracking, Clone, Eq, PartialEq)]
pub struct ChargeCredit<T, S> {
	inner: S,
	#[codec(skip)]
	_phantom: PhantomData<T>,
}

impl<T, S: StaticTypeInfo> TypeInfo for ChargeCredit<T, S> {
	type Identity = S;
	fn type_info() -> scale_info::Type {
		S::type_info()
	}
}

impl<T, S> From<S> for ChargeCredit<T, S> {
	fn from(inner: S) -> Self {
		Self {
			inner,
			_phantom: PhantomData,
		}
	}
}

impl<T, S: core::fmt::Debug> core::fmt::Debug for ChargeCredit<T, S> {
	fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
		write!(f, "ChargeCredit({:?})", self.inner)
	}
}

/// What [`ChargeCredit`] found in `validate`.
pub enum Val<InnerVal, T: Config> {
	/// A submission without a fee.
	Submit {
		/// The holder whose credits pay.
		who: T::AccountId,
		/// The job slot named.
		slot: u8,
		/// CU that the dispatch will set aside.
		reserve: Cu,
	},
	/// A cancellation without a fee.
	Cancel,
	/// A holder leaves; the stake pays.
	Stake {
		/// The holder.
		who: T::AccountId,
		/// The fee.
		fee: BalanceOf<T>,
	},
	/// The wrapped extension takes care.
	Inner(InnerVal),
}

/// What [`ChargeCredit`] did in `prepare`.
pub enum Pre<InnerPre> {
	/// Everything.
	Done {
		/// Weight that was reserved and not used.
		refund: Weight,
	},
	/// Left it to the wrapped extension.
	Inner {
		/// What that did.
		inner: InnerPre,
		/// Weight that was reserved and not used.
		refund: Weight,
	},
}

impl From<Refused> for TransactionValidityError {
	fn from(Refused(refusal): Refused) -> Self {
		InvalidTransaction::Custom(refusal.code()).into()
	}
}

/// A refusal on its way to the submitter.
struct Refused(Refusal);

/// What concerns this extension in a transaction.
enum Route<AccountId> {
	Submit(AccountId, SubmitTerms),
	Cancel(AccountId, JobId),
	Leave(AccountId),
	Inner,
}

impl<T: Config + Send + Sync, S: TransactionExtension<T::RuntimeCall>> ChargeCredit<T, S>
where
	T::RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
	<T::RuntimeCall as Dispatchable>::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
{
	/// A tip buys the path of those who pay.
	fn route(&self, origin: &OriginFor<T>, call: &T::RuntimeCall) -> Route<T::AccountId> {
		let Some(who) = origin.as_system_origin_signer().cloned() else {
			return Route::Inner;
		};
		match T::CreditCalls::classify(call) {
			Some(_) if self.is_tipped() => Route::Inner,
			Some(CreditCall::Submit(terms)) if terms.lane != LaneChoice::Dedicated => {
				Route::Submit(who, terms)
			}
			Some(CreditCall::Cancel(job)) => Route::Cancel(who, job),
			Some(CreditCall::Leave) => Route::Leave(who),
			Some(CreditCall::Submit(_)) | None => Route::Inner,
		}
	}

	/// Whether the wrapped extension carries a tip. Every payment extension of the SDK encodes its
	/// compact tip first; what cannot be read as one counts as tipped.
	fn is_tipped(&self) -> bool {
		self.inner.using_encoded(|mut bytes| {
			Compact::<u128>::decode(&mut bytes).map_or(true, |Compact(tip)| tip > 0)
		})
	}

	/// A submission that the day's credits pay; none if they do not and it has another choice.
	fn validate_choice(
		who: &T::AccountId,
		terms: &SubmitTerms,
	) -> Option<Result<(ValidTransaction, Val<S::Val, T>), TransactionValidityError>> {
		let included = SubmitTerms {
			lane: LaneChoice::Included,
			..*terms
		};
		let result = Self::validate_submit(who, &included);
		(result.is_ok() || terms.lane == LaneChoice::Included).then_some(result)
	}

	fn validate_submit(
		who: &T::AccountId,
		terms: &SubmitTerms,
	) -> Result<(ValidTransaction, Val<S::Val, T>), TransactionValidityError> {
		let reserve = T::Submissions::check_submit(who, terms).map_err(Refused)?;
		let (who, slot) = (T::Access::holder(who), terms.slot);
		Pallet::<T>::admissible(&who, reserve).map_err(Refused)?;
		Ok((Self::validity(), Val::Submit { who, slot, reserve }))
	}

	fn validate_cancel(
		who: &T::AccountId,
		job: JobId,
	) -> Result<(ValidTransaction, Val<S::Val, T>), TransactionValidityError> {
		T::Submissions::check_cancel(who, job).map_err(Refused)?;
		Ok((Self::validity(), Val::Cancel))
	}

	/// That of every transaction without a fee: [`CheckNextNonce`](crate::CheckNextNonce) lets one
	/// of an account into the pool.
	fn validity() -> ValidTransaction {
		ValidTransaction {
			priority: PRIORITY,
			longevity: LONGEVITY,
			..Default::default()
		}
	}

	/// The fee and priority of a holder who leaves, if the stake can pay.
	fn validate_stake(
		who: T::AccountId,
		info: &DispatchInfo,
		len: usize,
	) -> Option<(ValidTransaction, Val<S::Val, T>)> {
		let length = u32::try_from(len).ok()?;
		let none = BalanceOf::<T>::zero();
		let fee = pallet_transaction_payment::Pallet::<T>::compute_fee(length, info, none);
		T::Stake::can_pay(&who, fee).then(|| {
			let priority = ChargeTransactionPayment::<T>::get_priority(info, len, none, fee);
			let validity = ValidTransaction {
				priority,
				..Default::default()
			};
			(validity, Val::Stake { who, fee })
		})
	}

	/// Weight that [`TransactionExtension::weight`] reserves and `used` does not need.
	fn refund(&self, call: &T::RuntimeCall, used: Weight) -> Weight {
		self.weight(call).saturating_sub(used)
	}
}

impl<T: Config> Pallet<T> {
	/// The position of `who`, who has credits for the admission and `reserve`.
	fn admissible(who: &T::AccountId, reserve: Cu) -> Result<Position<T>, Refusal> {
		let (position, _) = Self::holder(who)?;
		let needed = reserve.saturating_add(T::AdmissionCharge::get());
		Self::ensure_left(&position, needed)?;
		Ok(position)
	}

	/// Charges the admission, whatever comes of the dispatch.
	pub(crate) fn admit(who: &T::AccountId, slot: u8, reserve: Cu) -> Result<(), Refusal> {
		let mut ledger = Self::admissible(who, reserve)?.ledger;
		let charged = T::AdmissionCharge::get();
		ledger.used = ledger.used.saturating_add(charged);
		Ledgers::<T>::insert(who, ledger);
		Self::deposit_event(Event::Admitted {
			who: who.clone(),
			slot,
			charged,
		});
		Ok(())
	}

	/// Counts `weight` towards what transactions without a fee may take of this block.
	fn take_block_share(weight: Weight) -> Result<(), TransactionValidityError> {
		let now = frame_system::Pallet::<T>::block_number();
		let (block, taken) = BlockUse::<T>::get();
		let taken = if block == now { taken } else { Weight::zero() };
		let taken = taken.saturating_add(weight);
		if taken.any_gt(Self::block_share()) {
			return Err(InvalidTransaction::ExhaustsResources.into());
		}
		BlockUse::<T>::put((now, taken));
		Ok(())
	}

	/// Weight of a block that transactions without a fee may take.
	pub(crate) fn block_share() -> Weight {
		let limits = T::BlockWeights::get();
		let normal = limits.get(DispatchClass::Normal).max_total;
		T::BlockShare::get() * normal.unwrap_or(limits.max_block)
	}

	/// Takes the fee of leaving out of the stake.
	fn charge_stake(who: T::AccountId, fee: BalanceOf<T>) -> Result<(), TransactionValidityError> {
		T::Stake::pay(&who, fee).map_err(|_| InvalidTransaction::Payment)?;
		let none = BalanceOf::<T>::zero();
		pallet_transaction_payment::Pallet::<T>::deposit_fee_paid_event(who, fee, none);
		Ok(())
	}
}

impl<T: Config + Send + Sync, S: TransactionExtension<T::RuntimeCall>>
	TransactionExtension<T::RuntimeCall> for ChargeCredit<T, S>
where
	T::RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
	<T::RuntimeCall as Dispatchable>::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
{
	const IDENTIFIER: &'static str = S::IDENTIFIER;
	type Implicit = S::Implicit;
	type Val = Val<S::Val, T>;
	type Pre = Pre<S::Pre>;

	fn implicit(&self) -> Result<Self::Implicit, TransactionValidityError> {
		self.inner.implicit()
	}

	fn metadata() -> Vec<TransactionExtensionMetadata> {
		S::metadata()
	}

	fn weight(&self, call: &T::RuntimeCall) -> Weight {
		let inner = self.inner.weight(call);
		let own = match T::CreditCalls::classify(call) {
			Some(CreditCall::Leave) => <T as Config>::WeightInfo::charge_stake(),
			Some(_) => <T as Config>::WeightInfo::charge_credit(),
			None => Weight::zero(),
		};
		inner.saturating_add(own)
	}

	fn validate(
		&self,
		origin: OriginFor<T>,
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
		self_implicit: S::Implicit,
		inherited_implication: &impl Implication,
		source: TransactionSource,
	) -> ValidateResult<Self::Val, T::RuntimeCall> {
		let route = self.route(&origin, call);
		let waived = match &route {
			Route::Submit(who, terms) => Self::validate_choice(who, terms),
			Route::Cancel(who, job) => Some(Self::validate_cancel(who, *job)),
			Route::Leave(_) | Route::Inner => None,
		};
		if let Some(waived) = waived {
			return waived.map(|(validity, val)| (validity, val, origin));
		}
		let inner = self.inner.validate(
			origin.clone(),
			call,
			info,
			len,
			self_implicit,
			inherited_implication,
			source,
		);
		match (inner, route) {
			(Ok((validity, val, origin)), _) => Ok((validity, Val::Inner(val), origin)),
			(Err(error), Route::Leave(who)) if error == InvalidTransaction::Payment.into() => {
				let (validity, val) = Self::validate_stake(who, info, len).ok_or(error)?;
				Ok((validity, val, origin))
			}
			(Err(error), _) => Err(error),
		}
	}

	fn prepare(
		self,
		val: Self::Val,
		origin: &OriginFor<T>,
		call: &T::RuntimeCall,
		info: &DispatchInfoOf<T::RuntimeCall>,
		len: usize,
	) -> Result<Self::Pre, TransactionValidityError> {
		let credit = self.refund(call, <T as Config>::WeightInfo::charge_credit());
		match val {
			Val::Submit { who, slot, reserve } => {
				Pallet::<T>::take_block_share(info.total_weight())?;
				Pallet::<T>::admit(&who, slot, reserve).map_err(Refused)?;
				Ok(Pre::Done { refund: credit })
			}
			Val::Cancel => {
				Pallet::<T>::take_block_share(info.total_weight())?;
				Ok(Pre::Done { refund: credit })
			}
			Val::Stake { who, fee } => {
				Pallet::<T>::charge_stake(who, fee)?;
				Ok(Pre::Done {
					refund: Weight::zero(),
				})
			}
			Val::Inner(val) => {
				let refund = self.refund(call, self.inner.weight(call));
				let inner = self.inner.prepare(val, origin, call, info, len)?;
				Ok(Pre::Inner { inner, refund })
			}
		}
	}

	fn post_dispatch_details(
		pre: Self::Pre,
		info: &DispatchInfoOf<T::RuntimeCall>,
		post_info: &PostDispatchInfoOf<T::RuntimeCall>,
		len: usize,
		result: &DispatchResult,
	) -> Result<Weight, TransactionValidityError> {
		match pre {
			Pre::Done { refund } => Ok(refund),
			Pre::Inner { inner, refund } => {
				let unspent = S::post_dispatch_details(inner, info, post_info, len, result)?;
				Ok(unspent.saturating_add(refund))
			}
		}
	}
}
