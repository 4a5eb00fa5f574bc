//! Where transaction fees go.

use polkadot_sdk::frame_support::traits::{
	fungible::{Balanced as _, Inspect},
	fungibles::Balanced as _,
	OnUnbalanced,
};

use crate::{mock::*, types::Balance, ToFeePot};

/// ONE out of nothing, as a fee that was withdrawn.
fn credit(amount: Balance) -> OneCredit {
	Balances::issue(amount)
}

fn held() -> (Balance, Balance) {
	let pot = Balances::balance(&Settlement::fee_account());
	(pot, Balances::balance(&AUTHOR))
}

#[test]
fn fee_should_be_split_four_to_one_and_the_tip_go_to_the_author() {
	ExtBuilder::default().build_and_execute(|| {
		let (pot, author) = held();
		Split::on_unbalanceds([credit(1_000), credit(77)].into_iter());
		assert_eq!(held(), (pot + 800, author + 200 + 77));
	});
}

#[test]
fn fee_should_be_split_alike_when_it_comes_as_a_credit_of_all_assets() {
	ExtBuilder::default().build_and_execute(|| {
		let (pot, author) = held();
		let fee = AllAssets::issue(Native::get(), 1_000);
		let tip = AllAssets::issue(Native::get(), 77);
		Split::on_unbalanceds([fee, tip].into_iter());
		assert_eq!(held(), (pot + 800, author + 200 + 77));
		Split::on_unbalanced(AllAssets::issue(Native::get(), 1_000));
		assert_eq!(held(), (pot + 1_600, author + 400 + 77));
	});
}

#[test]
fn fee_should_lose_nothing_when_it_cannot_be_split_evenly() {
	ExtBuilder::default().build_and_execute(|| {
		let (pot, author) = held();
		let issued = Balances::total_issuance();
		Split::on_unbalanced(credit(1));
		Split::on_unbalanced(credit(7));
		assert_eq!(held(), (pot + 1 + 6, author + 1));
		assert_eq!(Balances::total_issuance(), issued + 8);
	});
}

#[test]
fn fee_should_go_to_the_pot_when_no_author_can_be_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let (pot, _) = held();
		Author::set(&None);
		Split::on_unbalanceds([credit(1_000), credit(77)].into_iter());
		assert_eq!(held().0, pot + 1_077);

		// An account that does not exist cannot receive less than the existential deposit.
		Author::set(&Some(99));
		Split::on_unbalanceds([credit(1_000), credit(77)].into_iter());
		assert_eq!(held().0, pot + 2 * 1_077);
		assert_eq!(Balances::balance(&99), 0);
	});
}

#[test]
fn slash_should_go_to_the_pot_whole() {
	ExtBuilder::default().build_and_execute(|| {
		let (pot, author) = held();
		ToFeePot::<Test>::on_unbalanced(credit(1_001));
		assert_eq!(held(), (pot + 1_001, author));
	});
}

#[test]
fn pot_should_hold_its_existential_deposit_when_genesis_forgot_it() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(held().0, Balances::minimum_balance());
		assert_eq!(Settlement::fee_pot(), 0, "the deposit is not for sale");
	});
}
