//! A runtime of this pallet and balances, with clocks that the tests set.
#![allow(clippy::unwrap_used, clippy::panic)]

use one_primitives::{
	clock::{Clock, Day},
	jobs::Lane,
	models::ModelId,
	pauses::Pauses,
	Moment, ProtocolTime,
};
use polkadot_sdk::{
	frame_support::{
		construct_runtime, derive_impl, parameter_types,
		traits::{fungible::InspectHold, tokens::imbalance::ResolveTo},
	},
	frame_system::{self, mocking::MockBlock, EnsureRoot},
	pallet_balances,
	sp_arithmetic::Permill,
	sp_core::H256,
	sp_io::TestExternalities,
	sp_runtime::BuildStorage,
};

use crate::{self as pallet_models, shape::Shape, HoldReason, ModelRecord};

/// ONE of the accounts 1 to 3.
pub const FUNDS: u64 = 1_000;
/// What a proposal holds at first.
pub const DEPOSIT: u64 = 100;
/// Where the deposits of rejected models go.
pub const POT: u64 = 99;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Models: pallet_models,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

parameter_types! {
	pub static Utc: Moment = 1_000_000;
	pub static Protocol: ProtocolTime = 0;
	pub static PausedModel: Option<ModelId> = None;
	pub storage ListingDeposit: u64 = DEPOSIT;
	pub const Timelock: ProtocolTime = 60_000;
	pub const MaxModels: u32 = 4;
	pub const MaxProposals: u32 = 2;
	pub const Pot: u64 = POT;
}

/// A pause of one model.
pub struct TestPauses;

impl Pauses for TestPauses {
	fn model(model: &ModelId) -> Option<Moment> {
		PausedModel::get()
			.filter(|paused| paused == model)
			.map(|_| Utc::get())
	}
	fn lane(_: Lane) -> Option<Moment> {
		None
	}
}

/// Clocks that stand where a test put them.
pub struct TestClock;

impl Clock for TestClock {
	fn utc() -> Moment {
		Utc::get()
	}
	fn protocol() -> ProtocolTime {
		Protocol::get()
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

impl pallet_models::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlashDestination = ResolveTo<Pot, Balances>;
	type AdminOrigin = EnsureRoot<u64>;
	type Clock = TestClock;
	type Pauses = TestPauses;
	type Timelock = Timelock;
	type ListingDeposit = ListingDeposit;
	type MaxModels = MaxModels;
	type MaxProposals = MaxProposals;
	type WeightInfo = ();
}

/// What is on hold of `who` for its models.
pub fn held(who: u64) -> u64 {
	Balances::balance_on_hold(&HoldReason::Listing.into(), &who)
}

/// Id of the `n`th model.
pub fn id(n: u8) -> ModelId {
	H256::repeat_byte(n)
}

/// Shape of a small Llama.
pub const SHAPE: Shape = Shape {
	layers: 2,
	hidden: 64,
	ffn: 176,
	heads: 8,
	kv_heads: 4,
	head_dim: 8,
	vocab: 512,
	context: 512,
};

/// A record that is in order.
pub fn record() -> ModelRecord {
	ModelRecord {
		name: b"small".to_vec().try_into().unwrap(),
		tokenizer: H256::repeat_byte(0xa1),
		template: H256::repeat_byte(0xa2),
		calibration: H256::repeat_byte(0xa3),
		arithmetic: 1,
		shape: SHAPE,
		template_tokens: 16,
		min_vram: 64,
		min_tier: 0,
		canary: Permill::zero(),
		retires_at: None,
	}
}

/// Builds the externalities of a test.
#[derive(Default)]
pub struct ExtBuilder {
	models: Vec<(ModelId, ModelRecord)>,
}

impl ExtBuilder {
	/// Has `models` active from genesis.
	pub fn models(mut self, models: Vec<(ModelId, ModelRecord)>) -> Self {
		self.models = models;
		self
	}

	pub fn build(self) -> TestExternalities {
		let models = pallet_models::GenesisConfig {
			models: self.models,
			..Default::default()
		};
		let balances = pallet_balances::GenesisConfig {
			balances: (1..=3).map(|who| (who, FUNDS)).collect(),
			..Default::default()
		};
		let config = RuntimeGenesisConfig {
			balances,
			models,
			..Default::default()
		};
		let mut ext = TestExternalities::from(config.build_storage().unwrap());
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Runs `test`, then checks the invariants.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Models::do_try_state().unwrap();
		});
	}
}
