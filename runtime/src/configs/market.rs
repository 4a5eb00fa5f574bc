//! Models, workers, jobs and receipts.

use crate::{
	configs::{
		governance::{origins::RootOr, pauses::MarketPauses, tracks::MODELS},
		parameters::bounded,
		system::MAX_BLOCK_WEIGHT,
	},
	AccountId, Balances, Capacity, Clock, Credits, Jobs, Models, Receipts, Runtime,
	RuntimeHoldReason, Settlement, Workers,
};
use pallet_settlement::ToFeePot;
use polkadot_sdk::{
	frame_support::{parameter_types, traits::ConstU32, weights::Weight},
	frame_system::EnsureRoot,
	pallet_babe::ParentBlockRandomness,
	sp_runtime::{transaction_validity::TransactionPriority, Perbill},
};

parameter_types! {
	/// Weight of a block that matching and deadlines may take.
	pub MarketWeight: Weight = Perbill::from_percent(10) * MAX_BLOCK_WEIGHT;
	/// Weight of a block that pruning of receipts may take.
	pub PruneWeight: Weight = Perbill::from_percent(1) * MAX_BLOCK_WEIGHT;
	/// Weight of a block that paying out the slashes of workers may take.
	pub SlashWeight: Weight = Perbill::from_percent(1) * MAX_BLOCK_WEIGHT;
	/// Reports go before everything that pays a fee: they are what pays out.
	pub const ReportPriority: TransactionPriority = TransactionPriority::MAX / 2;
}

/// Models in the registry at the most.
const MAX_MODELS: u32 = 64;
type MaxModels = ConstU32<MAX_MODELS>;
/// Models that wait for governance at the most.
type MaxProposals = ConstU32<16>;
/// Models and bookings with jobs waiting at the most.
type MaxLines = ConstU32<{ MAX_MODELS + pallet_capacity::MAX_BOOKINGS }>;

impl pallet_models::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlashDestination = ToFeePot<Runtime>;
	type AdminOrigin = RootOr<MODELS>;
	type Clock = Clock;
	type Pauses = MarketPauses;
	type Timelock = bounded::ModelTimelock;
	type ListingDeposit = bounded::ListingDeposit;
	type MaxModels = MaxModels;
	type MaxProposals = MaxProposals;
	type WeightInfo = pallet_models::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}

impl pallet_workers::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Clock = Clock;
	type Models = Models;
	type Market = Jobs;
	type Receipts = Receipts;
	type Pay = Settlement;
	type SlashDestination = ToFeePot<Runtime>;
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type BondPerSlotGib = bounded::BondPerSlotGib;
	type Ladder = bounded::Ladder;
	type ProbationJobs = bounded::ProbationJobs;
	type ExclusionShare = bounded::ExclusionShare;
	type OperatorShare = bounded::OperatorShare;
	type OffenceWindow = bounded::OffenceWindow;
	type AppealWindow = bounded::AppealWindow;
	type UnbondingPeriod = bounded::UnbondingPeriod;
	type MaintenanceCap = bounded::MaintenanceCap;
	type MaintenancePeriod = bounded::MaintenancePeriod;
	type ExclusionPeriod = bounded::ExclusionPeriod;
	type LivenessTimeout = bounded::LivenessTimeout;
	type HeartbeatInterval = bounded::HeartbeatInterval;
	type ProvenRate = bounded::ProvenRate;
	type PollWeight = SlashWeight;
	type ReportPriority = ReportPriority;
	type WeightInfo = pallet_workers::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}

impl pallet_jobs::Config for Runtime {
	type Clock = Clock;
	type Models = Models;
	type Pauses = MarketPauses;
	type Workers = Workers;
	type Bookings = Capacity;
	type Included = Credits;
	type Dedicated = Capacity;
	type Earnings = Settlement;
	type OnFinal = Receipts;
	type Callbacks = ();
	type Randomness = ParentBlockRandomness<Runtime>;
	type JobFloor = bounded::JobFloor;
	type CuPerByte = bounded::CuPerByte;
	type InputRatio = bounded::InputRatio;
	type IncludedFloor = bounded::IncludedFloor;
	type MaxQueue = bounded::MaxQueue;
	type MinOperators = bounded::MinOperators;
	type PriceFloor = bounded::PriceFloor;
	type PriceCeiling = bounded::PriceCeiling;
	type AcceptPeriod = bounded::AcceptPeriod;
	type CompletionFloor = bounded::CompletionFloor;
	type QueuePeriod = bounded::QueuePeriod;
	type ChallengeWindow = bounded::ChallengeWindow;
	type MaxLines = MaxLines;
	type PollWeight = MarketWeight;
	type WeightInfo = pallet_jobs::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}

impl pallet_receipts::Config for Runtime {
	type Clock = Clock;
	type Market = Jobs;
	type StubPeriod = bounded::StubPeriod;
	type PollWeight = PruneWeight;
	type WeightInfo = pallet_receipts::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}
