//! Benchmarks of the calls and of the hook's steps, each at its dearest: a job of the longest
//! prompt, under a booking of as many slots as there can be, that draws on two classes of vouchers
//! and that a pallet waits for.

use alloc::vec;

use frame_benchmarking::v2::*;
use frame_support::{
	storage::{with_transaction, TransactionOutcome},
	traits::Get,
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;
use one_primitives::{
	benchmarking::World,
	inference::{AskerId, Request},
	jobs::{JobId, Lane, LaneChoice, MAX_PROMPT, MAX_SLOTS},
	models::ModelId,
	ProtocolTime,
};
use polkadot_sdk::*;
use sp_core::H256;
use sp_runtime::{DispatchError, Permill};

use crate::{queue::Round, state::bucket, *};

/// The pallet that waits for a job.
const ASKER: AskerId = *b"py/bench";
/// Workers with a slot each, and as many that went silent and left a stale token.
const WORKERS: u32 = 8;
/// Protocol time after which a silent worker is given no jobs, whatever governance says.
const SILENCE: ProtocolTime = 2 * 60 * 60 * 1_000;

fn submitter<T: Config>() -> T::AccountId {
	account("submitter", 0, 0)
}

/// A submitter with vouchers and a booking, and the model that this is of.
fn booked<T: Config>() -> (T::AccountId, ModelId) {
	let (who, model) = (submitter::<T>(), T::BenchmarkHelper::model(0));
	T::BenchmarkHelper::vouchers(&who);
	T::BenchmarkHelper::booking(&who, &model);
	(who, model)
}

/// A job of a booking that its worker has accepted, and that a pallet waits for.
fn accepted<T: Config>() -> (T::AccountId, JobId) {
	let (who, model) = booked::<T>();
	let job = T::BenchmarkHelper::submit(&who, Lane::Dedicated, &model);
	T::BenchmarkHelper::match_jobs();
	T::BenchmarkHelper::accept(job);
	Askers::<T>::insert(job, ASKER);
	(who, job)
}

/// A model with as many free slots as stale tokens.
fn half_stale<T: Config>() -> ModelId {
	let model = T::BenchmarkHelper::model(0);
	for n in 0..2 * WORKERS {
		if n == WORKERS {
			T::BenchmarkHelper::pass(SILENCE);
		}
		T::BenchmarkHelper::worker(n, &[model], 1);
	}
	model
}

/// Has the job avoid the worker that is drawn first, so that there is a second draw.
fn avoid_first<T: Config>(id: JobId) -> Result<(), BenchmarkError> {
	let mut job = Jobs::<T>::get(id).ok_or("the job is stored")?;
	job.avoid = with_transaction(|| {
		let drawn = Pallet::<T>::draw(id, &job, H256::zero());
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(drawn))
	})?;
	Jobs::<T>::insert(id, job);
	Ok(())
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// A delegate submits behind another job of its holder.
	#[benchmark]
	fn submit_included(b: Linear<0, MAX_PROMPT>) {
		let (who, model) = (submitter::<T>(), T::BenchmarkHelper::model(0));
		T::BenchmarkHelper::holder(&who);
		let before = T::BenchmarkHelper::submit(&who, Lane::Included, &model);
		let prompt = vec![b'a'; b as usize];

		#[extrinsic_call]
		submit_job(
			RawOrigin::Signed(who),
			1,
			model,
			LaneChoice::Included,
			1,
			prompt,
		);

		assert!(Jobs::<T>::contains_key(before + 1));
	}

	/// The Included lane is tried first, and refuses last of all the slot.
	#[benchmark]
	fn submit_dedicated(b: Linear<0, MAX_PROMPT>) {
		let (who, model) = booked::<T>();
		let holder = T::BenchmarkHelper::holder(&who);
		let before = T::BenchmarkHelper::submit(&who, Lane::Dedicated, &model);
		Slots::<T>::insert(holder, 1, before);
		let prompt = vec![b'a'; b as usize];

		#[extrinsic_call]
		submit_job(
			RawOrigin::Signed(who),
			1,
			model,
			LaneChoice::IncludedFirst,
			1,
			prompt,
		);

		let job = Jobs::<T>::get(before + 1).map(|job| (job.lane(), job.booking.is_some()));
		assert_eq!(job, Some((Lane::Dedicated, true)));
	}

	/// Only the last job slot is free.
	#[benchmark]
	fn submit_for_pallet(b: Linear<0, MAX_PROMPT>) -> Result<(), BenchmarkError> {
		let (who, model) = booked::<T>();
		let before = T::BenchmarkHelper::submit(&who, Lane::Dedicated, &model);
		for slot in 1..MAX_SLOTS - 1 {
			Slots::<T>::insert(&who, slot, before);
		}
		let request = Request {
			model,
			prompt: vec![b'a'; b as usize],
			max_output: 1,
		};
		let job;

		#[block]
		{
			job = Pallet::<T>::ask(ASKER, &who, request)?;
		}

		assert_eq!(Askers::<T>::get(job), Some(ASKER));
		Ok(())
	}

	#[benchmark]
	fn cancel_job() {
		let (who, job) = accepted::<T>();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), job);

		assert!(!Jobs::<T>::contains_key(job));
	}

	/// As many lines as there can be, and weight for none of them.
	#[benchmark]
	fn match_base() {
		let lines = (0..T::MaxLines::get()).map(Line::Booking).collect();
		Waiting::<T>::put(BoundedVec::truncate_from(lines));
		let mut meter = WeightMeter::with_limit(T::WeightInfo::match_base());

		#[block]
		{
			Pallet::<T>::match_jobs(&mut meter);
		}

		assert_eq!(Waiting::<T>::get().len(), T::MaxLines::get() as usize);
	}

	/// A free slot, and jobs of both lanes, queued in this block, of which the Included one is owed
	/// a match; and a line in which Included jobs are alone lets those of another one pass.
	#[benchmark]
	fn match_line() {
		let (who, model) = (submitter::<T>(), T::BenchmarkHelper::model(0));
		let other = T::BenchmarkHelper::model(1);
		// The first block that can be measured, in which the jobs are queued, too.
		frame_system::Pallet::<T>::set_block_number(1u32.into());
		T::BenchmarkHelper::holder(&who);
		T::BenchmarkHelper::vouchers(&who);
		T::BenchmarkHelper::submit(&who, Lane::Included, &model);
		T::BenchmarkHelper::submit(&who, Lane::Dedicated, &model);
		T::BenchmarkHelper::worker(0, &[model], 1);
		let (line, mut meter) = (Line::Model(model), WeightMeter::new());
		Queues::<T>::mutate_extant(line, |queues| queues.owed = Permill::one());
		let matched;
		T::BenchmarkHelper::submit(&who, Lane::Included, &other);
		let alone = Line::Model(other);

		#[block]
		{
			let lines = Pallet::<T>::included_alone(&[alone]);
			matched = Pallet::<T>::match_next(&line, Round::Urgent, H256::zero(), &mut meter);
			Pallet::<T>::note_passed(&lines, &[(line, Lane::Dedicated)]);
		}

		assert_eq!(matched, None);
		assert!(Queues::<T>::get(alone).passed > Permill::zero());
	}

	/// Two draws among slots of which half are stale.
	#[benchmark]
	fn match_job() -> Result<(), BenchmarkError> {
		let (who, model) = (submitter::<T>(), half_stale::<T>());
		T::BenchmarkHelper::vouchers(&who);
		let job = T::BenchmarkHelper::submit(&who, Lane::Dedicated, &model);
		T::BenchmarkHelper::submit(&who, Lane::Dedicated, &model);
		avoid_first::<T>(job)?;
		let now = frame_system::Pallet::<T>::block_number();
		frame_system::Pallet::<T>::set_block_number(now + 1u32.into());
		let is_matched;

		#[block]
		{
			is_matched = Pallet::<T>::match_head(job, H256::zero(), &mut WeightMeter::new());
		}

		assert!(is_matched);
		Ok(())
	}

	/// The oldest bucket is empty, and the cursor moves past it.
	#[benchmark]
	fn deadline_base() {
		T::BenchmarkHelper::pass(BUCKET);
		let start = DeadlineCursor::<T>::get();
		let limit = T::WeightInfo::deadline_base().saturating_add(T::WeightInfo::deadline_bucket());
		let mut meter = WeightMeter::with_limit(limit);

		#[block]
		{
			Pallet::<T>::meet_deadlines(&mut meter);
		}

		assert_eq!(DeadlineCursor::<T>::get(), start + 1);
	}

	#[benchmark]
	fn deadline_bucket() {
		let is_over;

		#[block]
		{
			is_over = Pallet::<T>::empty_bucket(0, &mut WeightMeter::new());
		}

		assert!(is_over);
	}

	/// The last attempt fails.
	#[benchmark]
	fn deadline() -> Result<(), BenchmarkError> {
		let (_, job) = accepted::<T>();
		Jobs::<T>::mutate_extant(job, |job| job.attempts = MAX_ATTEMPTS);
		let due = Jobs::<T>::get(job).and_then(|job| job.state.due());
		let number = bucket(due.ok_or("an accepted job has a deadline")?);

		#[block]
		{
			Pallet::<T>::meet_deadline(number, job);
		}

		assert!(!Jobs::<T>::contains_key(job));
		Ok(())
	}
}
