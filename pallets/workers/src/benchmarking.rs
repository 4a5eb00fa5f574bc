//! Benchmarks of the calls and of the hook's steps, with the largest offers there can be.

extern crate alloc;

use alloc::vec::Vec;

use one_primitives::{
	benchmarking::World,
	clock::Clock,
	inference::MAX_IDS,
	jobs::{Acceptance, Assignment, Lane, Market},
	models::ModelId,
	receipts::{message, result_root, Finish, Outcome, Receipt, SignedReceipt},
	workers::{
		crypto::{WorkerKey, WorkerSignature},
		Challenger, Convict, Offence, SlotUse, Workers as _,
	},
	Usdc,
};
use polkadot_sdk::{
	frame_benchmarking::v2::*,
	frame_support::{
		traits::{Authorize, ConstU32, EnsureOrigin, Get},
		weights::WeightMeter,
		BoundedVec,
	},
	frame_system::RawOrigin,
	sp_application_crypto::RuntimeAppPublic,
	sp_core::H256,
	sp_runtime::{transaction_validity::TransactionSource, Permill},
};

use crate::{counting::PATROL, *};

/// Micro-USDC that a worker is owed.
const OWED: Usdc = 1_000_000;

/// Models from number `first` on, as many as a worker can offer.
fn models<T: Config>(first: u32) -> BoundedVec<ModelId, ConstU32<MAX_MODELS>> {
	let models = (first..first + MAX_MODELS).map(T::BenchmarkHelper::model);
	BoundedVec::truncate_from(models.collect())
}

/// The largest offer there is of models from number `first` on, on a device of a GiB.
fn offer<T: Config>(slots: u8, first: u32) -> Offer {
	let address = BoundedVec::truncate_from([7; 128].to_vec());
	Offer {
		models: models::<T>(first),
		slots,
		vram: 1_024,
		peer_id: BoundedVec::truncate_from([7; 64].to_vec()),
		addresses: BoundedVec::truncate_from((0..4).map(|_| address.clone()).collect()),
	}
}

fn endowed<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::BenchmarkHelper::endow(&who);
	who
}

fn key<T: Config>(who: &T::AccountId) -> (WorkerKey, WorkerSignature) {
	let key = WorkerKey::generate_pair(None);
	let proof = key
		.sign(&Pallet::<T>::registration_message(who))
		.expect("the benchmarks run with a keystore");
	(key, proof)
}

/// A worker that is alive and has the largest offer.
fn worker<T: Config>(slots: u8) -> T::AccountId {
	let who = endowed::<T>("worker");
	let (key, proof) = key::<T>(&who);
	Pallet::<T>::do_register(who.clone(), offer::<T>(slots, 0), key, proof)
		.expect("the account can bond");
	revive::<T>(&who);
	let record = Workers::<T>::get(&who).expect("it has just registered");
	Pallet::<T>::recount(&who, &record);
	who
}

/// Lets a worker be heard of now; what it has earned counts as before.
fn revive<T: Config>(who: &T::AccountId) {
	Workers::<T>::mutate_extant(who, |record| {
		record.pulse = Some(Pulse {
			block: 0u32.into(),
			at: T::Clock::protocol(),
			mailbox: one_mailbox::VERSION,
			arithmetics: BoundedVec::truncate_from([1].to_vec()),
		});
	});
}

/// Slots that count as earned for the first model.
fn counted<T: Config>() -> u32 {
	EarnedSlots::<T>::get(T::BenchmarkHelper::model(0))
}

/// A worker that is owed something.
fn creditor<T: Config>() -> T::AccountId {
	let who = worker::<T>(MAX_SLOTS);
	T::BenchmarkHelper::owe(&who, OWED);
	who
}

/// A worker with as many free slots for one model as it can have, and that model.
fn server<T: Config>() -> (T::AccountId, ModelId) {
	let (who, model) = (worker::<T>(MAX_SLOTS), T::BenchmarkHelper::model(0));
	Pallet::<T>::mutate_seat(&who, &model, |seat| seat.earned = MAX_SLOTS);
	for _ in 0..MAX_SLOTS {
		Pallet::<T>::return_slot(&who, &model, SlotUse::Unused);
	}
	(who, model)
}

/// Assigns so many jobs to `who`, the worker of `model`: each of another submitter, drawing on two
/// classes of vouchers, with a pallet that waits for it.
fn assign<T: Config>(who: &T::AccountId, model: &ModelId, jobs: u32) -> Vec<Assignment> {
	for n in 0..jobs {
		let submitter = account("submitter", n, 0);
		T::BenchmarkHelper::vouchers(&submitter);
		let job = T::BenchmarkHelper::submit(&submitter, Lane::Dedicated, model);
		T::BenchmarkHelper::match_jobs();
		T::BenchmarkHelper::await_result(job);
	}
	T::Market::assignments(who)
}

fn acceptance(assignment: &Assignment) -> Acceptance {
	Acceptance {
		job: assignment.job,
		attempt: assignment.attempt,
		assigned: assignment.assigned,
	}
}

/// A receipt with as many token ids as one can carry.
fn receipt<T: Config>(
	who: &T::AccountId,
	assignment: &Assignment,
) -> SignedReceipt<T::AccountId, WorkerSignature> {
	let ids: Vec<u32> = (0..MAX_IDS).collect();
	let receipt = Receipt {
		job: assignment.job,
		attempt: assignment.attempt,
		model: assignment.model,
		worker: who.clone(),
		requests: 1,
		input_tokens: assignment.max_input,
		output_tokens: MAX_IDS,
		request_root: H256::zero(),
		result_root: result_root(&ids),
		trace_root: H256::zero(),
		outcome: Outcome::Served,
		finish: Finish::Length,
	};
	let message = message(&Pallet::<T>::genesis_hash(), &assignment.assigned, &receipt);
	SignedReceipt {
		receipt,
		signature: sign::<T>(who, &message),
		ids: BoundedVec::truncate_from(ids),
	}
}

fn sign<T: Config>(who: &T::AccountId, message: &[u8]) -> WorkerSignature {
	Workers::<T>::get(who)
		.and_then(|record| record.key.sign(&message))
		.expect("the benchmarks run with a keystore")
}

/// A report that says only that its service is there.
pub fn heartbeat<T: Config>(who: &T::AccountId) -> ReportOf<T> {
	Report {
		worker: who.clone(),
		block: frame_system::Pallet::<T>::block_number(),
		mailbox: one_mailbox::VERSION,
		arithmetics: BoundedVec::truncate_from([1].to_vec()),
		acceptances: Default::default(),
		receipts: Default::default(),
	}
}

/// A report of `who` with so many acceptances and receipts, all of them wanted.
fn full_report<T: Config>(
	who: &T::AccountId,
	model: &ModelId,
	acceptances: u32,
	receipts: u32,
) -> ReportOf<T> {
	let assignments = assign::<T>(who, model, acceptances + receipts);
	let (to_accept, to_serve) = assignments.split_at(acceptances as usize);
	for assignment in to_serve {
		T::BenchmarkHelper::accept(assignment.job);
	}
	let receipts = to_serve.iter().map(|served| receipt::<T>(who, served));
	Report {
		acceptances: BoundedVec::truncate_from(to_accept.iter().map(acceptance).collect()),
		receipts: BoundedVec::truncate_from(receipts.collect()),
		..heartbeat::<T>(who)
	}
}

/// Makes every entry of `report` one of an attempt that never was, but the last.
fn make_stale<T: Config>(report: &mut ReportOf<T>) {
	let acceptances = report
		.acceptances
		.iter_mut()
		.map(|entry| &mut entry.attempt);
	let receipts = report
		.receipts
		.iter_mut()
		.map(|entry| &mut entry.receipt.attempt);
	for attempt in acceptances.chain(receipts).rev().skip(1) {
		*attempt = 0;
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register() {
		let who = endowed::<T>("worker");
		let (key, proof) = key::<T>(&who);
		#[extrinsic_call]
		_(
			RawOrigin::Signed(who.clone()),
			offer::<T>(MAX_SLOTS, 0),
			key,
			proof,
		);
		assert!(Workers::<T>::contains_key(&who));
	}

	/// All models are replaced.
	#[benchmark]
	fn update() {
		let who = worker::<T>(1);
		#[extrinsic_call]
		_(
			RawOrigin::Signed(who.clone()),
			offer::<T>(MAX_SLOTS, MAX_MODELS),
		);
		assert_eq!(
			Workers::<T>::get(&who).map(|record| record.offer.slots),
			Some(MAX_SLOTS)
		);
	}

	#[benchmark]
	fn rotate_key() {
		let who = worker::<T>(1);
		let (key, proof) = key::<T>(&who);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), key.clone(), proof);
		assert_eq!(Keys::<T>::get(&key), Some(who));
	}

	#[benchmark]
	fn drain() {
		let who = worker::<T>(1);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		let state = Workers::<T>::get(&who).map(|record| record.state);
		assert_eq!(state, Some(WorkerState::Draining));
	}

	#[benchmark]
	fn leave() {
		let who = worker::<T>(MAX_SLOTS);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		let state = Workers::<T>::get(&who).map(|record| record.state);
		assert_eq!(state, Some(WorkerState::Left));
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let who = worker::<T>(MAX_SLOTS);
		Pallet::<T>::do_leave(who.clone())?;
		T::BenchmarkHelper::pass(T::UnbondingPeriod::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Workers::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn start_maintenance() {
		let who = worker::<T>(1);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 1);
		let state = Workers::<T>::get(&who).map(|record| record.state);
		assert!(matches!(state, Some(WorkerState::Maintenance { .. })));
	}

	#[benchmark]
	fn resume() -> Result<(), BenchmarkError> {
		let who = worker::<T>(MAX_SLOTS);
		Pallet::<T>::do_convict(&who, Offence::Malicious, H256::zero(), None)?;
		Pallet::<T>::do_update(who.clone(), offer::<T>(MAX_SLOTS, 0))?;
		T::BenchmarkHelper::pass(T::OffenceWindow::get().saturating_add(1));
		revive::<T>(&who);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(counted::<T>() > 0);
		assert!(Workers::<T>::get(&who).is_some_and(|record| record.state.takes_jobs()));
		Ok(())
	}

	#[benchmark]
	fn convict() -> Result<(), BenchmarkError> {
		let who = creditor::<T>();
		let origin = T::GovernanceOrigin::try_successful_origin()
			.map_err(|()| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(
			origin as T::RuntimeOrigin,
			who.clone(),
			Offence::Malicious,
			H256::zero(),
		);
		assert_eq!(Slashes::<T>::iter().count(), 1);
		assert_eq!(counted::<T>(), 0);
		Ok(())
	}

	#[benchmark]
	fn cancel_slash() -> Result<(), BenchmarkError> {
		let who = worker::<T>(MAX_SLOTS);
		Pallet::<T>::do_convict(&who, Offence::Malicious, H256::zero(), None)?;
		let origin = T::GovernanceOrigin::try_successful_origin()
			.map_err(|()| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone(), 0);
		assert_eq!(Slashes::<T>::iter().count(), 0);
		Ok(())
	}

	#[benchmark]
	fn exclude() -> Result<(), BenchmarkError> {
		let who = worker::<T>(MAX_SLOTS);
		let model = T::BenchmarkHelper::model(0);
		// So many slots of others that one of this worker is a small share.
		EarnedSlots::<T>::mutate(model, |earned| *earned = earned.saturating_add(10_000));
		let owner: T::AccountId = account("owner", 0, 0);
		for n in 1..MAX_EXCLUSIONS {
			let exclusion = Exclusion {
				worker: account("worker", n, 0),
				model,
				until: T::Clock::protocol().saturating_add(1),
			};
			Excluded::<T>::try_append(&owner, exclusion).map_err(|()| "there is room")?;
		}
		let job = T::BenchmarkHelper::failed_job(&owner, &model, &who);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), job);
		assert_eq!(Excluded::<T>::get(&owner).len(), MAX_EXCLUSIONS as usize);
		Ok(())
	}

	/// So many acceptances and as many receipts. All models of a late worker are listed again, and
	/// it is convicted and slashed.
	///
	/// One component, so that reports without entries are measured too: most are, and listing and
	/// entries do not simply add up.
	#[benchmark]
	fn report(n: Linear<0, MAX_ENTRIES>) -> Result<(), BenchmarkError> {
		let (who, model) = server::<T>();
		let message = full_report::<T>(&who, &model, n, n);
		let signature = sign::<T>(&who, &Pallet::<T>::report_message(&message));
		Workers::<T>::mutate_extant(&who, |record| record.late = true);
		for _ in 1..T::Ladder::get().small_from {
			Pallet::<T>::do_convict(&who, Offence::Late, H256::zero(), None)?;
		}

		#[extrinsic_call]
		_(RawOrigin::Authorized, message, signature);

		assert_eq!(Slashes::<T>::iter().count(), 1);
		let open = T::Market::assignments(&who);
		assert_eq!(open.len(), n as usize);
		assert!(open.iter().all(|assignment| assignment.accepted));
		Ok(())
	}

	/// Only the last entry is wanted, or a first sign of life.
	#[benchmark]
	fn authorize_report(
		a: Linear<0, MAX_ENTRIES>,
		r: Linear<0, MAX_ENTRIES>,
	) -> Result<(), BenchmarkError> {
		let (who, model) = server::<T>();
		let mut message = full_report::<T>(&who, &model, a, r);
		make_stale::<T>(&mut message);
		if a + r == 0 {
			Workers::<T>::mutate_extant(&who, |record| record.pulse = None);
		}
		let signature = sign::<T>(&who, &Pallet::<T>::report_message(&message));
		let call = Call::<T>::report {
			report: message,
			signature,
		};

		#[block]
		{
			call.authorize(TransactionSource::External)
				.ok_or("the call is authorized")??;
		}

		Ok(())
	}

	/// Silent with the largest offer, of which all counts so far.
	#[benchmark]
	fn recount() -> Result<(), BenchmarkError> {
		let who = worker::<T>(MAX_SLOTS);
		T::BenchmarkHelper::pass(T::LivenessTimeout::get().saturating_add(1));
		let record = Workers::<T>::get(&who).ok_or("the worker is registered")?;
		assert!(counted::<T>() > 0);
		#[block]
		{
			Pallet::<T>::recount(&who, &record);
		}
		assert_eq!(counted::<T>(), 0);
		Ok(())
	}

	/// Nobody is silent of as many workers as are looked at.
	#[benchmark]
	fn patrol() {
		for n in 0..=PATROL as u32 {
			T::BenchmarkHelper::worker(n, &[T::BenchmarkHelper::model(0)], 1);
		}
		#[block]
		{
			Pallet::<T>::patrol(&mut WeightMeter::new());
		}
		assert!(Patrolled::<T>::exists());
	}

	#[benchmark]
	fn slashes_base() {
		#[block]
		{
			Pallet::<T>::pay_slashes(&mut WeightMeter::new());
		}
	}

	#[benchmark]
	fn pay_slash() -> Result<(), BenchmarkError> {
		let who = worker::<T>(MAX_SLOTS);
		let challenger = Challenger {
			who: endowed::<T>("challenger"),
			part: Permill::from_percent(20),
		};
		<Pallet<T> as Convict<T::AccountId>>::convict(
			&who,
			Offence::Malicious,
			H256::zero(),
			Some(challenger),
		)?;
		T::BenchmarkHelper::pass(T::AppealWindow::get());
		#[block]
		{
			Pallet::<T>::pay_slashes(&mut WeightMeter::new());
		}
		assert_eq!(Slashes::<T>::iter().count(), 0);
		Ok(())
	}
}
