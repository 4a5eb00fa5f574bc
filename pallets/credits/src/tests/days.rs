use one_primitives::access::{OnExit as _, Standing};

use super::*;

#[test]
fn day_should_open_with_a_share_of_the_pot_in_its_first_block() {
	build_and_execute(|| {
		next_block();
		assert_eq!(
			events(),
			vec![Event::DayOpened {
				day: 1,
				budget: USDC,
				rate: Perbill::one(),
				price: 60_000
			}]
		);
		assert_eq!(CreditPot::get(), 9 * USDC);
		assert_eq!(DayPots::get(1), USDC);
		next_block();
		assert_eq!(events().len(), 1);
	});
}

#[test]
fn budget_should_be_capped_when_the_pot_is_rich() {
	build_and_execute(|| {
		CreditPot::put(1_000_000 * USDC);
		next_block();
		assert_eq!(DayPots::get(1), 1_000 * USDC);
	});
}

#[test]
fn rate_should_shrink_when_the_pot_pays_for_less_than_all_allowances() {
	build_and_execute(|| {
		for who in 0..100 {
			World::enter(who, Some(0));
		}
		next_day();
		// One USDC pays for 16.67 of 100 giga.
		let record = Days::<Test>::get(2).unwrap();
		assert_eq!(record.rate, Perbill::from_parts(166_666_666));
		assert_eq!(Credits::available(&1), 166_666_666);
		assert_eq!(record.promised, 16_666_666_600);
	});
}

#[test]
fn lock_should_raise_what_a_tier_gives_and_what_is_promised() {
	build_and_execute(|| {
		World::enter(1, Some(0));
		World::stand(2, Some(Standing { tier: 0, lock: 2 }));
		next_day();
		assert_eq!(Credits::available(&1), GIGA);
		assert_eq!(Credits::available(&2), GIGA / 4 * 5);
		assert_eq!(Credits::credits(&2).allowance, GIGA / 4 * 5);
		assert_eq!(
			Days::<Test>::get(2).unwrap().promised,
			u128::from(GIGA / 4 * 9)
		);
	});
}

#[test]
fn rate_should_be_zero_when_the_pot_is_empty() {
	build_and_execute(|| {
		CreditPot::kill();
		holder(1, 0);
		assert_eq!(Credits::available(&1), 0);
		assert_eq!(
			Credits::check(&1, 0, 1),
			Err(Refusal::NoCredits {
				needed: 1,
				available: 0,
				resets_at: 3 * DAY
			})
		);
	});
}

#[test]
fn credits_should_be_fresh_when_a_day_begins() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		assert_ok!(Credits::charge(&1, &reservation, GIGA / 2, &WORKER));
		assert_eq!(Credits::available(&1), GIGA / 2);
		next_day();
		assert_eq!(Credits::available(&1), GIGA);
	});
}

#[test]
fn rest_should_return_when_the_day_is_over() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		assert_ok!(Credits::charge(&1, &reservation, GIGA / 2, &WORKER));
		let pot = CreditPot::get() + DayPots::get(2);
		next_day();
		assert_eq!(Earned::get(WORKER), 30_000);
		assert_eq!(CreditPot::get() + DayPots::get(3), pot);
		assert_eq!(Days::<Test>::get(2), None);
	});
}

#[test]
fn rest_should_wait_for_the_last_open_job_when_the_day_is_over() {
	build_and_execute(|| {
		holder(1, 0);
		let first = Credits::reserve(&1, 0, GIGA / 4).unwrap();
		let second = Credits::reserve(&1, 0, GIGA / 4).unwrap();
		next_day();
		assert_eq!(Days::<Test>::get(2).unwrap().open, 2);
		assert_ok!(Credits::charge(&1, &first, GIGA / 4, &WORKER));
		assert_eq!(Days::<Test>::get(2).unwrap().open, 1);
		let left = DayPots::get(2);
		assert_ok!(Credits::forfeit(&1, &second, GIGA / 4));
		assert_eq!(Days::<Test>::get(2), None);
		assert_eq!(DayPots::get(2), 0);
		assert_eq!(
			events().last(),
			Some(&Event::DayClosed {
				day: 2,
				spent: 15_000,
				returned: left
			})
		);
	});
}

#[test]
fn day_should_open_when_the_chain_was_down_for_several() {
	build_and_execute(|| {
		holder(1, 0);
		Now::set(&(9 * DAY));
		assert_eq!(Credits::available(&1), 0);
		next_block();
		assert_eq!(Credits::available(&1), GIGA);
		assert_eq!(Days::<Test>::iter_keys().collect::<Vec<_>>(), vec![9]);
	});
}

#[test]
fn prices_should_freeze_when_a_day_opens() {
	build_and_execute(|| {
		holder(1, 0);
		PricePerGiga::set(&200_000);
		assert_eq!(Credits::price(&1, GIGA), 60_000);
		next_day();
		assert_eq!(Credits::price(&1, GIGA), 120_000);
	});
}

/// Weight, written keys and read trie nodes of a day change with `holders` in the chain.
fn cost_of_day_change(holders: u64) -> (frame_support::weights::Weight, usize, usize) {
	let mut ext = new_world();
	ext.execute_with(|| {
		for who in 0..holders {
			World::enter(who, Some(0));
		}
		next_day();
		for who in 0..holders {
			Ledgers::<Test>::insert(who, Credits::ledger(&who, 2));
		}
		System::reset_events();
		Now::set(&(3 * DAY));
	});
	ext.commit_all().unwrap();
	let mut weight = Default::default();
	let (_, proof) = ext.execute_and_prove(|| weight = next_block());
	let written = ext.overlayed_changes().changes().count();
	(weight, written, proof.into_nodes().len())
}

#[test]
fn day_change_should_cost_the_same_when_there_is_one_holder_or_100_000() {
	let (weight, written, read) = cost_of_day_change(1);
	let (weight_many, written_many, read_many) = cost_of_day_change(100_000);
	assert_eq!(weight, weight_many);
	assert_eq!(written, written_many);
	// The same keys; only their paths in a larger trie are longer.
	assert!(read_many <= 2 * read, "{read_many} nodes instead of {read}");
}

#[test]
fn ledger_of_a_past_day_should_go_with_the_stake_and_one_of_today_stay() {
	build_and_execute(|| {
		next_day();
		let today = Today::<Test>::get().unwrap();
		Ledgers::<Test>::insert(1, crate::Ledger::fresh(today));
		Credits::on_exit(&1);
		assert!(Ledgers::<Test>::contains_key(1));
		next_day();
		Credits::on_exit(&1);
		assert!(!Ledgers::<Test>::contains_key(1));
	});
}
