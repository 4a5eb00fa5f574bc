//! The validators: who they are, their sessions and the history of these, and offences.

use crate::{
	configs::parameters::bounded,
	constants::{
		currency::ONE,
		time::{EPOCH_DURATION, REPORT_LONGEVITY, REPORT_WINDOW},
		MAX_CANDIDATES, MAX_VALIDATORS,
	},
	AccountId, Babe, Balance, Balances, Clock, Runtime, RuntimeEvent, RuntimeHoldReason, Session,
	SessionKeys, Validators,
};
use pallet_settlement::ToFeePot;
use pallet_validators::ExposureOf;
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{ConstU32, ConstU64},
	},
	frame_system::EnsureRoot,
	pallet_session::{disabling::UpToLimitDisablingStrategy, historical},
	sp_runtime::traits::{ConvertInto, OpaqueKeys},
	*,
};

parameter_types! {
	/// Held while an account has session keys.
	pub const KeyDeposit: Balance = ONE;
}

impl pallet_validators::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Clock = Clock;
	type Sessions = Session;
	type MinBond = bounded::MinBond;
	type MaxValidators = bounded::MaxValidators;
	type MinValidators = bounded::MinValidators;
	type EquivocationSlash = bounded::EquivocationSlash;
	type OfflineSlash = bounded::OfflineSlash;
	type OfflineBlocks = bounded::OfflineBlocks;
	type MaxOffline = bounded::MaxOffline;
	type MinActivity = bounded::MinActivity;
	type SlashDeferral = bounded::SlashDeferral;
	type ReportWindow = ConstU64<REPORT_WINDOW>;
	type ReportSessions = ConstU32<REPORT_LONGEVITY>;
	type SessionLength = ConstU32<EPOCH_DURATION>;
	type MaxCandidates = ConstU32<MAX_CANDIDATES>;
	type MaxSeats = ConstU32<MAX_VALIDATORS>;
	type OnSlash = ToFeePot<Runtime>;
	type CancelOrigin = EnsureRoot<AccountId>;
	type WeightInfo = pallet_validators::weights::SubstrateWeight<Runtime>;
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Babe;
	type NextSessionRotation = Babe;
	type SessionManager = historical::NoteHistoricalRoot<Self, Validators>;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = UpToLimitDisablingStrategy;
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = KeyDeposit;
}

impl historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = Balance;
	type FullIdentificationOf = ExposureOf<Self>;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = historical::IdentificationTuple<Self>;
	type OnOffenceHandler = Validators;
}
