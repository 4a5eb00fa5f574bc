//! A runtime with this pallet alone; the market keeps the current attempts in storage.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use frame_support::{
	derive_impl, parameter_types,
	traits::Hooks,
	weights::{Weight, WeightMeter},
};
use one_primitives::{
	clock::{Clock, Day},
	inference::ResultIds,
	jobs::{Acceptance, Assignment, JobId, Market},
	models::ModelId,
	receipts::{message, Finish, Outcome, Receipt, SignedReceipt},
	workers::crypto::{WorkerKey, WorkerPair, WorkerSignature},
	Cu, Moment, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use sp_core::{Pair, H256};
use sp_runtime::{BuildStorage, DispatchError, DispatchResult};

pub type AccountId = u64;

pub const WORKER: AccountId = 101;
pub const GENESIS: H256 = H256::repeat_byte(0x69);
pub const PERIOD: ProtocolTime = 600_000;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(RuntimeCall, RuntimeEvent, RuntimeError, RuntimeOrigin, RuntimeTask)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Receipts = crate;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

parameter_types! {
	pub storage Now: ProtocolTime = 1_000_000;
	/// Fork of the current attempt of each open job.
	pub storage Assigned: BTreeMap<JobId, H256> = BTreeMap::new();
	/// Open jobs that a pallet waits for.
	pub storage Awaited: Vec<JobId> = Vec::new();
	/// What was delivered, in order, and whether the record was there already.
	pub storage Delivered: Vec<(JobId, Vec<u32>, bool)> = Vec::new();
	pub storage MaxPoll: Weight = Weight::from_parts(200_000_000_000, u64::MAX);
	pub const Period: ProtocolTime = PERIOD;
}

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

pub struct MockMarket;
impl Market<AccountId> for MockMarket {
	fn assignments(_: &AccountId) -> Vec<Assignment> {
		Vec::new()
	}
	fn is_acceptable(_: &AccountId, _: &Acceptance) -> bool {
		false
	}
	fn accept(_: &AccountId, _: &Acceptance) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn assigned(receipt: &Receipt<AccountId>) -> Option<H256> {
		let current = receipt.worker == WORKER && receipt.attempt == 1;
		Assigned::get()
			.get(&receipt.job)
			.copied()
			.filter(|_| current)
	}
	fn failed_by(_: &AccountId, _: JobId) -> Option<(ModelId, AccountId)> {
		None
	}
	fn complete(receipt: &Receipt<AccountId>) -> Result<(Cu, Usdc), DispatchError> {
		let mut assigned = Assigned::get();
		assigned
			.remove(&receipt.job)
			.ok_or(DispatchError::CannotLookup)?;
		Assigned::set(&assigned);
		let served = receipt.outcome == Outcome::Served;
		Ok(if served {
			(Cu::from(receipt.output_tokens) * 10, 7)
		} else {
			(0, 0)
		})
	}
	fn wants_ids(job: JobId) -> bool {
		Awaited::get().contains(&job)
	}
	fn deliver(job: JobId, ids: ResultIds, _: Finish) {
		let recorded = crate::Records::<Test>::contains_key(job);
		let delivered = (job, ids.into_inner(), recorded);
		Delivered::set(&[Delivered::get(), vec![delivered]].concat());
	}
	fn callback_weight() -> Weight {
		Weight::from_parts(1, 2)
	}
}

impl crate::Config for Test {
	type Clock = MockClock;
	type Market = MockMarket;
	type StubPeriod = Period;
	type PollWeight = MaxPoll;
	type WeightInfo = ();
}

/// Runs `test`, then checks every invariant.
pub fn run(test: impl FnOnce()) {
	let storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		frame_system::BlockHash::<Test>::insert(0u64, GENESIS);
		System::set_block_number(1);
		test();
		Receipts::do_try_state().unwrap();
	});
}

/// The next block, `time` of protocol time later, with its `on_poll`.
pub fn advance(time: ProtocolTime) {
	let number = System::block_number() + 1;
	System::set_block_number(number);
	System::reset_events();
	Now::set(&(Now::get() + time));
	Receipts::on_poll(number, &mut WeightMeter::new());
}

pub fn pair() -> WorkerPair {
	WorkerPair::from_string("//Worker", None).unwrap()
}

pub fn key() -> WorkerKey {
	pair().public()
}

/// Lets the market wait for a receipt of `job`.
pub fn assign(job: JobId) {
	let mut assigned = Assigned::get();
	assigned.insert(job, fork(job));
	Assigned::set(&assigned);
}

pub fn fork(job: JobId) -> H256 {
	H256::from_low_u64_be(job + 1)
}

pub fn receipt(job: JobId, outcome: Outcome) -> Receipt<AccountId> {
	Receipt {
		job,
		attempt: 1,
		model: H256::repeat_byte(4),
		worker: WORKER,
		requests: 1,
		input_tokens: 12,
		output_tokens: 5,
		request_root: H256::repeat_byte(1),
		result_root: H256::repeat_byte(2),
		trace_root: H256::repeat_byte(3),
		outcome,
		finish: Finish::Stop,
	}
}

/// Signs as the worker does.
pub fn sign(receipt: Receipt<AccountId>) -> SignedReceipt<AccountId, WorkerSignature> {
	sign_for(GENESIS, fork(receipt.job), receipt)
}

pub fn sign_for(
	genesis: H256,
	assigned: H256,
	receipt: Receipt<AccountId>,
) -> SignedReceipt<AccountId, WorkerSignature> {
	let signature = pair().sign(&message(&genesis, &assigned, &receipt));
	SignedReceipt {
		receipt,
		signature,
		ids: Default::default(),
	}
}

pub fn receive(signed: SignedReceipt<AccountId, WorkerSignature>) -> DispatchResult {
	<Receipts as one_primitives::receipts::Receipts<_, _, _>>::receive(signed, &key())
}

pub fn events() -> Vec<crate::Event<Test>> {
	let ours = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
		RuntimeEvent::Receipts(event) => Some(event),
		_ => None,
	};
	System::events().into_iter().filter_map(ours).collect()
}
