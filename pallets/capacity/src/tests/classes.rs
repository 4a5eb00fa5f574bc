use frame_support::traits::fungibles::{metadata::Inspect as _, roles::Inspect as _, Inspect as _};
use pallet_assets::Call as AssetsCall;

use super::*;

#[test]
fn buy_should_cost_the_price_and_the_premium() {
	build_and_execute(|| {
		events();
		assert_ok!(buy(ALICE, 10 * GCU));
		assert_eq!(usdc(ALICE), ENDOWMENT - 1_030_000);
		assert_eq!(vouchers(ALICE, 0), 10 * GCU);
		let escrow = Capacity::escrow(0);
		assert_eq!(usdc(escrow), MIN_USDC + 1_000_000);
		// The first purchase of a class leaves the escrow its minimum balance.
		assert_eq!(CreditPot::get(), 30_000 - MIN_USDC);
		let opened = Event::ClassOpened {
			class: 0,
			asset: VOUCHERS,
			price: PRICE,
		};
		let bought = Event::Bought {
			who: ALICE,
			class: 0,
			cu: 10 * GCU,
			cost: 1_030_000,
			premium: 30_000,
		};
		assert_eq!(events(), [opened, bought]);
		assert_ok!(buy(BOB, GCU));
		assert_eq!(CreditPot::get(), 30_000 - MIN_USDC + 3_000);
	});
}

#[test]
fn buy_should_round_up_and_the_credit_pot_get_the_rest() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let (paid, pot) = (usdc(BOB), CreditPot::get());
		// A ten-thousandth of a micro-USDC each.
		for _ in 0..3 {
			assert_ok!(buy(BOB, 1));
		}
		assert_eq!(paid - usdc(BOB), 6);
		assert_eq!(Capacity::held(0), 1_000_001);
		assert_eq!(CreditPot::get() - pot, 5);
		assert_eq!(Capacity::surplus(0).unwrap(), 0);
	});
}

#[test]
fn vouchers_should_be_a_sufficient_asset_that_only_the_pallet_makes() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		assert_eq!(Assets::name(VOUCHERS), b"ONE compute, class 0");
		assert_eq!(Assets::symbol(VOUCHERS), b"GCU-0");
		assert_eq!(Assets::decimals(VOUCHERS), 9);
		assert_eq!(Assets::minimum_balance(VOUCHERS), 1);
		assert_eq!(Assets::owner(VOUCHERS), Some(Capacity::escrow(0)));
		assert_eq!(Assets::issuer(VOUCHERS), Some(Capacity::escrow(0)));
		let (id, amount) = (VOUCHERS, 1);
		let mint = AssetsCall::<Test, _>::mint {
			id,
			beneficiary: ALICE,
			amount,
		};
		assert!(dispatch(ALICE, mint).is_err());
		// Nothing else keeps this account alive.
		assert_ok!(send(ALICE, 1_234, 0, 1));
		assert!(System::account_exists(&1_234));
		assert_ok!(refund(1_234, 0, 1));
		assert_eq!(Capacity::surplus(0).unwrap(), 0);
	});
}

#[test]
fn buy_should_be_refused_with_its_reason() {
	build_and_execute(|| {
		let call = |cu, max_cost| dispatch(ALICE, crate::Call::buy { cu, max_cost });
		assert_noop!(call(0, 1), Error::<Test>::ZeroAmount);
		assert_noop!(call(10 * GCU, 1_029_999), Error::<Test>::CostAboveLimit);
		assert_noop!(call(3 * GCU, Usdc::MAX), Error::<Test>::PurchaseTooSmall);
		assert_noop!(call(9_800 * GCU, Usdc::MAX), TokenError::FundsUnavailable);
		assert_ok!(call(10 * GCU, 1_030_000));
		assert_ok!(call(1, 2));
	});
}

#[test]
fn buy_should_be_refused_when_more_is_outstanding_than_is_proven() {
	build_and_execute(|| {
		Proven::set(&GCU);
		assert_noop!(buy(ALICE, 91 * GCU), Error::<Test>::CapacitySoldOut);
		assert_ok!(buy(ALICE, 80 * GCU));
		post(PRICE * 11 / 10);
		assert_eq!(Capacity::price_status().for_sale, 10 * GCU);
		assert_noop!(buy(BOB, 11 * GCU), Error::<Test>::CapacitySoldOut);
		assert_ok!(buy(BOB, 10 * GCU));
		assert_noop!(buy(BOB, 1), Error::<Test>::CapacitySoldOut);
		assert_ok!(refund(ALICE, 0, 5));
		assert_ok!(buy(BOB, 5));
	});
}

#[test]
fn refund_should_give_the_price_of_the_class_without_the_premium() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		post(PRICE * 2);
		assert_ok!(buy(ALICE, 10 * GCU));
		let before = usdc(ALICE);
		events();
		assert_ok!(refund(ALICE, 0, 4 * GCU));
		assert_ok!(refund(ALICE, 1, 10 * GCU));
		assert_eq!(usdc(ALICE) - before, 400_000 + 2_000_000);
		assert_eq!((Capacity::held(0), Capacity::held(1)), (600_000, 0));
		let refunded = |class, cu, amount| Event::Refunded {
			who: ALICE,
			class,
			cu,
			amount,
		};
		let expected = [
			refunded(0, 4 * GCU, 400_000),
			refunded(1, 10 * GCU, 2_000_000),
		];
		assert_eq!(events(), expected);
	});
}

#[test]
fn refund_should_round_down_and_the_credit_pot_get_the_rest() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let (before, pot) = (usdc(ALICE), CreditPot::get());
		assert_ok!(refund(ALICE, 0, 19_999));
		assert_eq!(usdc(ALICE) - before, 1);
		// What is left is worth a fraction more than 999,998, so 999,999 stay.
		assert_eq!(Capacity::held(0), 999_999);
		assert_ok!(refund(ALICE, 0, 1));
		assert_eq!((Capacity::held(0), CreditPot::get() - pot), (999_998, 1));
	});
}

#[test]
fn refund_should_be_refused_with_its_reason() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		assert_noop!(refund(ALICE, 0, 0), Error::<Test>::ZeroAmount);
		assert_noop!(refund(ALICE, 1, 1), Error::<Test>::UnknownClass);
		let too_many = refund(ALICE, 0, 10 * GCU + 1);
		assert_noop!(too_many, TokenError::FundsUnavailable);
		assert_noop!(refund(BOB, 0, 1), TokenError::FundsUnavailable);
	});
}

#[test]
fn what_strangers_give_or_burn_should_go_to_the_credit_pot() {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		let (id, amount) = (USDC_ID, 500);
		let target = Capacity::escrow(0);
		let gift = AssetsCall::<Test, _>::transfer { id, target, amount };
		assert_ok!(dispatch(BOB, gift));
		// Who paid a deposit for an account may burn what is in it.
		assert_ok!(Balances::force_set_balance(
			RuntimeOrigin::root(),
			CAROL,
			1_000_000
		));
		assert_ok!(dispatch(
			CAROL,
			AssetsCall::<Test, _>::touch { id: VOUCHERS }
		));
		assert_ok!(send(ALICE, CAROL, 0, GCU));
		let (id, allow_burn) = (VOUCHERS, true);
		assert_ok!(dispatch(
			CAROL,
			AssetsCall::<Test, _>::refund { id, allow_burn }
		));
		assert_eq!(Capacity::surplus(0).unwrap(), 500 + PRICE);
		let pot = CreditPot::get();
		assert_ok!(refund(ALICE, 0, GCU));
		assert_eq!(CreditPot::get() - pot, 500 + PRICE);
		assert_eq!(Capacity::surplus(0).unwrap(), 0);
	});
}

#[test]
fn oldest_class_should_close_when_there_are_too_many() {
	build_and_execute(|| {
		for _ in 0..MAX_CLASSES {
			assert_ok!(buy(ALICE, 10 * GCU));
			post(Governed::get() + 1_000);
		}
		events();
		assert_ok!(buy(ALICE, 10 * GCU));
		assert!(events().contains(&Event::ClassClosed { class: 0 }));
		assert_eq!(Capacity::open_classes().len(), MAX_CLASSES as usize);
		assert_eq!(Capacity::vouchers(&ALICE)[0].class, 1);
		// Its vouchers pay for no job, but keep their worth.
		assert_eq!(Capacity::class(0).unwrap().held, 1_000_000);
		assert_ok!(refund(ALICE, 0, 10 * GCU));
		assert_eq!(Capacity::class(0).unwrap().held, 0);
	});
}

#[test]
fn empty_class_should_close_before_an_older_one() {
	build_and_execute(|| {
		for _ in 0..MAX_CLASSES {
			assert_ok!(buy(ALICE, 10 * GCU));
			post(Governed::get() + 1_000);
		}
		assert_ok!(refund(ALICE, 5, 10 * GCU));
		events();
		assert_ok!(buy(ALICE, 10 * GCU));
		assert!(events().contains(&Event::ClassClosed { class: 5 }));
		assert_eq!(Capacity::vouchers(&ALICE)[0].class, 0);
	});
}

#[test]
fn client_should_see_prices_and_classes() {
	build_and_execute(|| {
		let quote = Capacity::quote_purchase(&ALICE, 10 * GCU + 1);
		assert_eq!((quote.worth, quote.premium), (1_000_001, 30_001));
		assert_eq!(quote.cost, 1_030_002);
		assert_ok!(buy(ALICE, 10 * GCU + 1));
		assert_eq!(usdc(ALICE), ENDOWMENT - quote.cost);
		reserve(ALICE, GCU);
		let class = Capacity::class(0).unwrap();
		assert_eq!(Capacity::open_classes().first(), Some(&class));
		assert_eq!((class.asset, class.price), (VOUCHERS, PRICE));
		assert_eq!(class.outstanding, 10 * u128::from(GCU) + 1);
		assert_eq!(class.reserved, u128::from(GCU));
		assert_eq!(class.held, 1_000_001);
		assert_eq!(Capacity::class(1), None);
		let status = Capacity::price_status();
		let premiums = (status.premium, status.least_premium);
		assert_eq!(status.price, PRICE);
		assert_eq!(premiums, (Premium::get(), LeastPremium::get()));
	});
}
