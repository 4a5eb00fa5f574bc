use super::*;

#[test]
fn first_price_should_be_the_governed_one() {
	new_world().execute_with(|| {
		assert_eq!(Capacity::posted_price(), PRICE);
		assert_eq!(events(), [Event::PriceChanged { price: PRICE }]);
	});
}

#[test]
fn price_should_change_by_a_tenth_a_week_at_the_most() {
	build_and_execute(|| {
		Governed::set(&(PRICE * 2));
		pass(WEEK - 1);
		assert_eq!(Capacity::posted_price(), PRICE);
		events();
		pass(1);
		assert_eq!(Capacity::posted_price(), 110_000);
		assert_eq!(events(), [Event::PriceChanged { price: 110_000 }]);
		// However long nothing was done, one step at a time.
		pass(5 * WEEK);
		assert_eq!(Capacity::posted_price(), 121_000);
		Governed::set(&100_000);
		pass(WEEK - 1);
		assert_eq!(Capacity::posted_price(), 121_000);
		pass(1);
		assert_eq!(Capacity::posted_price(), 108_900);
		pass(WEEK);
		assert_eq!(Capacity::posted_price(), 100_000);
	});
}

#[test]
fn price_should_be_free_to_change_after_it_stood_for_a_week() {
	build_and_execute(|| {
		pass(WEEK);
		Governed::set(&105_000);
		next_block();
		assert_eq!(Capacity::posted_price(), 105_000);
		assert_eq!(Capacity::price_status().steps_from, Now::get() + WEEK);
	});
}

#[test]
fn class_should_open_when_the_price_has_changed() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		assert_ok!(buy(ALICE, 10 * GCU));
		post(PRICE - 5_000);
		assert_ok!(buy(ALICE, 20 * GCU));
		assert_eq!(vouchers(ALICE, 0), 20 * GCU);
		assert_eq!(vouchers(ALICE, 1), 20 * GCU);
		assert_eq!(
			(Capacity::held(0), Capacity::held(1)),
			(2_000_000, 1_900_000)
		);
	});
}
