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
	frame_support::{
		ensure,
		traits::{
			fungible::{BalancedHold, MutateHold},
			tokens::Precision::Exact,
			Get, OnUnbalanced,
		},
	},
	sp_runtime::{traits::Zero, DispatchError, DispatchResult},
};

use crate::{
	shape::ARITHMETIC,
	types::{Listing, ModelInfo, ModelRecord, ModelState},
	Config, Error, Event, HoldReason, ListingOf, Model, ModelOf, Models, Pallet, Proposals,
};

/// A step on a model's way; [`transition`] is the only place that knows the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
	Register,
	Stage,
	Activate,
	Retire,
	Remove,
	Withdraw,
	Reject,
}

impl<T: Config> Pallet<T> {
	/// Adds `record` on a deposit of `who`, for governance to decide on.
	pub(crate) fn do_propose(
		who: T::AccountId,
		id: ModelId,
		record: ModelRecord,
	) -> DispatchResult {
		let is_first = !Proposals::<T>::get().contains(&id);
		ensure!(is_first, Error::<T>::AlreadyProposed);
		let deposit = T::ListingDeposit::get();
		let listing = Listing {
			who: who.clone(),
			deposit,
		};
		Self::insert(id, record, ModelState::Proposed, Some(listing))?;
		Proposals::<T>::try_append(id).map_err(|()| Error::<T>::TooManyProposals)?;
		T::Currency::hold(&HoldReason::Listing.into(), &who, deposit)?;
		Self::deposit_event(Event::ModelProposed {
			who,
			model: id,
			deposit,
		});
		Ok(())
	}

	/// Takes the proposal of `who` back.
	pub(crate) fn do_withdraw(who: T::AccountId, id: ModelId) -> DispatchResult {
		let listing = Self::do_step(id, Step::Withdraw)?.listing;
		let own = listing.filter(|listing| listing.who == who);
		let own = own.ok_or(Error::<T>::NotProposer)?;
		Self::deposit_event(Event::ProposalWithdrawn { who, model: id });
		Self::return_deposit(id, own)
	}

	/// Forgets a proposal that governance does not want.
	pub(crate) fn do_reject(id: ModelId) -> DispatchResult {
		let listing = Self::do_step(id, Step::Reject)?.listing;
		Self::deposit_event(Event::ProposalRejected { model: id });
		listing.map_or(Ok(()), |listing| Self::slash_deposit(id, listing))
	}

	/// Adds `record`, not yet taking jobs. It keeps the deposit on which it was proposed; a proposal
	/// that states something else gives way, so that nobody is hindered by one.
	pub(crate) fn do_register(id: ModelId, record: ModelRecord) -> DispatchResult {
		match Models::<T>::get(id) {
			Some(model) if model.record == record => {
				Self::do_step(id, Step::Register)?;
			}
			other => {
				if other.is_some_and(|model| model.state == ModelState::Proposed) {
					Self::give_back(id, Step::Withdraw)?;
				}
				Self::insert(id, record, ModelState::Registered, None)?;
			}
		}
		Self::deposit_event(Event::ModelRegistered { model: id });
		Ok(())
	}

	/// Adds a checked `record` in `state`; genesis uses it with an active one.
	pub(crate) fn insert(
		id: ModelId,
		record: ModelRecord,
		state: ModelState,
		listing: Option<ListingOf<T>>,
	) -> DispatchResult {
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
			listing,
		};
		Models::<T>::insert(id, model);
		Ok(())
	}

	/// Moves `id` along its way, or forgets it at the end; returns the model as it is then, or was.
	pub(crate) fn do_step(id: ModelId, step: Step) -> Result<ModelOf<T>, DispatchError> {
		let mut model = Models::<T>::get(id).ok_or(Error::<T>::UnknownModel)?;
		let next = Self::transition(model.state, step)?;
		if model.state == ModelState::Proposed {
			Proposals::<T>::mutate(|proposals| proposals.retain(|other| *other != id));
		}
		match next {
			Some(state) => {
				model.state = state;
				Models::<T>::insert(id, &model);
			}
			None => Models::<T>::remove(id),
		}
		Ok(model)
	}

	/// Forgets a retired model, to make room.
	pub(crate) fn do_remove(id: ModelId) -> DispatchResult {
		Self::give_back(id, Step::Remove)?;
		Self::deposit_event(Event::ModelRemoved { model: id });
		Ok(())
	}

	/// Takes a step at which a model is forgotten, and returns its deposit.
	fn give_back(id: ModelId, step: Step) -> DispatchResult {
		let listing = Self::do_step(id, step)?.listing;
		listing.map_or(Ok(()), |listing| Self::return_deposit(id, listing))
	}

	/// The state that follows; none where the model is forgotten.
	fn transition(state: ModelState, step: Step) -> Result<Option<ModelState>, Error<T>> {
		use ModelState::*;
		use Step::*;
		let now = T::Clock::protocol();
		match (state, step) {
			(Proposed, Register) => Ok(Some(Registered)),
			(Proposed, Withdraw | Reject) => Ok(None),
			(Proposed, Stage | Activate | Retire) => Err(Error::<T>::NotRegistered),
			(Registered, Stage) => Ok(Some(Staged { since: now })),
			(Registered, Activate) => Err(Error::<T>::NotStaged),
			(Staged { since }, Activate) => {
				let ready = since.saturating_add(T::Timelock::get());
				ensure!(now >= ready, Error::<T>::TimelockRunning);
				Ok(Some(Active))
			}
			(Retired, Remove) => Ok(None),
			(Retired, Stage | Activate | Retire) => Err(Error::<T>::AlreadyRetired),
			(_, Retire) => Ok(Some(Retired)),
			(_, Stage | Activate) => Err(Error::<T>::AlreadyStaged),
			(_, Remove) => Err(Error::<T>::NotRetired),
			(_, Register) => Err(Error::<T>::AlreadyRegistered),
			(_, Withdraw | Reject) => Err(Error::<T>::NotProposed),
		}
	}

	fn return_deposit(id: ModelId, listing: ListingOf<T>) -> DispatchResult {
		let Listing { who, deposit } = listing;
		T::Currency::release(&HoldReason::Listing.into(), &who, deposit, Exact)?;
		Self::deposit_event(Event::DepositReturned {
			who,
			model: id,
			amount: deposit,
		});
		Ok(())
	}

	fn slash_deposit(id: ModelId, listing: ListingOf<T>) -> DispatchResult {
		let Listing { who, deposit } = listing;
		let (credit, missing) = T::Currency::slash(&HoldReason::Listing.into(), &who, deposit);
		ensure!(missing.is_zero(), DispatchError::Corruption);
		T::SlashDestination::on_unbalanced(credit);
		Self::deposit_event(Event::DepositSlashed {
			who,
			model: id,
			amount: deposit,
		});
		Ok(())
	}

	/// Whether `record` makes sense; the work of its model.
	pub(crate) fn check(record: &ModelRecord) -> Result<Cost, Error<T>> {
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

	/// Whether `model` takes jobs now: a staged one does if it is tried.
	fn is_open(model: &ModelOf<T>) -> bool {
		let record = &model.record;
		let takes_jobs = match model.state {
			ModelState::Active => true,
			ModelState::Staged { .. } => !record.canary.is_zero(),
			_ => false,
		};
		takes_jobs && record.retires_at.is_none_or(|date| T::Clock::utc() < date)
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

	fn describe(id: ModelId, model: ModelOf<T>) -> ModelInfo {
		let open = Self::is_open(&model) && T::Pauses::model(&id).is_none();
		let Model {
			record,
			cost,
			state,
			..
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
			canary: (model.state != ModelState::Active).then_some(record.canary),
		})
	}

	fn is_registered(id: &ModelId) -> bool {
		Models::<T>::get(id)
			.is_some_and(|model| !matches!(model.state, ModelState::Proposed | ModelState::Retired))
	}
}
