//! Referenda, the votes on them, and what enacts them.

use crate::{
	configs::{
		governance::{
			origins::{CancelPrivilege, RootOr},
			periods::VoteLock,
			tracks::{Tracks, EMERGENCY},
		},
		system::MAX_BLOCK_WEIGHT,
	},
	constants::{
		currency::{deposit, ONE},
		time::DAYS,
	},
	AccountId, Balance, Balances, MultiBlockMigrations, OriginCaller, Preimage, Referenda, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, Scheduler, System, Treasury,
};
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{
			fungible::HoldConsideration, tokens::currency::ActiveIssuanceOf, AsEnsureOriginWithArg,
			ConstU128, ConstU32, Get, LinearStoragePrice,
		},
		weights::Weight,
	},
	frame_system::{EnsureRoot, EnsureSigned},
	pallet_conviction_voting::{TallyOf, VotesOf},
	pallet_migrations::MbmIsOngoing,
	sp_runtime::Perbill,
	*,
};

parameter_types! {
	pub const PreimageBaseDeposit: Balance = deposit(2, 64);
	pub const PreimageByteDeposit: Balance = deposit(0, 1);
	pub const PreimageHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

/// Weight of a block that enactments may take; a call above it is never enacted. While a migration
/// is at work they wait: no call meets a state that is half the old and half the new.
pub struct EnactmentWeight;

impl Get<Weight> for EnactmentWeight {
	fn get() -> Weight {
		match MultiBlockMigrations::ongoing_status() {
			MbmIsOngoing::Yes => Weight::zero(),
			MbmIsOngoing::No | MbmIsOngoing::Stuck => Perbill::from_percent(10) * MAX_BLOCK_WEIGHT,
		}
	}
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<AccountId>;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
	>;
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = EnactmentWeight;
	type ScheduleOrigin = RootOr<EMERGENCY>;
	type OriginPrivilegeCmp = CancelPrivilege;
	type MaxScheduledPerBlock = ConstU32<256>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

/// Votes are backed by the whole balance, whatever is held or locked of it: staked ONE votes.
impl pallet_conviction_voting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type Polls = Referenda;
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<100>;
	type VoteLockingPeriod = VoteLock;
	type BlockNumberProvider = System;
	type VotingHooks = ();
}

impl pallet_referenda::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
	type Scheduler = Scheduler;
	type Currency = Balances;
	type SubmitOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type CancelOrigin = RootOr<EMERGENCY>;
	type KillOrigin = RootOr<EMERGENCY>;
	type Slash = Treasury;
	type Votes = VotesOf<Runtime>;
	type Tally = TallyOf<Runtime>;
	type SubmissionDeposit = ConstU128<{ 10 * ONE }>;
	type MaxQueued = ConstU32<100>;
	type UndecidingTimeout = ConstU32<{ 14 * DAYS }>;
	type AlarmInterval = ConstU32<1>;
	type Tracks = Tracks;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}
