//! Money: ONE, the assets, and the pool between ONE and USDC.

use crate::{
	configs::{
		fees::SplitFees,
		governance::{origins::RootOr, tracks::PARAMETERS},
	},
	constants::currency::*,
	AccountId, AssetId, Assets, Balance, Balances, PoolAssets, Runtime, RuntimeEvent,
	RuntimeFreezeReason, RuntimeHoldReason, System,
};
use alloc::vec;
use codec::Compact;
use pallet_settlement::ToFeePot;
use polkadot_sdk::{
	frame_support::{
		ord_parameter_types, parameter_types,
		traits::{
			fungible::{hold::DoneSlash, NativeFromLeft, NativeOrWithId, UnionOf},
			AsEnsureOriginWithArg, ConstU128, ConstU32, NeverEnsureOrigin, VariantCountOf,
		},
		PalletId,
	},
	frame_system::{EnsureRoot, EnsureSignedBy},
	pallet_asset_conversion::{AccountIdConverter, Ascending, Chain, WithFirstAsset},
	pallet_assets::{Instance1, Instance2},
	sp_runtime::{traits::AccountIdConversion, Permill},
	*,
};

/// ONE or an asset.
pub type AssetKind = NativeOrWithId<AssetId>;
/// Every kind of money in one registry.
pub type NativeAndAssets = UnionOf<Balances, Assets, NativeFromLeft, AssetKind, AccountId>;

/// Account of the protocol's own liquidity in the pools.
pub const PROTOCOL_LIQUIDITY: PalletId = PalletId(*b"one/liqu");
/// Account of the governed treasury.
pub const TREASURY: PalletId = PalletId(*b"one/trsy");

/// Who owns the protocol's liquidity tokens.
pub fn protocol_liquidity() -> AccountId {
	PROTOCOL_LIQUIDITY.into_account_truncating()
}

/// The governed treasury.
pub fn treasury() -> AccountId {
	TREASURY.into_account_truncating()
}

impl pallet_balances::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
	type Balance = Balance;
	type DustRemoval = ToFeePot<Runtime>;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
	type ReserveIdentifier = [u8; 8];
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxLocks = ConstU32<50>;
	type MaxReserves = ConstU32<50>;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type DoneSlashHandler = TellSlash;
}

/// Tells what is slashed of held ONE, about which the balances say nothing: the events of a block
/// account for every balance.
pub struct TellSlash;

impl DoneSlash<RuntimeHoldReason, AccountId, Balance> for TellSlash {
	fn done_slash(_: &RuntimeHoldReason, who: &AccountId, amount: Balance) {
		let who = who.clone();
		System::deposit_event(pallet_balances::Event::<Runtime>::Slashed { who, amount });
	}
}

parameter_types! {
	pub const AssetDeposit: Balance = 100 * ONE;
	pub const AssetAccountDeposit: Balance = deposit(1, 16);
}

/// Assets are created by root or by pallets, never by accounts: an asset id is a promise, and their
/// names need no deposit.
impl pallet_assets::Config<Instance1> for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1_000>;
	type AssetId = AssetId;
	type AssetIdParameter = Compact<AssetId>;
	type ReserveData = ();
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<NeverEnsureOrigin<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = AssetDeposit;
	type AssetAccountDeposit = AssetAccountDeposit;
	type MetadataDepositBase = ConstU128<0>;
	type MetadataDepositPerByte = ConstU128<0>;
	type ApprovalDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type StringLimit = ConstU32<50>;
	type Freezer = ();
	type Holder = ();
	type Extra = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

parameter_types! {
	pub const AssetConversionPalletId: PalletId = PalletId(*b"py/ascon");
	pub const Native: AssetKind = AssetKind::Native;
	/// Share of a swap that the liquidity earns: 0.3 %.
	pub LpFee: Permill = Permill::from_parts(3_000);
	pub MaxSwapFee: Permill = Permill::from_percent(5);
	pub const LiquidityWithdrawalFee: Permill = Permill::zero();
	pub const PoolSetupFee: Balance = 100 * ONE;
}

ord_parameter_types! {
	pub const AssetConversionAccount: AccountId =
		AccountIdConversion::<AccountId>::into_account_truncating(&AssetConversionPalletId::get());
}

/// Liquidity tokens, created only by the pools.
impl pallet_assets::Config<Instance2> for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1_000>;
	type AssetId = AssetId;
	type AssetIdParameter = AssetId;
	type ReserveData = ();
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureSignedBy<AssetConversionAccount, AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = ConstU128<0>;
	type AssetAccountDeposit = AssetAccountDeposit;
	type MetadataDepositBase = ConstU128<0>;
	type MetadataDepositPerByte = ConstU128<0>;
	type ApprovalDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type StringLimit = ConstU32<50>;
	type Freezer = ();
	type Holder = ();
	type Extra = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

/// A pool is named by its two assets.
pub type PoolId = (AssetKind, AssetKind);
/// The account of a pool.
pub type PoolAccount = AccountIdConverter<AssetConversionPalletId, PoolId>;

impl pallet_asset_conversion::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type HigherPrecisionBalance = sp_core::U256;
	type AssetKind = AssetKind;
	type Assets = NativeAndAssets;
	type PoolId = PoolId;
	type PoolLocator = Chain<
		WithFirstAsset<Native, AccountId, AssetKind, PoolAccount>,
		Ascending<AccountId, AssetKind, PoolAccount>,
	>;
	type PoolAssetId = AssetId;
	type PoolAssets = PoolAssets;
	type LPFee = LpFee;
	type AdminOrigin = RootOr<PARAMETERS>;
	type MaxSwapFee = MaxSwapFee;
	type PoolSetupFee = PoolSetupFee;
	type PoolSetupFeeAsset = Native;
	type PoolSetupFeeTarget = SplitFees;
	type LiquidityWithdrawalFee = LiquidityWithdrawalFee;
	type MintMinLiquidity = ConstU128<100>;
	type MaxSwapPathLength = ConstU32<3>;
	type PalletId = AssetConversionPalletId;
	type WeightInfo = pallet_asset_conversion::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = pallet_asset_conversion::NativeOrWithIdFactory<AssetId>;
}
