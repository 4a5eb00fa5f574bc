//! The system, its block limits, and migrations.

use crate::{
	configs::governance::pauses::NotPaused, constants::time::*, AccountId, Balance, Block, Hash,
	MultiBlockMigrations, Nonce, PalletInfo, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin,
	RuntimeTask, VERSION,
};
use polkadot_sdk::{
	frame_support::{
		derive_impl,
		dispatch::DispatchClass,
		migrations::FreezeChainOnFailedMigration,
		parameter_types,
		traits::{ConstU32, Contains, InsideBoth},
		weights::{
			constants::{
				BlockExecutionWeight, ExtrinsicBaseWeight, ParityDbWeight,
				WEIGHT_REF_TIME_PER_MILLIS,
			},
			Weight,
		},
	},
	frame_system::limits::{BlockLength, BlockWeights},
	sp_runtime::{
		traits::{AccountIdLookup, BlakeTwo256},
		Perbill,
	},
	sp_version::RuntimeVersion,
	*,
};

/// Weight of a block: 1.5 s, half a slot. There is no proof to size.
pub const MAX_BLOCK_WEIGHT: Weight =
	Weight::from_parts(1_500 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
/// Share of a block's weight and length open to ordinary transactions. The rest is left to
/// operational ones, so that a full block can still be governed.
pub const NORMAL_RATIO: Perbill = Perbill::from_percent(75);
/// Share of a block's weight that all hooks together may use.
pub const HOOK_RATIO: Perbill = Perbill::from_percent(25);
/// Length of a block's extrinsics, in bytes.
pub const MAX_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

/// Weight limits of a block.
fn block_weights() -> BlockWeights {
	BlockWeights::builder()
		.base_block(BlockExecutionWeight::get())
		.for_class(DispatchClass::all(), |weights| {
			weights.base_extrinsic = ExtrinsicBaseWeight::get();
		})
		.for_class(DispatchClass::Normal, |weights| {
			weights.max_total = Some(NORMAL_RATIO * MAX_BLOCK_WEIGHT);
		})
		.for_class(DispatchClass::Operational, |weights| {
			weights.max_total = Some(MAX_BLOCK_WEIGHT);
			weights.reserved = Some(MAX_BLOCK_WEIGHT - NORMAL_RATIO * MAX_BLOCK_WEIGHT);
		})
		.avg_block_initialization(HOOK_RATIO)
		.build_or_panic()
}

/// Length limits of a block.
fn block_length() -> BlockLength {
	BlockLength::builder()
		.max_length(MAX_BLOCK_LENGTH)
		.modify_max_length_for_class(DispatchClass::Normal, |max| *max = NORMAL_RATIO * *max)
		.build()
}

parameter_types! {
	pub const BlockHashCount: u32 = DAYS;
	pub const Version: RuntimeVersion = VERSION;
	pub const SS58Prefix: u8 = 42;
	pub RuntimeBlockWeights: BlockWeights = block_weights();
	pub RuntimeBlockLength: BlockLength = block_length();
	pub MigrationWeight: Weight = Perbill::from_percent(50) * MAX_BLOCK_WEIGHT;
}

/// Every call but the one that burns ONE: the supply is fixed.
pub struct FixedSupply;

impl Contains<RuntimeCall> for FixedSupply {
	fn contains(call: &RuntimeCall) -> bool {
		!matches!(
			call,
			RuntimeCall::Balances(pallet_balances::Call::burn { .. })
		)
	}
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type BaseCallFilter = InsideBoth<FixedSupply, NotPaused>;
	type Block = Block;
	type BlockWeights = RuntimeBlockWeights;
	type BlockLength = RuntimeBlockLength;
	type AccountId = AccountId;
	type Nonce = Nonce;
	type Hash = Hash;
	type Hashing = BlakeTwo256;
	type Lookup = AccountIdLookup<AccountId, ()>;
	type BlockHashCount = BlockHashCount;
	type DbWeight = ParityDbWeight;
	type Version = Version;
	type AccountData = pallet_balances::AccountData<Balance>;
	type SS58Prefix = SS58Prefix;
	type MaxConsumers = ConstU32<16>;
	type MultiBlockMigrator = MultiBlockMigrations;
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	#[cfg(not(any(feature = "next-version", feature = "runtime-benchmarks")))]
	type Migrations = ();
	#[cfg(all(feature = "next-version", not(feature = "runtime-benchmarks")))]
	type Migrations = crate::next_version::RewriteJobs;
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type CursorMaxLen = ConstU32<65_536>;
	type IdentifierMaxLen = ConstU32<256>;
	type MigrationStatusHandler = ();
	type FailedMigrationHandler = FreezeChainOnFailedMigration;
	type MaxServiceWeight = MigrationWeight;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}
