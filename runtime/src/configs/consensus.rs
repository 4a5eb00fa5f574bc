//! Who makes blocks and who finalises them: BABE, GRANDPA, time and authorship.

use crate::{
	constants::{time::*, MAX_VALIDATORS},
	Babe, Historical, Moment, Offences, Runtime, RuntimeEvent, Session, Validators,
};
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{ConstU32, ConstU64},
	},
	sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration},
	*,
};

/// The share of slots with a primary author is 1 in 4; secondary authors, drawn by VRF, fill the
/// others.
pub const BABE_GENESIS_EPOCH_CONFIG: BabeEpochConfiguration = BabeEpochConfiguration {
	c: (1, 4),
	allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots,
};

parameter_types! {
	pub const EpochDuration: u64 = EPOCH_DURATION as u64;
	pub const ExpectedBlockTime: Moment = SLOT_DURATION;
	pub const MaxSetIdSessionEntries: u64 = REPORT_LONGEVITY as u64;
	/// How long an equivocation can be reported, in blocks.
	pub const ReportLongevity: u64 = REPORT_LONGEVITY as u64 * EPOCH_DURATION as u64;
}

impl pallet_babe::Config for Runtime {
	type EpochDuration = EpochDuration;
	type ExpectedBlockTime = ExpectedBlockTime;
	type EpochChangeTrigger = pallet_babe::ExternalTrigger;
	type DisabledValidators = Session;
	// All that the pallet has: by formula, for RocksDB, so on the safe side.
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	// As Babe's.
	type WeightInfo = ();
	type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = MaxSetIdSessionEntries;
	type KeyOwnerProof = sp_session::MembershipProof;
	type EquivocationReportSystem =
		pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_timestamp::Config for Runtime {
	type Moment = Moment;
	type OnTimestampSet = Babe;
	type MinimumPeriod = ConstU64<{ SLOT_DURATION / 2 }>;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_authorship::Config for Runtime {
	type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
	type EventHandler = Validators;
}
