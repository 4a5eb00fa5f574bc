//! The payout of slashes.

use one_primitives::workers::{Challenger, Convict, Offence};
use polkadot_sdk::{
	frame_support::{assert_ok, weights::Weight},
	sp_core::H256,
	sp_runtime::Permill,
};

use super::{events, held, root, slashed};
use crate::{mock::*, Event, Numbers, OffenceIds, Slashes, WeightInfo};

/// Workers with a bond of 60 each.
fn with_three(test: impl FnOnce()) {
	build_and_execute(|| {
		with_workers(&[1, 2, 3], &[1], 3);
		events();
		test();
	});
}

fn convict(who: u64) {
	assert_ok!(Workers::convict(root(), who, Offence::Wrong, H256::zero()));
}

fn challenged(who: u64, challenger: u64, percent: u32) {
	let challenger = Challenger {
		who: challenger,
		part: Permill::from_percent(percent),
	};
	assert_ok!(<Workers as Convict<u64>>::convict(
		&who,
		Offence::Wrong,
		H256::zero(),
		Some(challenger)
	));
}

fn pot() -> u64 {
	Balances::free_balance(SLASH_POT) - EXISTENTIAL_DEPOSIT
}

#[test]
fn slash_should_be_paid_out_when_its_appeal_window_is_over() {
	with_three(|| {
		let issued = Balances::total_issuance();
		convict(1);
		events();
		pass(39_999);
		assert_eq!((pot(), slashed(1)), (0, 12));
		pass(1);
		assert_eq!((pot(), slashed(1), held(1)), (12, 0, 48));
		let paid = Event::SlashPaid {
			who: 1,
			id: 0,
			amount: 12,
			reward: 0,
		};
		assert_eq!(events(), [paid]);
		assert_eq!(Balances::total_issuance(), issued);
		assert_eq!(Slashes::<Test>::iter().count(), 0);
	});
}

#[test]
fn challenger_should_get_its_part_and_a_fifth_at_the_most() {
	with_three(|| {
		challenged(1, 5, 10);
		challenged(2, 6, 90);
		pass(40_000);
		// A tenth and a fifth of 12, rounded down.
		assert_eq!(Balances::free_balance(5), ENDOWMENT + 1);
		assert_eq!(Balances::free_balance(6), ENDOWMENT + 2);
		assert_eq!(pot(), 21);
	});
}

#[test]
fn part_of_a_challenger_that_cannot_be_paid_should_go_with_the_rest() {
	with_three(|| {
		let nobody = ACCOUNTS + 1;
		// Two are less than an account must hold.
		challenged(1, nobody, 20);
		pass(40_000);
		assert_eq!((Balances::free_balance(nobody), pot()), (0, 12));
	});
}

#[test]
fn slashes_should_be_paid_over_several_blocks_when_weight_is_short() {
	with_three(|| {
		(1..=3).for_each(convict);
		let one = <() as WeightInfo>::slashes_base() + <() as WeightInfo>::pay_slash();
		let patrol = <() as WeightInfo>::patrol();
		pass_with(40_000, patrol + one);
		assert_eq!((slashed(1), slashed(2), slashed(3)), (0, 12, 12));
		pass_with(1_000, <() as WeightInfo>::slashes_base());
		assert_eq!(pot(), 12);
		pass_with(1_000, Weight::zero());
		assert_eq!(pot(), 12);
		pass_with(1_000, patrol + one + <() as WeightInfo>::pay_slash());
		assert_eq!((slashed(2), slashed(3), pot()), (0, 0, 36));
	});
}

#[test]
fn cancelled_and_free_offences_should_hold_up_no_slash() {
	with_three(|| {
		assert_ok!(Workers::convict(root(), 1, Offence::Late, H256::zero()));
		convict(2);
		convict(3);
		assert_ok!(Workers::cancel_slash(root(), 2, 1));
		pass(40_000);
		assert_eq!((pot(), held(2), held(3)), (12, 60, 48));
		let numbers = OffenceIds { oldest: 3, next: 3 };
		assert_eq!(Numbers::<Test>::get(), numbers);
	});
}
