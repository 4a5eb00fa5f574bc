//! A runtime with a pallet that asks, and the real market, vouchers, workers and receipts; clock
//! and books are turned by the tests.

use super::oracle;
use crate::market::{model, offer, MODEL};
use one_primitives::{
	access::TierId,
	capacity::ProvenCapacity,
	clock::{Clock, Day},
	credits::{LaneFunds, Refusal},
	inference::ResultIds,
	jobs::{Acceptance, Assignment, JobId, Market as _},
	models::ModelId,
	receipts::{self, Finish, Outcome, Receipt, SignedReceipt},
	settlement::{Earnings, Inflow, PaidReceipt, VoidPay},
	workers::crypto::{WorkerPair, WorkerSignature},
	Cu, Moment, ProtocolTime, Usdc,
};
use pallet_workers::{LadderTerms, Report, ReportOf};
use polkadot_sdk::{
	frame_support::{
		assert_ok, construct_runtime, derive_impl,
		instances::Instance1,
		parameter_types,
		traits::{
			fungible::{ItemOf, Mutate},
			tokens::Preservation,
			AsEnsureOriginWithArg, ConstU128, ConstU16, ConstU32, ConstU64, ConstU8,
			NeverEnsureOrigin, OnPoll, Randomness,
		},
		weights::{Weight, WeightMeter},
		BoundedVec,
	},
	frame_system::{
		offchain::{CreateAuthorizedTransaction, CreateTransaction, CreateTransactionBase},
		AuthorizeCall, ChainContext, EnsureRoot,
	},
	sp_core::{Pair, H256},
	sp_io::TestExternalities,
	sp_runtime::{
		generic,
		traits::{Applyable, BlakeTwo256, Checkable, Dispatchable, Hash, IdentityLookup},
		AccountId32, BuildStorage, DispatchError, DispatchResult, MultiSignature, Permill,
	},
	*,
};
use std::collections::BTreeMap;

type AccountId = AccountId32;
type TxExtension = (AuthorizeCall<Test>,);
type Extrinsic = generic::UncheckedExtrinsic<AccountId, RuntimeCall, MultiSignature, TxExtension>;
type Block = generic::Block<generic::Header<u64, BlakeTwo256>, Extrinsic>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Assets: pallet_assets::<Instance1>,
		Models: pallet_models,
		Workers: pallet_workers,
		Jobs: pallet_jobs,
		Receipts: pallet_receipts,
		Capacity: pallet_capacity,
		Oracle: oracle,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = u128;
	type ExistentialDeposit = ConstU128<1>;
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

/// CU of a job at the least.
pub const FLOOR: Cu = 100;
/// Vouchers that the oracle has at first.
pub const VOUCHERS: Cu = 1_000_000_000;
/// How long a job waits for a worker at the most.
pub const QUEUE_PERIOD: ProtocolTime = 300_000;
const USDC_ID: u32 = 1337;
const FIRST_ASSET: u32 = 2_000_000;
const MIN_USDC: Usdc = 10_000;
const ENDOWMENT: u128 = 1 << 80;

parameter_types! {
	pub storage Now: ProtocolTime = 1_000_000;
	pub storage Earned: BTreeMap<AccountId, Usdc> = BTreeMap::new();
	/// Answers that the oracle keeps.
	pub storage MaxAnswers: u32 = 8;
	pub const DollarId: u32 = USDC_ID;
	pub const AskedModel: ModelId = MODEL;
	pub const Bond: u128 = 10;
	pub const Share: Permill = Permill::from_percent(10);
	pub const Half: Permill = Permill::from_percent(50);
	pub const Price: Usdc = 100_000_000;
	pub const Poll: Weight = Weight::from_parts(200_000_000_000, u64::MAX);
	pub const Ladder: LadderTerms = LadderTerms {
		small_from: 2,
		larger_from: 3,
		removal_from: 5,
		small: Permill::from_percent(10),
		larger: Permill::from_percent(20),
		removal: Permill::from_percent(100),
		late_cap: Permill::from_percent(25),
		floor: Permill::from_percent(80),
	};
}

type Dollars = ItemOf<Assets, DollarId, AccountId>;
type Minute = ConstU64<60_000>;

pub struct TestClock;
impl Clock for TestClock {
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

/// A lane without money: nobody here has credits.
pub struct NoCredits;
impl LaneFunds<AccountId> for NoCredits {
	type Reservation = ();
	fn owner(who: &AccountId) -> AccountId {
		who.clone()
	}
	fn check(_: &AccountId, _: TierId, _: Cu) -> Result<(), Refusal> {
		Err(Refusal::LaneClosed)
	}
	fn reserve(_: &AccountId, _: TierId, _: Cu) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn charge(_: &AccountId, _: &(), _: Cu, _: &AccountId) -> Result<Usdc, DispatchError> {
		Err(DispatchError::Unavailable)
	}
	fn forfeit(_: &AccountId, _: &(), _: Cu) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn release(_: &AccountId, _: &()) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn price(_: &AccountId, _: Cu) -> Usdc {
		0
	}
	fn available(_: &AccountId) -> Cu {
		0
	}
	fn slots(_: &AccountId) -> u8 {
		0
	}
	fn resets_at() -> Option<Moment> {
		None
	}
}

/// One account that takes all USDC, and a note of who earned what.
pub struct Books;
impl Inflow<AccountId> for Books {
	fn fund(from: &AccountId, amount: Usdc) -> DispatchResult {
		Dollars::transfer(from, &books(), amount, Preservation::Preserve).map(drop)
	}
	fn earn(from: &AccountId, worker: &AccountId, amount: Usdc, rest: Usdc) -> DispatchResult {
		Self::fund(from, amount + rest)?;
		let mut earned = Earned::get();
		*earned.entry(worker.clone()).or_default() += amount;
		Earned::set(&earned);
		Ok(())
	}
}
impl Earnings<AccountId> for Books {
	fn accrue(_: Day, _: &AccountId, _: Usdc) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn mature(_: &AccountId, _: PaidReceipt) -> DispatchResult {
		Ok(())
	}
}
impl VoidPay<AccountId> for Books {
	fn void_pay(_: &AccountId) -> Result<Usdc, DispatchError> {
		Ok(0)
	}
}
impl ProvenCapacity for Books {
	fn cu_per_day() -> Cu {
		VOUCHERS
	}
}

pub struct BlockRandomness;
impl Randomness<Option<H256>, u64> for BlockRandomness {
	fn random(subject: &[u8]) -> (Option<H256>, u64) {
		let number = System::block_number();
		(Some(BlakeTwo256::hash_of(&(subject, number))), number)
	}
}

impl pallet_models::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SlashDestination = ();
	type AdminOrigin = EnsureRoot<AccountId>;
	type Clock = TestClock;
	type Pauses = ();
	type Timelock = ConstU64<0>;
	type ListingDeposit = ConstU128<1>;
	type MaxModels = ConstU32<4>;
	type MaxProposals = ConstU32<1>;
	type WeightInfo = ();
}

impl pallet_workers::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Clock = TestClock;
	type Models = Models;
	type Market = Jobs;
	type Receipts = Receipts;
	type Pay = Books;
	type SlashDestination = ();
	type GovernanceOrigin = EnsureRoot<AccountId>;
	type BondPerSlotGib = Bond;
	type Ladder = Ladder;
	type ProbationJobs = ConstU16<0>;
	type ExclusionShare = Half;
	type OperatorShare = Half;
	type OffenceWindow = Minute;
	type AppealWindow = Minute;
	type UnbondingPeriod = Minute;
	type MaintenanceCap = Minute;
	type MaintenancePeriod = Minute;
	type ExclusionPeriod = Minute;
	type LivenessTimeout = ConstU64<{ 2 * QUEUE_PERIOD }>;
	type HeartbeatInterval = Minute;
	type ProvenRate = ConstU32<5>;
	type PollWeight = Poll;
	type ReportPriority = ConstU64<1>;
	type WeightInfo = ();
}

impl pallet_jobs::Config for Test {
	type Clock = TestClock;
	type Models = Models;
	type Pauses = ();
	type Workers = Workers;
	type Included = NoCredits;
	type Dedicated = Capacity;
	type Earnings = Books;
	type OnFinal = Receipts;
	type Callbacks = (Oracle,);
	type Randomness = BlockRandomness;
	type JobFloor = ConstU64<FLOOR>;
	type CuPerByte = ConstU64<2>;
	type InputRatio = Half;
	type IncludedFloor = Share;
	type MaxQueue = ConstU32<100>;
	type AcceptPeriod = Minute;
	type CompletionFloor = Minute;
	type QueuePeriod = ConstU64<QUEUE_PERIOD>;
	type ChallengeWindow = Minute;
	type MaxLines = ConstU32<8>;
	type Bookings = Capacity;
	type PriceFloor = ConstU32<100>;
	type PriceCeiling = ConstU32<100>;
	type MinOperators = ConstU32<1>;
	type PollWeight = Poll;
	type WeightInfo = ();
}

impl pallet_receipts::Config for Test {
	type Clock = TestClock;
	type Market = Jobs;
	type StubPeriod = Minute;
	type PollWeight = Poll;
	type WeightInfo = ();
}

impl pallet_capacity::Config for Test {
	type Clock = TestClock;
	type UsdcAsset = Dollars;
	type Vouchers = Assets;
	type FirstAsset = ConstU32<FIRST_ASSET>;
	type Ledger = Books;
	type Proven = Books;
	type Models = Models;
	type Workers = Workers;
	type StandbyShare = Half;
	type BookableShare = Half;
	type SpareShare = Share;
	type MaxBookingPeriod = Minute;
	type PricePerGiga = Price;
	type PriceStep = Share;
	type StepPeriod = Minute;
	type Premium = Share;
	type LeastPremium = Share;
	type RecordPeriod = Minute;
	type Horizon = ConstU32<90>;
	type JobSlots = ConstU8<4>;
	type MaxAllowances = ConstU32<4>;
	type WeightInfo = ();
}

impl oracle::Config for Test {
	type Inference = Jobs;
	type Model = AskedModel;
	type MaxAnswers = MaxAnswers;
}

impl<C> CreateTransactionBase<C> for Test
where
	RuntimeCall: From<C>,
{
	type Extrinsic = Extrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<C> CreateTransaction<C> for Test
where
	RuntimeCall: From<C>,
{
	type Extension = TxExtension;
	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> Extrinsic {
		Extrinsic::new_transaction(call, extension)
	}
}

impl<C> CreateAuthorizedTransaction<C> for Test
where
	RuntimeCall: From<C>,
{
	fn create_extension() -> TxExtension {
		(AuthorizeCall::new(),)
	}
}

fn named(number: u8) -> AccountId {
	AccountId32::new([number; 32])
}

/// Who buys vouchers, for the oracle.
pub fn sponsor() -> AccountId {
	named(1)
}

pub fn asker() -> AccountId {
	named(2)
}

pub fn worker() -> AccountId {
	named(3)
}

fn books() -> AccountId {
	named(9)
}

fn node_key() -> WorkerPair {
	WorkerPair::from_string("//worker", None).unwrap()
}

/// A chain on which the model is active, a worker serves it, and the oracle has vouchers. The
/// invariants are checked afterwards.
pub fn with_oracle(test: impl FnOnce()) {
	let accounts = [sponsor(), books()].map(|who| (USDC_ID, who, ENDOWMENT));
	let genesis = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: vec![(worker(), ENDOWMENT)],
			..Default::default()
		},
		assets: pallet_assets::GenesisConfig {
			assets: vec![(USDC_ID, sponsor(), true, MIN_USDC)],
			accounts: accounts.to_vec(),
			..Default::default()
		},
		models: pallet_models::GenesisConfig {
			models: vec![(MODEL, model())],
			..Default::default()
		},
		..Default::default()
	};
	TestExternalities::from(genesis.build_storage().unwrap()).execute_with(|| {
		frame_system::BlockHash::<Test>::insert(0, H256::repeat_byte(0x9e));
		next_block();
		fund_oracle();
		join();
		test();
		check_invariants();
	});
}

/// The oracle's vouchers are a sponsor's gift, as any asset.
fn fund_oracle() {
	let (cu, max_cost) = (VOUCHERS, Usdc::MAX);
	assert_ok!(dispatch(
		sponsor(),
		pallet_capacity::Call::<Test>::buy { cu, max_cost }
	));
	let transfer = pallet_assets::Call::<Test, Instance1>::transfer {
		id: FIRST_ASSET,
		target: Oracle::account(),
		amount: VOUCHERS.into(),
	};
	assert_ok!(dispatch(sponsor(), transfer));
}

fn join() {
	let key = node_key();
	let register = pallet_workers::Call::<Test>::register {
		offer: offer(vec![MODEL], 4),
		proof: key.sign(&Workers::registration_message(&worker())),
		key: key.public(),
	};
	assert_ok!(dispatch(worker(), register));
	assert_ok!(report(vec![], vec![]));
}

pub fn check_invariants() {
	Models::do_try_state().unwrap();
	Workers::do_try_state().unwrap();
	Jobs::do_try_state().unwrap();
	Receipts::do_try_state().unwrap();
	Capacity::do_try_state().unwrap();
}

pub fn next_block() {
	pass(3_000);
}

/// The next block, so much later.
pub fn pass(time: ProtocolTime) {
	let number = System::block_number() + 1;
	System::reset_events();
	System::initialize(&number, &BlakeTwo256::hash_of(&number), &Default::default());
	Now::set(&(Now::get() + time));
	AllPalletsWithSystem::on_poll(number, &mut WeightMeter::new());
}

/// A signed call, dispatched as a transaction is: what fails leaves nothing behind.
pub fn dispatch(who: AccountId, call: impl Into<RuntimeCall>) -> DispatchResult {
	let result = call.into().dispatch(RuntimeOrigin::signed(who));
	result.map(drop).map_err(|failed| failed.error)
}

/// Vouchers of the oracle that no job has set aside.
pub fn vouchers() -> Cu {
	Assets::balance(FIRST_ASSET, Oracle::account()) as Cu
}

/// A report of the worker, signed by its key.
pub fn report_call(
	acceptances: Vec<Acceptance>,
	receipts: Vec<SignedReceipt<AccountId, WorkerSignature>>,
) -> RuntimeCall {
	let report: ReportOf<Test> = Report {
		worker: worker(),
		block: System::block_number(),
		mailbox: one_mailbox::VERSION,
		arithmetics: BoundedVec::truncate_from(vec![1]),
		acceptances: BoundedVec::truncate_from(acceptances),
		receipts: BoundedVec::truncate_from(receipts),
	};
	let signature = node_key().sign(&Workers::report_message(&report));
	pallet_workers::Call::<Test>::report { report, signature }.into()
}

/// The worker's one message in a block, applied as the pool's are.
pub fn report(
	acceptances: Vec<Acceptance>,
	receipts: Vec<SignedReceipt<AccountId, WorkerSignature>>,
) -> DispatchResult {
	let call = report_call(acceptances, receipts);
	let extrinsic = Extrinsic::new_transaction(call, (AuthorizeCall::new(),));
	let checked = Checkable::check(extrinsic, &ChainContext::<Test>::default()).unwrap();
	let applied = checked.apply::<Test>(&Default::default(), 0).unwrap();
	applied.map(drop).map_err(|failed| failed.error)
}

pub fn assignment(job: JobId) -> Assignment {
	let mut assignments = Jobs::assignments(&worker()).into_iter();
	assignments
		.find(|assignment| assignment.job == job)
		.unwrap()
}

/// The worker takes `job` on.
pub fn accept(job: JobId) {
	let Assignment {
		attempt, assigned, ..
	} = assignment(job);
	let acceptance = Acceptance {
		job,
		attempt,
		assigned,
	};
	assert_ok!(report(vec![acceptance], vec![]));
}

/// A receipt for the answer `stated` that carries the ids `carried`.
pub fn signed(
	job: JobId,
	stated: &[u32],
	carried: &[u32],
) -> SignedReceipt<AccountId, WorkerSignature> {
	let Assignment {
		attempt, assigned, ..
	} = assignment(job);
	let receipt = Receipt {
		job,
		attempt,
		model: MODEL,
		worker: worker(),
		requests: 1,
		input_tokens: 9,
		output_tokens: stated.len() as u32,
		request_root: H256::repeat_byte(1),
		result_root: receipts::result_root(stated),
		trace_root: H256::repeat_byte(3),
		outcome: Outcome::Served,
		finish: Finish::Stop,
	};
	let message = receipts::message(&System::block_hash(0), &assigned, &receipt);
	SignedReceipt {
		signature: node_key().sign(&message),
		receipt,
		ids: ResultIds::truncate_from(carried.to_vec()),
	}
}
