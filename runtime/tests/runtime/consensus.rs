use crate::chain::*;
use codec::{Decode, Encode};
use one_runtime::{
	constants::time::EPOCH_DURATION, Authorship, Babe, Executive, Grandpa, Hash, Header,
	Historical, Runtime, RuntimeCall, Session, UncheckedExtrinsic,
};
use polkadot_sdk::{
	frame_support::{assert_ok, traits::KeyOwnerProofSystem},
	sp_consensus_babe::{self as babe, digests::CompatibleDigestItem},
	sp_consensus_grandpa as grandpa,
	sp_core::Pair,
	sp_keyring::{Ed25519Keyring, Sr25519Keyring},
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
fn author_of_two_blocks_in_a_slot_should_be_disabled() {
	in_block("local", || {
		let xt = report_block(block_equivocation(2));
		assert_ok!(Executive::apply_extrinsic(xt).unwrap());
		assert_eq!(Session::disabled_validators(), vec![2]);
	});
}

#[test]
fn voter_for_two_blocks_in_a_round_should_be_disabled() {
	in_block("local", || {
		let xt = report_vote(vote_equivocation(Ed25519Keyring::Charlie));
		assert_ok!(Executive::apply_extrinsic(xt).unwrap());
		let charlie = Sr25519Keyring::Charlie.to_account_id();
		let index = Session::validators()
			.iter()
			.position(|who| *who == charlie)
			.unwrap() as u32;
		assert_eq!(Session::disabled_validators(), vec![index]);
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
