//! A chain of balances, fees, credits and a small market, in a world that the tests turn.
#![allow(clippy::unwrap_used, clippy::panic)]

mod market;
mod world;

use frame_support::{
	derive_impl, parameter_types,
	traits::{ConstU64, Hooks},
	weights::{FixedFee, IdentityFee, WeightMeter},
};
use one_primitives::{
	credits::{CreditCall, CreditCalls, SubmitTerms},
	jobs::LaneChoice,
	Cu, Usdc,
};
use pallet_transaction_payment::{ChargeTransactionPayment, FungibleAdapter};
use polkadot_sdk::*;
use sp_core::H256;
use sp_runtime::{BuildStorage, Perbill, Permill};

pub use world::*;

use crate as pallet_credits;

pub type AccountId = u64;
pub type Balance = u64;
pub type Extension = pallet_credits::ChargeCredit<Test, ChargeTransactionPayment<Test>>;

/// 10^9 CU.
pub const GIGA: Cu = 1_000_000_000;
/// One USDC.
pub const USDC: Usdc = 1_000_000;
pub const ED: Balance = 10;
pub const ADMISSION: Cu = 100_000;
/// A worker.
pub const WORKER: AccountId = 77;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		TransactionPayment: pallet_transaction_payment,
		Credits: pallet_credits,
		Market: market,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type ExistentialDeposit = ConstU64<ED>;
	type Balance = Balance;
}

#[derive_impl(pallet_transaction_payment::config_preludes::TestDefaultConfig)]
impl pallet_transaction_payment::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type OnChargeTransaction = FungibleAdapter<Balances, ()>;
	type WeightToFee = FixedFee<100, Balance>;
	type LengthToFee = IdentityFee<Balance>;
}

impl market::Config for Test {
	type Funds = Credits;
}

parameter_types! {
	pub storage PricePerGiga: Usdc = 100_000;
	pub storage BudgetCap: Usdc = 1_000 * USDC;
	pub const IncludedShare: Permill = Permill::from_percent(60);
	pub const BudgetShare: Permill = Permill::from_percent(10);
	pub const BlockShare: Perbill = Perbill::from_percent(50);
}

impl pallet_credits::Config for Test {
	type Clock = World;
	type Access = World;
	type Stake = World;
	type Treasury = World;
	type Earnings = World;
	type Submissions = Market;
	type CreditCalls = Calls;
	type PricePerGiga = PricePerGiga;
	type IncludedShare = IncludedShare;
	type BudgetShare = BudgetShare;
	type BudgetCap = BudgetCap;
	type AdmissionCharge = ConstU64<ADMISSION>;
	type BlockShare = BlockShare;
	type WeightInfo = ();
}

/// Recognises the market's calls.
pub struct Calls;

impl CreditCalls<RuntimeCall> for Calls {
	fn classify(call: &RuntimeCall) -> Option<CreditCall> {
		match call {
			RuntimeCall::Market(market::Call::submit { slot, cu, lane }) => {
				Some(CreditCall::Submit(SubmitTerms {
					slot: *slot,
					lane: *lane,
					model: H256::zero(),
					prompt_len: 0,
					max_output: *cu,
					wants_ids: false,
				}))
			}
			RuntimeCall::Market(market::Call::cancel { job }) => Some(CreditCall::Cancel(*job)),
			RuntimeCall::Market(market::Call::leave {}) => Some(CreditCall::Leave),
			_ => None,
		}
	}
}

/// The call that submits a job of `cu` to `slot`.
pub fn submit(slot: u8, cu: Cu) -> RuntimeCall {
	submit_in(LaneChoice::Included, slot, cu)
}

/// The call that submits a job of `cu` in `lane`.
pub fn submit_in(lane: LaneChoice, slot: u8, cu: Cu) -> RuntimeCall {
	let cu = u32::try_from(cu).unwrap();
	RuntimeCall::Market(market::Call::submit { slot, cu, lane })
}

/// The call that cancels `job`.
pub fn cancel(job: u64) -> RuntimeCall {
	RuntimeCall::Market(market::Call::cancel { job })
}

/// The call that takes stake back.
pub fn leave() -> RuntimeCall {
	RuntimeCall::Market(market::Call::leave {})
}

/// Runs `test` from day 1 on, not yet opened, with 10 USDC in the credit pot, and checks the
/// invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_world().execute_with(|| {
		test();
		check_world();
	});
}

/// The world at the beginning of day 1.
pub fn new_world() -> sp_io::TestExternalities {
	let storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		System::set_block_number(1);
		CreditPot::put(10 * USDC);
		Now::set(&DAY);
	});
	ext
}

/// Checks the pallet's invariants and those that concern the world.
pub fn check_world() {
	Credits::do_try_state().unwrap();
	for (day, record) in crate::Days::<Test>::iter() {
		assert_eq!(record.pot(), DayPots::get(day));
	}
	assert_eq!(
		DayPots::iter().count(),
		crate::Days::<Test>::iter()
			.filter(|(_, record)| record.pot() > 0)
			.count()
	);
}

/// One more block, on the day that the clock shows.
pub fn next_block() -> frame_support::weights::Weight {
	System::set_block_number(System::block_number() + 1);
	let mut meter = WeightMeter::new();
	Credits::on_poll(System::block_number(), &mut meter);
	meter.consumed()
}

/// The first block of the next day.
pub fn next_day() {
	Now::set(&(Now::get() + DAY));
	next_block();
}

/// What happened in this pallet, latest last.
pub fn events() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
}
