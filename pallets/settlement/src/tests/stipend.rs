//! What the authors of blocks get of the credit pot.

use one_primitives::{
	settlement::{PaidReceipt, Treasury, VoidPay},
	Usdc,
};
use polkadot_sdk::{
	frame_support::assert_ok,
	sp_runtime::{Perbill, Weight},
};

use super::statements::root_of;
use crate::{mock::*, DayPots, Earnings, Event, Flows, Pots, WeightInfo};

/// An author that owns nothing: neither ONE nor USDC.
const NEW: AccountId = 77;

/// Runs `test` where the author of each block gets two millionths of `credit` micro-USDC.
fn with_stipend(credit: Usdc, test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		// The first block of a chain begins its window.
		next_block();
		fund(credit);
		AuthorStipend::set(&Perbill::from_parts(2_000));
		Author::set(&Some(NEW));
		events();
		test();
	});
}

/// What the event and the leaf of this block's stipend say.
fn told(amount: Usdc) -> [Event<Test>; 2] {
	let leaf = PaidReceipt::of_stipend(System::block_number(), amount);
	let matured = Event::Matured {
		who: NEW,
		job: leaf.job,
		receipt: leaf.receipt,
		amount,
	};
	[Event::StipendAccrued { who: NEW, amount }, matured]
}

fn credit() -> Usdc {
	Pots::<Test>::get().credit
}

#[test]
fn author_should_get_a_share_of_the_credit_pot_with_every_block() {
	with_stipend(1_000 * USDC, || {
		next_block();
		assert_eq!(events(), told(2_000));
		next_block();
		// Two millionths of 999,998,000.
		assert_eq!(events(), told(1_999));
		assert_eq!(credit(), 1_000 * USDC - 3_999);
		assert_eq!(Settlement::statement(&NEW).payable, 3_999);
		assert_eq!(Pots::<Test>::get().earnings, 3_999);
	});
}

#[test]
fn author_with_no_account_should_be_paid_at_the_next_window() {
	with_stipend(10_000 * USDC, || {
		(0..3).for_each(|_| next_block());
		assert_eq!(usdc_of(NEW), 0);
		let before = credit();
		next_window();
		let last = before - credit();
		// 20,000, and what rounding down leaves of slightly less three times.
		assert_eq!((usdc_of(NEW), last), (20_000 + 3 * 19_999, 19_999));
		assert_eq!(Flows::<Test>::get().paid, usdc_of(NEW));
		let payments = Settlement::payments(&NEW);
		assert_eq!(
			(payments[0].amount, payments[0].receipts),
			(usdc_of(NEW), 4)
		);
		let first = System::block_number() - 3;
		let amounts = [20_000, 19_999, 19_999, 19_999];
		let leaves = (first..).zip(amounts);
		let leaves: Vec<_> = leaves
			.map(|(block, amount)| PaidReceipt::of_stipend(block, amount))
			.collect();
		assert_eq!(payments[0].root, root_of(&leaves));
	});
}

#[test]
fn stipend_should_leave_no_trace_when_it_rounds_down_to_nothing() {
	with_stipend(499_999, || {
		next_block();
		assert_eq!((events(), credit()), (vec![], 499_999));
		assert_eq!(Earnings::<Test>::iter().count(), 0);
		fund(1);
		events();
		next_block();
		assert_eq!((events(), credit()), (told(1).to_vec(), 499_999));
	});
}

#[test]
fn stipend_should_never_touch_what_is_promised() {
	with_stipend(10 * USDC, || {
		assert_ok!(Settlement::earmark(3, 10 * USDC));
		events();
		next_block();
		assert_eq!((events(), DayPots::<Test>::get(3)), (vec![], 10 * USDC));
	});
}

#[test]
fn blocks_without_an_author_or_weight_should_have_no_stipend() {
	with_stipend(10 * USDC, || {
		next_block_with(SLOT, <() as WeightInfo>::sell());
		next_block_with(SLOT, Weight::zero());
		Author::set(&None);
		next_block();
		Author::set(&Some(NEW));
		AuthorStipend::set(&Perbill::zero());
		next_block();
		assert_eq!((events(), credit()), (vec![], 10 * USDC));
	});
}

#[test]
fn stipend_too_small_to_open_an_account_should_wait_for_more() {
	with_stipend(1_500 * USDC, || {
		(0..2).for_each(|_| next_block());
		next_window();
		let owed = Settlement::statement(&NEW).payable;
		assert_eq!((usdc_of(NEW), owed), (0, 3_000 + 2 * 2_999));
		next_window();
		assert!(usdc_of(NEW) > owed && usdc_of(NEW) >= MIN_USDC);
		assert_eq!(Settlement::statement(&NEW).payable, 0);
	});
}

#[test]
fn stipend_of_a_convicted_worker_should_go_back_to_the_credit_pot() {
	with_stipend(1_000 * USDC, || {
		next_block();
		assert_ok!(Settlement::void_pay(&NEW), 2_000);
		assert_eq!(credit(), 1_000 * USDC);
		next_block();
		assert_eq!(Settlement::statement(&NEW).payable, 2_000);
	});
}
