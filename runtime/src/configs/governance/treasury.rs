//! The treasury, and vesting.

use crate::{
	configs::{
		assets::{AssetKind, NativeAndAssets, TREASURY as TREASURY_ID},
		governance::{origins::RootOr, tracks},
	},
	constants::{currency::ONE, time::DAYS},
	AccountId, Balance, Balances, Runtime, RuntimeEvent, System,
};
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{
			tokens::{pay::PayAssetFromAccount, UnityAssetBalanceConversion},
			ConstU128, ConstU32, MapSuccess, WithdrawReasons,
		},
		PalletId,
	},
	pallet_treasury::TreasuryAccountId,
	sp_runtime::{
		traits::{ConvertInto, Replace},
		Permill,
	},
	*,
};

parameter_types! {
	pub const TreasuryPalletId: PalletId = TREASURY_ID;
	/// The supply is fixed: the treasury burns nothing.
	pub const Burn: Permill = Permill::zero();
	/// What is vesting cannot be transferred, and pays no fees.
	pub UnvestedFundsAllowedWithdrawReasons: WithdrawReasons =
		WithdrawReasons::except(WithdrawReasons::TRANSFER | WithdrawReasons::RESERVE);
}

/// Spends ONE and assets alike, with no limit but the pot: there is no price on chain that a limit
/// in ONE could be compared by.
impl pallet_treasury::Config for Runtime {
	type Currency = Balances;
	type RejectOrigin = RootOr<{ tracks::EMERGENCY }>;
	type RuntimeEvent = RuntimeEvent;
	type SpendPeriod = ConstU32<{ 7 * DAYS }>;
	type Burn = Burn;
	type PalletId = TreasuryPalletId;
	type BurnDestination = ();
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
	type SpendFunds = ();
	// None: what `spend_local` approves would bypass `payout`.
	type MaxApprovals = ConstU32<0>;
	type SpendOrigin =
		MapSuccess<RootOr<{ tracks::TREASURY }>, Replace<ConstU128<{ Balance::MAX }>>>;
	type AssetKind = AssetKind;
	type Beneficiary = AccountId;
	type BeneficiaryLookup = <Runtime as frame_system::Config>::Lookup;
	type Paymaster = PayAssetFromAccount<NativeAndAssets, TreasuryAccountId<Runtime>>;
	type BalanceConverter = UnityAssetBalanceConversion;
	type PayoutPeriod = ConstU32<{ 30 * DAYS }>;
	type BlockNumberProvider = System;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::configs::benchmarking::TreasuryArguments;
}

impl pallet_vesting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type BlockNumberToBalance = ConvertInto;
	type MinVestedTransfer = ConstU128<{ 100 * ONE }>;
	type WeightInfo = pallet_vesting::weights::SubstrateWeight<Runtime>;
	type UnvestedFundsAllowedWithdrawReasons = UnvestedFundsAllowedWithdrawReasons;
	type BlockNumberProvider = System;
	const MAX_VESTING_SCHEDULES: u32 = 28;
}
