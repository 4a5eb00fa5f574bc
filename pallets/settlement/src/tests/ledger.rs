//! Moves between the pots.

use one_primitives::{
	clock::Clock,
	settlement::{Earnings as EarningsBook, Inflow, Treasury, VoidPay},
};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok, storage::with_storage_layer},
	sp_runtime::{TokenError, TryRuntimeError},
};

use crate::{
	mock::*, types::*, DayPots, Earnings, Error, Event, Flows, OldestPayment, Payees, Payments,
	Pots, Queue, Receipts,
};

const WORKER: AccountId = 7;
/// A worker that was paid.
const PAID: AccountId = 9;

#[test]
fn usdc_should_go_from_credit_over_a_day_to_a_worker() {
	ExtBuilder::default().build_and_execute(|| {
		fund(1_000);
		events();
		assert_eq!(Settlement::credit_pot(), 1_000);
		assert_ok!(Settlement::earmark(3, 600));
		assert_ok!(Settlement::accrue(3, &WORKER, 250));
		assert_ok!(Settlement::release(3, 350));
		assert_ok!(mature(WORKER, 100));

		let pots = PotsRecord {
			credit: 750,
			days: 0,
			earnings: 250,
		};
		assert_eq!(Pots::<Test>::get(), pots);
		let statement = Settlement::statement(&WORKER);
		assert_eq!((statement.accrued, statement.payable), (150, 100));
		let moves = vec![
			Event::Earmarked {
				day: 3,
				amount: 600,
			},
			Event::Accrued {
				who: WORKER,
				day: 3,
				amount: 250,
			},
			Event::Released {
				day: 3,
				amount: 350,
			},
			matured(WORKER, 0, 100),
		];
		assert_eq!(events(), moves);
	});
}

#[test]
fn pots_should_refuse_what_they_do_not_hold() {
	ExtBuilder::default().build_and_execute(|| {
		fund(1_000);
		assert_noop!(
			Settlement::earmark(3, 1_001),
			Error::<Test>::CreditPotTooSmall
		);
		assert_ok!(Settlement::earmark(3, 400));
		assert_ok!(Settlement::earmark(4, 400));
		assert_noop!(Settlement::release(3, 401), Error::<Test>::DayPotTooSmall);
		assert_noop!(
			Settlement::accrue(4, &WORKER, 401),
			Error::<Test>::DayPotTooSmall
		);
		assert_ok!(Settlement::accrue(4, &WORKER, 400));
		assert_noop!(mature(WORKER, 401), Error::<Test>::NotAccrued);
	});
}

#[test]
fn moves_of_nothing_should_leave_no_trace() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Settlement::earmark(3, 0));
		assert_ok!(Settlement::accrue(3, &WORKER, 0));
		assert_ok!(mature(WORKER, 0));
		assert_ok!(Settlement::release(3, 0));
		assert_ok!(Settlement::fund(&TRADER, 0));
		assert_ok!(Settlement::earn(&TRADER, &WORKER, 0, 0));
		assert_eq!(events(), vec![]);
		assert_eq!(DayPots::<Test>::iter().count(), 0);
		assert_eq!(Earnings::<Test>::iter().count(), 0);
		assert_eq!(Payees::<Test>::iter().count(), 0);
	});
}

#[test]
fn worker_should_wait_once_when_several_of_its_jobs_are_final() {
	ExtBuilder::default().build_and_execute(|| {
		fund(1_000);
		owe(WORKER, 10);
		owe(WORKER, 20);
		owe(8, 30);
		assert_eq!(Queue::<Test>::get().tail, 2);
		assert_eq!(Settlement::statement(&WORKER).payable, 30);
	});
}

#[test]
fn transfers_should_be_booked_at_the_next_window() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		transfer_usdc(5 * USDC);
		next_block();
		assert_eq!(Settlement::credit_pot(), 0);
		next_window();
		assert_eq!(Settlement::credit_pot(), 5 * USDC - MIN_USDC);
		assert_eq!(Flows::<Test>::get().from_transfers, 5 * USDC - MIN_USDC);
	});
}

#[test]
fn transfers_should_not_count_as_fees() {
	ExtBuilder::default().build_and_execute(|| {
		transfer_usdc(5 * USDC);
		fill_fee_pot(100 * ONE);
		next_block();
		let sold = Settlement::pots().from_fees_total;
		assert!(sold > 4_980_000 && sold < 5 * USDC);
		assert_eq!(Settlement::credit_pot(), sold);
		assert_eq!(Settlement::unbooked(), Ok(5 * USDC - MIN_USDC));
	});
}

/// A worker that is owed 100 of a final job and 60 of one that is not.
fn with_debts(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		fund(1_000);
		owe(WORKER, 100);
		assert_ok!(Settlement::earmark(3, 300));
		assert_ok!(Settlement::accrue(3, &WORKER, 60));
		events();
		test();
	});
}

#[test]
fn voided_pay_should_go_to_the_credit_pot() {
	with_debts(|| {
		let credit = Settlement::credit_pot();
		assert_ok!(Settlement::void_pay(&WORKER), 160);
		assert_eq!(Settlement::credit_pot(), credit + 160);
		assert_eq!(Pots::<Test>::get().earnings, 0);
		let voided = Event::PayVoided {
			who: WORKER,
			amount: 160,
		};
		assert_eq!(events(), vec![voided]);
		let statement = Settlement::statement(&WORKER);
		assert_eq!((statement.accrued, statement.payable), (0, 0));
		assert_ok!(Settlement::void_pay(&WORKER), 0);
		assert_ok!(Settlement::void_pay(&99), 0);
		assert_eq!(events(), vec![]);
	});
}

#[test]
fn only_what_accrued_after_a_conviction_should_be_paid() {
	with_debts(|| {
		assert_ok!(Settlement::void_pay(&WORKER));
		assert_ok!(Settlement::accrue(3, &WORKER, 40));
		// The voided job of 60 is final, then the new one of 40.
		assert_ok!(mature(WORKER, 60));
		assert_eq!(Settlement::statement(&WORKER).payable, 0);
		assert_ok!(mature(WORKER, 40));
		assert_eq!(Settlement::statement(&WORKER).payable, 40);
		assert_noop!(mature(WORKER, 1), Error::<Test>::NotAccrued);
		next_block();
		fund(MIN_USDC);
		owe(WORKER, MIN_USDC);
		next_window();
		assert_eq!(usdc_of(WORKER), MIN_USDC + 40);
	});
}

#[test]
fn worker_should_be_paid_exactly_when_jobs_mature_out_of_order() {
	with_debts(|| {
		assert_ok!(Settlement::void_pay(&WORKER));
		assert_ok!(Settlement::accrue(3, &WORKER, 40));
		assert_ok!(mature(WORKER, 40));
		assert_ok!(mature(WORKER, 60));
		let statement = Settlement::statement(&WORKER);
		assert_eq!((statement.accrued, statement.payable), (0, 40));
	});
}

#[test]
fn payee_whose_pay_was_voided_should_lose_its_place_at_its_turn() {
	with_debts(|| {
		next_block();
		assert_ok!(Settlement::void_pay(&WORKER));
		assert_eq!(Queue::<Test>::get().tail, 1);
		next_window();
		assert_eq!((Queue::<Test>::get().head, usdc_of(WORKER)), (1, 0));
		assert!(!Earnings::<Test>::get(WORKER).waiting);
		assert_ok!(mature(WORKER, 60));
		owe(WORKER, 10);
		assert_eq!(Queue::<Test>::get().tail, 2);
	});
}

#[test]
fn usdc_of_another_account_should_go_to_a_worker_and_the_credit_pot() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Settlement::fund(&TRADER, MIN_USDC + 70));
		assert_ok!(Settlement::earn(&TRADER, &WORKER, 250, 1));
		assert_ok!(mature(WORKER, 250));

		let pots = PotsRecord {
			credit: 71,
			days: 0,
			earnings: 250,
		};
		assert_eq!(Pots::<Test>::get(), pots);
		assert_eq!(Flows::<Test>::get().from_capacity, 321);
		assert_eq!(usdc_of(Settlement::usdc_account()), MIN_USDC + 321);
		let funded = |amount| Event::Funded {
			from: TRADER,
			amount,
		};
		let earned = Event::Earned {
			who: WORKER,
			from: TRADER,
			amount: 250,
		};
		let matured = matured(WORKER, 0, 250);
		assert_eq!(events(), vec![funded(70), earned, funded(1), matured]);
	});
}

#[test]
fn usdc_of_another_account_should_be_refused_when_it_is_not_there_or_too_little() {
	ExtBuilder::default().build_and_execute(|| {
		let too_little = Settlement::fund(&TRADER, MIN_USDC - 1);
		assert_noop!(too_little, TokenError::BelowMinimum);
		let first = with_storage_layer(|| Settlement::earn(&TRADER, &WORKER, MIN_USDC, 0));
		assert_noop!(first, Error::<Test>::NotReceived);
		fund(1_000);
		let poor = Settlement::earn(&WORKER, &8, 1, 0);
		assert_noop!(poor, TokenError::FundsUnavailable);
	});
}

/// Changes the one statement there is.
fn restate(change: impl FnOnce(&mut Payment)) {
	Payments::<Test>::mutate(TestClock::window(), PAID, |payment| {
		change(payment.as_mut().unwrap())
	});
}

#[test]
fn invariants_should_fail_when_the_books_are_wrong() {
	type Damage = fn();
	let damages: [(&str, Damage); 14] = [
		("1", || {
			Pots::<Test>::mutate(|pots| pots.credit += 1_000_000)
		}),
		("2", || Flows::<Test>::mutate(|flows| flows.paid += 1)),
		("3", || DayPots::<Test>::insert(9, 1)),
		("4", || {
			Earnings::<Test>::mutate(WORKER, |record| record.accrued += 1)
		}),
		("6", || Payees::<Test>::insert(9, WORKER)),
		("6", || {
			Earnings::<Test>::mutate(WORKER, |record| record.waiting = false)
		}),
		("6", || Queue::<Test>::mutate(|queue| queue.tail += 1)),
		("9", || Receipts::<Test>::remove(WORKER)),
		("9", || {
			Receipts::<Test>::mutate(WORKER, |tree| tree.leaves += 2)
		}),
		("9", || {
			Receipts::<Test>::insert(8, Receipts::<Test>::get(WORKER))
		}),
		("10", || Payments::<Test>::remove(TestClock::window(), PAID)),
		("10", || restate(|payment| payment.amount += 1)),
		("10", || restate(|payment| payment.receipts = 0)),
		("10", || {
			OldestPayment::<Test>::mutate(|oldest| *oldest += 2)
		}),
	];
	for (invariant, damage) in damages {
		ExtBuilder::default().build().execute_with(|| {
			fund(USDC);
			next_block();
			owe(PAID, MIN_USDC);
			next_window();
			owe(WORKER, 10);
			assert_ok!(Settlement::do_try_state());
			damage();
			match Settlement::do_try_state() {
				Err(TryRuntimeError::Other(found)) => {
					assert!(found.starts_with(&format!("{invariant}:")), "{found}")
				}
				other => panic!("{invariant} was not found: {other:?}"),
			}
		});
	}
}
