//! A runtime of this pallet with balances, and a market in memory.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use one_mailbox::Service;
use one_primitives::{
	clock::{Clock, Day},
	inference::ResultIds,
	jobs::{Acceptance, Assignment, JobId, Lane, Market},
	models::{Cost, ModelId, ModelTerms, Models},
	receipts::{self, Finish, Receipt, Receipts, SignedReceipt},
	settlement::VoidPay,
	workers::{
		crypto::{WorkerKey, WorkerPair, WorkerSignature, KEY_TYPE},
		SlotUse, Workers as _,
	},
	Cu, Moment, ProtocolTime, Usdc,
};
use polkadot_sdk::{
	frame_support::{
		construct_runtime, derive_impl, parameter_types,
		traits::{fungible::Mutate, tokens::imbalance::ResolveTo, ConstU64, OnPoll},
		weights::{Weight, WeightMeter},
		BoundedVec,
	},
	frame_system::{self, offchain, AuthorizeCall, EnsureRoot, RawOrigin},
	pallet_balances,
	sp_application_crypto::RuntimeAppPublic,
	sp_core::{crypto::Pair, sr25519, H256},
	sp_io::TestExternalities,
	sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt},
	sp_runtime::{
		generic, testing::UintAuthorityId, traits::BlakeTwo256, BuildStorage, DispatchError,
		DispatchResult, Permill,
	},
};

use crate::{self as pallet_workers, types::PeerId, LadderTerms, Offer, Report, ReportOf};

pub type TxExtension = (AuthorizeCall<Test>,);
pub type Extrinsic = generic::UncheckedExtrinsic<u64, RuntimeCall, UintAuthorityId, TxExtension>;
type Block = generic::Block<generic::Header<u64, BlakeTwo256>, Extrinsic>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Workers: pallet_workers,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
}

parameter_types! {
	pub static Protocol: ProtocolTime = 0;
	/// Models that take jobs; the others are unknown.
	pub static ActiveModels: Vec<ModelId> = (0..20).map(model).collect();
	/// Open assignments, by worker.
	pub static Open: Vec<(u64, Assignment)> = Vec::new();
	/// Jobs completed, in order.
	pub static Completed: Vec<Receipt<u64>> = Vec::new();
	/// Jobs whose last attempt came to nothing: owner, model, worker.
	pub static Failed: Vec<(JobId, u64, ModelId, u64)> = Vec::new();
	/// Workers whose pay was voided, in order.
	pub static Voided: Vec<u64> = Vec::new();
	pub static Probation: u16 = 0;
	pub static BondPerSlotGib: u64 = 10;
	pub static ExclusionShare: Permill = Permill::from_percent(50);
	pub static OperatorShare: Permill = Permill::one();
	pub const Ladder: LadderTerms = LADDER;
	pub const SlashPot: u64 = SLASH_POT;
	pub const OffenceWindow: ProtocolTime = 90_000;
	pub const AppealWindow: ProtocolTime = 40_000;
	pub const UnbondingPeriod: ProtocolTime = 100_000;
	pub const MaintenanceCap: ProtocolTime = 20_000;
	pub const MaintenancePeriod: ProtocolTime = 60_000;
	pub const ExclusionPeriod: ProtocolTime = 50_000;
	pub const PollWeight: Weight = Weight::MAX;
	pub const LivenessTimeout: ProtocolTime = 30_000;
	pub const HeartbeatInterval: ProtocolTime = 10_000;
	pub const ProvenRate: u32 = 5;
	pub const ReportPriority: u64 = 1 << 20;
}

/// A clock that stands where a test put it.
pub struct TestClock;

impl Clock for TestClock {
	fn utc() -> Moment {
		0
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

/// A registry of which all models are alike.
pub struct TestModels;

impl Models for TestModels {
	fn terms(id: &ModelId) -> Option<ModelTerms> {
		Self::is_registered(id).then_some(ModelTerms {
			cost: Cost {
				linear: 1,
				attention: 1,
			},
			context: 512,
			template_tokens: 16,
			min_tier: 0,
			arithmetic: 1,
			min_vram: 512,
			canary: None,
		})
	}
	fn is_registered(id: &ModelId) -> bool {
		ActiveModels::get().contains(id)
	}
}

/// A market that only knows who was assigned what.
pub struct TestMarket;

impl Market<u64> for TestMarket {
	fn assignments(worker: &u64) -> Vec<Assignment> {
		let open = Open::get().into_iter();
		open.filter(|(who, _)| who == worker)
			.map(|(_, assignment)| assignment)
			.collect()
	}
	fn is_acceptable(worker: &u64, entry: &Acceptance) -> bool {
		Self::assignments(worker).iter().any(|open| {
			!open.accepted
				&& (open.job, open.attempt, open.assigned)
					== (entry.job, entry.attempt, entry.assigned)
		})
	}
	fn accept(worker: &u64, entry: &Acceptance) -> DispatchResult {
		if !Self::is_acceptable(worker, entry) {
			return Err("not acceptable".into());
		}
		Open::mutate(|open| {
			open.iter_mut()
				.filter(|(_, assignment)| assignment.job == entry.job)
				.for_each(|(_, assignment)| assignment.accepted = true);
		});
		Ok(())
	}
	fn assigned(receipt: &Receipt<u64>) -> Option<H256> {
		Self::assignments(&receipt.worker)
			.iter()
			.find(|open| (open.job, open.attempt) == (receipt.job, receipt.attempt))
			.map(|open| open.assigned)
	}
	fn failed_by(owner: &u64, job: JobId) -> Option<(ModelId, u64)> {
		let failed = Failed::get().into_iter();
		failed
			.filter(|(id, of, ..)| (id, of) == (&job, owner))
			.map(|(_, _, model, worker)| (model, worker))
			.next()
	}
	fn complete(receipt: &Receipt<u64>) -> Result<(Cu, Usdc), DispatchError> {
		Self::assigned(receipt).ok_or("not assigned")?;
		Open::mutate(|open| open.retain(|(_, assignment)| assignment.job != receipt.job));
		Completed::mutate(|completed| completed.push(receipt.clone()));
		Workers::return_slot(&receipt.worker, &receipt.model, SlotUse::Served);
		Ok((0, 0))
	}
	fn wants_ids(_: JobId) -> bool {
		false
	}
	fn deliver(_: JobId, _: ResultIds, _: Finish) {}
	fn callback_weight() -> Weight {
		Weight::zero()
	}
}

/// Remembers whose pay was voided.
pub struct TestPay;

impl VoidPay<u64> for TestPay {
	fn void_pay(worker: &u64) -> Result<Usdc, DispatchError> {
		Voided::mutate(|voided| voided.push(*worker));
		Ok(0)
	}
}

/// Checks signatures as the receipts' pallet does.
pub struct TestReceipts;

impl Receipts<u64, WorkerKey, WorkerSignature> for TestReceipts {
	fn is_wanted(receipt: &Receipt<u64>) -> bool {
		TestMarket::assigned(receipt).is_some()
	}
	fn receive(signed: SignedReceipt<u64, WorkerSignature>, key: &WorkerKey) -> DispatchResult {
		let assigned = TestMarket::assigned(&signed.receipt).ok_or("not assigned")?;
		let message = receipts::message(&genesis(), &assigned, &signed.receipt);
		if !key.verify(&message, &signed.signature) {
			return Err("bad signature".into());
		}
		TestMarket::complete(&signed.receipt).map(|_| ())
	}
	fn callback_weight() -> Weight {
		CALLBACK
	}
}

impl pallet_workers::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Clock = TestClock;
	type Models = TestModels;
	type Market = TestMarket;
	type Receipts = TestReceipts;
	type Pay = TestPay;
	type SlashDestination = ResolveTo<SlashPot, Balances>;
	type GovernanceOrigin = EnsureRoot<u64>;
	type BondPerSlotGib = BondPerSlotGib;
	type Ladder = Ladder;
	type ProbationJobs = Probation;
	type ExclusionShare = ExclusionShare;
	type OperatorShare = OperatorShare;
	type OffenceWindow = OffenceWindow;
	type AppealWindow = AppealWindow;
	type UnbondingPeriod = UnbondingPeriod;
	type MaintenanceCap = MaintenanceCap;
	type MaintenancePeriod = MaintenancePeriod;
	type ExclusionPeriod = ExclusionPeriod;
	type LivenessTimeout = LivenessTimeout;
	type HeartbeatInterval = HeartbeatInterval;
	type ProvenRate = ProvenRate;
	type PollWeight = PollWeight;
	type ReportPriority = ReportPriority;
	type WeightInfo = ();
}

impl<LocalCall> offchain::CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extrinsic = Extrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<LocalCall> offchain::CreateTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extension = TxExtension;
	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<LocalCall> offchain::CreateAuthorizedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_extension() -> TxExtension {
		(AuthorizeCall::new(),)
	}
}

/// Weight of what a pallet does when it is told of a result.
pub const CALLBACK: Weight = Weight::from_parts(1_000_000, 100);
/// Balance of each account, enough for the largest bond.
pub const ENDOWMENT: u64 = 1_000_000;
/// Accounts that have it: 1 to this number.
pub const ACCOUNTS: u64 = 6;
/// An account that submits jobs.
pub const REQUESTER: u64 = 77;
/// The least that an account holds.
pub const EXISTENTIAL_DEPOSIT: u64 = 5;
/// Where slashes go.
pub const SLASH_POT: u64 = 99;
/// One warning, one small slash, one larger, removal.
pub const LADDER: LadderTerms = LadderTerms {
	small_from: 2,
	larger_from: 3,
	removal_from: 5,
	small: Permill::from_percent(10),
	larger: Permill::from_percent(20),
	removal: Permill::from_percent(100),
	late_cap: Permill::from_percent(25),
	floor: Permill::from_percent(80),
};

/// Id of the `n`th model.
pub fn model(n: u8) -> ModelId {
	H256::repeat_byte(n)
}

/// Hash of the genesis block of the tests.
pub fn genesis() -> H256 {
	H256::repeat_byte(0x9e)
}

/// Peer id of the `n`th node.
pub fn peer(n: u64) -> PeerId {
	BoundedVec::truncate_from(vec![n as u8; 38])
}

/// The key pair of the worker `who`.
pub fn pair(who: u64) -> WorkerPair {
	let mut seed = [7; 32];
	seed[..8].copy_from_slice(&who.to_le_bytes());
	sr25519::Pair::from_seed(&seed).into()
}

/// Seed of the pair of `who`, as a keystore takes it.
pub fn seed(who: u64) -> String {
	let mut seed = [7; 32];
	seed[..8].copy_from_slice(&who.to_le_bytes());
	format!(
		"0x{}",
		seed.iter()
			.map(|byte| format!("{byte:02x}"))
			.collect::<String>()
	)
}

/// An offer of `slots` slots for the `models`, on a device of 2 GiB.
pub fn offer(who: u64, models: &[u8], slots: u8) -> Offer {
	Offer {
		models: BoundedVec::truncate_from(models.iter().map(|n| model(*n)).collect()),
		slots,
		vram: 2_048,
		peer_id: peer(who),
		addresses: Default::default(),
	}
}

/// The signature that lets `who` register the key of `signer`.
pub fn proof(who: u64, signer: u64) -> WorkerSignature {
	pair(signer).sign(&Workers::registration_message(&who))
}

/// Registers `who` with `slots` slots for `models`.
pub fn register(who: u64, models: &[u8], slots: u8) -> DispatchResult {
	let origin = RawOrigin::Signed(who).into();
	Workers::register(
		origin,
		offer(who, models, slots),
		pair(who).public(),
		proof(who, who),
	)
}

/// A report of `who` at the current block that says only that its service is there.
pub fn heartbeat(who: u64) -> ReportOf<Test> {
	Report {
		worker: who,
		block: System::block_number(),
		mailbox: one_mailbox::VERSION,
		arithmetics: BoundedVec::truncate_from(vec![1]),
		acceptances: Default::default(),
		receipts: Default::default(),
	}
}

/// Dispatches `report` as if it had been authorized.
pub fn dispatch(report: ReportOf<Test>) -> DispatchResult {
	let signature = pair(report.worker).sign(&Workers::report_message(&report));
	let reported = Workers::report(RawOrigin::Authorized.into(), report, signature);
	reported.map(drop).map_err(|failed| failed.error)
}

/// Lets one block and three seconds pass.
pub fn next_block() {
	pass(3_000);
}

/// Makes one block, `time` after the last.
pub fn pass(time: ProtocolTime) {
	pass_with(time, Weight::MAX);
}

/// Makes one block, `time` after the last, whose hooks have `limit`.
pub fn pass_with(time: ProtocolTime, limit: Weight) {
	System::set_block_number(System::block_number() + 1);
	Protocol::mutate(|now| *now += time);
	Workers::on_poll(System::block_number(), &mut WeightMeter::with_limit(limit));
}

/// Takes a slot for the `n`th model.
pub fn take(n: u8, random: u64) -> Option<u64> {
	Workers::take_slot(&model(n), &REQUESTER, Lane::Dedicated, random)
}

/// Sets what `who` has earned for the `n`th model.
pub fn set_earned(who: u64, n: u8, earned: u8) {
	Workers::mutate_seat(&who, &model(n), |seat| seat.earned = earned);
}

/// Registers workers with all of `models` and has them report.
pub fn with_workers(workers: &[u64], models: &[u8], slots: u8) {
	for who in workers {
		register(*who, models, slots).unwrap();
		dispatch(heartbeat(*who)).unwrap();
	}
}

/// An assignment of `job` on the fork `fork`.
pub fn assignment(job: JobId, attempt: u8, fork: u8) -> Assignment {
	Assignment {
		job,
		attempt,
		assigned: H256::repeat_byte(fork),
		accepted: false,
		model: model(1),
		prompt: b"Once upon a time".to_vec(),
		max_input: 32,
		max_output: 16,
		wants_ids: false,
	}
}

/// Takes a slot of `who`, the only one listed, and gives it `assignment`.
pub fn assign(who: u64, assignment: Assignment) {
	assert_eq!(
		Workers::take_slot(&assignment.model, &REQUESTER, Lane::Included, 0),
		Some(who)
	);
	Open::mutate(|open| open.push((who, assignment)));
}

/// A service that computes arithmetic 1 and has model 1.
pub fn service() -> Service {
	Service {
		version: one_mailbox::VERSION,
		arithmetics: vec![1],
		models: vec![model(1).0],
	}
}

/// Externalities at block 1, with the worker keys of `keys` in the keystore.
pub fn ext(keys: &[u64]) -> TestExternalities {
	Protocol::set(0);
	Open::take();
	Completed::take();
	Failed::take();
	Voided::take();
	Probation::set(0);
	BondPerSlotGib::set(10);
	ExclusionShare::set(Permill::from_percent(50));
	let balances = (1..=ACCOUNTS).map(|who| (who, ENDOWMENT)).collect();
	let config = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances,
			..Default::default()
		},
		..Default::default()
	};
	let mut ext = TestExternalities::from(config.build_storage().unwrap());
	let keystore = MemoryKeystore::new();
	for who in keys {
		keystore
			.sr25519_generate_new(KEY_TYPE, Some(&seed(*who)))
			.unwrap();
	}
	ext.register_extension(KeystoreExt(Arc::new(keystore)));
	ext.execute_with(|| {
		frame_system::BlockHash::<Test>::insert(0, genesis());
		Balances::set_balance(&SLASH_POT, EXISTENTIAL_DEPOSIT);
		System::set_block_number(1);
	});
	ext
}

/// Runs `test`, then checks the invariants.
pub fn build_and_execute(test: impl FnOnce()) {
	ext(&[]).execute_with(|| {
		test();
		Workers::do_try_state().unwrap();
	});
}
