use frame_support::traits::fungibles::Inspect as _;
use one_primitives::{
	capacity::Bookings as _,
	models::ModelId,
	workers::{SlotUse, Workers as _},
};
use sp_runtime::{DispatchError, DispatchResult};

use super::*;
use crate::{bookings::MAX_CLOSED, Booking, BookingOf, Bookings, ThroughputQuote, MAX_BOOKINGS};
use frame_support::weights::Weight;

/// Workers with a slot each.
const WORKERS: [AccountId; 8] = [101, 102, 103, 104, 105, 106, 107, 108];
/// Milliseconds of protocol time.
const HOUR: u64 = 60 * MINUTE;
/// CU for two slots that are idle for an hour, at a fifth of their rate.
const STANDBY: Cu = 2 * 60 * RATE / 5;
/// CU in a minute that two slots serve with some to spare.
const THROUGHPUT: Cu = RATE * 3 / 2;

fn book(who: AccountId, cu_per_minute: Cu, period: u64) -> DispatchResult {
	let (model, max_standby) = (MODEL, Cu::MAX);
	let call = crate::Call::reserve_throughput {
		model,
		cu_per_minute,
		period,
		max_standby,
	};
	dispatch(who, call)
}

fn release(who: AccountId, booking: u32) -> DispatchResult {
	dispatch(who, crate::Call::release_throughput { booking })
}

fn booking(id: u32) -> Booking<AccountId> {
	Bookings::<Test>::get(id).unwrap()
}

fn bound(id: u32) -> Vec<AccountId> {
	booking(id).slots.iter().map(|slot| slot.worker).collect()
}

fn matured(worker: AccountId) -> Usdc {
	Matured::get().get(&worker).copied().unwrap_or_default()
}

/// A job of `who` for the model, under its booking if that takes it.
fn submit(who: AccountId, cu: Cu) -> Reservation<AccountId> {
	let mut job = reserve(who, cu);
	Capacity::book(&mut job, &MODEL);
	job
}

/// ALICE with vouchers for 100 x 10^9 CU, eight workers with a slot each, two of them bound to her for
/// an hour.
fn with_booking(test: impl FnOnce()) {
	build_and_execute(|| {
		with_slots(&WORKERS);
		assert_ok!(buy(ALICE, 100 * GCU));
		assert_ok!(book(ALICE, THROUGHPUT, HOUR));
		test();
	});
}

#[test]
fn reserve_should_bind_slots_for_the_rate_and_some_to_spare() {
	with_booking(|| {
		assert_eq!(booking(0).wanted, 2);
		assert_eq!(FreeSlots::get().len(), 6);
		assert_eq!(vouchers(ALICE, 0), 100 * GCU - STANDBY);
		let reserved = Event::ThroughputReserved {
			sponsor: ALICE,
			booking: 0,
			model: MODEL,
			cu_per_minute: THROUGHPUT,
			ends: Now::get() + HOUR,
			standby: STANDBY,
		};
		let workers = bound(0);
		let slot = |worker| Event::SlotBound { booking: 0, worker };
		let events = events();
		assert_eq!(
			events[events.len() - 3..],
			[slot(workers[0]), slot(workers[1]), reserved]
		);
		assert_eq!(Capacity::bookings(&ALICE), [(0, booking(0))]);
		assert_eq!(Capacity::bookings(&BOB), []);
	});
}

#[test]
fn reserve_should_bind_one_more_slot_when_the_rate_leaves_nothing_to_spare() {
	build_and_execute(|| {
		with_slots(&WORKERS);
		assert_ok!(buy(ALICE, 100 * GCU));
		let quote = Capacity::quote_throughput(ALICE, MODEL, 2 * RATE, HOUR);
		let (slots, standby) = (3, STANDBY * 3 / 2);
		assert_eq!(quote, Ok(ThroughputQuote { slots, standby }));
		// Asking changes nothing.
		assert_eq!(FreeSlots::get().len(), 8);
		assert_ok!(book(ALICE, 2 * RATE, HOUR));
		assert_eq!((booking(0).wanted, booking(0).lots[0].cu), (slots, standby));
	});
}

#[test]
fn idle_slots_should_be_paid_standby_when_the_booking_ends() {
	with_booking(|| {
		let workers = bound(0);
		pass(HOUR);
		// 20 % of what 0.3 x 10^9 CU a minute earn in an hour.
		let earned = 60 * PRICE * 3 / 10 / 5;
		for worker in workers {
			assert_eq!(matured(worker), earned);
		}
		assert_eq!(FreeSlots::get().len(), 8);
		assert_eq!(vouchers(ALICE, 0), 100 * GCU - STANDBY);
		assert_eq!(Capacity::outstanding(0), u128::from(100 * GCU - STANDBY));
		let released = Event::ThroughputReleased {
			sponsor: ALICE,
			booking: 0,
			cu: 0,
		};
		assert_eq!(events().last(), Some(&released));
		assert!(Bookings::<Test>::iter().next().is_none());
	});
}

#[test]
fn sponsors_jobs_should_have_the_bound_slots_and_pay_no_standby_for_them() {
	with_booking(|| {
		let workers = bound(0);
		pass(HOUR / 4);
		let job = submit(ALICE, GCU);
		assert_eq!((job.payer, job.booking), (ALICE, Some(0)));
		let worker = Capacity::take_slot(0, 7).unwrap();
		assert_eq!(worker, workers[0]);
		pass(HOUR / 4);
		assert_ok!(Capacity::charge(&ALICE, &job, GCU, &worker), PRICE);
		Capacity::return_slot(0, &worker, SlotUse::Served);
		assert_eq!(SlotUses::get(), [(worker, SlotUse::Served)]);
		assert_eq!(bound(0), workers);
		pass(HOUR / 2);
		let full = 60 * PRICE * 3 / 10 / 5;
		assert_eq!(
			(matured(workers[0]), matured(workers[1])),
			(full * 3 / 4, full)
		);
		assert_eq!(vouchers(ALICE, 0), 99 * GCU - STANDBY * 7 / 8);
	});
}

#[test]
fn slots_should_be_bound_for_what_their_workers_have_shown() {
	build_and_execute(|| {
		with_slots(&WORKERS);
		assert_ok!(buy(ALICE, 100 * GCU));
		for worker in WORKERS {
			MockWorkers::note_rate(&worker, &MODEL, RATE / 2, 0);
		}
		assert_ok!(book(ALICE, THROUGHPUT, HOUR));
		let rates: Vec<Cu> = booking(0).slots.iter().map(|slot| slot.rate).collect();
		assert_eq!(rates, [RATE / 2; 4]);
		// Nobody is counted on for more than what every worker is.
		for worker in WORKERS {
			MockWorkers::note_rate(&worker, &MODEL, RATE * 2, 0);
		}
		assert_ok!(buy(BOB, 100 * GCU));
		AllSlots::set(&100);
		assert_ok!(book(BOB, RATE / 2, HOUR));
		assert_eq!(booking(1).slots[0].rate, RATE);
	});
}

#[test]
fn standby_that_a_slow_worker_did_not_deliver_should_come_back() {
	with_booking(|| {
		let workers = bound(0);
		MockWorkers::note_rate(&workers[0], &MODEL, RATE / 4, 0);
		pass(HOUR);
		let full = 60 * PRICE * 3 / 10 / 5;
		let paid = (matured(workers[0]), matured(workers[1]));
		assert_eq!(paid, (full / 4, full));
		assert_eq!(vouchers(ALICE, 0), 100 * GCU - STANDBY * 5 / 8);
	});
}

#[test]
fn worker_that_fails_should_lose_its_slot_and_its_standby_and_be_replaced() {
	with_booking(|| {
		let workers = bound(0);
		let job = submit(ALICE, GCU);
		pass(HOUR / 2);
		let late = Capacity::take_slot(0, 7).unwrap();
		Capacity::return_slot(0, &late, SlotUse::Late);
		assert_eq!(SlotUses::get(), [(late, SlotUse::Late)]);
		let (booking, worker) = (0, late);
		assert_eq!(events().last(), Some(&Event::SlotLost { booking, worker }));
		assert_eq!(bound(0), [workers[1]]);
		// The next attempt has the other slot; a third one gets a new slot.
		assert_eq!(Capacity::take_slot(0, 0), Some(workers[1]));
		let new = Capacity::take_slot(0, 0).unwrap();
		assert!(!workers.contains(&new));
		Capacity::return_slot(0, &new, SlotUse::Unused);
		Capacity::return_slot(0, &workers[1], SlotUse::Served);
		assert_ok!(Capacity::release(&ALICE, &job));
		pass(HOUR / 2);
		let full = 60 * PRICE * 3 / 10 / 5;
		assert_eq!(matured(late), 0);
		assert_eq!((matured(workers[1]), matured(new)), (full, full / 2));
		// What the late one was not there for comes back.
		assert_eq!(vouchers(ALICE, 0), 100 * GCU - STANDBY * 3 / 4);
	});
}

#[test]
fn worker_that_is_not_there_should_lose_its_slot_without_blame_and_be_paid_nothing() {
	with_booking(|| {
		let workers = bound(0);
		Away::set(&workers);
		let replacement = Capacity::take_slot(0, 0).unwrap();
		assert!(!workers.contains(&replacement));
		let unused = |worker| (worker, SlotUse::Unused);
		assert_eq!(SlotUses::get(), [unused(workers[0]), unused(workers[1])]);
		Capacity::return_slot(0, &replacement, SlotUse::Unused);
		Away::set(&vec![replacement]);
		pass(HOUR);
		assert_eq!(Matured::get().len(), 0);
		assert_eq!(vouchers(ALICE, 0), 100 * GCU);
		assert_eq!(FreeSlots::get().len(), 8);
	});
}

#[test]
fn slots_of_absent_workers_should_be_replaced_though_no_job_comes() {
	with_booking(|| {
		let workers = bound(0);
		pass(HOUR / 2);
		Away::set(&vec![workers[0]]);
		next_block();
		let [kept, new] = bound(0)[..] else {
			panic!("two slots");
		};
		assert_eq!(kept, workers[1]);
		assert!(!workers.contains(&new));
		Away::set(&vec![]);
		pass(HOUR / 2);
		let full = 60 * PRICE * 3 / 10 / 5;
		assert_eq!(matured(workers[0]), 0);
		assert_eq!((matured(kept), matured(new)), (full, full / 2));
		assert_eq!(vouchers(ALICE, 0), 100 * GCU - STANDBY * 3 / 4);
	});
}

#[test]
fn sponsor_should_be_covered_until_its_booking_is_full() {
	with_booking(|| {
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		for _ in 0..4 {
			assert!(Capacity::is_covered(&BOB, &MODEL, GCU));
			assert_eq!(submit(BOB, GCU).booking, Some(0));
		}
		for who in [ALICE, BOB, CAROL] {
			assert!(!Capacity::is_covered(&who, &MODEL, GCU));
		}
	});
}

#[test]
fn booking_should_cover_no_more_than_its_slots_can_take() {
	with_booking(|| {
		let jobs: Vec<_> = (0..5).map(|_| submit(ALICE, GCU)).collect();
		let covered = jobs.iter().filter(|job| job.booking.is_some()).count();
		assert_eq!(covered, 4);
		assert_ok!(Capacity::release(&ALICE, &jobs[0]));
		assert_eq!(submit(ALICE, GCU).booking, Some(0));
		assert_eq!(submit(ALICE, GCU).booking, None);
	});
}

#[test]
fn booking_should_cover_sponsored_accounts_and_its_model_alone() {
	with_booking(|| {
		assert_ok!(allow(ALICE, BOB, 10 * GCU));
		assert_ok!(buy(CAROL, 10 * GCU));
		assert_eq!(submit(BOB, GCU).booking, Some(0));
		assert_eq!(submit(CAROL, GCU).booking, None);
		let mut job = reserve(ALICE, GCU);
		assert_eq!(Capacity::book(&mut job, &ModelId::zero()), None);
		pass(HOUR);
		assert_eq!(submit(ALICE, GCU).booking, None);
	});
}

#[test]
fn booking_should_be_over_when_its_last_job_is_done() {
	with_booking(|| {
		let (job, worker) = (submit(ALICE, GCU), Capacity::take_slot(0, 0).unwrap());
		pass(2 * HOUR);
		assert_ok!(Capacity::charge(&ALICE, &job, GCU, &worker));
		next_block();
		assert!(Bookings::<Test>::contains_key(0), "its slot has a job");
		Capacity::return_slot(0, &worker, SlotUse::Served);
		next_block();
		assert!(!Bookings::<Test>::contains_key(0));
		// Nothing for the time after the end.
		let full = 60 * PRICE * 3 / 10 / 5;
		assert_eq!(Matured::get().values().sum::<Usdc>(), full);
	});
}

#[test]
fn release_should_end_a_booking_in_a_minute_and_give_back_what_is_not_owed() {
	with_booking(|| {
		pass(HOUR / 4);
		assert_noop!(release(BOB, 0), Error::<Test>::UnknownBooking);
		assert_noop!(release(ALICE, 1), Error::<Test>::UnknownBooking);
		assert_ok!(release(ALICE, 0));
		assert_noop!(release(ALICE, 0), Error::<Test>::UnknownBooking);
		let job = submit(ALICE, GCU);
		assert_eq!(job.booking, Some(0));
		assert_ok!(Capacity::release(&ALICE, &job));
		pass(MINUTE);
		assert_eq!(submit(ALICE, GCU).booking, None);
		assert_eq!(FreeSlots::get().len(), 8);
		// A quarter of an hour and a minute.
		assert_eq!(vouchers(ALICE, 0), 99 * GCU - STANDBY * 16 / 60);
		assert_ok!(book(ALICE, RATE / 2, HOUR));
	});
}

#[test]
fn reserve_should_be_refused_with_its_reason() {
	with_booking(|| {
		let call = |model, cu_per_minute, period, max_standby| {
			let call = crate::Call::reserve_throughput {
				model,
				cu_per_minute,
				period,
				max_standby,
			};
			dispatch(BOB, call)
		};
		assert_noop!(call(MODEL, 0, HOUR, 1), Error::<Test>::ZeroAmount);
		for period in [0, MINUTE - 1, 24 * HOUR + 1] {
			let unfit = call(MODEL, 1, period, 1);
			assert_noop!(unfit, Error::<Test>::PeriodOutOfBounds);
		}
		let unknown = call(ModelId::zero(), 1, HOUR, 1);
		assert_noop!(unknown, Error::<Test>::UnknownModel);
		Canary::set(&Some(sp_runtime::Permill::one()));
		let on_trial = call(MODEL, RATE / 2, HOUR, STANDBY);
		assert_noop!(on_trial, Error::<Test>::UnknownModel);
		Canary::set(&None);
		assert_noop!(
			call(MODEL, RATE / 2, HOUR, 1),
			Error::<Test>::CostAboveLimit
		);
		assert_noop!(
			call(MODEL, RATE / 2, HOUR, STANDBY),
			Error::<Test>::NoVouchers
		);
		assert_noop!(book(ALICE, 1, HOUR), Error::<Test>::AlreadyReserved);
		assert_ok!(buy(BOB, 100 * GCU));
		// Half of eight slots may be bound, and two are.
		let too_much = book(BOB, 2 * RATE, HOUR);
		assert_noop!(too_much, Error::<Test>::ThroughputUnavailable);
		assert_ok!(book(BOB, THROUGHPUT, HOUR));
		assert_eq!(FreeSlots::get().len(), 4);
	});
}

#[test]
fn bookings_should_be_few() {
	build_and_execute(|| {
		with_slots(&(1_000..1_200).collect::<Vec<_>>());
		assert_ok!(buy(ALICE, 1_000 * GCU));
		let users: Vec<AccountId> = (2_000..2_000 + u128::from(MAX_BOOKINGS)).collect();
		for who in &users {
			assert_ok!(send(ALICE, *who, 0, 10 * GCU));
			assert_ok!(book(*who, RATE / 2, HOUR));
		}
		let one_more = book(ALICE, RATE / 2, HOUR);
		assert_noop!(one_more, Error::<Test>::TooManyBookings);
		pass(HOUR);
		assert_eq!(open_bookings(), MAX_BOOKINGS as usize - MAX_CLOSED);
		assert_ok!(book(ALICE, RATE / 2, HOUR));
	});
}

fn open_bookings() -> usize {
	assert_eq!(
		BookingOf::<Test>::iter().count(),
		Bookings::<Test>::iter().count()
	);
	Bookings::<Test>::iter().count()
}

/// As many sponsors with a slot each as there may be, each with 10 x 10^9 CU at first. Those of the second half end first.
fn with_all_booked(test: impl FnOnce(Vec<AccountId>)) {
	build_and_execute(|| {
		with_slots(&(1_000..1_200).collect::<Vec<_>>());
		assert_ok!(buy(ALICE, 1_000 * GCU));
		let sponsors: Vec<AccountId> = (2_000..2_000 + u128::from(MAX_BOOKINGS)).collect();
		for who in &sponsors {
			assert_ok!(send(ALICE, *who, 0, 10 * GCU));
			assert_ok!(book(*who, RATE / 2, period_of(*who)));
		}
		test(sponsors);
	});
}

fn period_of(sponsor: AccountId) -> u64 {
	match sponsor < 2_000 + u128::from(MAX_BOOKINGS / 2) {
		true => 2 * HOUR,
		false => HOUR,
	}
}

/// CU of a slot that is idle for so long.
fn idle(period: u64) -> Cu {
	RATE * period / MINUTE / 5
}

/// What a block may take for bookings: those it closes, a look at the others, and one that it tends.
fn bound_of_a_block() -> Weight {
	use crate::WeightInfo;
	let looks = <() as WeightInfo>::read_booking() * (1 + u64::from(MAX_BOOKINGS));
	let closes = <() as WeightInfo>::end_booking() * MAX_CLOSED as u64;
	<() as WeightInfo>::post_price() + looks + closes + <() as WeightInfo>::tend_booking()
}

#[test]
fn bookings_that_end_together_should_be_closed_a_few_in_a_block_the_oldest_first() {
	with_all_booked(|sponsors| {
		let slots: Vec<_> = (0..MAX_BOOKINGS).flat_map(bound).collect();
		// Two of the workers are not there any more.
		Away::set(&vec![slots[0], slots[63]]);
		Now::set(&(Now::get() + 3 * HOUR));
		let mut left = MAX_BOOKINGS as usize;
		while left > 0 {
			let used = next_block_with(Weight::MAX);
			assert!(used.all_lte(bound_of_a_block()), "{used:?}");
			left -= MAX_CLOSED;
			assert_eq!(open_bookings(), left);
			let of_first_half = Bookings::<Test>::iter_keys().filter(|id| *id < MAX_BOOKINGS / 2);
			assert_eq!(of_first_half.count(), left.min(MAX_BOOKINGS as usize / 2));
			check_world();
		}
		for (who, worker) in sponsors.iter().zip(&slots) {
			let spent = match Away::get().contains(worker) {
				true => 0,
				false => idle(period_of(*who)),
			};
			assert_eq!(vouchers(*who, 0), 10 * GCU - spent, "{who}");
			assert_eq!(
				matured(*worker),
				Usdc::from(spent) * PRICE / u128::from(GCU)
			);
		}
		assert_eq!(FreeSlots::get().len(), 200);
	});
}

#[test]
fn bookings_should_wait_for_weight_and_none_be_lost() {
	with_all_booked(|_| {
		Now::set(&(Now::get() + 3 * HOUR));
		let one = bound_of_a_block() - <() as crate::WeightInfo>::end_booking() * 3;
		let none = <() as crate::WeightInfo>::post_price();
		next_block_with(none);
		assert_eq!(open_bookings(), MAX_BOOKINGS as usize);
		for _ in 0..MAX_BOOKINGS {
			assert!(next_block_with(one).all_lte(one));
		}
		assert_eq!((open_bookings(), FreeSlots::get().len()), (0, 200));
	});
}

#[test]
fn booking_that_is_over_should_keep_nobody_from_reserving_before_it_is_closed() {
	with_booking(|| {
		let workers = bound(0);
		assert_ok!(buy(BOB, 100 * GCU));
		let too_much = book(BOB, 3 * RATE, HOUR);
		assert_noop!(too_much, Error::<Test>::ThroughputUnavailable);
		// No block closes it.
		Now::set(&(Now::get() + HOUR));
		assert_ok!(book(BOB, 3 * RATE, HOUR));
		assert_eq!((booking(1).wanted, bound(0)), (4, workers.clone()));
		assert_eq!(submit(ALICE, GCU).booking, None);
		Capacity::quote_throughput(ALICE, MODEL, RATE / 2, HOUR).unwrap_err();

		assert_ok!(release(BOB, 1));
		pass(MINUTE);
		assert!(Bookings::<Test>::iter().next().is_none());
		let full = 60 * PRICE * 3 / 10 / 5;
		for worker in workers {
			assert_eq!(matured(worker), full);
		}
	});
}

#[test]
fn reserve_should_close_the_last_booking_of_the_same_when_that_is_over() {
	with_booking(|| {
		let workers = bound(0);
		Now::set(&(Now::get() + HOUR));
		assert_ok!(book(ALICE, THROUGHPUT, HOUR));
		let full = 60 * PRICE * 3 / 10 / 5;
		for worker in workers {
			assert_eq!(matured(worker), full);
		}
		assert_eq!(BookingOf::<Test>::get(ALICE, MODEL), Some(1));
		assert_eq!((open_bookings(), FreeSlots::get().len()), (1, 6));
		assert_eq!(vouchers(ALICE, 0), 100 * GCU - 2 * STANDBY);

		// Not while it has a job.
		let job = submit(ALICE, GCU);
		pass(HOUR);
		assert_noop!(
			book(ALICE, THROUGHPUT, HOUR),
			Error::<Test>::AlreadyReserved
		);
		assert_ok!(Capacity::release(&ALICE, &job));
		assert_ok!(book(ALICE, THROUGHPUT, HOUR));
	});
}

#[test]
fn books_that_refuse_should_leave_the_vouchers_to_the_sponsor() {
	with_booking(|| {
		// The issuer of USDC has frozen the account of the class.
		let (id, who) = (USDC_ID, Capacity::escrow(0));
		let freeze = pallet_assets::Call::<Test, _>::freeze { id, who };
		assert_ok!(dispatch(ALICE, freeze));
		pass(HOUR);
		let unpaid = |event: &Event<Test>| matches!(event, Event::StandbyUnpaid { .. });
		assert_eq!(events().iter().filter(|event| unpaid(event)).count(), 2);
		assert_eq!(vouchers(ALICE, 0), 100 * GCU);
		assert_eq!(Assets::total_issuance(VOUCHERS), u128::from(100 * GCU));
		let thaw = pallet_assets::Call::<Test, _>::thaw { id, who };
		assert_ok!(dispatch(ALICE, thaw));
		assert_noop!(
			dispatch(BOB, crate::Call::release_throughput { booking: 0 }),
			DispatchError::from(Error::<Test>::UnknownBooking)
		);
	});
}
