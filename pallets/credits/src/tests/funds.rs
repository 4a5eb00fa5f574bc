use super::*;

#[test]
fn reserve_should_set_credits_aside_when_they_are_there() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		assert_eq!(reservation.day, 2);
		assert_eq!(Credits::available(&1), GIGA / 2);
		let status = Credits::credits(&1);
		assert_eq!(
			(status.tier, status.reserved, status.used),
			(Some(0), GIGA / 2, 0)
		);
		assert_eq!((status.resets_at, status.slots), (3 * DAY, 4));
	});
}

#[test]
fn reserve_should_say_what_is_missing_when_refused() {
	build_and_execute(|| {
		next_block();
		assert_eq!(
			Credits::check(&1, 0, 1),
			Err(Refusal::BelowThreshold {
				staked: 0,
				threshold: 1_000
			})
		);
		World::enter(1, Some(0));
		assert_eq!(
			Credits::check(&1, 0, 1),
			Err(Refusal::NotYetCounting {
				counts_from: 2 * DAY
			})
		);
		next_day();
		assert_eq!(
			Credits::check(&1, 1, 1),
			Err(Refusal::TierTooLow { tier: 0, needed: 1 })
		);
		assert_eq!(
			Credits::check(&1, 0, GIGA / 2 + 1),
			Err(Refusal::JobTooLarge {
				needed: GIGA / 2 + 1,
				limit: GIGA / 2
			})
		);
		assert_ok!(Credits::reserve(&1, 0, GIGA / 2));
		assert_ok!(Credits::reserve(&1, 0, GIGA / 4));
		assert_eq!(
			Credits::check(&1, 0, GIGA / 2),
			Err(Refusal::NoCredits {
				needed: GIGA / 2,
				available: GIGA / 4,
				resets_at: 3 * DAY
			})
		);
		assert_noop!(Credits::reserve(&1, 0, GIGA / 2), Error::<Test>::NoCredits);
	});
}

#[test]
fn charge_should_pay_the_worker_and_free_the_rest() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		let price = Credits::charge(&1, &reservation, GIGA / 10, &WORKER).unwrap();
		assert_eq!(price, 6_000);
		assert_eq!(Earned::get(WORKER), 6_000);
		assert_eq!(Credits::available(&1), GIGA - GIGA / 10);
		assert_eq!(Credits::credits(&1).reserved, 0);
	});
}

#[test]
fn charge_should_fail_when_it_exceeds_what_was_set_aside() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, 1_000).unwrap();
		assert_noop!(
			Credits::charge(&1, &reservation, 1_001, &WORKER),
			Error::<Test>::ChargeTooHigh
		);
		assert_ok!(Credits::charge(&1, &reservation, 1_000, &WORKER));
		assert_noop!(
			Credits::charge(&1, &reservation, 1_000, &WORKER),
			Error::<Test>::NotReserved
		);
	});
}

#[test]
fn forfeit_should_keep_the_price_in_the_pot_when_nobody_earns_it() {
	build_and_execute(|| {
		holder(1, 0);
		let pot = DayPots::get(2);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		assert_ok!(Credits::forfeit(&1, &reservation, GIGA / 10));
		assert_eq!(Credits::available(&1), GIGA - GIGA / 10);
		assert_eq!(DayPots::get(2), pot);
	});
}

#[test]
fn release_should_free_everything_when_the_day_is_not_over() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		assert_ok!(Credits::release(&1, &reservation));
		assert_eq!(Credits::available(&1), GIGA);
		assert_noop!(
			Credits::release(&1, &reservation),
			Error::<Test>::NotReserved
		);
	});
}

#[test]
fn charge_should_come_out_of_the_jobs_day_when_midnight_has_passed() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		next_day();
		let today = DayPots::get(3);
		assert_ok!(Credits::charge(&1, &reservation, GIGA / 4, &WORKER));
		assert_eq!(DayPots::get(3), today);
		assert_eq!(Earned::get(WORKER), 15_000);
		assert_eq!(Credits::available(&1), GIGA);
	});
}

#[test]
fn release_should_bring_credits_back_when_midnight_has_passed() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		next_day();
		let today = DayPots::get(3);
		assert_ok!(Credits::release(&1, &reservation));
		assert_eq!(DayPots::get(3), today + 30_000);
		assert_eq!(Credits::available(&1), GIGA + GIGA / 2);
		assert!(events().contains(&Event::CreditsReturned {
			who: 1,
			from: 2,
			cu: GIGA / 2,
			amount: 30_000
		}));
	});
}

#[test]
fn release_should_bring_back_only_what_is_paid_for_when_the_price_has_risen() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		PricePerGiga::set(&200_000);
		next_day();
		assert_ok!(Credits::release(&1, &reservation));
		assert_eq!(Credits::available(&1), GIGA + GIGA / 4);
	});
}

#[test]
fn release_should_bring_back_no_more_than_was_set_aside_when_the_price_has_fallen() {
	build_and_execute(|| {
		holder(1, 0);
		let reservation = Credits::reserve(&1, 0, GIGA / 2).unwrap();
		PricePerGiga::set(&10_000);
		next_day();
		assert_ok!(Credits::release(&1, &reservation));
		assert_eq!(Credits::available(&1), GIGA + GIGA / 2);
	});
}

#[test]
fn credits_should_last_until_midnight_when_the_stake_is_gone() {
	build_and_execute(|| {
		holder(1, 0);
		World::enter(1, None);
		assert_ok!(Credits::reserve(&1, 0, GIGA / 2));
		next_day();
		assert_eq!(Credits::available(&1), 0);
		assert_eq!(Credits::slots(&1), 0);
	});
}
