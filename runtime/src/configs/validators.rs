//! The validators: sessions, their history, and offences.
//!
//! The set is the one of genesis.

use crate::{
	constants::{currency::ONE, time::REPORT_LONGEVITY},
	AccountId, Babe, Balance, Balances, Runtime, RuntimeEvent, Session, SessionKeys,
};
use alloc::vec::Vec;
use core::marker::PhantomData;
use polkadot_sdk::{
	frame_support::{parameter_types, weights::Weight},
	pallet_session::{disabling::UpToLimitDisablingStrategy, historical},
	sp_runtime::{
		traits::{Convert, ConvertInto, OpaqueKeys},
		Perbill,
	},
	sp_staking::{
		offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
		SessionIndex,
	},
	*,
};

parameter_types! {
	/// Held while an account has session keys.
	pub const KeyDeposit: Balance = ONE;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = historical::NoteHistoricalRoot<Self, GenesisValidators<Self>>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = UpToLimitDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = NoExposure;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = historical::IdentificationTuple<Self>;
	type OnOffenceHandler = DisableOffenders;
}

/// Every validator is identified by its account alone.
pub struct NoExposure;

impl Convert<AccountId, Option<()>> for NoExposure {
	fn convert(_: AccountId) -> Option<()> {
		Some(())
	}
}

/// Keeps the validators of genesis and forgets sessions whose equivocations can no longer be
/// reported.
pub struct GenesisValidators<T>(PhantomData<T>);

impl<T: historical::Config<FullIdentification = ()>> GenesisValidators<T> {
	/// The validators, or before there are any, the owners of the session keys in genesis.
	fn validators() -> Vec<T::ValidatorId> {
		let validators = pallet_session::Validators::<T>::get();
		if validators.is_empty() {
			return pallet_session::NextKeys::<T>::iter_keys().collect();
		}
		validators
	}
}

impl<T: historical::Config<FullIdentification = ()>> pallet_session::SessionManager<T::ValidatorId>
	for GenesisValidators<T>
{
	fn new_session(_: SessionIndex) -> Option<Vec<T::ValidatorId>> {
		Some(Self::validators())
	}

	fn start_session(_: SessionIndex) {}

	fn end_session(ended: SessionIndex) {
		historical::Pallet::<T>::prune_up_to(ended.saturating_sub(REPORT_LONGEVITY));
	}
}

impl<T: historical::Config<FullIdentification = ()>> historical::SessionManager<T::ValidatorId, ()>
	for GenesisValidators<T>
{
	fn new_session(_: SessionIndex) -> Option<Vec<(T::ValidatorId, ())>> {
		Some(
			Self::validators()
				.into_iter()
				.map(|who| (who, ()))
				.collect(),
		)
	}

	fn start_session(index: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::start_session(index)
	}

	fn end_session(index: SessionIndex) {
		<Self as pallet_session::SessionManager<_>>::end_session(index)
	}
}

/// Disables who equivocated until the session ends. At most a third of the set is ever disabled.
pub struct DisableOffenders;

impl OnOffenceHandler<AccountId, historical::IdentificationTuple<Runtime>, Weight>
	for DisableOffenders
{
	fn on_offence(
		offenders: &[OffenceDetails<AccountId, historical::IdentificationTuple<Runtime>>],
		slash_fractions: &[Perbill],
		_: SessionIndex,
	) -> Weight {
		for (offence, fraction) in offenders.iter().zip(slash_fractions) {
			Session::report_offence(offence.offender.0.clone(), OffenceSeverity(*fraction));
		}
		<Runtime as frame_system::Config>::DbWeight::get()
			.reads_writes(2, 1)
			.saturating_mul(offenders.len() as u64)
	}
}
