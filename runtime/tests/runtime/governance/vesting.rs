//! Allocations of the genesis vest: nothing before the cliff, then block by block.

use super::*;
use one_primitives::access::Access as _;
use one_runtime::{Access, Balances, System};
use polkadot_sdk::{
	frame_support::traits::VestingSchedule,
	pallet_vesting::VestingInfo,
	sp_runtime::{DispatchError, TokenError},
};

const ALLOCATION: u128 = 5_000_000 * ONE;
const LIQUID: u128 = 1_000 * ONE;
/// Blocks of the development preset.
const CLIFF: u32 = 20;
const LENGTH: u32 = 200;

fn vest(who: Sr25519Keyring) {
	assert_ok!(submit(who, pallet_vesting::Call::<Runtime>::vest {}).unwrap());
}

fn usable(who: Sr25519Keyring) -> u128 {
	Balances::usable_balance(account(who))
}

fn goto(block: u32) {
	next_blocks(block - System::block_number());
}

#[test]
fn allocation_should_be_closed_before_the_cliff_and_open_by_and_by_after() {
	in_block("development", || {
		let refused = Err(DispatchError::Token(TokenError::Frozen));
		goto(CLIFF - 1);
		vest(AliceStash);
		assert!(usable(AliceStash) <= LIQUID, "nothing before the cliff");
		let much = transfer(Eve, 2 * LIQUID);
		assert_eq!(submit(AliceStash, much.clone()).unwrap(), refused);

		goto(CLIFF + LENGTH / 2);
		vest(AliceStash);
		let half = (ALLOCATION - LIQUID) / 2;
		assert!((half..half + LIQUID).contains(&usable(AliceStash)));
		assert_ok!(submit(AliceStash, much).unwrap());

		goto(CLIFF + LENGTH + 1);
		vest(AliceStash);
		assert!(usable(AliceStash) > ALLOCATION - 3 * LIQUID);
		assert_eq!(
			one_runtime::Vesting::vesting_balance(&account(AliceStash)),
			None
		);
	});
}

#[test]
fn allocation_should_vest_over_years_where_nothing_is_hurried() {
	const YEAR: u32 = 365 * 28_800;
	at_genesis("local").execute_with(|| {
		let schedules = one_runtime::Vesting::vesting(account(AliceStash)).unwrap();
		let locked = ALLOCATION - LIQUID;
		let per_block = locked / u128::from(3 * YEAR);
		assert_eq!(schedules[..], [VestingInfo::new(locked, per_block, YEAR)]);
	});
}

/// What vests may be staked and votes, but both keep it where it is.
#[test]
fn vesting_allocation_should_stake_and_vote_but_not_leave() {
	in_block("development", || {
		let amount = ALLOCATION - LIQUID;
		let stake = pallet_access::Call::<Runtime>::stake { amount };
		assert_ok!(submit(AliceStash, stake).unwrap());
		assert_eq!(Access::staked(&account(AliceStash)), amount);

		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		assert_ok!(vote(AliceStash, index, amount));
		assert_eq!(ongoing(index).tally.ayes, amount);

		// Only what never was to vest is left to spend.
		assert!(usable(AliceStash) < LIQUID);
		assert_ok!(submit(AliceStash, transfer(Eve, LIQUID / 2)).unwrap());
		let rest = transfer(Eve, LIQUID / 2);
		assert!(submit(AliceStash, rest).unwrap().is_err());
	});
}
