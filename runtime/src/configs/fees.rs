//! What a transaction costs, in which money, and where the fee goes.

use crate::{
	configs::{
		assets::{treasury, AssetKind, Native, NativeAndAssets},
		parameters::{fees, Clamped},
	},
	constants::currency::MICRO_ONE,
	AccountId, AssetConversion, Authorship, Balance, Balances, Runtime, RuntimeEvent,
};
use core::marker::PhantomData;
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{
			tokens::imbalance::{ResolveAssetTo, ResolveTo},
			ConstU8, Get, TypedGet,
		},
		weights::{Weight, WeightToFee},
	},
	pallet_asset_conversion_tx_payment::{ChargeAssetTxPayment, SwapAssetAdapter},
	pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment},
	sp_runtime::{traits::One, FixedPointNumber, Perquintill},
	*,
};

/// Charges the fee of a transaction, in ONE or in an asset that has a pool with ONE.
pub type ChargeFee = ChargeAssetTxPayment<Runtime>;
/// Where fees and tips paid in ONE go.
pub type DealWithFees = ResolveTo<BlockAuthor, Balances>;
/// Where fees and tips paid in an asset go, after the pool has turned them into ONE.
pub type DealWithAssetFees = ResolveAssetTo<BlockAuthor, NativeAndAssets>;

/// The author of this block; where a block has none, as in genesis, the treasury.
pub struct BlockAuthor;

impl TypedGet for BlockAuthor {
	type Type = AccountId;

	fn get() -> AccountId {
		Authorship::author().unwrap_or_else(treasury)
	}
}

parameter_types! {
	/// Bounds of the governed prices of weight and length.
	pub const MinWeightPrice: Balance = MICRO_ONE / 10;
	pub const MaxWeightPrice: Balance = 1_000 * MICRO_ONE;
	pub const MinBytePrice: Balance = MICRO_ONE / 10;
	pub const MaxBytePrice: Balance = 1_000 * MICRO_ONE;

	/// Prices rise while blocks are fuller than this, and fall back to the base price after.
	pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(25);
	pub AdjustmentVariable: Multiplier = Multiplier::saturating_from_rational(75, 1_000_000);
	pub MinimumMultiplier: Multiplier = Multiplier::one();
	pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(1_000);
}

/// Price of a microsecond of weight, in ONE's smallest units.
pub type WeightPrice = Clamped<fees::WeightPrice, MinWeightPrice, MaxWeightPrice>;
/// Price of a byte of an extrinsic, in ONE's smallest units.
pub type BytePrice = Clamped<fees::BytePrice, MinBytePrice, MaxBytePrice>;

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
	type OnChargeTransaction = FungibleAdapter<Balances, DealWithFees>;
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
		SwapAssetAdapter<Native, NativeAndAssets, AssetConversion, DealWithAssetFees>;
	type WeightInfo = pallet_asset_conversion_tx_payment::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::FeeAssets;
}
