//! Votes of ONE that is free, staked or vesting, and how long they lock it.

use super::*;
use one_primitives::{access::Access as _, clock::Clock as _};
use one_runtime::{configs::assets::treasury, Access, Address, Balances, Clock};
use polkadot_sdk::{
	frame_support::{assert_err, traits::fungible::Inspect},
	pallet_conviction_voting::{Error, VotingFor},
	sp_runtime::{DispatchError, TokenError},
};

const PARAMETERS: u16 = 1;
const STAKE: u128 = 9_899_000 * ONE;

fn stake(who: Sr25519Keyring, amount: u128) {
	let call = pallet_access::Call::<Runtime>::stake { amount };
	assert_ok!(submit(who, call).unwrap());
}

fn frozen(who: Sr25519Keyring) -> u128 {
	one_runtime::System::account(account(who)).data.frozen
}

fn unlock(who: Sr25519Keyring, index: ReferendumIndex) -> DispatchResult {
	let remove = pallet_conviction_voting::Call::<Runtime>::remove_vote {
		class: Some(PARAMETERS),
		index,
	};
	assert_ok!(submit(who, remove).unwrap());
	let unlock = pallet_conviction_voting::Call::<Runtime>::unlock {
		class: PARAMETERS,
		target: Address::Id(account(who)),
	};
	submit(who, unlock).unwrap()
}

#[test]
fn staked_holder_should_vote_with_its_stake() {
	in_block("local", || {
		stake(Bob, STAKE);
		assert!(free(Bob) < BACKING);
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		assert_ok!(vote(Bob, index, BACKING));
		let tally = ongoing(index).tally;
		assert_eq!((tally.ayes, tally.support), (BACKING, BACKING));
		assert_eq!(Access::staked(&account(Bob)), STAKE);
		for who in [Alice, Charlie, Dave, Eve, Ferdie] {
			assert_ok!(vote(who, index, BACKING));
		}
		assert_ok!(enact(index));
	});
}

#[test]
fn holder_should_not_vote_with_more_than_it_has() {
	in_block("local", || {
		stake(Bob, STAKE);
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		let all = Balances::total_balance(&account(Bob));
		let refused = Error::<Runtime>::InsufficientFunds;
		assert_err!(vote(Bob, index, all + 1), refused);
		// A fee has been paid since.
		assert_ok!(vote(Bob, index, all - ONE));
	});
}

#[test]
fn staked_holder_should_delegate_its_stake() {
	in_block("local", || {
		stake(Bob, STAKE);
		let delegate = pallet_conviction_voting::Call::<Runtime>::delegate {
			class: PARAMETERS,
			to: Address::Id(account(Charlie)),
			conviction: Conviction::Locked1x,
			balance: STAKE,
		};
		assert_ok!(submit(Bob, delegate).unwrap());
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		assert_ok!(vote(Charlie, index, BACKING));
		assert_eq!(ongoing(index).tally.ayes, BACKING + STAKE);
	});
}

/// A vote locks ONE and not the stake: it can be unstaked and withdrawn at once, but not
/// transferred until the lock is over. So nobody votes twice with the same ONE.
#[test]
fn stake_should_leave_freely_but_not_the_account_while_its_vote_locks_it() {
	in_block("development", || {
		stake(Bob, STAKE);
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		all_agree(index);
		assert_eq!(frozen(Bob), BACKING);

		assert_ok!(submit(Bob, pallet_access::Call::<Runtime>::exit {}).unwrap());
		let cooled = Clock::protocol() + bounded::Cooldown::get();
		while Clock::protocol() <= cooled {
			next_block();
		}
		assert_ok!(submit(Bob, pallet_access::Call::<Runtime>::withdraw {}).unwrap());
		assert_eq!(Access::staked(&account(Bob)), 0);
		assert!(free(Bob) > BACKING && !is_ongoing(index));

		let refused = DispatchError::Token(TokenError::Frozen);
		let leave = || submit(Bob, transfer(Eve, BACKING)).unwrap();
		assert_eq!(leave(), Err(refused));
		assert_ok!(unlock(Bob, index));
		assert_eq!(frozen(Bob), 0);
		assert_ok!(leave());
	});
}

#[test]
fn vote_should_stay_locked_until_its_period_is_over_whether_staked_or_not() {
	in_block("local", || {
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		all_agree(index);
		decide(index);
		// The lock outlasts the vote by its period.
		assert_ok!(unlock(Bob, index));
		assert_eq!(frozen(Bob), BACKING);
		// Locked is not staked: it can be.
		stake(Bob, BACKING);
		next_blocks(10);
		let unlock = pallet_conviction_voting::Call::<Runtime>::unlock {
			class: PARAMETERS,
			target: Address::Id(account(Bob)),
		};
		assert_ok!(submit(Eve, unlock).unwrap());
		assert_eq!(frozen(Bob), 0);
		let voting = VotingFor::<Runtime>::get(account(Bob), PARAMETERS);
		assert_eq!(voting.locked_balance(), 0);
	});
}

/// What nobody can vote with does not count against a referendum.
#[test]
fn turnout_should_be_of_what_is_not_the_treasurys() {
	in_block("local", || {
		let pot = Balances::free_balance(treasury()) - Balances::minimum_balance();
		assert_eq!(
			Balances::active_issuance(),
			Balances::total_issuance() - pot
		);
		assert!(VOTERS.len() as u128 * BACKING > Balances::active_issuance() / 2);
	});
}
