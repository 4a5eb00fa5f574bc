//! Who a worker is and what it offers.

use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_core::crypto::Pair,
	sp_runtime::{BoundedVec, TokenError},
};

use super::{held, last_event, signed};
use crate::{mock::*, Error, Event, Keys, Offer, Seat, Seats, WorkerState};

#[test]
fn register_should_hold_the_bond_and_give_one_slot_per_model() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1, 2], 3));
		// Three slots of 2 GiB at 10.
		assert_eq!(
			(held(1), last_event()),
			(60, Event::WorkerRegistered { who: 1, bond: 60 })
		);
		assert_eq!(Workers::worker_of_key(&pair(1).public()), Some(1));
		let first = Seat {
			earned: 1,
			..Default::default()
		};
		for n in [1, 2] {
			assert_eq!(Seats::<Test>::get(1, model(n)), Some(first));
		}
		let status = Workers::status(&1).unwrap();
		assert_eq!(
			(status.record.state, status.alive),
			(WorkerState::Active, false)
		);
		assert_eq!(status.seats.len(), 2);
	});
}

#[test]
fn register_should_refuse_when_the_offer_makes_no_sense() {
	let refused = |change: fn(&mut Offer), error: Error<Test>| {
		build_and_execute(|| {
			let mut offer = offer(1, &[1, 2], 2);
			change(&mut offer);
			let call = Workers::register(signed(1), offer, pair(1).public(), proof(1, 1));
			assert_noop!(call, error);
		});
	};
	refused(|offer| offer.slots = 0, Error::SlotsOutOfBounds);
	refused(|offer| offer.slots = 65, Error::SlotsOutOfBounds);
	refused(
		|offer| offer.peer_id = Default::default(),
		Error::PeerIdMissing,
	);
	refused(|offer| offer.models = Default::default(), Error::NoModels);
	refused(|offer| offer.models[1] = model(1), Error::ModelTwice);
	refused(|offer| offer.models[1] = model(99), Error::UnknownModel);
	refused(|offer| offer.vram = 511, Error::TooLittleMemory);
}

#[test]
fn register_should_refuse_when_the_key_is_not_shown_to_be_the_callers() {
	build_and_execute(|| {
		let key = pair(1).public();
		let register = |proof| Workers::register(signed(1), offer(1, &[1], 1), key.clone(), proof);
		assert_noop!(register(proof(2, 1)), Error::<Test>::InvalidProof);
		assert_noop!(register(proof(1, 2)), Error::<Test>::InvalidProof);
		assert_ok!(register(proof(1, 1)));
		assert_noop!(register(proof(1, 1)), Error::<Test>::AlreadyRegistered);

		let stolen = Workers::register(signed(2), offer(2, &[1], 1), key, proof(2, 1));
		assert_noop!(stolen, Error::<Test>::KeyInUse);
	});
}

#[test]
fn register_should_refuse_when_the_bond_cannot_be_held() {
	build_and_execute(|| {
		let poor = ACCOUNTS + 1;
		assert_noop!(register(poor, &[1], 1), TokenError::FundsUnavailable);
		let vast = Offer {
			vram: u32::MAX,
			..offer(1, &[1], 64)
		};
		let call = Workers::register(signed(1), vast, pair(1).public(), proof(1, 1));
		assert_noop!(call, TokenError::FundsUnavailable);
	});
}

#[test]
fn update_should_open_and_close_seats_with_the_models() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1, 2], 1));
		assert_ok!(Workers::update(signed(1), offer(1, &[2, 3], 4)));
		assert_eq!(last_event(), Event::WorkerUpdated { who: 1, bond: 80 });
		assert_eq!(Seats::<Test>::get(1, model(1)), None);
		assert!(Seats::<Test>::contains_key(1, model(3)));
	});
}

#[test]
fn update_should_cap_earned_slots_when_fewer_are_declared() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 8));
		set_earned(1, 1, 8);
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 3)));
		assert_eq!(Seats::<Test>::get(1, model(1)).unwrap().earned, 3);
	});
}

#[test]
fn rotate_key_should_let_only_the_new_key_report() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let key = pair(5).public();
		assert_noop!(
			Workers::rotate_key(signed(1), key.clone(), proof(1, 1)),
			Error::<Test>::InvalidProof
		);
		assert_ok!(Workers::rotate_key(signed(1), key.clone(), proof(1, 5)));
		assert_eq!(
			last_event(),
			Event::KeyRotated {
				who: 1,
				key: key.clone()
			}
		);
		assert_eq!(Keys::<Test>::get(pair(1).public()), None);
		assert_eq!(Workers::worker_of_key(&key), Some(1));
	});
}

#[test]
fn calls_should_be_refused_when_the_caller_is_not_a_worker() {
	build_and_execute(|| {
		assert_noop!(
			Workers::update(signed(1), offer(1, &[1], 1)),
			Error::<Test>::NotRegistered
		);
		let rotate = Workers::rotate_key(signed(1), pair(1).public(), proof(1, 1));
		assert_noop!(rotate, Error::<Test>::NotRegistered);
		for call in [
			Workers::drain,
			Workers::leave,
			Workers::withdraw,
			Workers::resume,
		] {
			assert_noop!(call(signed(1)), Error::<Test>::NotRegistered);
		}
		assert_noop!(
			Workers::start_maintenance(signed(1), 1),
			Error::<Test>::NotRegistered
		);
	});
}

#[test]
fn proof_should_be_bound_to_this_chain() {
	build_and_execute(|| {
		let foreign = (polkadot_sdk::sp_core::H256::zero(), b"register", 1u64);
		let signature = pair(1).sign(&codec::Encode::encode(&foreign));
		let offer = Offer {
			addresses: BoundedVec::default(),
			..offer(1, &[1], 1)
		};
		let call = Workers::register(signed(1), offer, pair(1).public(), signature);
		assert_noop!(call, Error::<Test>::InvalidProof);
	});
}
