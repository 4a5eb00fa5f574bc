//! A market under load: holders on the Included lane, accounts of a sponsor on the Dedicated one,
//! and a sponsor who has reserved throughput. Jobs come whether a slot is free or not.
//!
//! Times are counted in blocks since the market opened; a block is a slot of the chain.

use crate::{
	chain::{account, at_genesis, open_block, open_block_at},
	crowd,
	market::{model, MODEL},
};
use codec::Encode;
use one_primitives::{
	clock::Clock as _,
	credits::SubmitTerms,
	jobs::{Acceptance, Assignment, JobId, LaneChoice, Market as _, MAX_SLOTS},
	low_bits,
	receipts::{self, Finish, Outcome, Receipt, SignedReceipt},
	settlement::Inflow,
	workers::crypto::WorkerSignature,
	Cu, ProtocolTime, Usdc,
};
use one_runtime::{
	configs::parameters::{bounded, dynamic::time, RuntimeParameters},
	constants::{
		currency::{ONE, ONE_USDC},
		time::{MINUTES, SLOT_DURATION},
	},
	Access, AccountId, Balance, Capacity, Clock, Executive, Jobs, Runtime, RuntimeCall,
	RuntimeOrigin, Settlement, System, UncheckedExtrinsic, Workers,
};
use pallet_jobs::State;
use pallet_models::{shape::Shape, types::ModelRecord};
use pallet_workers::Report;
use polkadot_sdk::{
	frame_support::{assert_ok, traits::Get, BoundedVec},
	frame_system::offchain::CreateAuthorizedTransaction,
	sp_core::{Pair, H256},
	sp_io::{hashing::blake2_256, TestExternalities},
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::Permill,
};
use std::collections::BTreeMap;

/// Slots, one a worker, for which the lanes compete.
const FREE: u32 = 40;
/// Slots that the booking binds: two and a half serve its rate, and it has some to spare.
const BOUND: u32 = 3;
const WORKERS: u32 = FREE + BOUND;
/// Blocks from a job's assignment to its receipt.
const SERVICE: u64 = 4;
/// Blocks for which a job has its slot: the hook of the receipt's own block has matched already.
pub const CYCLE: u64 = SERVICE + 1;
/// Blocks in which jobs come.
pub const BLOCKS: u64 = 200;
/// Blocks after which a job that was not served is stuck.
const PATIENCE: u64 = 1_000;

/// Jobs that come at once: a sponsored account fills all its job slots, and so does a holder. Both
/// come together, so that their lanes meet the same market.
const DEDICATED: u8 = MAX_SLOTS;
const INCLUDED: u8 = 8;
/// Accounts of either kind; each comes once at the most.
const COMERS: u32 = 128;
/// What arrivals are drawn by: as much comes as each load says, to within one percent of the slots.
const SEED: u32 = 35;
/// Blocks from one job under the booking to the next.
const RESERVED_EVERY: u64 = 2;
/// How long the booking is for.
const PERIOD: ProtocolTime = 60 * 60_000;
/// Blocks from one sign of life of an idle worker to the next: the interval of heartbeats.
const HEARTBEAT: u64 = 40;

/// Of the tier that gives as many job slots as a holder fills.
const STAKE: Balance = 10_000 * ONE;
/// CU that a sponsor buys.
const STOCK: Cu = 1_000_000_000_000;
const PROMPT: &[u8] = b"hello";
/// New tokens of a job: with its prompt they take a slot about [`CYCLE`] at the proven rate.
const OUTPUT: u32 = 64;

/// Has vouchers, on which many accounts draw.
const SPONSOR: Sr25519Keyring = Bob;
/// Has reserved throughput.
const RESERVER: Sr25519Keyring = Charlie;

/// What a job is paid by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
	/// A holder's credits.
	Included,
	/// A sponsor's vouchers.
	Dedicated,
	/// A sponsor's vouchers, under a booking.
	Reserved,
}

impl Kind {
	fn lane(self) -> LaneChoice {
		match self {
			Self::Included => LaneChoice::Included,
			Self::Dedicated | Self::Reserved => LaneChoice::Dedicated,
		}
	}
}

/// A job, and when what became of it.
pub struct Job {
	pub kind: Kind,
	submitted: u64,
	assigned: Option<u64>,
	/// When, and the CU that it cost.
	pub served: Option<(u64, Cu)>,
}

impl Job {
	/// Seconds from its submission to its assignment.
	pub fn wait(&self) -> Option<u64> {
		let blocks = self.assigned?.checked_sub(self.submitted)?;
		Some(blocks * SLOT_DURATION / 1_000)
	}

	/// Whether it could have been matched in this block, and was not.
	pub fn waits_through(&self, block: u64) -> bool {
		self.submitted < block && self.assigned.is_some_and(|assigned| assigned > block)
	}

	/// Whether it was matched in one of these blocks.
	pub fn is_assigned_in(&self, blocks: &[u64]) -> bool {
		self.assigned
			.is_some_and(|assigned| blocks.contains(&assigned))
	}
}

/// A market, and the jobs that came to it.
pub struct Traffic {
	/// In percent of what the slots that are not bound serve.
	load: u64,
	/// Blocks since it opened.
	at: u64,
	/// Holders, and sponsored accounts, that came.
	comers: u32,
	pub jobs: BTreeMap<JobId, Job>,
	/// What is reserved.
	pub cu_per_minute: Cu,
	/// The Included lane's governed share of the matches.
	pub floor: Permill,
}

impl Traffic {
	/// All that happens under a load, in percent of what the slots that are not bound serve, until
	/// the last job is served.
	pub fn under(load: u64) -> Self {
		let mut state = at_genesis("local");
		step(&mut state, || open_block(0));
		step(&mut state, found);
		// A session begins with the day, and no hook of this block runs.
		step(&mut state, open_tomorrow);
		let mut traffic = step(&mut state, || Self::open(load));
		while !traffic.is_over() {
			step(&mut state, || traffic.block());
		}
		traffic
	}

	/// The workers' nodes report, and throughput is reserved.
	fn open(load: u64) -> Self {
		open_block(0);
		(0..WORKERS).for_each(|worker| report(worker, None, None));
		Self {
			load,
			at: 0,
			comers: 0,
			jobs: BTreeMap::new(),
			cu_per_minute: reserve(),
			floor: bounded::IncludedFloor::get(),
		}
	}

	fn is_over(&self) -> bool {
		self.at >= BLOCKS && self.jobs.values().all(|job| job.served.is_some())
	}

	fn block(&mut self) {
		assert!(self.at < PATIENCE, "jobs are not served");
		open_block(0);
		// What nodes see is the state before this block: its hook runs with the first report.
		let orders: Vec<_> = (0..WORKERS).map(order).collect();
		for (worker, order) in (0..).zip(orders) {
			self.work(worker, order);
		}
		if self.at < BLOCKS {
			self.arrive();
		}
		self.at += 1;
	}

	/// What the node of a worker does about its order. What a full block refuses, the state asks for
	/// again.
	fn work(&mut self, worker: u32, order: Option<Assignment>) {
		let Some(order) = order else {
			if self.at.is_multiple_of(HEARTBEAT) {
				report(worker, None, None);
			}
			return;
		};
		let job = self.jobs.get_mut(&order.job).expect("nobody else submits");
		let assigned = *job.assigned.get_or_insert(self.at - 1);
		if !order.accepted {
			report(worker, Some(acceptance(&order)), None);
		} else if self.at >= assigned + SERVICE {
			report(worker, None, Some(receipt(worker, &order)));
			job.served = charged(order.job).map(|cu| (self.at, cu));
		}
	}

	/// Submits the jobs that come in this block.
	fn arrive(&mut self) {
		if self.at.is_multiple_of(RESERVED_EVERY) {
			let slot = self.at / RESERVED_EVERY % u64::from(MAX_SLOTS);
			self.submit(&account(RESERVER), slot as u8, Kind::Reserved);
		}
		let at_once = u64::from(DEDICATED) + u64::from(INCLUDED);
		if low_bits(&(SEED, self.at)) % (100 * CYCLE * at_once) < self.load * u64::from(FREE) {
			self.come();
		}
	}

	/// A sponsored account and a holder come.
	fn come(&mut self) {
		let (sponsored, holder) = (sponsored(self.comers), crowd::holder(self.comers));
		self.comers += 1;
		for slot in 0..DEDICATED {
			self.submit(&sponsored, slot, Kind::Dedicated);
		}
		for slot in 0..INCLUDED {
			self.submit(&holder, slot, Kind::Included);
		}
	}

	fn submit(&mut self, who: &AccountId, slot: u8, kind: Kind) {
		let id = pallet_jobs::NextJob::<Runtime>::get();
		let origin = RuntimeOrigin::signed(who.clone());
		let (lane, prompt) = (kind.lane(), PROMPT.to_vec());
		assert_ok!(Jobs::submit_job(origin, slot, MODEL, lane, OUTPUT, prompt));
		let job = Job {
			kind,
			submitted: self.at,
			assigned: None,
			served: None,
		};
		self.jobs.insert(id, job);
	}
}

/// Ends the block that `make` opens. What must hold after each is checked by the tests, not here.
fn step<R>(state: &mut TestExternalities, make: impl FnOnce() -> R) -> R {
	let result = state.execute_with(|| {
		let result = make();
		Executive::finalize_block();
		result
	});
	state.commit_all().unwrap();
	result
}

/// Opens the first block of the next credit day: stakes count from then on.
fn open_tomorrow() {
	let midnight = Clock::day_start(Clock::day() + 1);
	open_block_at(0, midnight / SLOT_DURATION);
}

/// A model of 400 billion weights: what a job costs is its work, which is above the floor.
fn large_model() -> ModelRecord {
	let shape = Shape {
		layers: 126,
		hidden: 16_384,
		ffn: 53_248,
		heads: 128,
		kv_heads: 8,
		head_dim: 128,
		vocab: 128_256,
		context: 8_192,
	};
	ModelRecord { shape, ..model() }
}

/// An active model, USDC for a day of credits, and all accounts with what they need.
fn found() {
	open_block(0);
	let at_once = time::Parameters::ModelTimelock(time::ModelTimelock, Some(0));
	crowd::set(RuntimeParameters::Time(at_once));
	crowd::activate(large_model());
	assert_ok!(Settlement::fund(&account(Alice), 50_000 * ONE_USDC));
	crowd::register(0..WORKERS);
	for sponsor in [SPONSOR, RESERVER] {
		let origin = RuntimeOrigin::signed(account(sponsor));
		assert_ok!(Capacity::buy(origin, STOCK, Usdc::MAX));
	}
	for index in 0..COMERS {
		stake(crowd::holder(index));
		let origin = RuntimeOrigin::signed(account(SPONSOR));
		assert_ok!(Capacity::allow(origin, sponsored(index), STOCK));
	}
}

fn stake(who: AccountId) {
	crowd::give(&who, STAKE + ONE);
	assert_ok!(Access::stake(RuntimeOrigin::signed(who), STAKE));
}

/// One of the accounts that draw on the sponsor.
fn sponsored(index: u32) -> AccountId {
	AccountId::new(("sponsored", index).using_encoded(blake2_256))
}

/// Reserves throughput for a job every few blocks; returns its CU in a minute.
fn reserve() -> Cu {
	let who = account(RESERVER);
	let cu_per_minute = job_cu(&who) * Cu::from(MINUTES) / RESERVED_EVERY;
	let origin = RuntimeOrigin::signed(who.clone());
	let reserved = Capacity::reserve_throughput(origin, MODEL, cu_per_minute, PERIOD, Cu::MAX);
	assert_ok!(reserved);
	let bookings = Capacity::bookings(&who).into_iter();
	assert_eq!(bookings.map(|(_, it)| it.wanted).sum::<u32>(), BOUND);
	cu_per_minute
}

/// What a job on the Dedicated lane costs while none waits.
fn job_cu(who: &AccountId) -> Cu {
	let terms = SubmitTerms {
		slot: 0,
		lane: LaneChoice::Dedicated,
		model: MODEL,
		prompt_len: PROMPT.len() as u32,
		max_output: OUTPUT,
		wants_ids: false,
	};
	Jobs::quote(who, &terms).unwrap().cu
}

/// What a served job cost.
fn charged(job: JobId) -> Option<Cu> {
	match Jobs::job(job)?.state {
		State::Completed { charged, .. } => Some(charged),
		_ => None,
	}
}

/// The job that the one slot of a worker has.
fn order(worker: u32) -> Option<Assignment> {
	Jobs::assignments(&crowd::worker(worker)).pop()
}

/// Sends the one message of a worker in this block. It is refused while no sign of life is due and
/// there is nothing else to say.
fn report(
	worker: u32,
	acceptance: Option<Acceptance>,
	receipt: Option<SignedReceipt<AccountId, WorkerSignature>>,
) {
	let report = Report {
		acceptances: BoundedVec::truncate_from(Vec::from_iter(acceptance)),
		receipts: BoundedVec::truncate_from(Vec::from_iter(receipt)),
		..crowd::heartbeat(worker)
	};
	let signature = crowd::worker_key(worker).sign(&Workers::report_message(&report));
	let call = pallet_workers::Call::<Runtime>::report { report, signature };
	let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
	let extrinsic = UncheckedExtrinsic::new_transaction(call.into(), extension);
	let _ = Executive::apply_extrinsic(extrinsic);
}

fn acceptance(order: &Assignment) -> Acceptance {
	Acceptance {
		job: order.job,
		attempt: order.attempt,
		assigned: order.assigned,
	}
}

/// Says that the job was served to its last token.
fn receipt(worker: u32, order: &Assignment) -> SignedReceipt<AccountId, WorkerSignature> {
	let receipt = Receipt {
		job: order.job,
		attempt: order.attempt,
		model: order.model,
		worker: crowd::worker(worker),
		requests: 1,
		input_tokens: order.max_input,
		output_tokens: order.max_output,
		request_root: H256(blake2_256(&order.prompt)),
		result_root: H256(blake2_256(&order.job.encode())),
		trace_root: H256::zero(),
		outcome: Outcome::Served,
		finish: Finish::Length,
	};
	let message = receipts::message(&System::block_hash(0), &order.assigned, &receipt);
	SignedReceipt {
		signature: crowd::worker_key(worker).sign(&message),
		receipt,
		ids: Default::default(),
	}
}
