//! What a transaction costs, in which money, and where the fee goes.

use crate::{
	configs::{
		assets::{AssetKind, Native, NativeAndAssets},
		parameters::bounded::{BytePrice, WeightPrice},
	},
	AccountId, AssetConversion, Authorship, Balance, Balances, Runtime, RuntimeEvent,
};
use core::marker::PhantomData;
use pallet_credits::ChargeCredit;
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{ConstU8, Get},
		weights::{Weight, WeightToFee},
	},
	pallet_asset_conversion_tx_payment::{ChargeAssetTxPayment, SwapAssetAdapter},
	pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment},
	sp_runtime::{traits::One, FixedPointNumber, Perquintill},
	*,
};

/// Charges credits for a holder's submission, else a fee in ONE or in an asset that has a pool with ONE.
pub type ChargeFee = ChargeCredit<Runtime, ChargeAssetTxPayment<Runtime>>;
/// Where fees and tips go, those paid in an asset after the pool has turned them into ONE.
pub type SplitFees = pallet_settlement::SplitFees<Runtime, BlockAuthor, NativeAndAssets>;

/// The author of this block; none in genesis.
pub struct BlockAuthor;

impl Get<Option<AccountId>> for BlockAuthor {
	fn get() -> Option<AccountId> {
		Authorship::author()
	}
}

parameter_types! {
	/// Prices rise while blocks are fuller than this, and fall back to the base price after.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(75, 1_000_000);
	pub MinimumMultiplier: Multiplier = Multiplier::one();
	pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(1_000);
}

/// Time at the price `P` of a microsecond.
pub struct TimeToFee<P>(PhantomData<P>);

impl<P: Get<Balance>> WeightToFee for TimeToFee<P> {
	type Balance = Balance;

	fn weight_to_fee(weight: &Weight) -> Balance {
		const PICOSECONDS_PER_MICROSECOND: Balance = 1_000_000;
		Balance::from(weight.ref_time()).saturating_mul(P::get()) / PICOSECONDS_PER_MICROSECOND
	}
}

/// Bytes at the price `P`. A length comes as the time of a weight.
pub struct BytesToFee<P>(PhantomData<P>);

impl<P: Get<Balance>> WeightToFee for BytesToFee<P> {
	type Balance = Balance;

	fn weight_to_fee(length: &Weight) -> Balance {
		Balance::from(length.ref_time()).saturating_mul(P::get())
	}
}

impl pallet_transaction_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnChargeTransaction = FungibleAdapter<Balances, SplitFees>;
	type WeightToFee = TimeToFee<WeightPrice>;
	type LengthToFee = BytesToFee<BytePrice>;
	type FeeMultiplierUpdate = TargetedFeeAdjustment<
		Self,
		TargetBlockFullness,
		AdjustmentVariable,
		MinimumMultiplier,
		MaximumMultiplier,
	>;
	type OperationalFeeMultiplier = ConstU8<5>;
	type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}

impl pallet_asset_conversion_tx_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type AssetId = AssetKind;
	type OnChargeAssetTransaction =
		SwapAssetAdapter<Native, NativeAndAssets, AssetConversion, SplitFees>;
	type WeightInfo = pallet_asset_conversion_tx_payment::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::FeeAssets;
}
