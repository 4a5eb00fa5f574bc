//! The registry's decisions.

extern crate alloc;

use alloc::vec::Vec;

use one_primitives::{
	access::TIERS,
	clock::Clock,
	models::{Cost, ModelId, ModelTerms, Models as Registry},
	pauses::Pauses,
};
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	sp_runtime::{DispatchError, DispatchResult},
};

use crate::{
	shape::ARITHMETIC,
	types::{Model, ModelInfo, ModelRecord, ModelState},
	Config, Error, Event, Models, Pallet,
};

/// A step on a model's way; [`transition`] is the only place that knows the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
	Stage,
	Activate,
	Retire,
}

impl<T: Config> Pallet<T> {
	/// Adds `record`, not yet taking jobs.
	pub(crate) fn do_register(id: ModelId, record: ModelRecord) -> DispatchResult {
		Self::insert(id, record, ModelState::Registered)?;
		Self::deposit_event(Event::ModelRegistered { model: id });
		Ok(())
	}

	/// Adds a checked `record` in `state`; genesis uses it with an active one.
	pub(crate) fn insert(id: ModelId, record: ModelRecord, state: ModelState) -> DispatchResult {
		ensure!(
			!Models::<T>::contains_key(id),
			Error::<T>::AlreadyRegistered
		);
		ensure!(
			Models::<T>::count() < T::MaxModels::get(),
			Error::<T>::TooManyModels
		);
		let cost = Self::check(&record)?;
		let model = Model {
			record,
			cost,
			state,
		};
		Models::<T>::insert(id, model);
		Ok(())
	}

	/// Moves `id` along its way; returns the model as it is then.
	pub(crate) fn do_step(id: ModelId, step: Step) -> Result<Model, DispatchError> {
		Models::<T>::try_mutate(id, |entry| {
			let model = entry.as_mut().ok_or(Error::<T>::UnknownModel)?;
			model.state = Self::transition(model.state, step)?;
			Ok(model.clone())
		})
	}

	/// Forgets a retired model, to make room.
	pub(crate) fn do_remove(id: ModelId) -> DispatchResult {
		let model = Models::<T>::get(id).ok_or(Error::<T>::UnknownModel)?;
		ensure!(model.state == ModelState::Retired, Error::<T>::NotRetired);
		Models::<T>::remove(id);
		Self::deposit_event(Event::ModelRemoved { model: id });
		Ok(())
	}

	fn transition(state: ModelState, step: Step) -> Result<ModelState, Error<T>> {
		let now = T::Clock::protocol();
		match (state, step) {
			(ModelState::Registered, Step::Stage) => Ok(ModelState::Staged { since: now }),
			(ModelState::Staged { since }, Step::Activate) => {
				let ready = since.saturating_add(T::Timelock::get());
				ensure!(now >= ready, Error::<T>::TimelockRunning);
				Ok(ModelState::Active)
			}
			(ModelState::Registered, Step::Activate) => Err(Error::<T>::NotStaged),
			(ModelState::Retired, _) => Err(Error::<T>::AlreadyRetired),
			(_, Step::Retire) => Ok(ModelState::Retired),
			(_, Step::Stage | Step::Activate) => Err(Error::<T>::AlreadyStaged),
		}
	}

	fn check(record: &ModelRecord) -> Result<Cost, Error<T>> {
		ensure!(
			record.arithmetic == ARITHMETIC,
			Error::<T>::UnknownArithmetic
		);
		ensure!(
			record.shape.is_within_bounds(),
			Error::<T>::ShapeOutOfBounds
		);
		ensure!(
			record.template_tokens < record.shape.context,
			Error::<T>::TemplateLongerThanContext
		);
		ensure!(
			usize::from(record.min_tier) < TIERS,
			Error::<T>::UnknownTier
		);
		ensure!(
			core::str::from_utf8(&record.name).is_ok(),
			Error::<T>::NameNotText
		);
		record.shape.cost().ok_or(Error::<T>::ShapeOutOfBounds)
	}

	/// Whether `model` takes jobs now.
	fn is_open(model: &Model) -> bool {
		model.state == ModelState::Active
			&& model
				.record
				.retires_at
				.is_none_or(|date| T::Clock::utc() < date)
	}

	/// What the runtime API tells of `id`.
	pub fn info(id: ModelId) -> Option<ModelInfo> {
		Models::<T>::get(id).map(|model| Self::describe(id, model))
	}

	/// What the runtime API tells of all models; at most `MaxModels`.
	pub fn infos() -> Vec<ModelInfo> {
		Models::<T>::iter()
			.map(|(id, model)| Self::describe(id, model))
			.collect()
	}

	fn describe(id: ModelId, model: Model) -> ModelInfo {
		let open = Self::is_open(&model) && T::Pauses::model(&id).is_none();
		let Model {
			record,
			cost,
			state,
		} = model;
		ModelInfo {
			id,
			record,
			cost,
			state,
			open,
		}
	}
}

impl<T: Config> Registry for Pallet<T> {
	fn terms(id: &ModelId) -> Option<ModelTerms> {
		let model = Models::<T>::get(id).filter(Self::is_open)?;
		let record = model.record;
		Some(ModelTerms {
			cost: model.cost,
			context: record.shape.context,
			template_tokens: record.template_tokens,
			min_tier: record.min_tier,
			arithmetic: record.arithmetic,
			min_vram: record.min_vram,
		})
	}

	fn is_registered(id: &ModelId) -> bool {
		Models::<T>::get(id).is_some_and(|model| model.state != ModelState::Retired)
	}
}

#[cfg(any(feature = "try-runtime", feature = "std"))]
impl<T: Config> Pallet<T> {
	/// Checks the invariants numbered in the README.
	///
	/// # Errors
	/// Naming the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), polkadot_sdk::sp_runtime::TryRuntimeError> {
		let counted = u32::try_from(Models::<T>::iter_keys().count()).unwrap_or(u32::MAX);
		ensure!(
			counted == Models::<T>::count(),
			"1: the count of models is wrong"
		);
		ensure!(
			counted <= T::MaxModels::get(),
			"1: more models than there is room for"
		);
		for (_, model) in Models::<T>::iter() {
			let cost = Self::check(&model.record).map_err(|_| "2: a record is out of bounds")?;
			ensure!(cost == model.cost, "3: a cost is not that of its shape");
			if let ModelState::Staged { since } = model.state {
				ensure!(since <= T::Clock::protocol(), "4: staged in the future");
			}
		}
		Ok(())
	}
}
