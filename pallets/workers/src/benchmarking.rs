//! Benchmarks of the calls and of the hook's steps.
//!
//! Not measured here: what an acceptance or a receipt of a report costs, which is the market's and
//! the receipts' work.

#![cfg(feature = "runtime-benchmarks")]

use codec::Encode;
use one_primitives::{
	jobs::JobId,
	models::ModelId,
	workers::{
		crypto::{WorkerKey, WorkerSignature},
		Challenger, Convict, Offence,
	},
};
use polkadot_sdk::{
	frame_benchmarking::v2::*,
	frame_support::{
		traits::{
			fungible::{Inspect, Mutate},
			Authorize, EnsureOrigin, Get,
		},
		weights::WeightMeter,
		BoundedVec,
	},
	frame_system::{self, pallet_prelude::BlockNumberFor, RawOrigin},
	sp_application_crypto::RuntimeAppPublic,
	sp_core::H256,
	sp_runtime::{
		traits::{SaturatedConversion, Saturating},
		transaction_validity::TransactionSource,
		Permill,
	},
};

use crate::{
	types::{Offer, Pulse, WorkerState, MAX_MODELS},
	*,
};

/// What the benchmarks need to find in the runtime.
pub trait BenchmarkHelper<AccountId> {
	/// Makes the `n`th model active.
	fn model(n: u32) -> ModelId;
	/// Lets protocol time pass.
	fn pass(time: one_primitives::ProtocolTime);
	/// A stored job of `owner` for `model` at which an attempt of `worker` came to nothing.
	fn failed_job(owner: &AccountId, model: &ModelId, worker: &AccountId) -> JobId;
}

fn models<T: Config>(
) -> BoundedVec<ModelId, polkadot_sdk::frame_support::traits::ConstU32<MAX_MODELS>> {
	let models = (0..MAX_MODELS).map(T::BenchmarkHelper::model);
	BoundedVec::truncate_from(models.collect())
}

/// The largest offer there is, on a device of a GiB.
fn offer<T: Config>(slots: u8) -> Offer {
	Offer {
		models: models::<T>(),
		slots,
		vram: 1_024,
		peer_id: BoundedVec::truncate_from([7; 64].to_vec()),
		addresses: BoundedVec::truncate_from(
			(0..4)
				.map(|_| BoundedVec::truncate_from([7; 128].to_vec()))
				.collect(),
		),
	}
}

fn funded<T: Config>(name: &'static str) -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	let who: T::AccountId = account(name, 0, 0);
	let bond = Pallet::<T>::required_bond(&offer::<T>(64)).unwrap_or_default();
	let minimum = <T::Currency as Inspect<T::AccountId>>::minimum_balance();
	let amount = bond.saturating_mul(4u32.into()).saturating_add(minimum);
	let _ = <T::Currency as Mutate<T::AccountId>>::mint_into(&who, amount);
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
fn worker<T: Config>(name: &'static str, slots: u8) -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	let who = funded::<T>(name);
	let (key, proof) = key::<T>(&who);
	Pallet::<T>::do_register(who.clone(), offer::<T>(slots), key, proof)
		.expect("the account can bond");
	Workers::<T>::mutate_extant(&who, |record| {
		record.pulse = Some(Pulse {
			block: 0u32.into(),
			at: 0,
			mailbox: one_mailbox::VERSION,
			arithmetics: BoundedVec::truncate_from([1].to_vec()),
		});
	});
	who
}

/// A report that says only that its service is there.
fn heartbeat<T: Config>(who: &T::AccountId) -> ReportOf<T> {
	Report {
		worker: who.clone(),
		block: frame_system::Pallet::<T>::block_number(),
		mailbox: one_mailbox::VERSION,
		arithmetics: BoundedVec::truncate_from([1].to_vec()),
		acceptances: Default::default(),
		receipts: Default::default(),
	}
}

fn signature<T: Config>(report: &ReportOf<T>) -> WorkerSignature {
	Workers::<T>::get(&report.worker)
		.and_then(|record| record.key.sign(&Pallet::<T>::report_message(report)))
		.expect("the benchmarks run with a keystore")
}

#[benchmarks(where T::Currency: Mutate<T::AccountId>)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register() {
		let who = funded::<T>("worker");
		let (key, proof) = key::<T>(&who);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), offer::<T>(64), key, proof);
		assert!(Workers::<T>::contains_key(&who));
	}

	#[benchmark]
	fn update() {
		let who = worker::<T>("worker", 1);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), offer::<T>(64));
		assert_eq!(
			Workers::<T>::get(&who).map(|record| record.offer.slots),
			Some(64)
		);
	}

	#[benchmark]
	fn rotate_key() {
		let who = worker::<T>("worker", 1);
		let (key, proof) = key::<T>(&who);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), key.clone(), proof);
		assert_eq!(Keys::<T>::get(&key), Some(who));
	}

	#[benchmark]
	fn drain() {
		let who = worker::<T>("worker", 1);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		let state = Workers::<T>::get(&who).map(|record| record.state);
		assert_eq!(state, Some(WorkerState::Draining));
	}

	#[benchmark]
	fn leave() {
		let who = worker::<T>("worker", 64);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		let state = Workers::<T>::get(&who).map(|record| record.state);
		assert_eq!(state, Some(WorkerState::Left));
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let who = worker::<T>("worker", 64);
		Pallet::<T>::do_leave(who.clone())?;
		T::BenchmarkHelper::pass(T::UnbondingPeriod::get());
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(!Workers::<T>::contains_key(&who));
		Ok(())
	}

	#[benchmark]
	fn start_maintenance() {
		let who = worker::<T>("worker", 1);
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 1);
		let state = Workers::<T>::get(&who).map(|record| record.state);
		assert!(matches!(state, Some(WorkerState::Maintenance { .. })));
	}

	#[benchmark]
	fn resume() -> Result<(), BenchmarkError> {
		let who = worker::<T>("worker", 64);
		Pallet::<T>::do_convict(&who, Offence::Malicious, H256::zero(), None)?;
		Pallet::<T>::do_update(who.clone(), offer::<T>(64))?;
		T::BenchmarkHelper::pass(T::OffenceWindow::get().saturating_add(1));
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));
		assert!(Workers::<T>::get(&who).is_some_and(|record| record.state.takes_jobs()));
		Ok(())
	}

	#[benchmark]
	fn convict() -> Result<(), BenchmarkError> {
		let who = worker::<T>("worker", 64);
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
		Ok(())
	}

	#[benchmark]
	fn cancel_slash() -> Result<(), BenchmarkError> {
		let who = worker::<T>("worker", 64);
		Pallet::<T>::do_convict(&who, Offence::Malicious, H256::zero(), None)?;
		let origin = T::GovernanceOrigin::try_successful_origin()
			.map_err(|()| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, who.clone(), 0);
		assert_eq!(Slashes::<T>::iter().count(), 0);
		Ok(())
	}

	#[benchmark]
	fn exclude() {
		let who = worker::<T>("worker", 64);
		let model = T::BenchmarkHelper::model(0);
		// So many slots of others that one of this worker is a small share.
		EarnedSlots::<T>::mutate(model, |earned| *earned = earned.saturating_add(10_000));
		let owner: T::AccountId = account("owner", 0, 0);
		let job = T::BenchmarkHelper::failed_job(&owner, &model, &who);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), job);
		assert_eq!(Excluded::<T>::get(&owner).len(), 1);
	}

	/// A report without entries of a worker that was late: its models are listed again, and it is
	/// convicted.
	#[benchmark]
	fn report() {
		let who = worker::<T>("worker", 64);
		Workers::<T>::mutate_extant(&who, |record| record.late = true);
		let report = heartbeat::<T>(&who);
		let signature = signature::<T>(&report);
		#[extrinsic_call]
		_(RawOrigin::Authorized, report, signature);
		assert!(!Ladders::<T>::get(&who).is_empty());
	}

	#[benchmark]
	fn authorize_report() -> Result<(), BenchmarkError> {
		let who = worker::<T>("worker", 64);
		Workers::<T>::mutate_extant(&who, |record| record.pulse = None);
		let report = heartbeat::<T>(&who);
		let signature = signature::<T>(&report);
		let call = Call::<T>::report { report, signature };
		#[block]
		{
			call.authorize(TransactionSource::External)
				.ok_or("the call is authorized")??;
		}
		Ok(())
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
		let who = worker::<T>("worker", 64);
		let challenger = Challenger {
			who: funded::<T>("challenger"),
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
