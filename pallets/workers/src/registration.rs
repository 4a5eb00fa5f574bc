//! A worker's way: register, update, rotate its key, drain, leave, withdraw.

extern crate alloc;

use alloc::vec::Vec;

use codec::Encode;
use one_primitives::{
	clock::Clock,
	models::{ModelId, Models},
	workers::crypto::{WorkerKey, WorkerSignature},
};
use polkadot_sdk::{
	frame_support::{
		ensure,
		traits::{fungible::MutateHold, tokens::Precision::Exact, Get},
	},
	frame_system::{self, pallet_prelude::BlockNumberFor},
	sp_application_crypto::RuntimeAppPublic,
	sp_core::H256,
	sp_runtime::{
		traits::{CheckedMul, Zero},
		DispatchError, DispatchResult, Permill, SaturatedConversion,
	},
};

use crate::{
	types::{Offer, WorkerRecord, WorkerState, MAX_SLOTS},
	BalanceOf, Config, Error, Event, HoldReason, Keys, Pallet, RecordOf, Seats, Workers,
};

/// Reputation of a worker of which nothing is known.
const FIRST_REPUTATION: Permill = Permill::from_percent(50);
/// MiB in a GiB.
const GIB: u32 = 1_024;

/// A step on a worker's way; [`transition`] is the only place that knows the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
	Drain,
	Leave,
}

impl<T: Config> Pallet<T> {
	/// Bytes that a worker's key signs to show that it is `who`'s: SCALE of
	/// `(genesis hash, "register", who)`.
	pub fn registration_message(who: &T::AccountId) -> Vec<u8> {
		(Self::genesis_hash(), b"register", who).encode()
	}

	/// Hash of the genesis block, which ties every signed message to this chain.
	pub(crate) fn genesis_hash() -> H256 {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
	}

	pub(crate) fn do_register(
		who: T::AccountId,
		offer: Offer,
		key: WorkerKey,
		proof: WorkerSignature,
	) -> DispatchResult {
		ensure!(
			!Workers::<T>::contains_key(&who),
			Error::<T>::AlreadyRegistered
		);
		Self::check_offer(&offer)?;
		Self::check_key(&who, &key, &proof)?;
		let bond = Self::required_bond(&offer)?;
		T::Currency::hold(&HoldReason::Bond.into(), &who, bond)?;
		Self::open_seats(&who, &offer);
		Keys::<T>::insert(&key, &who);
		let record = WorkerRecord {
			state: WorkerState::Active,
			offer,
			key,
			bond,
			used: 0,
			reputation: FIRST_REPUTATION,
			pulse: None,
		};
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::WorkerRegistered { who, bond });
		Ok(())
	}

	/// Replaces the offer. A smaller one keeps the bond, which still answers for work done.
	pub(crate) fn do_update(who: T::AccountId, offer: Offer) -> DispatchResult {
		let mut record = Self::staying(&who)?;
		Self::check_offer(&offer)?;
		let bond = Self::required_bond(&offer)?.max(record.bond);
		T::Currency::hold(&HoldReason::Bond.into(), &who, bond - record.bond)?;
		Self::close_seats(&who, &record.offer, &offer.models);
		Self::open_seats(&who, &offer);
		record.offer = offer;
		record.bond = bond;
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::WorkerUpdated { who, bond });
		Ok(())
	}

	pub(crate) fn do_rotate_key(
		who: T::AccountId,
		key: WorkerKey,
		proof: WorkerSignature,
	) -> DispatchResult {
		let mut record = Self::staying(&who)?;
		Self::check_key(&who, &key, &proof)?;
		Keys::<T>::remove(&record.key);
		Keys::<T>::insert(&key, &who);
		record.key = key.clone();
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::KeyRotated { who, key });
		Ok(())
	}

	pub(crate) fn do_drain(who: T::AccountId) -> DispatchResult {
		let mut record = Self::record(&who)?;
		record.state = Self::transition(&record, Step::Drain)?;
		Workers::<T>::insert(&who, record);
		Self::deposit_event(Event::WorkerDraining { who });
		Ok(())
	}

	pub(crate) fn do_leave(who: T::AccountId) -> DispatchResult {
		let mut record = Self::record(&who)?;
		record.state = Self::transition(&record, Step::Leave)?;
		Self::close_seats(&who, &record.offer, &[]);
		if let WorkerState::Left { withdrawable } = record.state {
			Self::deposit_event(Event::WorkerLeft {
				who: who.clone(),
				withdrawable,
			});
		}
		Workers::<T>::insert(&who, record);
		Ok(())
	}

	pub(crate) fn do_withdraw(who: T::AccountId) -> DispatchResult {
		let record = Self::record(&who)?;
		let WorkerState::Left { withdrawable } = record.state else {
			return Err(Error::<T>::NotLeft.into());
		};
		ensure!(T::Clock::protocol() >= withdrawable, Error::<T>::Unbonding);
		let amount = record.bond;
		T::Currency::release(&HoldReason::Bond.into(), &who, amount, Exact)?;
		Keys::<T>::remove(&record.key);
		Workers::<T>::remove(&who);
		Self::deposit_event(Event::BondWithdrawn { who, amount });
		Ok(())
	}

	fn transition(record: &RecordOf<T>, step: Step) -> Result<WorkerState, Error<T>> {
		match (record.state, step) {
			(WorkerState::Active, Step::Drain) => Ok(WorkerState::Draining),
			(WorkerState::Draining, Step::Drain) => Err(Error::<T>::AlreadyDraining),
			(WorkerState::Active | WorkerState::Draining, Step::Leave) => {
				ensure!(record.used == 0, Error::<T>::JobsOpen);
				let withdrawable = T::Clock::protocol().saturating_add(T::UnbondingPeriod::get());
				Ok(WorkerState::Left { withdrawable })
			}
			(WorkerState::Left { .. }, _) => Err(Error::<T>::AlreadyLeft),
		}
	}

	fn record(who: &T::AccountId) -> Result<RecordOf<T>, Error<T>> {
		Workers::<T>::get(who).ok_or(Error::<T>::NotRegistered)
	}

	/// The record of a worker that has not left.
	fn staying(who: &T::AccountId) -> Result<RecordOf<T>, Error<T>> {
		let record = Self::record(who)?;
		ensure!(
			!matches!(record.state, WorkerState::Left { .. }),
			Error::<T>::AlreadyLeft
		);
		Ok(record)
	}

	fn check_offer(offer: &Offer) -> Result<(), Error<T>> {
		ensure!(
			(1..=MAX_SLOTS).contains(&offer.slots),
			Error::<T>::SlotsOutOfBounds
		);
		ensure!(!offer.peer_id.is_empty(), Error::<T>::PeerIdMissing);
		ensure!(!offer.models.is_empty(), Error::<T>::NoModels);
		for (i, model) in offer.models.iter().enumerate() {
			ensure!(!offer.models[..i].contains(model), Error::<T>::ModelTwice);
			ensure!(T::Models::is_registered(model), Error::<T>::UnknownModel);
			let wants = T::Models::terms(model).map_or(0, |terms| terms.min_vram);
			ensure!(offer.vram >= wants, Error::<T>::TooLittleMemory);
		}
		Ok(())
	}

	fn check_key(
		who: &T::AccountId,
		key: &WorkerKey,
		proof: &WorkerSignature,
	) -> Result<(), Error<T>> {
		ensure!(!Keys::<T>::contains_key(key), Error::<T>::KeyInUse);
		let message = Self::registration_message(who);
		ensure!(key.verify(&message, proof), Error::<T>::InvalidProof);
		Ok(())
	}

	/// Bond for `offer`: slots, times GiB of memory rounded up, times the governed amount.
	///
	/// # Errors
	/// [`Error::BondTooLarge`] if the product does not fit a balance.
	pub fn required_bond(offer: &Offer) -> Result<BalanceOf<T>, DispatchError> {
		let units = u32::from(offer.slots).saturating_mul(offer.vram.div_ceil(GIB).max(1));
		let bond = T::BondPerSlotGib::get().checked_mul(&units.saturated_into());
		bond.ok_or_else(|| Error::<T>::BondTooLarge.into())
	}

	/// Gives every model of `offer` its first slot, and none more than `offer` declares.
	fn open_seats(who: &T::AccountId, offer: &Offer) {
		for model in &offer.models {
			Seats::<T>::mutate(who, model, |entry| {
				let seat = entry.get_or_insert_default();
				seat.earned = seat.earned.clamp(1, offer.slots);
			});
		}
	}

	/// Closes the seats of models that `offer` has and `kept` has not.
	fn close_seats(who: &T::AccountId, offer: &Offer, kept: &[ModelId]) {
		for model in offer.models.iter().filter(|model| !kept.contains(model)) {
			Self::mutate_seat(who, model, |seat| seat.earned = 0);
		}
	}
}
