use super::*;

fn earned() -> Usdc {
	Earned::get().get(&WORKER).copied().unwrap_or_default()
}

#[test]
fn charge_should_pay_the_worker_out_of_escrow_and_give_the_rest_back() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		assert_eq!(Capacity::price(&ALICE, GCU), PRICE);
		let job = reserve(ALICE, 4 * GCU);
		assert_eq!(vouchers(ALICE, 0), 6 * GCU);
		assert_eq!(vouchers(Capacity::escrow(0), 0), 4 * GCU);
		events();
		let price = Capacity::charge(&ALICE, &job, GCU, &WORKER).unwrap();
		assert_eq!((price, earned()), (PRICE, PRICE));
		assert_eq!(vouchers(ALICE, 0), 9 * GCU);
		assert_eq!(Capacity::held(0), 9 * PRICE);
		let redeemed = Event::Redeemed {
			who: ALICE,
			payer: ALICE,
			worker: WORKER,
			cu: GCU,
			amount: PRICE,
		};
		assert_eq!(events(), [redeemed]);
	});
}

#[test]
fn charge_should_round_down_and_the_credit_pot_get_the_rest() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let pot = CreditPot::get();
		for _ in 0..2 {
			let job = reserve(ALICE, GCU);
			assert_ok!(Capacity::charge(&ALICE, &job, 15_000, &WORKER), 1);
		}
		assert_eq!((earned(), CreditPot::get() - pot), (2, 1));
		assert_eq!(Capacity::held(0), 10 * PRICE - 3);
	});
}

#[test]
fn forfeit_should_go_to_the_credit_pot_and_not_to_the_worker() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let (job, pot) = (reserve(ALICE, 4 * GCU), CreditPot::get());
		events();
		assert_ok!(Capacity::forfeit(&ALICE, &job, GCU));
		assert_eq!((earned(), CreditPot::get() - pot), (0, PRICE));
		assert_eq!(vouchers(ALICE, 0), 9 * GCU);
		let forfeited = Event::Forfeited {
			who: ALICE,
			payer: ALICE,
			cu: GCU,
			amount: PRICE,
		};
		assert_eq!(events(), [forfeited]);
	});
}

#[test]
fn release_should_give_everything_back_even_when_the_account_was_emptied() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let (all, one) = (reserve(ALICE, 10 * GCU - 1), reserve(ALICE, 1));
		assert_eq!(Capacity::vouchers(&ALICE), []);
		assert_ok!(Capacity::release(&ALICE, &one));
		assert_ok!(refund(ALICE, 0, 1));
		events();
		assert_ok!(Capacity::release(&ALICE, &all));
		assert_eq!(vouchers(ALICE, 0), 10 * GCU - 1);
		let returned = Event::Returned {
			who: ALICE,
			payer: ALICE,
			cu: 10 * GCU - 1,
		};
		assert_eq!(events(), [returned]);
	});
}

#[test]
fn job_should_draw_on_two_classes_at_their_prices_oldest_first() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		post(PRICE * 2);
		assert_ok!(buy(ALICE, 10 * GCU));
		assert_eq!(Capacity::available(&ALICE), 20 * GCU);
		assert_eq!(Capacity::price(&ALICE, 15 * GCU), 20 * PRICE);
		let job = reserve(ALICE, 15 * GCU);
		assert_ok!(
			Capacity::charge(&ALICE, &job, 12 * GCU, &WORKER),
			14 * PRICE
		);
		assert_eq!((vouchers(ALICE, 0), vouchers(ALICE, 1)), (0, 8 * GCU));
		assert_eq!((Capacity::held(0), Capacity::held(1)), (0, 16 * PRICE));
		let half = reserve(ALICE, 4 * GCU);
		assert_ok!(Capacity::forfeit(&ALICE, &half, 0));
		assert_eq!(vouchers(ALICE, 1), 8 * GCU);
	});
}

#[test]
fn job_should_be_paid_for_when_its_class_has_closed() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let job = reserve(ALICE, 4 * GCU);
		for _ in 0..MAX_CLASSES {
			post(Governed::get() + 1_000);
			assert_ok!(buy(BOB, 10 * GCU));
		}
		assert_eq!(Capacity::vouchers(&ALICE), []);
		assert_ok!(Capacity::charge(&ALICE, &job, GCU, &WORKER), PRICE);
		assert_eq!(vouchers(ALICE, 0), 9 * GCU);
		assert_ok!(refund(ALICE, 0, 9 * GCU));
	});
}

#[test]
fn reserve_should_be_refused_when_vouchers_are_few() {
	build_and_execute(|| {
		let (needed, available) = (1, 0);
		let refusal = Refusal::NoVouchers { needed, available };
		assert_eq!(Capacity::check(&ALICE, 0, 1), Err(refusal));
		assert_noop!(Capacity::reserve(&ALICE, 0, 1), Error::<Test>::NoVouchers);
		assert_eq!(Capacity::price(&ALICE, GCU), PRICE);
		assert_eq!(Capacity::slots(&ALICE), SLOTS);
		assert_eq!(Capacity::resets_at(), None);
		assert_ok!(buy(ALICE, 10 * GCU));
		// Any tier of model, for who has none.
		assert_ok!(Capacity::check(&ALICE, 2, 10 * GCU));
		assert_noop!(
			Capacity::reserve(&ALICE, 0, 10 * GCU + 1),
			Error::<Test>::NoVouchers
		);
	});
}

#[test]
fn charge_should_change_nothing_when_it_is_more_than_was_set_aside() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let job = reserve(ALICE, GCU);
		let charge = Capacity::charge(&ALICE, &job, GCU + 1, &WORKER);
		assert_noop!(charge, Error::<Test>::ChargeTooHigh);
		let forfeit = Capacity::forfeit(&ALICE, &job, GCU + 1);
		assert_noop!(forfeit, Error::<Test>::ChargeTooHigh);
	});
}
