//! Random sequences of all calls and of what jobs do; the invariants hold after each step.

use std::{
	cell::Cell,
	collections::{BTreeMap, BTreeSet},
};

use frame_support::{instances::Instance1, traits::fungibles::Inspect as _};
use one_primitives::{
	capacity::{Bookings as _, ClassId},
	workers::SlotUse,
	ProtocolTime,
};
use proptest::{prelude::*, test_runner::TestRunner};
use sp_runtime::{DispatchResult, StateVersion, TryRuntimeError};

use super::*;
use crate::{
	Allowances, Bookings, Classes, NextClass, OpenClasses, PriceRecord, Records, SponsorRecord,
	Sponsors,
};

const USERS: core::ops::RangeInclusive<AccountId> = ALICE..=CAROL;

/// Thousandths of what there is; some ask for more than that.
type Part = u64;

#[derive(Clone, Debug)]
enum Step {
	Buy(AccountId, Cu),
	Refund(AccountId, ClassId, Part),
	Send(AccountId, AccountId, ClassId, Part),
	Allow(AccountId, AccountId, Cu),
	Disallow(AccountId, AccountId),
	Choose(AccountId, Option<AccountId>),
	Reserve(AccountId, Cu),
	ReserveOfAvailable(AccountId, Part),
	Charge(usize, Part),
	Forfeit(usize, Part),
	Release(usize),
	Refuse(usize),
	Price(Usdc),
	Time(u64),
	Proven(Cu),
	Give(ClassId, Usdc),
	Book(AccountId, Cu, u64),
	End(AccountId, u32),
	Away(u128),
	Reap(AccountId),
}

fn step() -> impl Strategy<Value = Step> {
	let (who, part) = (
		|| USERS,
		|| prop_oneof![0..1_000u64, Just(1_000), 990..1_010u64],
	);
	let (class, job) = (|| 0..20u32, any::<usize>);
	let amount = || prop_oneof![1..20_000u64, 1..40 * GCU];
	prop_oneof![
		6 => (who(), prop_oneof![1..20_000u64, GCU..300 * GCU])
			.prop_map(|(who, cu)| Step::Buy(who, cu)),
		4 => (who(), class(), part()).prop_map(|(who, class, part)| Step::Refund(who, class, part)),
		3 => (who(), who(), class(), part())
			.prop_map(|(from, to, class, part)| Step::Send(from, to, class, part)),
		3 => (who(), who(), amount()).prop_map(|(who, other, cap)| Step::Allow(who, other, cap)),
		1 => (who(), who()).prop_map(|(who, other)| Step::Disallow(who, other)),
		1 => (who(), prop::option::of(who())).prop_map(|(who, other)| Step::Choose(who, other)),
		9 => (who(), amount()).prop_map(|(who, cu)| Step::Reserve(who, cu)),
		6 => (who(), part()).prop_map(|(who, part)| Step::ReserveOfAvailable(who, part)),
		5 => (job(), part()).prop_map(|(job, part)| Step::Charge(job, part)),
		2 => (job(), part()).prop_map(|(job, part)| Step::Forfeit(job, part)),
		2 => job().prop_map(Step::Release),
		1 => job().prop_map(Step::Refuse),
		2 => (1_000..1_000_000u128).prop_map(Step::Price),
		4 => prop_oneof![0..WEEK, Just(WEEK), 0..60 * MINUTE, 0..60 * MINUTE]
			.prop_map(Step::Time),
		1 => (1..2_000 * GCU).prop_map(Step::Proven),
		1 => (class(), 1..20_000u128).prop_map(|(class, amount)| Step::Give(class, amount)),
		3 => (who(), 1..3 * RATE, MINUTE..600 * MINUTE)
			.prop_map(|(who, rate, period)| Step::Book(who, rate, period)),
		1 => (who(), 0..20u32).prop_map(|(who, id)| Step::End(who, id)),
		1 => (100..110u128).prop_map(Step::Away),
		1 => who().prop_map(Step::Reap),
	]
}

/// What the test knows beside the chain.
#[derive(Default)]
struct World {
	/// Owner, money, and the worker of a bound slot.
	jobs: Vec<(AccountId, Reservation<AccountId>, Option<AccountId>)>,
	/// Classes whose escrow strangers gave something.
	given: BTreeSet<ClassId>,
	/// Whose vouchers paid for jobs.
	payers: BTreeSet<AccountId>,
	drawn_twice: usize,
	charged: usize,
	booked: usize,
}

fn part_of(whole: Cu, part: Part) -> Cu {
	Cu::try_from((u128::from(whole) * u128::from(part)).div_ceil(1_000)).unwrap()
}

impl World {
	fn pick(&self, number: usize) -> Option<usize> {
		number.checked_rem(self.jobs.len())
	}

	/// Ends a job in one way or another; it stays if the books refuse.
	fn end(
		&mut self,
		number: usize,
		slot_use: SlotUse,
		end: impl FnOnce(&AccountId, &Reservation<AccountId>) -> DispatchResult,
	) -> DispatchResult {
		let Some(at) = self.pick(number) else {
			return Ok(());
		};
		let (who, job, _) = self.jobs[at].clone();
		end(&who, &job)?;
		self.payers.insert(job.payer);
		if let (
			_,
			Reservation {
				booking: Some(id), ..
			},
			Some(worker),
		) = self.jobs.swap_remove(at)
		{
			Capacity::return_slot(id, &worker, slot_use);
		}
		Ok(())
	}

	fn reserve(&mut self, who: AccountId, cu: Cu) -> DispatchResult {
		let (check, price) = (Capacity::check(&who, 0, cu), Capacity::price(&who, cu));
		assert_eq!(check.is_ok(), cu <= Capacity::available(&who));
		let reserved = Capacity::reserve(&who, 0, cu);
		assert_eq!(reserved.is_ok(), check.is_ok());
		let mut job = reserved?;
		let booking = Capacity::book(&mut job, &MODEL);
		self.booked += usize::from(booking.is_some());
		// At once a slot, if its booking has one.
		let worker = booking.and_then(|id| Capacity::take_slot(id, cu));
		assert_eq!(job.cu(), cu);
		assert!(price <= one_primitives::price::floor(cu.into(), 1_100_000));
		self.drawn_twice += usize::from(job.lots.len() == 2);
		self.jobs.push((who, job, worker));
		Ok(())
	}

	fn take(&mut self, step: Step) -> DispatchResult {
		match step {
			Step::Buy(who, cu) => buy(who, cu),
			Step::Refund(who, class, part) => {
				refund(who, class, part_of(vouchers(who, class), part))
			}
			Step::Send(from, to, class, part) => {
				send(from, to, class, part_of(vouchers(from, class), part))
			}
			Step::Allow(who, other, cap) => allow(who, other, cap),
			Step::Disallow(who, other) => disallow(who, other),
			Step::Choose(who, other) => choose(who, other),
			Step::Reserve(who, cu) => self.reserve(who, cu),
			Step::ReserveOfAvailable(who, part) => {
				self.reserve(who, part_of(Capacity::available(&who), part).max(1))
			}
			Step::Charge(job, part) => {
				self.charged += 1;
				self.end(job, SlotUse::Served, |who, job| {
					let expected = Capacity::charge(who, job, part_of(job.cu(), part), &WORKER);
					expected.map(drop)
				})
			}
			Step::Forfeit(job, part) => self.end(job, SlotUse::Unused, |who, job| {
				Capacity::forfeit(who, job, part_of(job.cu(), part))
			}),
			Step::Release(job) => self.end(job, SlotUse::Late, Capacity::release),
			Step::Refuse(job) => self.end(job, SlotUse::Unused, Capacity::refuse),
			Step::Book(who, cu_per_minute, period) => {
				let (model, max_standby) = (MODEL, Cu::MAX);
				dispatch(
					who,
					crate::Call::reserve_throughput {
						model,
						cu_per_minute,
						period,
						max_standby,
					},
				)
			}
			Step::End(who, booking) => dispatch(who, crate::Call::release_throughput { booking }),
			Step::Away(who) => {
				Away::set(&vec![who]);
				Ok(())
			}
			Step::Reap(who) => {
				let quote = || Capacity::quote_purchase(&who, 10 * GCU);
				let (before, reaped) = (quote(), reap(who, who));
				assert_eq!(quote(), before);
				reaped
			}
			Step::Price(price) => {
				Governed::set(&price);
				Ok(())
			}
			Step::Time(time) => {
				pass(time);
				Ok(())
			}
			Step::Proven(cu) => {
				Proven::set(&cu);
				Ok(())
			}
			Step::Give(class, amount) => {
				let (id, target) = (USDC_ID, Capacity::escrow(class));
				self.given.insert(class);
				dispatch(
					ALICE,
					pallet_assets::Call::<Test, Instance1>::transfer { id, target, amount },
				)
			}
		}
	}

	fn check(&self) {
		check_world();
		self.check_escrow();
		self.check_custody();
		self.check_allowances();
		self.check_slots();
		let mut records = Records::<Test>::iter_keys();
		assert!(records.all(|who| self.payers.contains(&who)));
	}

	/// Escrow is outstanding CU at the class price, rounded up, to the last micro-USDC.
	fn check_escrow(&self) {
		for class in Classes::<Test>::iter_keys() {
			if !self.given.contains(&class) {
				assert_eq!(Capacity::surplus(class).unwrap(), 0, "escrow of {class}");
			}
		}
	}

	fn check_custody(&self) {
		let mut reserved = BTreeMap::<ClassId, Cu>::new();
		let bookings: Vec<_> = Bookings::<Test>::iter_values().collect();
		let of_bookings = bookings.iter().flat_map(|booking| &booking.lots);
		let of_jobs = self.jobs.iter().flat_map(|(_, job, _)| &job.lots);
		for lot in of_jobs.chain(of_bookings) {
			*reserved.entry(lot.class).or_default() += lot.cu;
		}
		for class in Classes::<Test>::iter_keys() {
			let held = vouchers(Capacity::escrow(class), class);
			let owned: Cu = USERS.map(|who| vouchers(who, class)).sum();
			assert_eq!(held, reserved.remove(&class).unwrap_or_default());
			let outstanding = Assets::total_issuance(Capacity::asset(class));
			assert_eq!(u128::from(held + owned), outstanding);
		}
		assert!(reserved.is_empty());
	}

	fn check_allowances(&self) {
		for (sponsor, who, allowance) in Allowances::<Test>::iter() {
			let jobs = self.jobs.iter();
			let of_both = jobs.filter(|(owner, job, _)| (*owner, job.payer) == (who, sponsor));
			let reserved: Cu = of_both.map(|(_, job, _)| job.cu()).sum();
			assert_eq!(allowance.reserved, reserved, "{sponsor} for {who}");
		}
	}

	/// Every slot is free, or bound once; those with a job are the jobs'.
	fn check_slots(&self) {
		let bookings: Vec<_> = Bookings::<Test>::iter().collect();
		let bound: usize = bookings
			.iter()
			.map(|(_, booking)| booking.slots.len())
			.sum();
		assert_eq!(bound + FreeSlots::get().len(), AllSlots::get() as usize);
		for (id, booking) in bookings {
			let of_booking =
				|(_, job, _): &&(_, Reservation<AccountId>, _)| job.booking == Some(id);
			let jobs: Vec<_> = self.jobs.iter().filter(of_booking).collect();
			assert_eq!(booking.open as usize, jobs.len());
			let busy = booking.slots.iter().filter(|slot| slot.busy).count();
			let with_slot = jobs
				.iter()
				.filter(|(_, _, worker)| worker.is_some())
				.count();
			assert_eq!(busy, with_slot);
		}
	}

	/// All jobs and bookings end and all vouchers go back: nothing stays in any escrow.
	fn wind_up(&mut self) {
		while !self.jobs.is_empty() {
			assert_ok!(self.end(0, SlotUse::Unused, Capacity::release));
		}
		pass(WEEK);
		assert_eq!(Bookings::<Test>::iter().count(), 0);
		assert_eq!(FreeSlots::get().len(), AllSlots::get() as usize);
		for who in Records::<Test>::iter_keys().collect::<Vec<_>>() {
			assert_ok!(reap(who, who));
		}
		for class in Classes::<Test>::iter_keys() {
			for who in USERS {
				let cu = vouchers(who, class);
				assert!(cu == 0 || refund(who, class, cu).is_ok());
			}
			assert_eq!(Capacity::outstanding(class), 0);
			assert!(self.given.contains(&class) || Capacity::held(class) == 0);
		}
		let users: Usdc = USERS.map(usdc).sum();
		let escrows: Usdc = (0..20).map(|class| usdc(Capacity::escrow(class))).sum();
		assert_eq!(users + escrows + usdc(BOOKS), 3 * ENDOWMENT + MIN_USDC);
	}
}

/// No step of the price is too large or too early.
fn check_price(last: &mut PriceRecord) {
	let posted = crate::Price::<Test>::get().unwrap();
	if posted != *last {
		assert!(posted.price.abs_diff(last.price) * 10 <= last.price);
		assert!(posted.since >= last.since + WEEK);
		*last = posted;
	}
}

fn run(steps: Vec<Step>) -> World {
	let mut world = World::default();
	new_world().execute_with(|| {
		with_slots(&(100..116).collect::<Vec<_>>());
		let mut price = crate::Price::<Test>::get().unwrap();
		for step in steps {
			let root = sp_io::storage::root(StateVersion::V1);
			if world.take(step).is_err() {
				assert_eq!(root, sp_io::storage::root(StateVersion::V1));
			}
			world.check();
			check_price(&mut price);
		}
		world.wind_up();
		check_world();
	});
	world
}

#[test]
fn invariants_should_hold_after_any_sequence() {
	let (drawn_twice, charged, booked) = (Cell::new(0), Cell::new(0), Cell::new(0));
	let mut runner = TestRunner::new(ProptestConfig::with_cases(150));
	let steps = prop::collection::vec(step(), 1..120);
	runner
		.run(&steps, |steps| {
			let world = run(steps);
			drawn_twice.set(drawn_twice.get() + world.drawn_twice);
			charged.set(charged.get() + world.charged);
			booked.set(booked.get() + world.booked);
			Ok(())
		})
		.unwrap();
	// Else the sequences would say little about jobs.
	assert!(
		drawn_twice.get() > 5,
		"{} from two classes",
		drawn_twice.get()
	);
	assert!(charged.get() > 100, "{} charges", charged.get());
	assert!(booked.get() > 50, "{} under a booking", booked.get());
}

#[test]
fn invariants_should_fail_when_the_books_are_wrong() {
	type Damage = fn();
	let damages: [(&str, Damage); 13] = [
		("1", || Classes::<Test>::insert(0, PRICE + 1)),
		("2", || Classes::<Test>::insert(1, PRICE)),
		("3", || OpenClasses::<Test>::kill()),
		("3", || NextClass::<Test>::put(2)),
		("4", || {
			Allowances::<Test>::insert(ALICE, ALICE, Allowance::default())
		}),
		("5", || crate::AllowanceCount::<Test>::insert(ALICE, 2)),
		("5", || crate::AllowanceCount::<Test>::remove(ALICE)),
		("6", || Sponsors::<Test>::insert(CAROL, ALICE)),
		("7", || crate::Ends::<Test>::kill()),
		("7", || crate::BookingOf::<Test>::insert(BOB, MODEL, 0)),
		("8", || crate::BoundSlots::<Test>::insert(MODEL, 3)),
		("9", || {
			Bookings::<Test>::mutate_extant(0, |booking| booking.lots[0].cu += GCU)
		}),
		("10", || {
			let (reputation, until) = (Permill::one(), ProtocolTime::MAX);
			Records::<Test>::insert(ALICE, SponsorRecord { reputation, until })
		}),
	];
	for (invariant, damage) in damages {
		new_world().execute_with(|| {
			assert_ok!(buy(ALICE, 10 * GCU));
			assert_ok!(allow(ALICE, BOB, 1));
			with_slots(&[101, 102]);
			let reserve = crate::Call::reserve_throughput {
				model: MODEL,
				cu_per_minute: RATE / 2,
				period: MINUTE,
				max_standby: GCU,
			};
			assert_ok!(dispatch(ALICE, reserve));
			check_world();
			damage();
			match Capacity::do_try_state() {
				Err(TryRuntimeError::Other(found)) => {
					assert!(found.starts_with(invariant), "{found}")
				}
				other => panic!("{invariant} was not found: {other:?}"),
			}
		});
	}
}
