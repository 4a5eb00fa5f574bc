//! Validators on the real runtime: they come by bonding, and go.

use crate::chain::*;
use codec::Encode;
use one_primitives::clock::Clock as _;
use one_runtime::{
	configs::parameters::{
		bounded::{AuthorStipend, MinBond, SlashDeferral},
		dynamic::validators,
	},
	constants::{
		currency::{ONE, ONE_USDC, USDC},
		time::{EPOCH_DURATION, REPORT_LONGEVITY, REPORT_WINDOW, SLOT_DURATION},
	},
	Assets, Authorship, Babe, Clock, Grandpa, Historical, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, Session, SessionKeys, Settlement, Validators,
};
use pallet_validators::{Authored, Event, HoldReason, Ledgers, Status};
use polkadot_sdk::{
	frame_support::{
		assert_noop, assert_ok,
		storage::{with_transaction, TransactionOutcome},
		traits::{Get, KeyOwnerProofSystem},
	},
	sp_consensus_babe as babe,
	sp_keyring::{
		Ed25519Keyring,
		Sr25519Keyring::{self, *},
	},
	sp_runtime::{DispatchError, Permill},
	*,
};

fn session_keys(sr: Sr25519Keyring, ed: Ed25519Keyring) -> SessionKeys {
	SessionKeys {
		babe: sr.public().into(),
		grandpa: ed.public().into(),
	}
}

/// Registers session keys as `author_rotateKeysWithOwner` proves them.
pub fn set_keys(sr: Sr25519Keyring, ed: Ed25519Keyring) -> RuntimeCall {
	let statement = (*b"POP_", account(sr)).encode();
	let keys = session_keys(sr, ed);
	let proof = (sr.sign(&statement), ed.sign(&statement)).encode();
	pallet_session::Call::<Runtime>::set_keys { keys, proof }.into()
}

fn bond(amount: u128) -> RuntimeCall {
	pallet_validators::Call::<Runtime>::bond { amount }.into()
}

fn validate() -> RuntimeCall {
	pallet_validators::Call::<Runtime>::validate {}.into()
}

/// Whether it was slashed, or is no candidate any more.
pub fn is_punished(who: Sr25519Keyring) -> bool {
	let ledger = Ledgers::<Runtime>::get(account(who)).unwrap();
	ledger.slashed > 0 || ledger.status != Status::Candidate
}

/// Lets one of four validators be punished for being offline.
pub fn judge_sets_of_four() {
	govern(validators::Parameters::MaxOffline(
		validators::MaxOffline,
		Some(Permill::from_percent(25)),
	));
}

#[test]
fn account_should_make_blocks_after_it_bonded() {
	at_genesis("local").execute_with(|| {
		open_block(0);
		assert_ok!(submit(Eve, set_keys(Eve, Ed25519Keyring::Eve)).unwrap());
		assert_ok!(submit(Eve, bond(200_000 * ONE)).unwrap());
		assert_ok!(submit(Eve, validate()).unwrap());
		close_block();
		end_session_without(&[]);
		fill_session_without(&[]);
		assert!(!Session::validators().contains(&account(Eve)));
		// The first block of the session is by an author of the new set, in which the largest bond
		// comes first.
		open_block(0);
		assert_eq!(Session::validators()[0], account(Eve));
		assert_eq!(Authorship::author(), Some(account(Eve)));
		assert_eq!(Authored::<Runtime>::get(account(Eve)), 1);
		close_block();
		assert_eq!(Babe::authorities().len(), 5);
		assert_eq!(Grandpa::grandpa_authorities().len(), 5);
	});
}

#[test]
fn validate_should_be_refused_without_keys_or_bond() {
	in_block("local", || {
		assert!(submit(Eve, validate()).unwrap().is_err());
		assert!(submit(Eve, bond(MinBond::get() - 1)).unwrap().is_err());
		assert_ok!(submit(Eve, bond(MinBond::get())).unwrap());
		assert!(submit(Eve, validate()).unwrap().is_err());
		assert_ok!(submit(Eve, set_keys(Eve, Ed25519Keyring::Eve)).unwrap());
		assert_ok!(submit(Eve, validate()).unwrap());
	});
}

#[test]
fn offline_validator_should_be_slashed_and_leave_the_set() {
	at_genesis("local").execute_with(|| {
		judge_sets_of_four();
		allow_small_sets();
		let bond = on_hold(HoldReason::Bond, &account(Bob));
		end_session_without(&[Bob]);
		assert_eq!(on_hold(HoldReason::Slashed, &account(Bob)), bond / 1_000);
		assert!(is_punished(Bob));
		end_session_without(&[Bob]);
		end_session_without(&[Bob]);
		assert!(!Session::validators().contains(&account(Bob)));
		assert_eq!(Session::validators().len(), 3);
	});
}

#[test]
fn nobody_should_be_punished_when_more_than_a_tenth_are_offline() {
	at_genesis("local").execute_with(|| {
		for _ in 0..3 {
			end_session_without(&[Bob]);
			let is_pardon = |event: &RuntimeEvent| {
				matches!(
					event,
					RuntimeEvent::Validators(Event::OfflinePardoned { offline: 1, .. })
				)
			};
			assert!(has_event(is_pardon));
		}
		assert!(!is_punished(Bob));
		assert_eq!(Session::validators().len(), 4);
	});
}

#[test]
fn nobody_should_be_punished_when_the_chain_halts_for_a_day() {
	at_genesis("local").execute_with(|| {
		judge_sets_of_four();
		// Half a session, then a day without blocks; Bob comes back late.
		for block in 0..EPOCH_DURATION / 2 {
			open_block([0, 2, 3][block as usize % 3]);
			close_block();
		}
		let before = Clock::protocol();
		let halt = 24 * 60 * 60 * 1_000 / SLOT_DURATION;
		open_block_at(0, slot() + halt);
		close_block();
		assert_eq!(Session::current_index(), 1);
		// The hooks wait for a block that opens no session.
		open_block(1);
		close_block();
		assert_eq!(Clock::protocol() - before, 2 * SLOT_DURATION);
		// Only a part of this session is left.
		end_session_without(&[Bob]);
		end_session_without(&[]);
		assert!([Alice, Bob, Charlie, Dave]
			.into_iter()
			.all(|who| !is_punished(who)));
		assert_eq!(Session::validators().len(), 4);
	});
}

#[test]
fn bond_should_unbond_no_sooner_than_offences_can_be_reported() {
	in_block("local", || {
		let amount = on_hold(HoldReason::Bond, &account(Dave));
		assert_ok!(Validators::chill(RuntimeOrigin::signed(account(Dave))));
		assert_ok!(Validators::unbond(
			RuntimeOrigin::signed(account(Dave)),
			amount
		));
		// Everything that can pass while a report is accepted: the sessions themselves, and what a
		// halt adds to each of them.
		let session = (u64::from(EPOCH_DURATION) + 2) * SLOT_DURATION;
		let reports = (u64::from(REPORT_LONGEVITY) + 3) * session;
		assert_eq!(REPORT_WINDOW, reports);
		pass(reports + SlashDeferral::get() - 1);
		assert_noop!(
			Validators::withdraw(RuntimeOrigin::signed(account(Dave))),
			pallet_validators::Error::<Runtime>::NothingToWithdraw
		);
		pass(1);
		let withdrawn = with_transaction(|| {
			assert_ok!(Validators::withdraw(RuntimeOrigin::signed(account(Dave))));
			let held = on_hold(HoldReason::Bond, &account(Dave));
			// No session has passed in all that time, so Dave still has a seat to answer with.
			TransactionOutcome::Rollback(Ok::<_, DispatchError>(held))
		});
		assert_eq!(withdrawn, Ok(0));
	});
}

#[test]
fn proofs_of_past_sessions_should_be_pruned() {
	at_genesis("local").execute_with(|| {
		end_session_without(&[]);
		let key = (babe::KEY_TYPE, Babe::authorities()[1].0.clone());
		let proof = Historical::prove(key.clone()).unwrap();
		end_session_without(&[]);
		let reportable = || Historical::check_proof(key.clone(), proof.clone());
		// What a validator had at stake in that session is part of the proof.
		let (who, exposure) = reportable().expect("it is of the last session");
		assert_eq!(exposure, on_hold(HoldReason::Bond, &who));
		Historical::prune_up_to(Session::current_index());
		assert!(reportable().is_none());
	});
}

/// Micro-USDC that comes into the credit pot at the next window.
const INCOME: u128 = 20_000 * ONE_USDC;

/// Makes blocks, by Alice, until a settlement window begins.
fn next_window() {
	let window = Clock::window();
	while Clock::window() == window {
		next_block();
	}
	// The hook of its first block has settled.
	next_block();
}

#[test]
fn author_should_be_paid_a_stipend_in_usdc_at_the_end_of_a_window() {
	in_block("development", || {
		let give = transfer_asset(USDC, Settlement::usdc_account(), INCOME);
		assert_ok!(submit(Bob, give).unwrap());
		next_window();
		let before = Settlement::statement(&account(Alice));
		let (usdc, credit) = (
			Assets::balance(USDC, account(Alice)),
			Settlement::pots().credit,
		);
		next_block();
		let accrued = Settlement::statement(&account(Alice)).payable - before.payable;
		assert_eq!(accrued, AuthorStipend::get().mul_floor(credit));
		let due = before.payable + accrued;
		next_window();
		let paid = Settlement::statement(&account(Alice)).paid_total - before.paid_total;
		assert!(paid > due, "{paid} of {due}");
		assert_eq!(Assets::balance(USDC, account(Alice)), usdc + paid);
	});
}
