use super::*;
use crate::{AllowanceCount, Allowances, Sponsors};

fn allowance(who: AccountId) -> Option<Allowance> {
	Allowances::<Test>::get(ALICE, who)
}

/// ALICE with vouchers for 100 x 10^9 CU.
fn with_sponsor(test: impl FnOnce()) {
	build_and_execute(|| {
		assert_ok!(buy(ALICE, 100 * GCU));
		test();
	});
}

#[test]
fn sponsored_account_should_draw_on_its_sponsor_within_its_cap() {
	with_sponsor(|| {
		events();
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		let allowed = Event::AccountAllowed {
			sponsor: ALICE,
			who: BOB,
			cap: 10 * GCU,
		};
		assert_eq!(events(), [allowed]);
		assert_eq!(Capacity::available(&BOB), 10 * GCU);
		let job = reserve(BOB, 6 * GCU);
		assert_eq!(job.payer, ALICE);
		assert_eq!(vouchers(ALICE, 0), 94 * GCU);
		let reserved = Event::Reserved {
			who: BOB,
			payer: ALICE,
			cu: 6 * GCU,
		};
		assert_eq!(events(), [reserved]);
		let refusal = Refusal::NoVouchers {
			needed: 5 * GCU,
			available: 4 * GCU,
		};
		assert_eq!(Capacity::check(&BOB, 0, 5 * GCU), Err(refusal));
		assert_ok!(Capacity::charge(&BOB, &job, GCU, &WORKER));
		assert_eq!(vouchers(ALICE, 0), 99 * GCU);
		assert_eq!(Capacity::available(&BOB), 9 * GCU);
	});
}

#[test]
fn sponsored_account_should_draw_on_its_own_vouchers_when_its_sponsors_do_not_do() {
	with_sponsor(|| {
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		assert_ok!(buy(BOB, 50 * GCU));
		assert_eq!(reserve(BOB, 8 * GCU).payer, ALICE);
		assert_eq!(reserve(BOB, 8 * GCU).payer, BOB);
		assert_eq!(Capacity::available(&BOB), 42 * GCU);
		assert_ok!(refund(ALICE, 0, 92 * GCU));
		assert_eq!(reserve(BOB, GCU).payer, BOB);
		let spendable = Capacity::spendable(&BOB);
		assert_eq!(spendable.available, 41 * GCU);
		let own = Lot {
			class: 0,
			cu: 41 * GCU,
		};
		assert_eq!(spendable.own, [own]);
		let sponsorship = spendable.sponsor.unwrap();
		assert_eq!((sponsorship.sponsor, sponsorship.available), (ALICE, 0));
		assert_eq!(sponsorship.allowance.left(), 2 * GCU);
	});
}

#[test]
fn allow_should_count_from_zero_again_and_include_open_jobs() {
	with_sponsor(|| {
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		let (first, second) = (reserve(BOB, 4 * GCU), reserve(BOB, 4 * GCU));
		assert_ok!(Capacity::charge(&BOB, &first, 3 * GCU, &WORKER));
		let expected = Allowance {
			cap: 10 * GCU,
			spent: 3 * GCU,
			reserved: 4 * GCU,
		};
		assert_eq!(allowance(BOB), Some(expected));
		assert_ok!(allow(ALICE, BOB, 5 * GCU));
		assert_eq!(Capacity::available(&BOB), GCU);
		assert_ok!(Capacity::release(&BOB, &second));
		assert_eq!(Capacity::available(&BOB), 5 * GCU);
		assert_eq!(AllowanceCount::<Test>::get(ALICE), 1);
	});
}

#[test]
fn disallow_should_let_open_jobs_go_on_and_no_new_ones() {
	with_sponsor(|| {
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		let job = reserve(BOB, 4 * GCU);
		events();
		assert_ok!(disallow(ALICE, BOB));
		let disallowed = Event::AccountDisallowed {
			sponsor: ALICE,
			who: BOB,
		};
		assert_eq!(events(), [disallowed]);
		assert_noop!(disallow(ALICE, BOB), Error::<Test>::NotAllowed);
		assert_eq!(Capacity::available(&BOB), 0);
		assert_eq!(Sponsors::<Test>::get(BOB), None);
		assert_eq!(AllowanceCount::<Test>::get(ALICE), 1);
		assert_ok!(Capacity::charge(&BOB, &job, GCU, &WORKER));
		assert_eq!(vouchers(ALICE, 0), 99 * GCU);
		assert_eq!(allowance(BOB), None);
		assert!(!AllowanceCount::<Test>::contains_key(ALICE));
	});
}

#[test]
fn cap_should_hold_when_an_account_is_allowed_again_while_its_job_is_open() {
	with_sponsor(|| {
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		let old = reserve(BOB, 6 * GCU);
		assert_ok!(disallow(ALICE, BOB));
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		let new = reserve(BOB, 4 * GCU);
		assert_eq!(Capacity::available(&BOB), 0);
		assert_ok!(Capacity::release(&BOB, &old));
		assert_eq!(Capacity::available(&BOB), 6 * GCU);
		assert_ok!(Capacity::charge(&BOB, &new, 4 * GCU, &WORKER));
		assert_eq!(Capacity::available(&BOB), 6 * GCU);
	});
}

#[test]
fn sponsors_should_not_be_able_to_keep_each_other_out() {
	with_sponsor(|| {
		assert_ok!(allow(CAROL, BOB, 1));
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		assert_eq!(Capacity::available(&BOB), 0);
		events();
		assert_ok!(choose(BOB, Some(ALICE)));
		let chosen = Event::SponsorChosen {
			who: BOB,
			sponsor: Some(ALICE),
		};
		assert_eq!(events(), [chosen]);
		assert_eq!(Capacity::available(&BOB), 10 * GCU);
		assert_ok!(disallow(CAROL, BOB));
		assert_eq!(Sponsors::<Test>::get(BOB), Some(ALICE));
		assert_ok!(choose(BOB, None));
		assert_eq!(Capacity::available(&BOB), 0);
		assert_noop!(choose(BOB, Some(CAROL)), Error::<Test>::NotAllowed);
	});
}

#[test]
fn allow_should_be_refused_with_its_reason() {
	with_sponsor(|| {
		assert_noop!(allow(ALICE, ALICE, 1), Error::<Test>::OwnAccount);
		assert_noop!(allow(ALICE, BOB, 0), Error::<Test>::ZeroAmount);
		for who in 10..13 {
			assert_ok!(allow(ALICE, who, 1));
		}
		assert_noop!(allow(ALICE, 13, 1), Error::<Test>::TooManyAllowances);
		assert_ok!(allow(ALICE, 12, 2));
		assert_noop!(disallow(ALICE, 13), Error::<Test>::NotAllowed);
		assert_ok!(disallow(ALICE, 10));
		assert_ok!(allow(ALICE, 13, 1));
	});
}
