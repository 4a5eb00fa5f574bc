//! A chain of timestamp and clock.

use frame_support::{derive_impl, traits::ConstU64, traits::Hooks, weights::WeightMeter};
use polkadot_sdk::*;
use sp_runtime::BuildStorage;

use crate as pallet_clock;

pub const SLOT: u64 = 3_000;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timestamp: pallet_timestamp,
		Clock: pallet_clock,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

frame_support::parameter_types! {
	pub storage DayLength: u64 = 86_400_000;
	pub storage WindowLength: u64 = 21_600_000;
}

impl pallet_clock::Config for Test {
	type SlotDuration = ConstU64<SLOT>;
	type DayLength = DayLength;
	type WindowLength = WindowLength;
	type WeightInfo = ();
}

/// Runs `test` on an empty chain and checks the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	let storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.expect("the default genesis is valid");
	sp_io::TestExternalities::new(storage).execute_with(|| {
		test();
		Clock::do_try_state().expect("the invariants hold");
	});
}

/// A block whose timestamp is `utc`.
pub fn block_at(utc: u64) {
	System::set_block_number(System::block_number() + 1);
	pallet_timestamp::Now::<Test>::put(utc);
	Clock::on_poll(System::block_number(), &mut WeightMeter::new());
}
