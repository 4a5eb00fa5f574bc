use crate::chain::*;
use codec::{Decode, Encode};
use one_runtime::{
	configs::parameters::bounded::SlashDeferral, constants::time::EPOCH_DURATION, Authorship, Babe,
	Balance, Executive, Grandpa, Hash, Header, Historical, Runtime, RuntimeCall, RuntimeEvent,
	Session, Settlement, System, UncheckedExtrinsic,
};
use pallet_settlement::Event::FeesSold;
use pallet_validators::HoldReason;
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{Get, KeyOwnerProofSystem},
	},
	sp_consensus_babe::{self as babe, digests::CompatibleDigestItem},
	sp_consensus_grandpa as grandpa,
	sp_core::Pair,
	sp_keyring::{
		Ed25519Keyring,
		Sr25519Keyring::{self, *},
	},
	sp_runtime::{
		traits::Header as _,
		transaction_validity::{InvalidTransaction, TransactionValidityError},
		DigestItem,
	},
	*,
};

/// The key that signs blocks at this index of the authorities.
fn author_key(index: u32) -> babe::AuthorityPair {
	let authority = &Babe::authorities()[index as usize].0;
	let keyring = Sr25519Keyring::from_raw_public(
		authority
			.encode()
			.try_into()
			.expect("a public key is 32 bytes"),
	);
	keyring
		.expect("validators have development keys")
		.pair()
		.into()
}

/// Two different blocks of an author in one slot.
fn block_equivocation(index: u32) -> babe::EquivocationProof<Header> {
	let key = author_key(index);
	let [first_header, second_header] = [1u8, 2].map(|seed| {
		let root = Hash::repeat_byte(seed);
		let digest = slot_digest(index, slot());
		let mut header = Header::new(1, root, root, Default::default(), digest);
		let seal =
			<DigestItem as CompatibleDigestItem>::babe_seal(key.sign(header.hash().as_ref()));
		header.digest_mut().push(seal);
		header
	});
	babe::EquivocationProof {
		offender: key.public(),
		slot: slot().into(),
		first_header,
		second_header,
	}
}

fn report_block(proof: babe::EquivocationProof<Header>) -> UncheckedExtrinsic {
	let key_owner_proof =
		Historical::prove((babe::KEY_TYPE, proof.offender.clone())).expect("it is a validator");
	let call: RuntimeCall = pallet_babe::Call::<Runtime>::report_equivocation_unsigned {
		equivocation_proof: Box::new(proof),
		key_owner_proof,
	}
	.into();
	UncheckedExtrinsic::new_bare(call)
}

/// Two different prevotes of a voter in one round.
fn vote_equivocation(voter: Ed25519Keyring) -> grandpa::EquivocationProof<Hash, u32> {
	let pair: grandpa::AuthorityPair = voter.pair().into();
	let (round, set_id) = (1u64, Grandpa::current_set_id());
	let vote = |seed: u8| {
		let prevote = grandpa::Prevote::<Header> {
			target_hash: Hash::repeat_byte(seed),
			target_number: 1,
		};
		let message = grandpa::Message::<Header>::Prevote(prevote.clone());
		(
			prevote,
			pair.sign(&grandpa::localized_payload(round, set_id, &message)),
		)
	};
	// The fields of the proof, in order: set, kind of vote, round, voter and the two votes.
	let fields = (set_id, 0u8, round, pair.public(), vote(1), vote(2));
	Decode::decode(&mut &fields.encode()[..]).unwrap()
}

/// The bond of the validator of this index.
fn bond_of(index: u32) -> Balance {
	on_hold(HoldReason::Bond, &Session::validators()[index as usize])
}

/// ONE that left the fee pot in this block.
fn sold_in_this_block() -> Balance {
	let sales = System::events()
		.into_iter()
		.map(|record| match record.event {
			RuntimeEvent::Settlement(FeesSold { one, .. }) => one,
			_ => 0,
		});
	sales.sum()
}

fn report_vote(proof: grandpa::EquivocationProof<Hash, u32>) -> UncheckedExtrinsic {
	let key_owner_proof = Historical::prove((grandpa::KEY_TYPE, proof.offender().clone()))
		.expect("it is a validator");
	let call: RuntimeCall = pallet_grandpa::Call::<Runtime>::report_equivocation_unsigned {
		equivocation_proof: Box::new(proof),
		key_owner_proof,
	}
	.into();
	UncheckedExtrinsic::new_bare(call)
}

#[test]
fn author_should_be_known_in_its_block() {
	at_genesis("local").execute_with(|| {
		for index in 0..4 {
			open_block(index);
			assert_eq!(
				Authorship::author(),
				Some(Session::validators()[index as usize].clone())
			);
			close_block();
		}
	});
}

#[test]
fn time_should_follow_the_slot() {
	in_block("development", || assert_eq!(now() / 3_000, slot()));
}

#[test]
fn author_of_two_blocks_in_a_slot_should_be_slashed_and_disabled() {
	in_block("local", || {
		let (offender, bond) = (account(Charlie), bond_of(2));
		let xt = report_block(block_equivocation(2));
		assert_ok!(Executive::apply_extrinsic(xt).unwrap());
		assert_eq!(Session::disabled_validators(), vec![2]);
		// One of four: the square of three quarters.
		let part = bond * 9 / 16;
		assert_eq!(on_hold(HoldReason::Slashed, &offender), part);
		assert_eq!(on_hold(HoldReason::Bond, &offender), bond - part);
	});
}

#[test]
fn slash_should_reach_the_fee_pot_after_its_deferral() {
	at_genesis("local").execute_with(|| {
		open_block(0);
		let offender = account(Charlie);
		assert_ok!(Executive::apply_extrinsic(report_block(block_equivocation(2))).unwrap());
		let slashed = on_hold(HoldReason::Slashed, &offender);
		close_block();
		let pot = Settlement::fee_pot();
		pass(SlashDeferral::get());
		open_block(0);
		close_block();
		assert_eq!(on_hold(HoldReason::Slashed, &offender), 0);
		let sold = sold_in_this_block();
		assert_eq!(Settlement::fee_pot() + sold, pot + slashed);
	});
}

#[test]
fn slash_should_come_back_when_governance_cancels_it() {
	in_block("demo", || {
		let (offender, bond) = (account(Bob), bond_of(1));
		assert_ok!(Executive::apply_extrinsic(report_block(block_equivocation(1))).unwrap());
		assert_eq!(on_hold(HoldReason::Slashed, &offender), bond);
		let cancel = pallet_validators::Call::<Runtime>::cancel_slash { slash: 0 };
		assert_ok!(submit(Alice, sudo(cancel)).unwrap());
		assert_eq!(on_hold(HoldReason::Slashed, &offender), 0);
		assert_eq!(on_hold(HoldReason::Bond, &offender), bond);
	});
}

/// The offender has a seat in the next session, which was planned before, and may not use it.
#[test]
fn equivocator_should_be_disabled_until_its_seat_is_gone() {
	at_genesis("local").execute_with(|| {
		allow_small_sets();
		open_block(0);
		assert_eq!(Session::validators()[3], account(Dave));
		assert_ok!(Executive::apply_extrinsic(report_block(block_equivocation(3))).unwrap());
		close_block();
		end_session_without(&[Dave]);
		assert_eq!(Session::validators()[3], account(Dave));
		assert_eq!(Session::disabled_validators(), vec![3]);
		end_session_without(&[Dave]);
		assert!(!Session::validators().contains(&account(Dave)));
		assert!(Session::disabled_validators().is_empty());
		assert_eq!(Session::validators().len(), 3);
		assert_eq!(Babe::authorities().len(), 3);
		assert_eq!(Grandpa::grandpa_authorities().len(), 3);
	});
}

#[test]
fn voter_for_two_blocks_in_a_round_should_be_slashed_and_disabled() {
	in_block("local", || {
		let (offender, bond) = (account(Charlie), bond_of(2));
		let xt = report_vote(vote_equivocation(Ed25519Keyring::Charlie));
		assert_ok!(Executive::apply_extrinsic(xt).unwrap());
		assert_eq!(Session::validators()[2], offender);
		assert_eq!(Session::disabled_validators(), vec![2]);
		assert_eq!(on_hold(HoldReason::Slashed, &offender), bond * 9 / 16);
	});
}

#[test]
fn at_most_a_third_of_the_validators_should_be_disabled() {
	in_block("local", || {
		for index in 1..4 {
			assert_ok!(
				Executive::apply_extrinsic(report_block(block_equivocation(index))).unwrap()
			);
		}
		assert_eq!(Session::disabled_validators(), vec![1]);
	});
}

#[test]
fn equivocation_should_be_reported_once() {
	in_block("local", || {
		let proof = block_equivocation(1);
		assert_ok!(Executive::apply_extrinsic(report_block(proof.clone())).unwrap());
		assert_eq!(
			Executive::apply_extrinsic(report_block(proof)),
			Err(TransactionValidityError::Invalid(InvalidTransaction::Stale))
		);
	});
}

#[test]
fn report_should_be_refused_when_the_headers_are_the_same() {
	in_block("local", || {
		let mut proof = block_equivocation(1);
		proof.second_header = proof.first_header.clone();
		assert!(Executive::apply_extrinsic(report_block(proof))
			.unwrap()
			.is_err());
		assert!(Session::disabled_validators().is_empty());
	});
}

#[test]
fn validators_should_stay_over_sessions() {
	at_genesis("local").execute_with(|| {
		let validators = Session::validators();
		for block in 0..=3 * EPOCH_DURATION {
			open_block(block % 4);
			close_block();
		}
		assert_eq!(Session::current_index(), 3);
		assert_eq!(Session::validators(), validators);
		assert_eq!(Babe::authorities().len(), 4);
		assert_eq!(Grandpa::grandpa_authorities().len(), 4);
	});
}
