//! A chain with this pallet alone, with a clock that the tests set.
#![allow(clippy::unwrap_used, clippy::panic)]

use frame_support::{derive_impl, parameter_types, traits::Contains};
use frame_system::EnsureSignedBy;
use one_primitives::{
	clock::{Clock, Day},
	models::{ModelId, ModelTerms, Models},
	Moment, ProtocolTime,
};
use polkadot_sdk::*;
use sp_core::H256;
use sp_runtime::BuildStorage;

use crate::{self as pallet_pauses, PalletName, Subject};

/// The one that may pause.
pub const GUARDIAN: u64 = 1;
/// The one that may end pauses.
pub const REFEREE: u64 = 2;

pub const LENGTH: Moment = 1_000;
pub const RESPITE: Moment = 5_000;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Brake: pallet_pauses,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

frame_support::ord_parameter_types! {
	pub const Guardian: u64 = GUARDIAN;
	pub const Referee: u64 = REFEREE;
}

parameter_types! {
	pub static Now: Moment = 1_000_000;
	pub static PauseLength: Moment = LENGTH;
	pub const Respite: Moment = RESPITE;
	pub const MaxPauses: u32 = 4;
}

/// A clock that stands where a test put it.
pub struct TestClock;

impl Clock for TestClock {
	fn utc() -> Moment {
		Now::get()
	}
	fn protocol() -> ProtocolTime {
		0
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

/// Models 1 to 9 are registered.
pub struct TestModels;

impl Models for TestModels {
	fn terms(_: &ModelId) -> Option<ModelTerms> {
		None
	}
	fn is_registered(model: &ModelId) -> bool {
		(1..=9).any(|n| *model == H256::repeat_byte(n))
	}
}

/// Only the pallet `Brittle` may be paused.
pub struct Brittle;

impl Contains<PalletName> for Brittle {
	fn contains(name: &PalletName) -> bool {
		name[..] == *b"Brittle"
	}
}

impl pallet_pauses::Config for Test {
	type PauseOrigin = EnsureSignedBy<Guardian, u64>;
	type ResumeOrigin = EnsureSignedBy<Referee, u64>;
	type Clock = TestClock;
	type Models = TestModels;
	type Pausable = Brittle;
	type Length = PauseLength;
	type Respite = Respite;
	type MaxPauses = MaxPauses;
	type WeightInfo = ();
}

/// The `n`th model.
pub fn model(n: u8) -> Subject {
	Subject::Model(H256::repeat_byte(n))
}

/// A pallet.
pub fn pallet(name: &[u8]) -> Subject {
	Subject::Pallet(name.to_vec().try_into().unwrap())
}

/// Runs `test` on an empty chain and checks the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	let storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		test();
		Brake::do_try_state().unwrap();
	});
}

/// Lets `time` pass.
pub fn pass(time: Moment) {
	Now::mutate(|now| *now += time);
}
