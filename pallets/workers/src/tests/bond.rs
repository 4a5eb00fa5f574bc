//! The bond: held, topped up, given back.

use polkadot_sdk::{
	frame_support::{
		assert_noop, assert_ok,
		traits::{
			fungible::Inspect,
			tokens::{Fortitude, Preservation},
		},
	},
	sp_runtime::TokenError,
};

use super::{events, held, last_event, record, root, signed, slashed};
use crate::{mock::*, BondQuote, Error, Event, Offer, WorkerState};
use one_primitives::workers::Offence;

#[test]
fn bond_should_be_slots_times_whole_gib() {
	build_and_execute(|| {
		let bond = |slots, vram| {
			let offer = Offer {
				vram,
				..offer(1, &[1], slots)
			};
			Workers::required_bond(&offer).unwrap()
		};
		assert_eq!(
			(bond(1, 1_024), bond(1, 1_025), bond(3, 2_048)),
			(10, 20, 60)
		);
		assert_eq!(bond(1, 1), 10);
	});
}

#[test]
fn larger_offer_should_hold_what_the_bond_lacks() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 4)));
		assert_eq!(held(1), 80);
		let vast = Offer {
			vram: 1 << 30,
			..offer(1, &[1], 64)
		};
		assert_noop!(
			Workers::update(signed(1), vast),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn smaller_offer_should_free_the_rest_after_the_unbonding_period() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 4));
		assert_noop!(
			Workers::withdraw(signed(1)),
			Error::<Test>::NothingToWithdraw
		);
		pass(5_000);
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 1)));
		assert_eq!((held(1), record(1).bond.required), (80, 20));
		pass(99_999);
		assert_noop!(Workers::withdraw(signed(1)), Error::<Test>::Unbonding);
		// An offer as large as the last one changes nothing.
		assert_ok!(Workers::update(signed(1), offer(1, &[2], 1)));
		pass(1);
		assert_ok!(Workers::withdraw(signed(1)));
		assert_eq!(last_event(), Event::BondWithdrawn { who: 1, amount: 60 });
		assert_eq!((held(1), record(1).state), (20, WorkerState::Active));
		assert_noop!(
			Workers::withdraw(signed(1)),
			Error::<Test>::NothingToWithdraw
		);
	});
}

#[test]
fn second_reduction_should_start_the_unbonding_period_again() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 4));
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 2)));
		pass(60_000);
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 1)));
		pass(60_000);
		assert_noop!(Workers::withdraw(signed(1)), Error::<Test>::Unbonding);
		// What was not withdrawn serves a larger offer again.
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 3)));
		assert_eq!(held(1), 80);
		pass(60_000);
		assert_ok!(Workers::withdraw(signed(1)));
		assert_eq!(held(1), 60);
	});
}

#[test]
fn changed_price_should_count_from_the_next_update() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		BondPerSlotGib::set(15);
		assert_eq!(record(1).bond.required, 20);
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 1)));
		assert_eq!(held(1), 30);
		BondPerSlotGib::set(5);
		assert_noop!(
			Workers::withdraw(signed(1)),
			Error::<Test>::NothingToWithdraw
		);
		assert_ok!(Workers::update(signed(1), offer(1, &[1], 1)));
		assert_noop!(Workers::withdraw(signed(1)), Error::<Test>::Unbonding);
	});
}

#[test]
fn worker_that_left_should_have_all_back_after_the_unbonding_period() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 2));
		pass(7_000);
		assert_ok!(Workers::leave(signed(1)));
		let left = Event::WorkerLeft {
			who: 1,
			withdrawable: 107_000,
		};
		assert_eq!(last_event(), left);
		pass(99_999);
		assert_noop!(Workers::withdraw(signed(1)), Error::<Test>::Unbonding);
		pass(1);
		assert_ok!(Workers::withdraw(signed(1)));
		assert_eq!(last_event(), Event::BondWithdrawn { who: 1, amount: 40 });
		let free = Balances::reducible_balance(&1, Preservation::Expendable, Fortitude::Polite);
		assert_eq!((held(1), free), (0, ENDOWMENT));
		assert_eq!(Workers::status(&1), None);

		assert_ok!(register(1, &[1], 1));
	});
}

#[test]
fn worker_that_left_should_wait_while_a_slash_is_pending() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 3));
		assert_ok!(Workers::leave(signed(1)));
		pass(99_000);
		assert_ok!(Workers::convict(
			root(),
			1,
			Offence::Wrong,
			Default::default()
		));
		assert_eq!((held(1), slashed(1)), (48, 12));
		pass(1_000);
		assert_noop!(Workers::withdraw(signed(1)), Error::<Test>::SlashPending);
		pass(39_000);
		assert_eq!(slashed(1), 0);
		assert_ok!(Workers::withdraw(signed(1)));
		assert_eq!(last_event(), Event::BondWithdrawn { who: 1, amount: 48 });
	});
}

#[test]
fn quote_should_say_what_register_and_update_do() {
	build_and_execute(|| {
		let quote = |offer: &Offer| Workers::bond_quote(&1, offer);
		let expected = |required, lacking, surplus| {
			Ok(BondQuote {
				required,
				lacking,
				surplus,
			})
		};
		assert_eq!(quote(&offer(1, &[1], 3)), expected(60, 60, 0));
		assert_ok!(register(1, &[1], 3));
		assert_eq!(held(1), 60);
		assert_eq!(quote(&offer(1, &[1], 4)), expected(80, 20, 0));
		assert_eq!(quote(&offer(1, &[1], 1)), expected(20, 0, 40));
		assert_eq!(
			quote(&offer(1, &[99], 1)),
			Err(Error::<Test>::UnknownModel.into())
		);
		assert_ok!(Workers::leave(signed(1)));
		assert_eq!(
			quote(&offer(1, &[1], 1)),
			Err(Error::<Test>::AlreadyLeft.into())
		);
		events();
	});
}
