//! A runtime with the real balances and assets; clock, price and books are turned by the tests.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use frame_support::{
	derive_impl,
	instances::Instance1,
	parameter_types,
	traits::{
		fungible::{ItemOf, Mutate},
		tokens::Preservation,
		AsEnsureOriginWithArg, ConstU128, ConstU32, ConstU8, Hooks, NeverEnsureOrigin,
	},
	weights::{Weight, WeightMeter},
};
use frame_system::EnsureRoot;
use one_primitives::{
	capacity::{ClassId, ProvenCapacity},
	clock::{Clock, Day},
	jobs::Lane,
	models::{Cost, ModelId, ModelTerms, Models},
	price::GIGA,
	settlement::{Earnings, Inflow, PaidReceipt},
	workers::{SlotUse, Workers},
	Cu, Moment, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Dispatchable, IdentityLookup},
	BuildStorage, DispatchError, DispatchResult, Permill,
};

use crate as pallet_capacity;

/// Wide enough for the name of a pallet's account and the number of a class.
pub type AccountId = u128;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
pub const WORKER: AccountId = 77;
/// The account of the protocol's books.
pub const BOOKS: AccountId = 99;

/// 10^-6 USDC.
pub const USDC: Usdc = 1_000_000;
/// The asset's minimum balance, 0.01 USDC.
pub const MIN_USDC: Usdc = 10_000;
pub const USDC_ID: u32 = 1337;
pub const VOUCHERS: u32 = 2_000_000;
/// Micro-USDC that each of the accounts above has at first.
pub const ENDOWMENT: Usdc = 1_000 * USDC;
/// 10^9 CU.
pub const GCU: Cu = GIGA as Cu;
/// Micro-USDC per 10^9 CU at first.
pub const PRICE: Usdc = 100_000;
pub const WEEK: ProtocolTime = 7 * 24 * 60 * 60 * 1_000;
pub const HORIZON: u32 = 90;
pub const MINUTE: ProtocolTime = 60_000;
pub const MODEL: ModelId = ModelId::repeat_byte(7);
/// CU that a slot serves in a minute: 300 tokens of 10^6 CU.
pub const RATE: Cu = 300_000_000;
pub const SLOTS: u8 = 16;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Assets: pallet_assets::<Instance1>,
		Capacity: pallet_capacity,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<1_000>;
	type AccountStore = System;
}

#[derive_impl(pallet_assets::config_preludes::TestDefaultConfig)]
impl pallet_assets::Config<Instance1> for Test {
	type Balance = u128;
	type AssetId = u32;
	type AssetIdParameter = u32;
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<NeverEnsureOrigin<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type MetadataDepositBase = ConstU128<0>;
	type MetadataDepositPerByte = ConstU128<0>;
	type Holder = ();
	type Freezer = ();
}

parameter_types! {
	pub storage Now: ProtocolTime = 1_000_000;
	pub storage Governed: Usdc = PRICE;
	pub storage Premium: Permill = Permill::from_percent(3);
	pub storage LeastPremium: Permill = Permill::from_percent(2);
	/// CU a day.
	pub storage Proven: Cu = 1_000 * GCU;
	/// Micro-USDC in the credit pot.
	pub storage CreditPot: Usdc = 0;
	pub storage Earned: BTreeMap<AccountId, Usdc> = BTreeMap::new();
	/// Micro-USDC that a worker can be paid.
	pub storage Matured: BTreeMap<AccountId, Usdc> = BTreeMap::new();
	/// The model's share, if it is on trial.
	pub storage Canary: Option<Permill> = None;
	pub storage FreeSlots: Vec<AccountId> = Vec::new();
	pub storage AllSlots: u32 = 0;
	pub storage SlotUses: Vec<(AccountId, SlotUse)> = Vec::new();
	/// CU a minute that workers have shown.
	pub storage Shown: BTreeMap<AccountId, Cu> = BTreeMap::new();
	/// Workers that nobody hears of.
	pub storage Away: Vec<AccountId> = Vec::new();
	pub const DollarId: u32 = USDC_ID;
	pub const Standby: Permill = Permill::from_percent(20);
	pub const Bookable: Permill = Permill::from_percent(50);
	pub const Spare: Permill = Permill::from_percent(10);
	pub const MaxPeriod: ProtocolTime = 24 * 60 * MINUTE;
	pub const Step: Permill = Permill::from_percent(10);
	pub const Period: ProtocolTime = WEEK;
}

pub type Dollars = ItemOf<Assets, DollarId, AccountId>;

pub struct MockClock;
impl Clock for MockClock {
	fn utc() -> Moment {
		Now::get()
	}
	fn protocol() -> ProtocolTime {
		Now::get()
	}
	fn day() -> Day {
		0
	}
	fn day_start(_: Day) -> Moment {
		0
	}
	fn window() -> u32 {
		0
	}
	fn window_start(_: u32) -> Moment {
		0
	}
}

pub struct MockProven;
impl ProvenCapacity for MockProven {
	fn cu_per_day() -> Cu {
		Proven::get()
	}
}

pub struct MockBooks;
impl Inflow<AccountId> for MockBooks {
	fn fund(from: &AccountId, amount: Usdc) -> DispatchResult {
		Dollars::transfer(from, &BOOKS, amount, Preservation::Preserve)?;
		CreditPot::set(&(CreditPot::get() + amount));
		Ok(())
	}
	fn earn(from: &AccountId, worker: &AccountId, amount: Usdc, rest: Usdc) -> DispatchResult {
		Self::fund(from, amount + rest)?;
		CreditPot::set(&(CreditPot::get() - amount));
		let mut earned = Earned::get();
		*earned.entry(*worker).or_default() += amount;
		Earned::set(&earned);
		Ok(())
	}
}

impl Earnings<AccountId> for MockBooks {
	fn accrue(_: Day, _: &AccountId, _: Usdc) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn mature(worker: &AccountId, paid: PaidReceipt) -> DispatchResult {
		let mut matured = Matured::get();
		*matured.entry(*worker).or_default() += paid.amount;
		Matured::set(&matured);
		Ok(())
	}
}

pub struct MockModels;
impl Models for MockModels {
	fn terms(model: &ModelId) -> Option<ModelTerms> {
		Self::is_registered(model).then_some(ModelTerms {
			cost: Cost {
				linear: 1_000_000_000_000,
				attention: 0,
			},
			context: 4_096,
			template_tokens: 0,
			min_tier: 0,
			arithmetic: 1,
			min_vram: 1,
			canary: Canary::get(),
		})
	}
	fn is_registered(model: &ModelId) -> bool {
		*model == MODEL
	}
}

/// Workers with slots for [`MODEL`] and [`RATE`] each.
pub struct MockWorkers;
impl Workers<AccountId> for MockWorkers {
	fn take_slot(_: &ModelId, _: &AccountId, _: Lane, random: u64) -> Option<AccountId> {
		let mut free = FreeSlots::get();
		let there: Vec<usize> = (0..free.len())
			.filter(|at| !Away::get().contains(&free[*at]))
			.collect();
		let at = random.checked_rem(there.len() as u64)?;
		let worker = free.remove(there[at as usize]);
		FreeSlots::set(&free);
		Some(worker)
	}
	fn return_slot(worker: &AccountId, model: &ModelId, slot_use: SlotUse) {
		FreeSlots::set(&[FreeSlots::get(), vec![*worker]].concat());
		Self::keep_slot(worker, model, slot_use);
	}
	fn keep_slot(worker: &AccountId, _: &ModelId, slot_use: SlotUse) {
		SlotUses::set(&[SlotUses::get(), vec![(*worker, slot_use)]].concat());
	}
	fn is_ready(worker: &AccountId, _: &ModelId) -> bool {
		!Away::get().contains(worker)
	}
	fn proven_slots(_: &ModelId) -> u32 {
		AllSlots::get()
	}
	fn operators(_: &ModelId) -> u32 {
		AllSlots::get()
	}
	fn free_slots(_: &ModelId) -> u32 {
		FreeSlots::get().len() as u32
	}
	fn note_rate(worker: &AccountId, _: &ModelId, work: Cu, _: ProtocolTime) {
		let mut shown = Shown::get();
		shown.insert(*worker, work);
		Shown::set(&shown);
	}
	fn shown_rate(worker: &AccountId, _: &ModelId) -> Option<Cu> {
		Shown::get().get(worker).copied()
	}
	fn expected_rate() -> u32 {
		5
	}
}

/// Gives `workers` a slot each.
pub fn with_slots(workers: &[AccountId]) {
	FreeSlots::set(&workers.to_vec());
	AllSlots::set(&(workers.len() as u32));
}

impl pallet_capacity::Config for Test {
	type Clock = MockClock;
	type UsdcAsset = Dollars;
	type Vouchers = Assets;
	type FirstAsset = ConstU32<VOUCHERS>;
	type Ledger = MockBooks;
	type Models = MockModels;
	type Workers = MockWorkers;
	type Proven = MockProven;
	type PricePerGiga = Governed;
	type PriceStep = Step;
	type StepPeriod = Period;
	type Premium = Premium;
	type LeastPremium = LeastPremium;
	type RecordPeriod = Period;
	type Horizon = ConstU32<HORIZON>;
	type JobSlots = ConstU8<SLOTS>;
	type MaxAllowances = ConstU32<3>;
	type StandbyShare = Standby;
	type BookableShare = Bookable;
	type SpareShare = Spare;
	type MaxBookingPeriod = MaxPeriod;
	type WeightInfo = ();
}

/// Runs `test` after the first block, then checks the invariants.
pub fn build_and_execute(test: impl FnOnce()) {
	new_world().execute_with(|| {
		test();
		check_world();
	});
}

/// A chain of one block.
pub fn new_world() -> sp_io::TestExternalities {
	let endowed = [ALICE, BOB, CAROL].map(|who| (USDC_ID, who, ENDOWMENT));
	let genesis = RuntimeGenesisConfig {
		assets: pallet_assets::GenesisConfig {
			assets: vec![(USDC_ID, ALICE, true, MIN_USDC)],
			accounts: [&endowed[..], &[(USDC_ID, BOOKS, MIN_USDC)]].concat(),
			..Default::default()
		},
		..Default::default()
	};
	let mut ext = sp_io::TestExternalities::new(genesis.build_storage().unwrap());
	ext.execute_with(|| {
		System::set_block_number(1);
		next_block();
	});
	ext
}

/// The pallet's invariants, and that the books hold what they say.
pub fn check_world() {
	Capacity::do_try_state().unwrap();
	let promised = CreditPot::get() + Earned::get().values().sum::<Usdc>();
	assert_eq!(usdc(BOOKS), MIN_USDC + promised);
}

/// One more block, at the same time.
pub fn next_block() {
	next_block_with(Weight::MAX);
}

/// One more block, at the same time, whose hook may take `limit`; what it took.
pub fn next_block_with(limit: Weight) -> Weight {
	System::set_block_number(System::block_number() + 1);
	let mut meter = WeightMeter::with_limit(limit);
	Capacity::on_poll(System::block_number(), &mut meter);
	meter.consumed()
}

/// The first block after `time`.
pub fn pass(time: ProtocolTime) {
	Now::set(&(Now::get() + time));
	next_block();
}

/// Governance sets `price`, and it is posted after as many weeks as that takes.
pub fn post(price: Usdc) {
	Governed::set(&price);
	while Capacity::posted_price() != price {
		pass(WEEK);
	}
}

/// A signed call, dispatched as a transaction is: what fails leaves nothing behind.
pub fn dispatch(who: AccountId, call: impl Into<RuntimeCall>) -> DispatchResult {
	let result = call.into().dispatch(RuntimeOrigin::signed(who));
	result.map(drop).map_err(|failed| failed.error)
}

pub fn buy(who: AccountId, cu: Cu) -> DispatchResult {
	let max_cost = Usdc::MAX;
	dispatch(who, crate::Call::buy { cu, max_cost })
}

pub fn refund(who: AccountId, class: ClassId, cu: Cu) -> DispatchResult {
	dispatch(who, crate::Call::refund { class, cu })
}

pub fn allow(sponsor: AccountId, account: AccountId, cap: Cu) -> DispatchResult {
	dispatch(sponsor, crate::Call::allow { account, cap })
}

pub fn disallow(sponsor: AccountId, account: AccountId) -> DispatchResult {
	dispatch(sponsor, crate::Call::disallow { account })
}

pub fn choose(who: AccountId, sponsor: Option<AccountId>) -> DispatchResult {
	dispatch(who, crate::Call::choose_sponsor { sponsor })
}

pub fn reap(by: AccountId, who: AccountId) -> DispatchResult {
	dispatch(by, crate::Call::reap_record { who })
}

/// Moves vouchers as any asset.
pub fn send(from: AccountId, to: AccountId, class: ClassId, cu: Cu) -> DispatchResult {
	let (id, amount) = (Capacity::asset(class), cu.into());
	let target = to;
	dispatch(
		from,
		pallet_assets::Call::<Test, Instance1>::transfer { id, target, amount },
	)
}

pub fn usdc(who: AccountId) -> Usdc {
	Assets::balance(USDC_ID, who)
}

pub fn vouchers(who: AccountId, class: ClassId) -> Cu {
	Cu::try_from(Assets::balance(Capacity::asset(class), who)).unwrap()
}

/// Own events since the last call.
pub fn events() -> Vec<crate::Event<Test>> {
	let own = System::read_events_for_pallet();
	System::reset_events();
	own
}
