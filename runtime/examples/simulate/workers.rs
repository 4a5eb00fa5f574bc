//! Workers: they compute at a finite speed, and answer some from a cache.

use crate::{
	agents::{ARITHMETIC, MODEL},
	world::{apply, Actor},
};
use codec::Encode;
use one_primitives::{
	clock::Clock as _,
	jobs::{Acceptance, Assignment, JobId, Market as _},
	receipts::{self, Finish, Outcome, Receipt, SignedReceipt},
	workers::crypto::{WorkerPair, WorkerSignature},
	Cu, ProtocolTime,
};
use one_runtime::{
	AccountId, BlockNumber, Clock, Jobs, Runtime, RuntimeCall, System, UncheckedExtrinsic, Workers,
};
use pallet_jobs::JobOf;
use pallet_workers::{Offer, Report, WorkerState};
use polkadot_sdk::{
	frame_support::BoundedVec,
	frame_system::offchain::CreateAuthorizedTransaction,
	sp_core::{Pair, H256},
	sp_io::hashing::blake2_256,
};
use std::collections::{BTreeMap, BTreeSet};

/// A worker's device has so many MiB.
const VRAM: u32 = 80 * 1_024;
/// CU that a slot computes in a millisecond: of the model, three to seven tokens a second.
const SPEED: Cu = 4_000;

/// Protocol time at which an attempt of a job is computed.
type Desk = BTreeMap<(JobId, u8), ProtocolTime>;

/// Serves jobs, as the node of a worker does.
pub struct Worker {
	pub actor: Actor,
	key: WorkerPair,
	/// Slots that it offers.
	slots: u8,
	/// Whose jobs it has the answers of.
	pub cache: BTreeSet<AccountId>,
	/// What it computes.
	desk: Desk,
}

impl Worker {
	pub fn new(index: usize, slots: u8) -> Self {
		let name = format!("worker {index}");
		Self {
			key: WorkerPair::from_seed(&blake2_256(&(&name, "onew").encode())),
			actor: Actor::new(&name),
			slots,
			cache: BTreeSet::new(),
			desk: Desk::new(),
		}
	}

	/// Registers if it has not; lets its node report that it is there, with what else it has to say.
	pub fn work(&mut self) -> Result<(), String> {
		if Workers::status(&self.actor.account).is_none() {
			self.register()?;
		}
		let (acceptances, receipts) = self.news();
		self.report(acceptances, receipts)
	}

	/// Reports what it accepts and what is computed; `None` if there is none of it.
	pub fn serve(&mut self) -> Option<Result<(), String>> {
		let (acceptances, receipts) = self.news();
		let is_news = !acceptances.is_empty() || !receipts.is_empty();
		is_news.then(|| self.report(acceptances, receipts))
	}

	/// Protocol time at which the next job is computed.
	pub fn next_done(&self) -> Option<ProtocolTime> {
		self.desk.values().min().copied()
	}

	fn register(&self) -> Result<(), String> {
		let message = Workers::registration_message(&self.actor.account);
		let offer = Offer {
			models: BoundedVec::truncate_from(vec![MODEL]),
			slots: self.slots,
			vram: VRAM,
			peer_id: BoundedVec::truncate_from(vec![1; 38]),
			addresses: Default::default(),
		};
		self.actor.send(pallet_workers::Call::<Runtime>::register {
			offer,
			key: self.key.public(),
			proof: self.key.sign(&message),
		})
	}

	/// One more step towards leaving with its bond, if there is one to take.
	pub fn depart(&self) -> Result<(), String> {
		let Some(status) = Workers::status(&self.actor.account) else {
			return Ok(());
		};
		let bond = status.record.bond;
		match status.record.state {
			WorkerState::Draining => self.actor.send(pallet_workers::Call::<Runtime>::leave {}),
			WorkerState::Left if bond.held == 0 || Clock::protocol() < bond.releasable => Ok(()),
			WorkerState::Left => self
				.actor
				.send(pallet_workers::Call::<Runtime>::withdraw {}),
			_ => self.actor.send(pallet_workers::Call::<Runtime>::drain {}),
		}
	}

	/// Begins with what it was assigned, and takes from its desk what is computed.
	fn news(
		&mut self,
	) -> (
		Vec<Acceptance>,
		Vec<SignedReceipt<AccountId, WorkerSignature>>,
	) {
		let assignments = Jobs::assignments(&self.actor.account);
		let is_mine = |key: &(JobId, u8)| assignments.iter().any(|job| id(job) == *key);
		self.desk.retain(|key, _| is_mine(key));
		let now = Clock::protocol();
		let (accepted, new): (Vec<_>, Vec<_>) = assignments.iter().partition(|job| job.accepted);
		let is_done = |job: &&&Assignment| self.desk.get(&id(job)).is_none_or(|done| *done <= now);
		let receipts = accepted.iter().filter(is_done).map(|job| self.receipt(job));
		let receipts = receipts.collect();
		for job in &new {
			let done = now.saturating_add(self.time_for(job.job));
			self.desk.insert(id(job), done);
		}
		(new.into_iter().map(acceptance).collect(), receipts)
	}

	/// Protocol time that a job takes: none, if the answer is in the cache.
	fn time_for(&self, job: JobId) -> ProtocolTime {
		let job = pallet_jobs::Jobs::<Runtime>::get(job);
		let job = job.filter(|job| !self.cache.contains(&job.owner));
		job.map_or(0, |job| work(&job) / SPEED)
	}

	fn report(
		&self,
		acceptances: Vec<Acceptance>,
		receipts: Vec<SignedReceipt<AccountId, WorkerSignature>>,
	) -> Result<(), String> {
		let report = Report::<AccountId, BlockNumber> {
			worker: self.actor.account.clone(),
			block: System::block_number(),
			mailbox: one_mailbox::VERSION,
			arithmetics: BoundedVec::truncate_from(vec![ARITHMETIC]),
			acceptances: BoundedVec::truncate_from(acceptances),
			receipts: BoundedVec::truncate_from(receipts),
		};
		let signature = self.key.sign(&Workers::report_message(&report));
		let call = pallet_workers::Call::<Runtime>::report { report, signature };
		let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
		apply(UncheckedExtrinsic::new_transaction(call.into(), extension))
	}

	/// Served to the last token that was paid for. Nobody computes: only the time passes that it
	/// takes, and a cached answer looks the same.
	fn receipt(&self, job: &Assignment) -> SignedReceipt<AccountId, WorkerSignature> {
		let receipt = Receipt {
			job: job.job,
			attempt: job.attempt,
			model: job.model,
			worker: self.actor.account.clone(),
			requests: 1,
			input_tokens: job.max_input,
			output_tokens: job.max_output,
			request_root: H256(blake2_256(&job.prompt)),
			result_root: H256(blake2_256(&job.job.encode())),
			trace_root: H256::zero(),
			outcome: Outcome::Served,
			finish: Finish::Length,
		};
		let message = receipts::message(&System::block_hash(0), &job.assigned, &receipt);
		SignedReceipt {
			signature: self.key.sign(&message),
			receipt,
			ids: Default::default(),
		}
	}
}

/// CU to compute for a job.
fn work(job: &JobOf<Runtime>) -> Cu {
	job.terms.work(job.terms.max_input, job.terms.max_output)
}

fn id(job: &Assignment) -> (JobId, u8) {
	(job.job, job.attempt)
}

fn acceptance(job: &Assignment) -> Acceptance {
	Acceptance {
		job: job.job,
		attempt: job.attempt,
		assigned: job.assigned,
	}
}
