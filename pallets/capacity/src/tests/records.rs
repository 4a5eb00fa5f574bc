use frame_support::dispatch::Pays;

use super::*;
use crate::Records;

/// CU of each job.
const JOB: Cu = GCU / 1_000;

/// ALICE with vouchers for 10,000 jobs.
fn with_sponsor(test: impl FnOnce()) {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 10 * GCU));
		test();
	});
}

/// So many jobs of `who` are served.
fn serve(who: AccountId, jobs: u32) {
	for _ in 0..jobs {
		let job = reserve(who, JOB);
		assert_ok!(Capacity::charge(&who, &job, JOB, &WORKER));
	}
}

/// Nobody can answer a job of `who`.
fn refuse(who: AccountId) {
	let job = reserve(who, JOB);
	assert_ok!(Capacity::refuse(&who, &job));
}

/// Micro-USDC that `who` pays on top of a USDC.
fn premium(who: AccountId) -> Usdc {
	let quote = Capacity::quote_purchase(&who, 10 * GCU);
	assert_eq!(quote.worth, USDC);
	quote.premium
}

#[test]
fn premium_should_fall_from_a_newcomers_to_the_least_with_each_job_served() {
	with_sponsor(|| {
		assert_eq!((premium(ALICE), premium(BOB)), (30_000, 30_000));
		serve(ALICE, 1);
		assert_eq!(premium(ALICE), 29_375);
		serve(ALICE, 15);
		assert_eq!(premium(ALICE), 23_561);
		serve(ALICE, 154);
		assert_eq!((premium(ALICE), premium(BOB)), (20_000, 30_000));
		let (before, pot) = (usdc(ALICE), CreditPot::get());
		events();
		assert_ok!(buy(ALICE, 10 * GCU));
		let bought = Event::Bought {
			who: ALICE,
			class: 0,
			cu: 10 * GCU,
			cost: 1_020_000,
			premium: 20_000,
		};
		assert_eq!(events(), [bought]);
		assert_eq!(before - usdc(ALICE), 1_020_000);
		assert_eq!(CreditPot::get() - pot, 20_000);
	});
}

#[test]
fn premium_should_rise_when_the_requester_is_to_blame_and_not_else() {
	with_sponsor(|| {
		serve(ALICE, 170);
		let withdrawn = reserve(ALICE, JOB);
		assert_ok!(Capacity::forfeit(&ALICE, &withdrawn, JOB));
		assert_eq!(premium(ALICE), 21_250);
		let left = vouchers(ALICE, 0);
		refuse(ALICE);
		assert_eq!((premium(ALICE), vouchers(ALICE, 0)), (22_422, left));
		let failed = reserve(ALICE, JOB);
		assert_ok!(Capacity::release(&ALICE, &failed));
		assert_eq!(premium(ALICE), 22_422);
	});
}

#[test]
fn bad_record_should_cost_as_much_as_none() {
	with_sponsor(|| {
		(0..20).for_each(|_| refuse(ALICE));
		assert!(Capacity::reputation(&ALICE) < Permill::from_percent(15));
		assert_eq!(premium(ALICE), 30_000);
		serve(ALICE, 5);
		assert_eq!(premium(ALICE), 30_000);
	});
}

#[test]
fn premium_should_be_rounded_against_the_buyer() {
	with_sponsor(|| {
		serve(ALICE, 2);
		// 28,789.06 of a million.
		assert_eq!(premium(ALICE), 28_790);
		let quote = Capacity::quote_purchase(&ALICE, 1);
		assert_eq!((quote.worth, quote.premium), (1, 1));
	});
}

#[test]
fn least_premium_should_not_be_above_the_premium() {
	with_sponsor(|| {
		serve(ALICE, 170);
		LeastPremium::set(&Permill::from_percent(5));
		assert_eq!(premium(ALICE), 30_000);
	});
}

#[test]
fn record_should_be_the_sponsors_who_pays() {
	with_sponsor(|| {
		assert_ok!(allow(ALICE, BOB, GCU));
		serve(BOB, 16);
		assert_eq!((premium(ALICE), premium(BOB)), (23_561, 30_000));
	});
}

#[test]
fn record_should_count_for_its_period_after_the_last_job() {
	with_sponsor(|| {
		serve(ALICE, 15);
		pass(WEEK - 1);
		serve(ALICE, 1);
		pass(WEEK - 1);
		assert_eq!(premium(ALICE), 23_561);
		pass(1);
		assert_eq!(premium(ALICE), 30_000);
		serve(ALICE, 1);
		assert_eq!(premium(ALICE), 29_375);
	});
}

#[test]
fn record_should_be_for_anyone_to_remove_when_it_does_not_count() {
	with_sponsor(|| {
		assert_noop!(reap(BOB, ALICE), Error::<Test>::NothingToReap);
		serve(ALICE, 16);
		assert_noop!(reap(BOB, ALICE), Error::<Test>::NothingToReap);
		pass(WEEK);
		events();
		let post = Capacity::reap_record(RuntimeOrigin::signed(BOB), ALICE).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		assert_eq!(events(), [Event::RecordReaped { who: ALICE }]);
		assert!(!Records::<Test>::contains_key(ALICE));
		assert_eq!(premium(ALICE), 30_000);
		assert_noop!(reap(BOB, ALICE), Error::<Test>::NothingToReap);
	});
}
