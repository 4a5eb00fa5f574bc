//! A chain of balances and stakes, with a clock that the tests turn.
#![allow(clippy::unwrap_used, clippy::panic)]

use frame_support::{
	derive_impl,
	traits::{
		fungible::{Balanced, Credit},
		ConstU64, OnUnbalanced,
	},
};
use one_primitives::{
	access::{Lock, OnExit, Tier, LOCKS, TIERS},
	clock::{Clock, Day},
	Moment, ProtocolTime,
};
use polkadot_sdk::*;
use sp_runtime::{testing::TestSignature, BuildStorage, Permill};

use crate as pallet_access;

pub type AccountId = u64;
pub type Balance = u64;

pub const ED: Balance = 10;
pub const FUNDS: Balance = 1_000_000;
pub const COOLDOWN: ProtocolTime = 1_000;
pub const DAY: Moment = 100;
pub const LONGEST_LOCK: ProtocolTime = 12_000;
/// Where fees go.
pub const POT: AccountId = 99;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Access: pallet_access,
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

const fn tier(threshold: Balance) -> Tier<Balance> {
	Tier {
		threshold,
		allowance: threshold,
		max_job: threshold,
		slots: 4,
	}
}

frame_support::parameter_types! {
	pub storage Now: Moment = 0;
	pub storage Lowest: Balance = 1_000;
	pub Tiers: [Tier<Balance>; TIERS] = [tier(Lowest::get()), tier(10_000), tier(100_000)];
}

const fn lock(length: ProtocolTime, percent: u32) -> Lock {
	Lock {
		length,
		bonus: Permill::from_percent(percent),
	}
}

frame_support::parameter_types! {
	pub Locks: [Lock; LOCKS] = [lock(0, 0), lock(3_000, 10), lock(LONGEST_LOCK, 25)];
}

/// Protocol time and UTC run alike; a day is [`DAY`].
pub struct TestClock;

impl Clock for TestClock {
	fn utc() -> Moment {
		Now::get()
	}
	fn protocol() -> ProtocolTime {
		Now::get()
	}
	fn day() -> Day {
		u32::try_from(Now::get() / DAY).unwrap()
	}
	fn day_start(day: Day) -> Moment {
		Moment::from(day) * DAY
	}
	fn window() -> u32 {
		0
	}
	fn window_start(_: u32) -> Moment {
		0
	}
}

frame_support::parameter_types! {
	/// Whose stakes are gone, in order.
	pub storage Exited: Vec<AccountId> = Vec::new();
}

/// Notes who has left.
pub struct Exits;

impl OnExit<AccountId> for Exits {
	fn on_exit(who: &AccountId) {
		Exited::set(&[Exited::get(), vec![*who]].concat());
	}
}

/// Puts fees into [`POT`].
pub struct ToPot;

impl OnUnbalanced<Credit<AccountId, Balances>> for ToPot {
	fn on_nonzero_unbalanced(credit: Credit<AccountId, Balances>) {
		Balances::resolve(&POT, credit)
			.map_err(drop)
			.expect("the pot exists");
	}
}

impl pallet_access::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Clock = TestClock;
	type Tiers = Tiers;
	type Locks = Locks;
	type Cooldown = ConstU64<COOLDOWN>;
	type Fees = ToPot;
	type OnExit = Exits;
	type Signature = TestSignature;
	type WeightInfo = ();
}

/// Runs `test` with accounts 1 to 9 that own [`FUNDS`] above the existential deposit, and checks
/// the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	let mut storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	let owners = (1..10).map(|who| (who, FUNDS + ED));
	pallet_balances::GenesisConfig::<Test> {
		balances: owners.chain([(POT, ED)]).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		test();
		Access::do_try_state().unwrap();
	});
}

/// Lets `time` pass.
pub fn pass(time: Moment) {
	Now::set(&(Now::get() + time));
}

/// What the test runtime saw happen in this pallet, latest last.
pub fn events() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
}
