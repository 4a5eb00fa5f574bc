//! Sales of the fee pot in the real pool.

use polkadot_sdk::{
	frame_support::{assert_ok, traits::fungible::Inspect},
	sp_arithmetic::FixedPointNumber,
	sp_runtime::Permill,
};

use crate::{
	mock::*, price::Price, types::HaltReason, Event, Exchange, Flows, Halt, PoolPrice, Pots,
};

type Pool = <Test as crate::Config>::Exchange;

fn halts() -> Vec<HaltReason> {
	let reasons = events().into_iter().filter_map(|event| match event {
		Event::SalesHalted { reason } => Some(reason),
		_ => None,
	});
	reasons.collect()
}

fn spot() -> Price {
	let (one, usdc) = Pool::reserves().unwrap();
	crate::price::spot(one, usdc).unwrap()
}

#[test]
fn slice_should_be_sold_into_the_credit_pot() {
	ExtBuilder::default().build_and_execute(|| {
		fill_fee_pot(100 * ONE);
		let quote = Pool::quote(100 * ONE).unwrap();
		next_block();
		let booked = quote - MIN_USDC;
		let sold = Event::FeesSold {
			one: 100 * ONE,
			usdc: quote,
			booked,
		};
		assert_eq!(events(), vec![sold]);
		assert_eq!(Settlement::fee_pot(), 0);
		assert_eq!(usdc_of(Settlement::usdc_account()), quote);
		assert_eq!(Settlement::pots().credit, booked);
		assert_eq!(Settlement::pots().from_fees_total, booked);
		// 100 ONE are worth 5 USDC, less 0.3 % of the pool and its slippage.
		assert!(quote > 4_980_000 && quote < 5 * USDC);
	});
}

#[test]
fn slice_should_be_a_thousandth_of_the_pool_at_most() {
	ExtBuilder::default().build_and_execute(|| {
		let fees = 5_000 * ONE;
		fill_fee_pot(fees);
		next_block();
		assert_eq!(Settlement::fee_pot(), fees - POOL_ONE / 1_000);
		let (one, _) = Pool::reserves().unwrap();
		next_block();
		let second = Permill::from_parts(1_000).mul_floor(one);
		assert_eq!(Settlement::fee_pot(), fees - POOL_ONE / 1_000 - second);
		assert_eq!(
			halts(),
			vec![],
			"own sales do not count as moves of the pool"
		);
	});
}

#[test]
fn own_sale_should_not_count_as_a_move_of_the_pool() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		fill_fee_pot(POOL_ONE / 500);
		next_block();
		// The sale moved the price by 0.2 %, the trader moves it by as much again.
		trade_one(POOL_ONE / 1_000);
		next_block();
		assert_eq!(halts(), vec![]);
		assert!(Settlement::fee_pot() < POOL_ONE / 1_000);
	});
}

#[test]
fn second_sale_should_be_booked_whole() {
	ExtBuilder::default().build_and_execute(|| {
		fill_fee_pot(100 * ONE);
		next_block();
		let first = Pots::<Test>::get().credit;
		fill_fee_pot(100 * ONE);
		let quote = Pool::quote(100 * ONE).unwrap();
		next_block();
		assert_eq!(Pots::<Test>::get().credit, first + quote);
	});
}

#[test]
fn nothing_should_be_sold_when_it_is_too_small_to_be_worth_it() {
	ExtBuilder::default().build_and_execute(|| {
		fill_fee_pot(MinSale::get() - 1);
		next_block();
		assert_eq!(Settlement::fee_pot(), MinSale::get() - 1);

		// 0.1 ONE bring 0.005 USDC, less than the protocol's account must hold to exist.
		fill_fee_pot(ONE / 10);
		next_block();
		assert_eq!(events(), vec![]);
		assert_eq!(Pots::<Test>::get().credit, 0);

		fill_fee_pot(ONE);
		next_block();
		assert!(Pots::<Test>::get().credit > 0);

		// Now that the account exists, a small slice will do.
		fill_fee_pot(ONE / 10);
		next_block();
		assert_eq!(Settlement::fee_pot(), 0);
	});
}

#[test]
fn nothing_should_be_sold_when_it_would_bring_nothing() {
	ExtBuilder::default()
		.pool(POOL_ONE, 2 * MIN_USDC)
		.build_and_execute(|| {
			MinSale::set(&1);
			fund(1);
			fill_fee_pot(10_000);
			next_block();
			assert_eq!(Settlement::fee_pot(), 10_000);
			assert_eq!(halts(), vec![]);
		});
}

#[test]
fn sales_should_wait_when_the_pool_has_moved() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		fill_fee_pot(100 * ONE);
		// 0.2 % of the reserve moves the price by about 0.4 %; the average hardly follows.
		trade_one(POOL_ONE / 500);
		next_block();
		assert_eq!(halts(), vec![HaltReason::PoolMoved]);
		assert_eq!(Settlement::fee_pot(), 100 * ONE);
		assert_eq!(Halt::<Test>::get(), Some(HaltReason::PoolMoved));

		// It has not moved since, and is within 1 % of the average.
		next_block();
		assert_eq!(Settlement::fee_pot(), 0);
		assert_eq!(Halt::<Test>::get(), None);
	});
}

#[test]
fn sales_should_wait_when_the_pool_has_moved_upwards_too() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		fill_fee_pot(100 * ONE);
		trade_usdc(POOL_USDC / 500);
		next_block();
		assert_eq!(halts(), vec![HaltReason::PoolMoved]);
		next_block();
		assert_eq!(Settlement::fee_pot(), 0);
	});
}

#[test]
fn sales_should_wait_below_the_average_with_one_event_and_resume() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		fill_fee_pot(100 * ONE);
		// 1 % more ONE in the pool: its price is 2 % lower.
		trade_one(POOL_ONE / 100);
		for _ in 0..20 {
			next_block();
		}
		assert_eq!(
			halts(),
			vec![HaltReason::PoolMoved, HaltReason::BelowAverage]
		);
		assert_eq!(Settlement::fee_pot(), 100 * ONE);

		// The average follows the price; after two periods the two are within 1 %.
		let mut waited = 0;
		while Settlement::fee_pot() > 0 {
			next_block();
			waited += 1;
			assert!(waited < 1_200, "the average never came");
		}
		let average = PoolPrice::<Test>::get().unwrap().average;
		let usdc = Flows::<Test>::get().from_fees + MIN_USDC;
		assert!(usdc * 100 >= average.saturating_mul_int(100 * ONE) * 99);
	});
}

#[test]
fn average_should_not_move_in_downtime() {
	ExtBuilder::default().build_and_execute(|| {
		next_block();
		trade_one(POOL_ONE / 100);
		let before = PoolPrice::<Test>::get().unwrap().average;
		// A day without blocks counts as two slots of the 30 minutes.
		next_block_with(24 * 3_600_000, weight_for(0));
		let after = PoolPrice::<Test>::get().unwrap().average;
		let gap = before.into_inner() - spot().into_inner();
		let moved = before.into_inner() - after.into_inner();
		assert_eq!(moved, gap / 300);
	});
}

#[test]
fn sales_should_wait_when_there_is_no_pool() {
	ExtBuilder::default().pool(0, 0).build_and_execute(|| {
		fill_fee_pot(100 * ONE);
		next_block();
		next_block();
		assert_eq!(halts(), vec![HaltReason::NoPool]);
		assert_eq!(Settlement::fee_pot(), 100 * ONE);
	});
}

#[test]
fn sales_should_wait_when_the_account_cannot_receive() {
	ExtBuilder::default().build_and_execute(|| {
		fund(USDC);
		fill_fee_pot(100 * ONE);
		let account = Settlement::usdc_account();
		assert_ok!(Assets::block(
			RuntimeOrigin::signed(TRADER),
			USDC_ID,
			account
		));
		let one = Balances::total_balance(&Settlement::fee_account());
		next_block();
		assert_eq!(halts(), vec![HaltReason::SwapRefused]);
		assert_eq!(Balances::total_balance(&Settlement::fee_account()), one);
		assert_ok!(Assets::thaw(
			RuntimeOrigin::signed(TRADER),
			USDC_ID,
			account
		));
		next_block();
		assert_eq!(Settlement::fee_pot(), 0);
	});
}

#[test]
fn nothing_should_be_sold_when_the_block_has_no_weight_for_it() {
	ExtBuilder::default().build_and_execute(|| {
		fill_fee_pot(100 * ONE);
		let used = next_block_with(SLOT, weight_for(0) / 10);
		assert_eq!(Settlement::fee_pot(), 100 * ONE);
		assert!(used.all_lte(weight_for(0) / 10));
	});
}
