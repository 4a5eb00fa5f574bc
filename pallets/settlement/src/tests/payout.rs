//! Settlement windows: who is paid, when, and what happens if not.

use std::collections::BTreeMap;

use one_primitives::{clock::Clock, settlement::Earnings as EarningsBook, Usdc};
use polkadot_sdk::{
	frame_support::assert_ok,
	sp_io::TestExternalities,
	sp_runtime::{DispatchError, StateVersion, TokenError, Weight},
};

use crate::{mock::*, Earnings, Event, Flows, Payees, Pots, Queue, Round};

const FIRST: AccountId = 1_000;
const WORKERS: u128 = 5_000;

/// Each worker is owed another amount, so that a mix-up shows.
fn due(who: AccountId) -> Usdc {
	MIN_USDC + who
}

fn owe_all() -> Usdc {
	let total: Usdc = (FIRST..FIRST + WORKERS).map(due).sum();
	fund(total);
	(FIRST..FIRST + WORKERS).for_each(|who| owe(who, due(who)));
	events();
	total
}

fn payments() -> BTreeMap<AccountId, Vec<Usdc>> {
	let mut paid = BTreeMap::<_, Vec<_>>::new();
	for event in events() {
		if let Event::Paid { who, amount, .. } = event {
			paid.entry(who).or_default().push(amount);
		}
	}
	paid
}

fn skipped() -> Vec<(AccountId, Usdc, DispatchError)> {
	let skipped = events().into_iter().filter_map(|event| match event {
		Event::PayoutSkipped {
			who, amount, error, ..
		} => Some((who, amount, error)),
		_ => None,
	});
	skipped.collect()
}

/// Blocks until the round is over, each with weight for `payees`.
fn settle(payees: u64) -> u32 {
	let mut blocks = 0;
	while Round::<Test>::exists() {
		let limit = weight_for(payees);
		let used = next_block_with(SLOT, limit);
		assert!(used.all_lte(limit), "the hook used more than it was given");
		blocks += 1;
		assert!(blocks < 10_000, "the round never ends");
	}
	blocks
}

/// Makes the first block of the next window, with weight for `payees`.
fn open_window(payees: u64) {
	let start = TestClock::window_start(TestClock::window() + 1);
	next_block_with(start - Utc::get(), weight_for(payees));
}

#[test]
fn five_thousand_should_each_be_paid_once_over_several_blocks() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		let total = owe_all();
		let unpayable = FIRST + 2_345;
		let trader = RuntimeOrigin::signed(TRADER);
		// The issuer blocks one account; it needs a balance to be blocked.
		assert_ok!(Assets::transfer(
			trader.clone(),
			USDC_ID,
			unpayable,
			MIN_USDC
		));
		assert_ok!(Assets::block(trader.clone(), USDC_ID, unpayable));

		open_window(400);
		let window = TestClock::window();
		assert_eq!(Queue::<Test>::get().head, 400, "a block pays what fits");
		assert_eq!(settle(400), 12);

		let settled = Event::WindowSettled {
			window,
			paid: total - due(unpayable),
			payees: WORKERS as u32 - 1,
			carried: 1,
		};
		assert!(System::events()
			.iter()
			.any(|record| record.event == settled.clone().into()));
		let paid = payments();
		assert_eq!(paid.len() as u128, WORKERS - 1);
		for who in (FIRST..FIRST + WORKERS).filter(|who| *who != unpayable) {
			assert_eq!(paid.get(&who), Some(&vec![due(who)]));
			assert_eq!(usdc_of(who), due(who));
		}
		assert_eq!(Pots::<Test>::get().earnings, due(unpayable));
		Settlement::do_try_state().unwrap();

		// Nothing more happens in this window, and the next pays the one that was carried.
		(0..10).for_each(|_| next_block());
		assert_eq!(payments(), BTreeMap::new());
		assert_ok!(Assets::thaw(trader, USDC_ID, unpayable));
		next_window();
		assert_eq!(
			payments(),
			BTreeMap::from([(unpayable, vec![due(unpayable)])])
		);
		assert_eq!(Flows::<Test>::get().paid, total);
		assert_eq!(Pots::<Test>::get().earnings, 0);
		assert_eq!(Payees::<Test>::iter().count(), 0);
	});
}

/// What a node finds after a restart: the state, and nothing else.
fn restart(ext: TestExternalities) -> TestExternalities {
	let (storage, root) = ext.into_raw_snapshot();
	TestExternalities::from_raw_snapshot(storage, root, StateVersion::default())
}

#[test]
fn settlement_should_resume_from_state_when_blocks_stop_in_between() {
	let mut ext = ExtBuilder::default().build();
	ext.execute_with(|| {
		next_block();
		owe_all();
		open_window(700);
		next_block_with(SLOT, weight_for(700));
		assert_eq!(payments().len(), 1_400);
	});
	ext.commit_all().unwrap();
	let mut ext = restart(ext);
	ext.execute_with(|| {
		let window = Round::<Test>::get().unwrap().window;
		// Three windows pass without a block; the old round ends before a new one begins.
		next_block_with(3 * WINDOW, weight_for(700));
		assert_eq!(Round::<Test>::get().unwrap().window, window);
		while Round::<Test>::get().map(|round| round.window) == Some(window) {
			next_block_with(SLOT, weight_for(700));
		}
		next_block();
		for who in FIRST..FIRST + WORKERS {
			assert_eq!(usdc_of(who), due(who));
			assert_eq!(Settlement::statement(&who).last_window, Some(window));
		}
		assert_eq!(payments().len() as u128, WORKERS - 1_400);
		assert_eq!(
			Flows::<Test>::get().paid,
			(FIRST..FIRST + WORKERS).map(due).sum()
		);
		Settlement::do_try_state().unwrap();
	});
}

#[test]
fn block_should_pay_no_more_than_its_bound_when_weight_is_plenty() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		owe_all();
		next_window();
		assert_eq!(payments().len(), 1_000);
	});
}

#[test]
fn worker_should_be_carried_when_its_pay_cannot_open_an_account() {
	ExtBuilder::default().build_and_execute(|| {
		fund(USDC);
		next_block();
		owe(7, MIN_USDC - 1);
		owe(8, MIN_USDC);
		next_window();
		let error = DispatchError::Token(TokenError::BelowMinimum);
		assert_eq!(skipped(), vec![(7, MIN_USDC - 1, error)]);
		assert_eq!((usdc_of(7), usdc_of(8)), (0, MIN_USDC));

		// What it earns next adds up to enough.
		owe(7, 1);
		next_window();
		assert_eq!(usdc_of(7), MIN_USDC);
		let statement = Settlement::statement(&7);
		assert_eq!((statement.payable, statement.paid_total), (0, MIN_USDC));

		// An account that exists is paid a single unit.
		owe(7, 1);
		next_window();
		assert_eq!(usdc_of(7), MIN_USDC + 1);
	});
}

#[test]
fn everyone_should_be_carried_when_the_asset_is_frozen() {
	ExtBuilder::default().build_and_execute(|| {
		fund(USDC);
		next_block();
		owe(7, MIN_USDC);
		owe(8, MIN_USDC);
		assert_ok!(Assets::freeze_asset(RuntimeOrigin::signed(TRADER), USDC_ID));
		next_window();
		assert_eq!(skipped().len(), 2);
		assert_ok!(Assets::thaw_asset(RuntimeOrigin::signed(TRADER), USDC_ID));
		next_window();
		assert_eq!((usdc_of(7), usdc_of(8)), (MIN_USDC, MIN_USDC));
	});
}

#[test]
fn windows_should_begin_at_six_hours_of_utc() {
	ExtBuilder::default().build_and_execute(|| {
		fund(USDC);
		next_block();
		owe(7, MIN_USDC);
		let boundary = Settlement::statement(&7).next_settlement;
		assert_eq!(boundary % WINDOW, 0);
		assert!(boundary > Utc::get() && boundary <= Utc::get() + WINDOW);

		next_block_with(boundary - 1 - Utc::get(), Weight::MAX);
		assert_eq!(usdc_of(7), 0, "one millisecond early");
		next_block_with(1, Weight::MAX);
		assert_eq!(usdc_of(7), MIN_USDC);
		let window = TestClock::window();
		assert_eq!(Settlement::statement(&7).last_window, Some(window));
		assert_eq!(Settlement::statement(&7).next_settlement, boundary + WINDOW);
	});
}

#[test]
fn chain_should_settle_nothing_in_the_window_in_which_it_began() {
	ExtBuilder::default().build_and_execute(|| {
		fund(USDC);
		owe(7, MIN_USDC);
		events();
		next_block();
		assert_eq!(events(), vec![]);
		assert_eq!(usdc_of(7), 0);
	});
}

#[test]
fn only_final_jobs_should_be_paid() {
	ExtBuilder::default().build_and_execute(|| {
		fund(USDC);
		next_block();
		owe(7, MIN_USDC);
		use one_primitives::settlement::Treasury;
		assert_ok!(Settlement::earmark(0, 500));
		assert_ok!(Settlement::accrue(0, &7, 500));
		next_window();
		assert_eq!(usdc_of(7), MIN_USDC);
		assert_eq!(Settlement::statement(&7).accrued, 500);
		assert_ok!(mature(7, 500));
		next_block();
		assert_eq!(usdc_of(7), MIN_USDC, "not before the next window");
		next_window();
		assert_eq!(usdc_of(7), MIN_USDC + 500);
	});
}

#[test]
fn job_that_is_final_during_a_round_should_be_paid_once() {
	ExtBuilder::default().build_and_execute(|| {
		fund(USDC);
		next_block();
		(7..10).for_each(|who| owe(who, MIN_USDC));
		open_window(1);
		// 7 is paid; more of 7 waits for the next window, more of 8 comes with its turn.
		owe(7, 5);
		owe(8, 5);
		settle(1);
		assert_eq!([7, 8, 9].map(usdc_of), [MIN_USDC, MIN_USDC + 5, MIN_USDC]);
		next_window();
		assert_eq!(usdc_of(7), MIN_USDC + 5);
		assert_eq!(Earnings::<Test>::get(7).last_paid, 5);
	});
}

#[test]
fn account_should_keep_its_minimum_when_all_is_paid() {
	ExtBuilder::default().build_and_execute(|| {
		fund(MIN_USDC);
		next_block();
		owe(7, MIN_USDC);
		next_window();
		assert_eq!(usdc_of(7), MIN_USDC);
		assert_eq!(usdc_of(Settlement::usdc_account()), MIN_USDC);
		assert_eq!(Settlement::pots().credit, 0);
	});
}
