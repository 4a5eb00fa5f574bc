//! Who a worker is and what it offers.

extern crate alloc;

use alloc::vec::Vec;

use codec::Encode;
use one_primitives::{
	models::{ModelId, Models},
	reputation,
	workers::crypto::{WorkerKey, WorkerSignature},
};
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	frame_system::{self, pallet_prelude::BlockNumberFor},
	sp_application_crypto::RuntimeAppPublic,
	sp_core::H256,
	sp_runtime::{traits::Zero, DispatchResult},
};

use crate::{
	types::{Bond, Offer, WorkerRecord, WorkerState, MAX_SLOTS},
	BondOf, Config, Error, Event, Keys, Pallet, RecordOf, Workers,
};

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
		Self::check_key(&who, &key, &proof)?;
		let mut bond = Bond::default();
		Self::fit_bond(&who, &mut bond, &offer)?;
		Keys::<T>::insert(&key, &who);
		let record = Self::new_record(offer, key, bond);
		Self::open_seats(&who, &record);
		Workers::<T>::insert(&who, record);
		let bond = bond.held;
		Self::deposit_event(Event::WorkerRegistered { who, bond });
		Ok(())
	}

	fn new_record(offer: Offer, key: WorkerKey, bond: BondOf<T>) -> RecordOf<T> {
		let mut record = WorkerRecord {
			state: WorkerState::Joining,
			offer,
			key,
			bond,
			probation: T::ProbationJobs::get(),
			maintenance: Default::default(),
			late: false,
			used: 0,
			reputation: reputation::FIRST,
			pulse: None,
		};
		record.state = record.standing();
		record
	}

	/// Replaces the offer. What a smaller one no longer needs of the bond still answers for work
	/// done.
	pub(crate) fn do_update(who: T::AccountId, offer: Offer) -> DispatchResult {
		let mut record = Self::staying(&who)?;
		Self::fit_bond(&who, &mut record.bond, &offer)?;
		Self::close_seats(&who, &record.offer, &offer.models);
		record.offer = offer;
		Self::open_seats(&who, &record);
		let bond = record.bond.held;
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

	pub(crate) fn record(who: &T::AccountId) -> Result<RecordOf<T>, Error<T>> {
		Workers::<T>::get(who).ok_or(Error::<T>::NotRegistered)
	}

	/// The record of a worker that has not left.
	fn staying(who: &T::AccountId) -> Result<RecordOf<T>, Error<T>> {
		let record = Self::record(who)?;
		ensure!(record.state != WorkerState::Left, Error::<T>::AlreadyLeft);
		Ok(record)
	}

	/// Whether `offer` makes sense.
	pub(crate) fn check_offer(offer: &Offer) -> Result<(), Error<T>> {
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

	/// Gives every model that is offered its first slot, and none more than are declared.
	fn open_seats(who: &T::AccountId, record: &RecordOf<T>) {
		for model in &record.offer.models {
			let counts = Self::counts(record, model);
			Self::mutate_seat(who, model, |seat| {
				seat.earned = seat.earned.clamp(1, record.offer.slots);
				seat.counts = counts;
			});
		}
	}

	/// Closes the seats of models that `offer` has and `kept` has not.
	pub(crate) fn close_seats(who: &T::AccountId, offer: &Offer, kept: &[ModelId]) {
		for model in offer.models.iter().filter(|model| !kept.contains(model)) {
			Self::mutate_seat(who, model, |seat| {
				seat.earned = 0;
				seat.counts = false;
			});
		}
	}
}
