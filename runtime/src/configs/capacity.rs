//! Vouchers for the Dedicated lane.

use crate::{
	configs::{
		parameters::{bounded, DAY},
		settlement::UsdcAsset,
	},
	constants::currency::VOUCHERS,
	Assets, Clock, Jobs, Models, Runtime, Settlement, Workers,
};
use one_primitives::{capacity::ProvenCapacity, Cu, ProtocolTime};
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{ConstU32, Get},
	},
	sp_runtime::Permill,
};

parameter_types! {
	pub const PriceStep: Permill = Permill::from_percent(10);
	pub const PriceStepPeriod: ProtocolTime = 7 * DAY;
	pub const RecordPeriod: ProtocolTime = 90 * DAY;
	pub const SpareShare: Permill = Permill::from_percent(10);
	/// A worker with a bound slot cannot leave for so long.
	pub const MaxBookingPeriod: ProtocolTime = DAY;
}

impl pallet_capacity::Config for Runtime {
	type Clock = Clock;
	type UsdcAsset = UsdcAsset;
	type Vouchers = Assets;
	type FirstAsset = ConstU32<VOUCHERS>;
	type Ledger = Settlement;
	type Models = Models;
	type Workers = Workers;
	type Proven = ProvenOrFirst;
	type PricePerGiga = bounded::PricePerGiga;
	type PriceStep = PriceStep;
	type StepPeriod = PriceStepPeriod;
	type Premium = bounded::Premium;
	type LeastPremium = bounded::LeastPremium;
	type RecordPeriod = RecordPeriod;
	type Horizon = ConstU32<90>;
	type JobSlots = bounded::DedicatedSlots;
	type MaxAllowances = ConstU32<256>;
	type StandbyShare = bounded::StandbyShare;
	type BookableShare = bounded::BookableShare;
	type SpareShare = SpareShare;
	type MaxBookingPeriod = MaxBookingPeriod;
	type WeightInfo = pallet_capacity::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}

/// What receipts prove, and before they do what governance lets be sold.
pub struct ProvenOrFirst;

impl ProvenCapacity for ProvenOrFirst {
	fn cu_per_day() -> Cu {
		Jobs::cu_per_day().max(bounded::FirstCapacity::get())
	}
}
