//! The fee pot, the sale of ONE for USDC, and what workers are paid.

use crate::{
	configs::{
		assets::{AssetKind, Native},
		fees::BlockAuthor,
		parameters::bounded,
	},
	constants::currency::USDC,
	AccountId, Assets, Balances, Clock, Runtime,
};
use pallet_settlement::ConversionPool;
use polkadot_sdk::frame_support::{
	parameter_types,
	traits::{fungible::ItemOf, ConstU32},
};

parameter_types! {
	pub const Dollar: AssetKind = AssetKind::WithId(USDC);
	pub const UsdcId: u32 = USDC;
}

/// USDC alone, of all assets.
pub type UsdcAsset = ItemOf<Assets, UsdcId, AccountId>;

impl pallet_settlement::Config for Runtime {
	type Currency = Balances;
	type UsdcAsset = UsdcAsset;
	type Exchange = ConversionPool<Runtime, Native, Dollar>;
	type Clock = Clock;
	type FeeShare = bounded::FeeShare;
	type SliceShare = bounded::SliceShare;
	type MinSale = bounded::MinSale;
	type MaxDiscount = bounded::MaxDiscount;
	type MaxMove = bounded::MaxMove;
	type AveragingPeriod = bounded::AveragingPeriod;
	type Author = BlockAuthor;
	type AuthorStipend = bounded::AuthorStipend;
	type MaxPayouts = ConstU32<150>;
	// Thirty days of four windows.
	type StatementWindows = ConstU32<120>;
	type WeightInfo = pallet_settlement::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}
