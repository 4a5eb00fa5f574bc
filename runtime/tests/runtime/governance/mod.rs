//! Governance on the real runtime: referenda by signed extrinsics, from submission to enactment.

mod origins;
pub mod pauses;
mod treasury;
mod upgrades;
mod vesting;
mod votes;

use crate::chain::*;
use codec::Encode;
use one_runtime::{
	configs::{
		governance::origins::Origin,
		parameters::{bounded, credits, RuntimeParameters},
	},
	constants::currency::{ONE, ONE_USDC},
	OriginCaller, Preimage, Runtime, RuntimeCall, RuntimeEvent,
};
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{schedule::DispatchTime, Bounded, Get, QueryPreimage},
	},
	frame_system::RawOrigin,
	pallet_conviction_voting::{AccountVote, Conviction, Vote},
	pallet_referenda::{ReferendumIndex, ReferendumInfo, ReferendumInfoFor, ReferendumStatusOf},
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::{
		traits::{BlakeTwo256, Hash},
		DispatchResult,
	},
	*,
};

/// Who can vote: two thirds of all ONE that can.
const VOTERS: [Sr25519Keyring; 6] = [Alice, Bob, Charlie, Dave, Eve, Ferdie];
/// What each of them votes with.
const BACKING: u128 = 9_000_000 * ONE;
/// Blocks within which anything is decided in the presets.
const PATIENCE: u32 = 100;

fn next_block() {
	next_block_after(1);
}

/// The next block, so many slots after this one.
fn next_block_after(slots: u64) {
	let then = slot() + slots;
	close_block();
	open_block_at(0, then);
}

fn next_blocks(count: u32) {
	(0..count).for_each(|_| next_block());
}

/// Root, as a referendum names it.
fn root() -> OriginCaller {
	RawOrigin::Root.into()
}

/// Has `who` put up `call` for a vote, to be enacted `delay` blocks after it passed, and to be
/// decided.
fn propose_after(
	who: Sr25519Keyring,
	origin: OriginCaller,
	call: &RuntimeCall,
	delay: u32,
) -> ReferendumIndex {
	let bytes = call.encode();
	let (hash, len) = (BlakeTwo256::hash(&bytes), bytes.len() as u32);
	if Preimage::len(&hash).is_none() {
		let note = pallet_preimage::Call::<Runtime>::note_preimage { bytes };
		assert_ok!(submit(who, note).unwrap());
	}
	let index = pallet_referenda::ReferendumCount::<Runtime>::get();
	let propose = pallet_referenda::Call::<Runtime>::submit {
		proposal_origin: Box::new(origin),
		proposal: Bounded::Lookup { hash, len },
		enactment_moment: DispatchTime::After(delay),
	};
	assert_ok!(submit(who, propose).unwrap());
	let decide = pallet_referenda::Call::<Runtime>::place_decision_deposit { index };
	assert_ok!(submit(who, decide).unwrap());
	index
}

/// Has Ferdie put up `call` for a vote.
fn propose(origin: impl Into<OriginCaller>, call: impl Into<RuntimeCall>) -> ReferendumIndex {
	propose_after(Ferdie, origin.into(), &call.into(), 0)
}

fn vote_of(balance: u128, aye: bool) -> AccountVote<u128> {
	let conviction = Conviction::Locked1x;
	let vote = Vote { aye, conviction };
	AccountVote::Standard { vote, balance }
}

fn vote(who: Sr25519Keyring, poll_index: ReferendumIndex, balance: u128) -> DispatchResult {
	let vote = vote_of(balance, true);
	let call = pallet_conviction_voting::Call::<Runtime>::vote { poll_index, vote };
	submit(who, call).unwrap()
}

fn all_agree(index: ReferendumIndex) {
	for who in VOTERS {
		assert_ok!(vote(who, index, BACKING));
	}
}

/// The name under which the enactment of a referendum is scheduled.
fn enactment(index: ReferendumIndex) -> [u8; 32] {
	(*b"assembly", "enactment", index).using_encoded(sp_io::hashing::blake2_256)
}

/// What the enactment of `index` in this block came to.
fn enacted(index: ReferendumIndex) -> Option<DispatchResult> {
	one_runtime::System::events()
		.into_iter()
		.find_map(|record| match record.event {
			RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched {
				id: Some(id),
				result,
				..
			}) if id == enactment(index) => Some(result),
			_ => None,
		})
}

/// Blocks until the referendum is enacted; what its call came to.
fn enact(index: ReferendumIndex) -> DispatchResult {
	for _ in 0..PATIENCE {
		next_block();
		if let Some(result) = enacted(index) {
			return result;
		}
	}
	panic!(
		"not enacted: {:?}",
		ReferendumInfoFor::<Runtime>::get(index)
	);
}

/// Blocks until the referendum is over, without its enactment.
fn decide(index: ReferendumIndex) {
	for _ in 0..PATIENCE {
		if !is_ongoing(index) {
			return;
		}
		next_block();
	}
	panic!("not decided");
}

/// Has all voters agree to `call`; what it came to.
fn pass(origin: impl Into<OriginCaller>, call: impl Into<RuntimeCall>) -> DispatchResult {
	let index = propose(origin, call);
	all_agree(index);
	enact(index)
}

fn is_ongoing(index: ReferendumIndex) -> bool {
	let info = ReferendumInfoFor::<Runtime>::get(index);
	matches!(info, Some(ReferendumInfo::Ongoing(_)))
}

fn ongoing(index: ReferendumIndex) -> ReferendumStatusOf<Runtime, ()> {
	match ReferendumInfoFor::<Runtime>::get(index) {
		Some(ReferendumInfo::Ongoing(status)) => status,
		other => panic!("{other:?}"),
	}
}

/// A call that sets the price of the Dedicated lane.
fn set_price(price: u128) -> RuntimeCall {
	let key_value = RuntimeParameters::Credits(credits::Parameters::PricePerGiga(
		credits::PricePerGiga,
		Some(price),
	));
	pallet_parameters::Call::<Runtime>::set_parameter { key_value }.into()
}

fn price() -> u128 {
	bounded::PricePerGiga::get()
}

#[test]
fn price_should_change_by_a_referendum_on_parameters() {
	in_block("local", || {
		let before = price();
		assert_ok!(pass(Origin::Parameters, set_price(ONE_USDC)));
		assert!(before != ONE_USDC && price() == ONE_USDC);
	});
}

#[test]
fn referendum_should_be_rejected_when_most_are_against_it() {
	in_block("local", || {
		let before = price();
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		assert_ok!(vote(Bob, index, BACKING));
		for who in [Charlie, Dave] {
			let vote = vote_of(BACKING, false);
			let poll_index = index;
			let call = pallet_conviction_voting::Call::<Runtime>::vote { poll_index, vote };
			assert_ok!(submit(who, call).unwrap());
		}
		decide(index);
		assert!(matches!(
			ReferendumInfoFor::<Runtime>::get(index),
			Some(ReferendumInfo::Rejected(..))
		));
		assert_eq!(price(), before);
	});
}

/// Whoever's node or chain was down for a day has still the whole period to vote.
#[test]
fn referendum_should_wait_while_the_chain_stands_still() {
	in_block("local", || {
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		while ongoing(index).deciding.is_none() {
			next_block();
		}
		next_block_after(28_800);
		next_block();
		assert!(is_ongoing(index));
		all_agree(index);
		assert_ok!(enact(index));
		assert_eq!(price(), ONE_USDC);
	});
}

#[test]
fn sudo_should_be_inert_without_a_key() {
	in_block("local", || {
		let refused = Err(pallet_sudo::Error::<Runtime>::RequireSudo.into());
		let set_key = pallet_sudo::Call::<Runtime>::set_key {
			new: one_runtime::Address::Id(account(Alice)),
		};
		for call in [sudo(set_price(1)), set_key.into()] {
			assert_eq!(submit(Alice, call).unwrap(), refused);
		}
	});
}
