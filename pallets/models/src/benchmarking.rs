//! Benchmarks of the calls, with the largest record there is.

use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::InspectHold, EnsureOrigin, Get},
	BoundedVec,
};
use frame_system::RawOrigin;
use one_primitives::{benchmarking::World, models::ModelId, Moment};
use polkadot_sdk::*;
use sp_core::H256;
use sp_runtime::{traits::Zero, Permill};

use crate::{
	impls::Step,
	shape::{
		bounds::{MAX_HEAD_DIM, MAX_HIDDEN, MAX_INPUTS, MAX_LAYERS, MAX_POSITIONS, MAX_VOCAB},
		Shape, ARITHMETIC,
	},
	types::MAX_NAME,
	*,
};

/// The model that is measured.
const MODEL: ModelId = H256::repeat_byte(7);

/// The largest record that is accepted.
fn record() -> ModelRecord {
	let heads = MAX_INPUTS / MAX_HEAD_DIM;
	ModelRecord {
		name: BoundedVec::truncate_from([b'm'; MAX_NAME as usize].to_vec()),
		tokenizer: H256::repeat_byte(1),
		template: H256::repeat_byte(2),
		calibration: H256::repeat_byte(3),
		arithmetic: ARITHMETIC,
		shape: Shape {
			layers: MAX_LAYERS,
			hidden: MAX_HIDDEN,
			ffn: MAX_INPUTS,
			heads,
			kv_heads: heads,
			head_dim: MAX_HEAD_DIM,
			vocab: MAX_VOCAB,
			context: MAX_POSITIONS,
		},
		template_tokens: MAX_POSITIONS - 1,
		min_vram: u32::MAX,
		min_tier: 0,
		canary: Permill::one(),
		retires_at: Some(Moment::MAX),
	}
}

/// Who keeps the registry.
fn admin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

/// Registers the model and takes it along these `steps`.
fn registered<T: Config>(steps: &[Step]) -> Result<(), BenchmarkError> {
	Pallet::<T>::do_register(MODEL, record())?;
	for step in steps {
		Pallet::<T>::do_step(MODEL, *step)?;
	}
	Ok(())
}

/// Has an account make proposals until there is `room` for so many more; returns the account.
fn crowd<T: Config>(room: u32) -> Result<T::AccountId, BenchmarkError> {
	let who: T::AccountId = whitelisted_caller();
	T::BenchmarkHelper::endow(&who);
	for n in room..T::MaxProposals::get() {
		let model = ModelId::repeat_byte(u8::MAX - n as u8);
		Pallet::<T>::do_propose(who.clone(), model, record())?;
	}
	Ok(who)
}

/// Proposes the model, the last there is room for; returns who did.
fn proposed<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let who = crowd::<T>(1)?;
	Pallet::<T>::do_propose(who.clone(), MODEL, record())?;
	Ok(who)
}

/// What is on hold of `who` for models.
fn held<T: Config>(who: &T::AccountId) -> BalanceOf<T> {
	T::Currency::balance_on_hold(&HoldReason::Listing.into(), who)
}

/// Where the model is on its way.
fn state<T: Config>() -> Option<ModelState> {
	Models::<T>::get(MODEL).map(|model| model.state)
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn register() -> Result<(), BenchmarkError> {
		let admin = admin::<T>()?;
		proposed::<T>()?;

		#[extrinsic_call]
		_(admin as T::RuntimeOrigin, MODEL, record());

		assert_eq!(state::<T>(), Some(ModelState::Registered));
		Ok(())
	}

	#[benchmark]
	fn stage() -> Result<(), BenchmarkError> {
		let admin = admin::<T>()?;
		registered::<T>(&[])?;

		#[extrinsic_call]
		_(admin as T::RuntimeOrigin, MODEL);

		assert!(matches!(state::<T>(), Some(ModelState::Staged { .. })));
		Ok(())
	}

	#[benchmark]
	fn activate() -> Result<(), BenchmarkError> {
		let admin = admin::<T>()?;
		registered::<T>(&[Step::Stage])?;
		T::BenchmarkHelper::pass(T::Timelock::get());

		#[extrinsic_call]
		_(admin as T::RuntimeOrigin, MODEL);

		assert_eq!(state::<T>(), Some(ModelState::Active));
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let admin = admin::<T>()?;
		registered::<T>(&[Step::Stage])?;

		#[extrinsic_call]
		_(admin as T::RuntimeOrigin, MODEL);

		assert_eq!(state::<T>(), Some(ModelState::Retired));
		Ok(())
	}

	#[benchmark]
	fn remove() -> Result<(), BenchmarkError> {
		let admin = admin::<T>()?;
		let who: T::AccountId = whitelisted_caller();
		T::BenchmarkHelper::endow(&who);
		Pallet::<T>::do_propose(who.clone(), MODEL, record())?;
		registered::<T>(&[Step::Retire])?;

		#[extrinsic_call]
		_(admin as T::RuntimeOrigin, MODEL);

		assert_eq!(state::<T>(), None);
		assert!(held::<T>(&who).is_zero());
		Ok(())
	}

	#[benchmark]
	fn propose() -> Result<(), BenchmarkError> {
		let who = crowd::<T>(1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who), MODEL, record());

		assert_eq!(state::<T>(), Some(ModelState::Proposed));
		assert_eq!(Proposals::<T>::get().len(), T::MaxProposals::get() as usize);
		Ok(())
	}

	#[benchmark]
	fn withdraw_proposal() -> Result<(), BenchmarkError> {
		let who = proposed::<T>()?;
		let before = held::<T>(&who);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), MODEL);

		assert_eq!(state::<T>(), None);
		assert!(held::<T>(&who) < before);
		Ok(())
	}

	#[benchmark]
	fn reject() -> Result<(), BenchmarkError> {
		let admin = admin::<T>()?;
		let who = proposed::<T>()?;
		let before = held::<T>(&who);

		#[extrinsic_call]
		_(admin as T::RuntimeOrigin, MODEL);

		assert_eq!(state::<T>(), None);
		assert!(held::<T>(&who) < before);
		Ok(())
	}
}
