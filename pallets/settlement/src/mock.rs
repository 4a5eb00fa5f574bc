//! A runtime with the real balances, assets and pool, and clocks that tests set.

#![allow(clippy::unwrap_used)]

use one_primitives::{
	clock::{Clock, Day},
	jobs::JobId,
	settlement::{Earnings, PaidReceipt, Treasury},
	Moment, ProtocolTime, Usdc,
};
use polkadot_sdk::{
	frame_support::{
		construct_runtime, derive_impl,
		instances::{Instance1, Instance2},
		ord_parameter_types, parameter_types,
		traits::{
			fungible::{self, ItemOf, NativeFromLeft, NativeOrWithId, UnionOf},
			tokens::imbalance::ResolveAssetTo,
			AsEnsureOriginWithArg, ConstU128, ConstU32, OnPoll,
		},
		weights::{constants::ParityDbWeight, WeightMeter},
		PalletId,
	},
	frame_system::{self, EnsureRoot, EnsureSigned, EnsureSignedBy},
	pallet_asset_conversion::{self, AccountIdConverter, Ascending, Chain, WithFirstAsset},
	pallet_assets, pallet_balances,
	sp_core::{H256, U256},
	sp_io::TestExternalities,
	sp_runtime::{
		traits::{AccountIdConversion, IdentityLookup},
		BuildStorage, DispatchResult, Perbill, Permill, Weight,
	},
};

use crate as pallet_settlement;
use crate::{types::Balance, ConversionPool, WeightInfo};

type Block = frame_system::mocking::MockBlock<Test>;
/// Wide enough for the eight bytes of a pallet's id.
pub type AccountId = u128;

/// 10^-12 ONE.
pub const ONE: Balance = 1_000_000_000_000;
/// 10^-6 USDC.
pub const USDC: Usdc = 1_000_000;
/// The asset's minimum balance, 0.01 USDC.
pub const MIN_USDC: Usdc = 10_000;
pub const USDC_ID: u32 = 1337;
pub const SLOT: u64 = 3_000;
pub const WINDOW: u64 = 6 * 60 * 60 * 1_000;
/// UTC at which tests begin: ten minutes into a window.
pub const GENESIS: Moment = 80_000 * WINDOW + 600_000;

/// Owns the pool's liquidity and the asset; trades.
pub const TRADER: AccountId = 1;
pub const AUTHOR: AccountId = 2;

/// The pool of the tests holds this at genesis: 20 ONE per USDC.
pub const POOL_ONE: Balance = 2_000_000 * ONE;
pub const POOL_USDC: Usdc = 100_000 * USDC;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Assets: pallet_assets::<Instance1>,
		PoolAssets: pallet_assets::<Instance2>,
		AssetConversion: pallet_asset_conversion,
		Settlement: pallet_settlement,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type DbWeight = ParityDbWeight;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1_000_000_000>;
	type AccountStore = System;
}

#[derive_impl(pallet_assets::config_preludes::TestDefaultConfig)]
impl pallet_assets::Config<Instance1> for Test {
	type Balance = Balance;
	type AssetId = u32;
	type AssetIdParameter = u32;
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type Holder = ();
	type Freezer = ();
}

#[derive_impl(pallet_assets::config_preludes::TestDefaultConfig)]
impl pallet_assets::Config<Instance2> for Test {
	type Balance = Balance;
	type AssetId = u32;
	type AssetIdParameter = u32;
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureSignedBy<PoolAccount, AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = ConstU128<0>;
	type AssetAccountDeposit = ConstU128<0>;
	type Holder = ();
	type Freezer = ();
}

parameter_types! {
	pub const PoolPalletId: PalletId = PalletId(*b"py/ascon");
	pub const Native: NativeOrWithId<u32> = NativeOrWithId::Native;
	pub const Dollar: NativeOrWithId<u32> = NativeOrWithId::WithId(USDC_ID);
	pub const DollarId: u32 = USDC_ID;
	pub const LpFee: Permill = Permill::from_parts(3_000);
	pub const MaxSwapFee: Permill = Permill::from_percent(10);
	pub const WithdrawalFee: Permill = Permill::zero();
}

ord_parameter_types! {
	pub const PoolAccount: AccountId = AccountIdConversion::<AccountId>::into_account_truncating(&PoolPalletId::get());
}

pub type AllAssets = UnionOf<Balances, Assets, NativeFromLeft, NativeOrWithId<u32>, AccountId>;
type PoolId = (NativeOrWithId<u32>, NativeOrWithId<u32>);
type PoolAddress = AccountIdConverter<PoolPalletId, PoolId>;

impl pallet_asset_conversion::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type HigherPrecisionBalance = U256;
	type AssetKind = NativeOrWithId<u32>;
	type Assets = AllAssets;
	type PoolId = PoolId;
	type PoolLocator = Chain<
		WithFirstAsset<Native, AccountId, NativeOrWithId<u32>, PoolAddress>,
		Ascending<AccountId, NativeOrWithId<u32>, PoolAddress>,
	>;
	type PoolAssetId = u32;
	type PoolAssets = PoolAssets;
	type PoolSetupFee = ConstU128<0>;
	type PoolSetupFeeAsset = Native;
	type PoolSetupFeeTarget = ResolveAssetTo<PoolAccount, AllAssets>;
	type PalletId = PoolPalletId;
	type WeightInfo = ();
	type LPFee = LpFee;
	type AdminOrigin = EnsureRoot<AccountId>;
	type MaxSwapFee = MaxSwapFee;
	type LiquidityWithdrawalFee = WithdrawalFee;
	type MaxSwapPathLength = ConstU32<3>;
	type MintMinLiquidity = ConstU128<100>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

parameter_types! {
	pub storage Utc: Moment = GENESIS;
	pub storage Protocol: ProtocolTime = 0;
	pub storage Author: Option<AccountId> = Some(AUTHOR);
	pub storage NextJob: JobId = 0;
	pub storage MinSale: Balance = ONE / 100;
	pub const FeeShare: Permill = Permill::from_percent(80);
	pub const SliceShare: Permill = Permill::from_parts(1_000);
	pub const MaxDiscount: Permill = Permill::from_percent(1);
	pub const MaxMove: Permill = Permill::from_parts(3_000);
	pub storage AuthorStipend: Perbill = Perbill::zero();
	pub const AveragingPeriod: ProtocolTime = 30 * 60 * 1_000;
}

/// A day of 24 h and a window of 6 h, over the UTC that the test set.
pub struct TestClock;

impl Clock for TestClock {
	fn utc() -> Moment {
		Utc::get()
	}
	fn protocol() -> ProtocolTime {
		Protocol::get()
	}
	fn day() -> Day {
		(Utc::get() / (4 * WINDOW)) as Day
	}
	fn day_start(day: Day) -> Moment {
		u64::from(day) * 4 * WINDOW
	}
	fn window() -> u32 {
		(Utc::get() / WINDOW) as u32
	}
	fn window_start(window: u32) -> Moment {
		u64::from(window) * WINDOW
	}
}

impl pallet_settlement::Config for Test {
	type Currency = Balances;
	type UsdcAsset = ItemOf<Assets, DollarId, AccountId>;
	type Exchange = ConversionPool<Test, Native, Dollar>;
	type Clock = TestClock;
	type FeeShare = FeeShare;
	type SliceShare = SliceShare;
	type MinSale = MinSale;
	type MaxDiscount = MaxDiscount;
	type MaxMove = MaxMove;
	type AveragingPeriod = AveragingPeriod;
	type Author = Author;
	type AuthorStipend = AuthorStipend;
	type MaxPayouts = ConstU32<1_000>;
	type StatementWindows = ConstU32<120>;
	type WeightInfo = ();
}

pub type Split = crate::SplitFees<Test, Author, AllAssets>;
pub type OneCredit = fungible::Credit<AccountId, Balances>;

/// Builds a chain; checks the invariants after each test.
pub struct ExtBuilder {
	pool: (Balance, Usdc),
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self {
			pool: (POOL_ONE, POOL_USDC),
		}
	}
}

impl ExtBuilder {
	pub fn pool(mut self, one: Balance, usdc: Usdc) -> Self {
		self.pool = (one, usdc);
		self
	}

	pub fn build(self) -> TestExternalities {
		let (one, usdc) = self.pool;
		let genesis = RuntimeGenesisConfig {
			balances: pallet_balances::GenesisConfig {
				balances: vec![(TRADER, 100_000_000 * ONE), (AUTHOR, ONE)],
				..Default::default()
			},
			assets: pallet_assets::GenesisConfig {
				assets: vec![(USDC_ID, TRADER, true, MIN_USDC)],
				accounts: vec![(USDC_ID, TRADER, 100_000_000 * USDC)],
				..Default::default()
			},
			asset_conversion: pallet_asset_conversion::GenesisConfig {
				pools: vec![(Native::get(), Dollar::get(), TRADER, one, usdc)],
			},
			..Default::default()
		};
		let mut ext = TestExternalities::new(genesis.build_storage().unwrap());
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Settlement::do_try_state().unwrap();
		});
	}
}

/// Makes one block, a slot after the last, whose hooks have as much weight as they want.
pub fn next_block() {
	next_block_with(SLOT, Weight::MAX);
}

/// Makes one block, `passed` ms after the last, whose hooks have `limit`; protocol time counts at
/// most two slots of it.
pub fn next_block_with(passed: u64, limit: Weight) -> Weight {
	System::set_block_number(System::block_number() + 1);
	Utc::set(&(Utc::get() + passed));
	Protocol::set(&(Protocol::get() + passed.min(2 * SLOT)));
	let mut meter = WeightMeter::with_limit(limit);
	Settlement::on_poll(System::block_number(), &mut meter);
	meter.consumed()
}

/// Makes the first block of the next window.
pub fn next_window() {
	let start = TestClock::window_start(TestClock::window() + 1);
	next_block_with(start - Utc::get(), Weight::MAX);
}

/// Weight in which a block pays `payees`, besides its other work.
pub fn weight_for(payees: u64) -> Weight {
	let fixed = <() as WeightInfo>::sell() + <() as WeightInfo>::settle();
	fixed + <() as WeightInfo>::stipend() + <() as WeightInfo>::pay() * payees
}

pub fn usdc_of(who: AccountId) -> Usdc {
	Assets::balance(USDC_ID, who)
}

/// Transfers USDC of the trader to the protocol's account.
pub fn transfer_usdc(amount: Usdc) {
	let to = Settlement::usdc_account();
	Assets::transfer(RuntimeOrigin::signed(TRADER), USDC_ID, to, amount).unwrap();
}

/// Puts `amount` micro-USDC into the credit pot, by a transfer.
pub fn fund(amount: Usdc) {
	let is_new = usdc_of(Settlement::usdc_account()) == 0;
	transfer_usdc(amount + if is_new { MIN_USDC } else { 0 });
	Settlement::book_transfers().unwrap();
}

/// Puts `amount` 10^-12 ONE into the fee pot.
pub fn fill_fee_pot(amount: Balance) {
	let to = Settlement::fee_account();
	Balances::transfer_keep_alive(RuntimeOrigin::signed(TRADER), to, amount).unwrap();
}

/// Makes `amount` micro-USDC payable to `who`, through a day's pot.
pub fn owe(who: AccountId, amount: Usdc) {
	let day = TestClock::day();
	Settlement::earmark(day, amount).unwrap();
	Settlement::accrue(day, &who, amount).unwrap();
	mature(who, amount).unwrap();
}

/// Ends the next job, of which `amount` micro-USDC accrued to `who`.
pub fn mature(who: AccountId, amount: Usdc) -> DispatchResult {
	let job = NextJob::get();
	Settlement::mature(&who, paid_receipt(job, amount))?;
	NextJob::set(&(job + 1));
	Ok(())
}

pub fn paid_receipt(job: JobId, amount: Usdc) -> PaidReceipt {
	PaidReceipt {
		job,
		receipt: H256::from_low_u64_be(job + 1_000),
		amount,
	}
}

/// Says that `job` of `who` is final, and `amount` payable.
pub fn matured(who: AccountId, job: JobId, amount: Usdc) -> crate::Event<Test> {
	crate::Event::Matured {
		who,
		job,
		receipt: paid_receipt(job, amount).receipt,
		amount,
	}
}

/// The trader sells `one` to the pool.
pub fn trade_one(one: Balance) {
	trade(Native::get(), Dollar::get(), one);
}

/// The trader sells `usdc` to the pool.
pub fn trade_usdc(usdc: Usdc) {
	trade(Dollar::get(), Native::get(), usdc);
}

fn trade(from: NativeOrWithId<u32>, to: NativeOrWithId<u32>, amount: Balance) {
	AssetConversion::swap_exact_tokens_for_tokens(
		RuntimeOrigin::signed(TRADER),
		vec![Box::new(from), Box::new(to)],
		amount,
		1,
		TRADER,
		true,
	)
	.unwrap();
}

/// Own events since the last call.
pub fn events() -> Vec<crate::Event<Test>> {
	let own = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Settlement(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	own
}
