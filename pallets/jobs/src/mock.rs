//! A runtime with this pallet alone; its neighbours keep their books in storage, so that they roll
//! back with it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use frame_support::{
	assert_ok, derive_impl, parameter_types,
	traits::{Hooks, Randomness},
	weights::{Weight, WeightMeter},
};
use one_primitives::{
	access::TierId,
	capacity::{BookingId, Bookings},
	clock::{Clock, Day},
	credits::{LaneFunds, Refusal},
	inference::{AskerId, Inference, JobResult, OnResult, Request, ResultIds},
	jobs::{Acceptance, JobId, Lane, LaneChoice, Market, OnFinal},
	models::{Cost, ModelId, ModelTerms, Models},
	pauses::Pauses,
	receipts::{Finish, Outcome, Receipt},
	settlement::{Earnings, PaidReceipt},
	workers::{SlotUse, Workers},
	Cu, Moment, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use sp_core::H256;
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash},
	BuildStorage, DispatchError, DispatchResult, Permill,
};

use crate::{JobOf, State};

pub type AccountId = u64;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const WORKERS: [AccountId; 3] = [101, 102, 103];

pub const FLOOR: Cu = 1_000;
pub const TEMPLATE: u32 = 10;
pub const CREDITS: Cu = 1_000_000;
pub const MAX_JOB: Cu = 50_000;
pub const SLOTS: u8 = 4;
pub const SLOT_MS: ProtocolTime = 3_000;
pub const PROMPT: &[u8] = b"Say hello.";
/// The pallet that asks.
pub const ASKER: AskerId = *b"one/test";
/// What it may do when it is told.
pub const CALLBACK: Weight = Weight::from_parts(5_000_000_000, 0);

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(RuntimeCall, RuntimeEvent, RuntimeError, RuntimeOrigin, RuntimeTask)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Jobs = crate;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

/// Key: lane and account. Value: CU free, CU reserved.
type Books = BTreeMap<(u8, AccountId), (Cu, Cu)>;

parameter_types! {
	pub storage Now: ProtocolTime = 1_000_000;
	pub storage Ledger: Books = Books::new();
	pub storage Forfeited: Cu = 0;
	/// Set aside for jobs that nobody could answer.
	pub storage Unanswerable: Cu = 0;
	pub storage FreeSlots: Vec<(ModelId, AccountId)> = Vec::new();
	/// Whether a slot serves every model.
	pub storage SlotsAreShared: bool = false;
	/// Whether workers have a share left for Included jobs.
	pub storage TakesIncluded: bool = true;
	pub storage OperatorCount: u32 = 3;
	/// The share of all models, if they are on trial.
	pub storage Canary: Option<Permill> = None;
	pub storage BoundSlots: Vec<(BookingId, AccountId)> = Vec::new();
	/// The booking that covers Dedicated jobs for model 1.
	pub storage Covering: Option<BookingId> = None;
	/// Slots of each worker, free and taken.
	pub storage AllSlots: BTreeMap<AccountId, u32> = BTreeMap::new();
	pub storage SlotUses: Vec<(AccountId, SlotUse)> = Vec::new();
	/// Work and time of the jobs of which workers were seen to take a while.
	pub storage Rates: Vec<(AccountId, Cu, ProtocolTime)> = Vec::new();
	pub storage Accrued: BTreeMap<AccountId, Usdc> = BTreeMap::new();
	/// Whose credits delegates spend.
	pub storage Principals: BTreeMap<AccountId, AccountId> = BTreeMap::new();
	pub storage Matured: Vec<(AccountId, PaidReceipt)> = Vec::new();
	pub storage Finals: Vec<JobId> = Vec::new();
	/// What the asking pallet was told, in order.
	pub storage Told: Vec<(JobId, JobResult)> = Vec::new();
	/// Something is in the asking pallet's way.
	pub storage AskerBroken: bool = false;
	/// The asking pallet asks BOB's next question when it is told.
	pub storage AsksAgain: bool = false;
	pub storage DedicatedOpen: bool = true;
	pub storage PausedModel: Option<(ModelId, Moment)> = None;
	pub storage PausedLane: Option<(Lane, Moment)> = None;
	pub storage BooksBroken: bool = false;
	pub storage MaxPoll: Weight = Weight::from_parts(200_000_000_000, u64::MAX);
	pub storage QueueLimit: u32 = 1_000;
	pub const Operators: u32 = 3;
	pub storage PriceFloor: u32 = 100;
	pub storage PriceCeiling: u32 = 100;
	pub const Floor: Cu = FLOOR;
	pub const PerByte: Cu = 2;
	pub const Ratio: Permill = Permill::from_percent(25);
	pub storage IncludedShare: Permill = Permill::from_percent(10);
	pub const Accept: ProtocolTime = 30_000;
	pub const Complete: ProtocolTime = 60_000;
	pub const Queue: ProtocolTime = 300_000;
	pub const Window: ProtocolTime = 600_000;
	pub const LineBound: u32 = 4;
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
		7
	}
	fn day_start(day: Day) -> Moment {
		Moment::from(day) * 86_400_000
	}
	fn window() -> u32 {
		0
	}
	fn window_start(_: u32) -> Moment {
		0
	}
}

/// The registered models.
pub fn model(number: u8) -> ModelId {
	ModelId::repeat_byte(number)
}

pub struct MockModels;
impl Models for MockModels {
	fn terms(model: &ModelId) -> Option<ModelTerms> {
		Self::is_registered(model).then_some(ModelTerms {
			cost: Cost {
				linear: 20_000_000,
				attention: 1_000,
			},
			context: 4_096,
			template_tokens: TEMPLATE,
			min_tier: 0,
			arithmetic: 1,
			min_vram: 1,
			canary: Canary::get(),
		})
	}
	fn is_registered(model: &ModelId) -> bool {
		(1..=5).contains(&model.0[0])
	}
}

pub struct MockPauses;
impl Pauses for MockPauses {
	fn model(model: &ModelId) -> Option<Moment> {
		PausedModel::get().and_then(|(paused, until)| (paused == *model).then_some(until))
	}
	fn lane(lane: Lane) -> Option<Moment> {
		PausedLane::get().and_then(|(paused, until)| (paused == lane).then_some(until))
	}
}

/// Whether a job for `model` can have the free slot.
fn serves(slot: &(ModelId, AccountId), model: &ModelId) -> bool {
	SlotsAreShared::get() || slot.0 == *model
}

pub struct MockWorkers;
impl Workers<AccountId> for MockWorkers {
	fn take_slot(model: &ModelId, _: &AccountId, lane: Lane, random: u64) -> Option<AccountId> {
		if lane == Lane::Included && !TakesIncluded::get() {
			return None;
		}
		let mut slots = FreeSlots::get();
		let fits: Vec<usize> = (0..slots.len())
			.filter(|at| serves(&slots[*at], model))
			.collect();
		let drawn = fits.get((random % fits.len().max(1) as u64) as usize)?;
		let (_, worker) = slots.swap_remove(*drawn);
		FreeSlots::set(&slots);
		Some(worker)
	}
	fn return_slot(worker: &AccountId, model: &ModelId, slot_use: SlotUse) {
		FreeSlots::set(&[FreeSlots::get(), vec![(*model, *worker)]].concat());
		SlotUses::set(&[SlotUses::get(), vec![(*worker, slot_use)]].concat());
	}
	fn keep_slot(worker: &AccountId, _: &ModelId, slot_use: SlotUse) {
		SlotUses::set(&[SlotUses::get(), vec![(*worker, slot_use)]].concat());
	}
	fn is_ready(_: &AccountId, _: &ModelId) -> bool {
		true
	}
	fn proven_slots(_: &ModelId) -> u32 {
		4
	}
	fn operators(_: &ModelId) -> u32 {
		OperatorCount::get()
	}
	fn free_slots(model: &ModelId) -> u32 {
		FreeSlots::get()
			.iter()
			.filter(|slot| serves(slot, model))
			.count() as u32
	}
	fn note_rate(worker: &AccountId, _: &ModelId, work: Cu, time: ProtocolTime) {
		Rates::set(&[Rates::get(), vec![(*worker, work, time)]].concat());
	}
	fn shown_rate(_: &AccountId, _: &ModelId) -> Option<Cu> {
		None
	}
	fn expected_rate() -> u32 {
		10
	}
}

/// Bookings of model 1, with their idle slots.
pub struct MockBookings;
impl Bookings<AccountId> for MockBookings {
	fn take_slot(booking: BookingId, _: u64) -> Option<AccountId> {
		let mut bound = BoundSlots::get();
		let idle = bound.iter().position(|(of, _)| *of == booking)?;
		let (_, worker) = bound.remove(idle);
		BoundSlots::set(&bound);
		Some(worker)
	}
	fn return_slot(booking: BookingId, worker: &AccountId, slot_use: SlotUse) {
		if matches!(slot_use, SlotUse::Late | SlotUse::Failed) {
			return MockWorkers::return_slot(worker, &model(1), slot_use);
		}
		MockWorkers::keep_slot(worker, &model(1), slot_use);
		BoundSlots::set(&[BoundSlots::get(), vec![(booking, *worker)]].concat());
	}
}

/// Moves a free slot of `worker` for model 1 to `booking`.
pub fn bind(booking: BookingId, worker: AccountId) {
	let mut free = FreeSlots::get();
	let slot = free.iter().position(|slot| *slot == (model(1), worker));
	free.remove(slot.unwrap());
	FreeSlots::set(&free);
	BoundSlots::set(&[BoundSlots::get(), vec![(booking, worker)]].concat());
}

pub struct MockFunds<const LANE: u8>;
impl<const LANE: u8> MockFunds<LANE> {
	fn move_reserved(who: &AccountId, reserved: Cu, freed: Cu) -> DispatchResult {
		let mut books = Ledger::get();
		let (free, held) = books.entry((LANE, *who)).or_insert((CREDITS, 0));
		if BooksBroken::get() {
			return Err(DispatchError::Corruption);
		}
		*held = held
			.checked_sub(reserved)
			.ok_or(DispatchError::Corruption)?;
		*free += freed;
		Ledger::set(&books);
		Ok(())
	}
}
impl<const LANE: u8> LaneFunds<AccountId> for MockFunds<LANE> {
	type Reservation = Cu;

	fn owner(who: &AccountId) -> AccountId {
		let principal = Principals::get().get(who).copied();
		principal.filter(|_| LANE == 0).unwrap_or(*who)
	}
	fn check(who: &AccountId, _: TierId, needed: Cu) -> Result<(), Refusal> {
		let available = Self::available(who);
		if LANE == 1 && !DedicatedOpen::get() {
			return Err(Refusal::LaneClosed);
		}
		if needed > MAX_JOB {
			return Err(Refusal::JobTooLarge {
				needed,
				limit: MAX_JOB,
			});
		}
		if needed > available {
			return Err(Refusal::NoCredits {
				needed,
				available,
				resets_at: 8 * 86_400_000,
			});
		}
		Ok(())
	}
	fn reserve(who: &AccountId, tier: TierId, cu: Cu) -> Result<Cu, DispatchError> {
		Self::check(who, tier, cu).map_err(|_| DispatchError::Unavailable)?;
		let mut books = Ledger::get();
		let (free, held) = books.entry((LANE, *who)).or_insert((CREDITS, 0));
		(*free, *held) = (*free - cu, *held + cu);
		Ledger::set(&books);
		Ok(cu)
	}
	fn book(_: &mut Cu, of: &ModelId) -> Option<BookingId> {
		let booking = Covering::get()?;
		(LANE == 1 && *of == model(1)).then_some(booking)
	}
	fn is_covered(_: &AccountId, of: &ModelId, _: Cu) -> bool {
		Self::book(&mut 0, of).is_some()
	}
	fn charge(
		who: &AccountId,
		reserved: &Cu,
		charged: Cu,
		worker: &AccountId,
	) -> Result<Usdc, DispatchError> {
		let rest = reserved
			.checked_sub(charged)
			.ok_or(DispatchError::Corruption)?;
		Self::move_reserved(who, *reserved, rest)?;
		let mut accrued = Accrued::get();
		*accrued.entry(*worker).or_default() += Self::price(who, charged);
		Accrued::set(&accrued);
		Ok(Self::price(who, charged))
	}
	fn forfeit(who: &AccountId, reserved: &Cu, forfeited: Cu) -> DispatchResult {
		let rest = reserved
			.checked_sub(forfeited)
			.ok_or(DispatchError::Corruption)?;
		Self::move_reserved(who, *reserved, rest)?;
		Forfeited::set(&(Forfeited::get() + forfeited));
		Ok(())
	}
	fn release(who: &AccountId, reserved: &Cu) -> DispatchResult {
		Self::move_reserved(who, *reserved, *reserved)
	}
	fn refuse(who: &AccountId, reserved: &Cu) -> DispatchResult {
		Unanswerable::set(&(Unanswerable::get() + reserved));
		Self::release(who, reserved)
	}
	fn price(_: &AccountId, cu: Cu) -> Usdc {
		Usdc::from(cu) / 10
	}
	fn available(who: &AccountId) -> Cu {
		Ledger::get()
			.get(&(LANE, *who))
			.map_or(CREDITS, |(free, _)| *free)
	}
	fn slots(_: &AccountId) -> u8 {
		SLOTS
	}
	fn resets_at() -> Option<Moment> {
		(LANE == 0).then_some(8 * 86_400_000)
	}
}

pub struct MockEarnings;
impl Earnings<AccountId> for MockEarnings {
	fn accrue(_: Day, _: &AccountId, _: Usdc) -> DispatchResult {
		Err(DispatchError::Unavailable)
	}
	fn mature(worker: &AccountId, paid: PaidReceipt) -> DispatchResult {
		let mut accrued = Accrued::get();
		let had = accrued.get(worker);
		let left = had.and_then(|had| had.checked_sub(paid.amount));
		accrued.insert(*worker, left.ok_or(DispatchError::Corruption)?);
		Accrued::set(&accrued);
		Matured::set(&[Matured::get(), vec![(*worker, paid)]].concat());
		Ok(())
	}
}

pub struct MockFinals;
impl OnFinal for MockFinals {
	fn on_final(job: JobId) {
		Finals::set(&[Finals::get(), vec![job]].concat());
	}
}

pub struct MockAsker;
impl OnResult for MockAsker {
	fn asker() -> AskerId {
		ASKER
	}
	fn weight() -> Weight {
		CALLBACK
	}
	fn on_result(job: JobId, result: JobResult) -> DispatchResult {
		Told::set(&[Told::get(), vec![(job, result)]].concat());
		if AsksAgain::get() {
			ask(BOB)?;
		}
		match AskerBroken::get() {
			true => Err(DispatchError::Exhausted),
			false => Ok(()),
		}
	}
}

pub struct MockRandomness;
impl Randomness<Option<H256>, u64> for MockRandomness {
	fn random(subject: &[u8]) -> (Option<H256>, u64) {
		let number = System::block_number();
		(
			Some(BlakeTwo256::hash_of(&(subject, number))),
			number.saturating_sub(1),
		)
	}
}

impl crate::Config for Test {
	type Clock = MockClock;
	type Models = MockModels;
	type Pauses = MockPauses;
	type Workers = MockWorkers;
	type Bookings = MockBookings;
	type Included = MockFunds<0>;
	type Dedicated = MockFunds<1>;
	type Earnings = MockEarnings;
	type OnFinal = MockFinals;
	type Callbacks = (MockAsker,);
	type Randomness = MockRandomness;
	type JobFloor = Floor;
	type CuPerByte = PerByte;
	type InputRatio = Ratio;
	type IncludedFloor = IncludedShare;
	type MaxQueue = QueueLimit;
	type MinOperators = Operators;
	type PriceFloor = PriceFloor;
	type PriceCeiling = PriceCeiling;
	type AcceptPeriod = Accept;
	type CompletionFloor = Complete;
	type QueuePeriod = Queue;
	type ChallengeWindow = Window;
	type MaxLines = LineBound;
	type PollWeight = MaxPoll;
	type WeightInfo = ();
}

/// Runs `test` with the workers' slots given as (model, worker), then checks every invariant.
pub fn with_slots(slots: &[(u8, AccountId)], test: impl FnOnce()) {
	let storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		let slots: Vec<_> = slots
			.iter()
			.map(|(number, worker)| (model(*number), *worker))
			.collect();
		FreeSlots::set(&slots);
		let mut all = BTreeMap::new();
		slots
			.iter()
			.for_each(|(_, worker)| *all.entry(*worker).or_default() += 1);
		AllSlots::set(&all);
		next_block();
		test();
		check_world();
	});
}

/// Runs `test` with one slot of each worker for model 1.
pub fn with_workers(test: impl FnOnce()) {
	with_slots(&WORKERS.map(|worker| (1, worker)), test);
}

/// The pallet's invariants and those across pallets.
pub fn check_world() {
	Jobs::do_try_state().unwrap();
	let jobs: Vec<JobOf<Test>> = crate::Jobs::<Test>::iter_values().collect();
	check_reservations(&jobs);
	check_worker_slots(&jobs);
	check_earnings(&jobs);
}

fn check_reservations(jobs: &[JobOf<Test>]) {
	let mut reserved = BTreeMap::new();
	for job in jobs.iter().filter(|job| job.state.is_open()) {
		*reserved.entry((job.lane() as u8, job.owner)).or_insert(0) += job.reserved;
	}
	for (key, (_, held)) in Ledger::get() {
		assert_eq!(
			reserved.remove(&key).unwrap_or(0),
			held,
			"9: reservations of {key:?}"
		);
	}
	assert!(reserved.is_empty(), "9: every reservation is in the books");
}

fn check_worker_slots(jobs: &[JobOf<Test>]) {
	for worker in WORKERS {
		let of_worker = |job: &&JobOf<Test>| {
			job.state
				.attempt()
				.is_some_and(|(assignee, _)| *assignee == worker)
		};
		let attempts = jobs.iter().filter(of_worker).count();
		let free = FreeSlots::get()
			.iter()
			.filter(|(_, of)| *of == worker)
			.count();
		let idle = BoundSlots::get()
			.iter()
			.filter(|(_, of)| *of == worker)
			.count();
		let taken = all_slots(worker) - free - idle;
		assert_eq!(attempts, taken, "10: slots of {worker}");
	}
}

fn check_earnings(jobs: &[JobOf<Test>]) {
	let mut prices: BTreeMap<AccountId, Usdc> = BTreeMap::new();
	for job in jobs {
		if let State::Completed { worker, price, .. } = job.state {
			*prices.entry(worker).or_default() += price;
		}
	}
	for (worker, accrued) in Accrued::get() {
		assert_eq!(
			prices.remove(&worker).unwrap_or(0),
			accrued,
			"11: earnings of {worker}"
		);
	}
	assert!(prices.is_empty(), "11: every completed job has accrued");
}

fn all_slots(worker: AccountId) -> usize {
	AllSlots::get().get(&worker).copied().unwrap_or(0) as usize
}

/// The next block, one slot of time later, with its `on_poll`.
pub fn next_block() {
	advance(SLOT_MS);
}

/// The next block, `time` of protocol time later, with its `on_poll`.
pub fn advance(time: ProtocolTime) {
	let number = System::block_number() + 1;
	System::reset_events();
	System::initialize(&number, &BlakeTwo256::hash_of(&number), &Default::default());
	Now::set(&(Now::get() + time));
	Jobs::on_poll(number, &mut WeightMeter::with_limit(Weight::MAX));
}

/// Submits [`PROMPT`] to model 1 on the Included lane.
pub fn submit(who: AccountId, slot: u8) -> JobId {
	submit_to(who, slot, 1, LaneChoice::Included)
}

/// Submits [`PROMPT`].
pub fn submit_to(who: AccountId, slot: u8, number: u8, lane: LaneChoice) -> JobId {
	let id = crate::NextJob::<Test>::get();
	let origin = RuntimeOrigin::signed(who);
	assert_ok!(Jobs::submit_job(
		origin,
		slot,
		model(number),
		lane,
		20,
		PROMPT.to_vec()
	));
	id
}

/// What the asking pallet asks of model 1.
pub fn request(max_output: u32) -> Request {
	Request {
		model: model(1),
		prompt: PROMPT.to_vec(),
		max_output,
	}
}

/// The asking pallet asks for 20 tokens, which `payer` pays for.
pub fn ask(payer: AccountId) -> Result<JobId, DispatchError> {
	<Jobs as Inference<AccountId>>::submit(ASKER, &payer, request(20))
}

/// The same, with the promise of a worker.
pub fn ask_accepted(payer: AccountId) -> JobId {
	let id = ask(payer).unwrap();
	next_block();
	assert_ok!(accept(id));
	id
}

/// Serves the job with `ids`, as the receipts' pallet does.
pub fn answer(id: JobId, ids: &[u32]) {
	let served = Receipt {
		output_tokens: ids.len() as u32,
		..receipt(id, Outcome::Served)
	};
	assert_ok!(complete(&served));
	<Jobs as Market<AccountId>>::deliver(id, result_ids(ids), Finish::Stop);
}

pub fn result_ids(ids: &[u32]) -> ResultIds {
	ids.to_vec().try_into().unwrap()
}

/// Submits so many jobs, four of each account.
pub fn submit_many(jobs: u64) {
	for at in 0..jobs {
		submit(ALICE + at / 4, (at % 4) as u8);
	}
}

/// Submits [`PROMPT`] and runs the block in which a worker is drawn.
pub fn submit_assigned(who: AccountId, slot: u8) -> JobId {
	let id = submit(who, slot);
	next_block();
	assert!(matches!(state(id), Some(State::Assigned { .. })));
	id
}

/// The same, with the worker's promise.
pub fn submit_accepted(who: AccountId, slot: u8) -> JobId {
	let id = submit_assigned(who, slot);
	assert_ok!(accept(id));
	id
}

/// A signed call, dispatched as a transaction is: what fails leaves nothing behind.
pub fn dispatch(who: AccountId, call: crate::Call<Test>) -> DispatchResult {
	let result = RuntimeCall::from(call).dispatch(RuntimeOrigin::signed(who));
	result.map(drop).map_err(|failed| failed.error)
}

pub fn job(id: JobId) -> JobOf<Test> {
	crate::Jobs::<Test>::get(id).unwrap()
}

pub fn state(id: JobId) -> Option<State<AccountId>> {
	crate::Jobs::<Test>::get(id).map(|job| job.state)
}

/// Job 0, ALICE's with so many new tokens at the most, accepted by its worker.
pub fn submit_sized(max_output: u32) {
	let (origin, prompt) = (RuntimeOrigin::signed(ALICE), PROMPT.to_vec());
	assert_ok!(Jobs::submit_job(
		origin,
		0,
		model(1),
		LaneChoice::Included,
		max_output,
		prompt
	));
	next_block();
	assert_ok!(accept(0));
}

pub fn worker_of(id: JobId) -> AccountId {
	*job(id).state.attempt().unwrap().0
}

pub fn acceptance(id: JobId) -> Acceptance {
	let job = job(id);
	let assigned = job
		.state
		.attempt()
		.map(|(_, assigned)| assigned)
		.unwrap_or_default();
	Acceptance {
		job: id,
		attempt: job.attempts,
		assigned,
	}
}

pub fn accept(id: JobId) -> DispatchResult {
	<Jobs as Market<AccountId>>::accept(&worker_of(id), &acceptance(id))
}

/// A receipt of the attempt under way: 12 tokens in, 5 out.
pub fn receipt(id: JobId, outcome: Outcome) -> Receipt<AccountId> {
	Receipt {
		job: id,
		attempt: job(id).attempts,
		model: job(id).model,
		worker: worker_of(id),
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

pub fn complete(receipt: &Receipt<AccountId>) -> Result<(Cu, Usdc), DispatchError> {
	<Jobs as Market<AccountId>>::complete(receipt)
}

pub fn free_credits(who: AccountId) -> Cu {
	MockFunds::<0>::available(&who)
}

pub fn events() -> Vec<crate::Event<Test>> {
	let ours = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
		RuntimeEvent::Jobs(event) => Some(event),
		_ => None,
	};
	System::events().into_iter().filter_map(ours).collect()
}
