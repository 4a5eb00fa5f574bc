//! Random sequences of everything that moves money; the invariants hold after each step.

use std::{cell::Cell, collections::BTreeMap};

use one_primitives::{
	settlement::{Earnings as EarningsBook, Inflow, PaidReceipt, Treasury, VoidPay},
	Usdc,
};
use polkadot_sdk::{
	frame_support::{
		storage::with_storage_layer,
		traits::{fungible::Balanced, OnUnbalanced},
	},
	sp_runtime::{DispatchResult, Perbill},
};
use proptest::{prelude::*, test_runner::TestRunner};

use super::statements::{root_of, sum};
use crate::{mock::*, types::Balance, DayPots, Earnings, Event, Flows, Pots};

const WORKERS: core::ops::Range<AccountId> = 10..14;

/// Thousandths of what there is; some ask for more than that.
type Part = Usdc;

#[derive(Clone, Debug)]
enum Step {
	Fee(Balance),
	TradeOne(Part),
	TradeUsdc(Part),
	Donate(Usdc),
	Earmark(u32, Part),
	Release(u32, Part),
	Accrue(u32, AccountId, Part),
	Fund(Usdc),
	Earn(AccountId, Usdc, Usdc),
	Mature(AccountId, Part),
	Void(AccountId),
	Block(AccountId),
	Thaw(AccountId),
	Author(Option<AccountId>),
	Blocks { passed: u64, payees: u64 },
}

fn step() -> impl Strategy<Value = Step> {
	let (day, worker) = (0u32..3, WORKERS);
	let part = prop_oneof![1..100u128, 1..1_050u128];
	prop_oneof![
		2 => (1..500u128).prop_map(|whole| Step::Fee(whole * ONE)),
		1 => (1..20u128).prop_map(Step::TradeOne),
		1 => (1..20u128).prop_map(Step::TradeUsdc),
		1 => (MIN_USDC..USDC).prop_map(Step::Donate),
		3 => (day.clone(), part.clone()).prop_map(|(day, part)| Step::Earmark(day, part)),
		1 => (day.clone(), part.clone()).prop_map(|(day, part)| Step::Release(day, part)),
		4 => (day, worker.clone(), part.clone())
			.prop_map(|(day, who, part)| Step::Accrue(day, who, part)),
		1 => (0..USDC).prop_map(Step::Fund),
		2 => (worker.clone(), 0..USDC, 0..2u128)
			.prop_map(|(who, amount, rest)| Step::Earn(who, amount, rest)),
		4 => (worker.clone(), part).prop_map(|(who, part)| Step::Mature(who, part)),
		1 => worker.clone().prop_map(Step::Void),
		1 => worker.clone().prop_map(Step::Block),
		1 => worker.clone().prop_map(Step::Thaw),
		1 => proptest::option::of(worker).prop_map(Step::Author),
		5 => (prop_oneof![Just(SLOT), 0..2 * WINDOW], 0..4u64)
			.prop_map(|(passed, payees)| Step::Blocks { passed, payees }),
	]
}

/// As a dispatch: all of it or nothing; either is fine here.
fn dispatch(call: impl FnOnce() -> DispatchResult) {
	let _ = with_storage_layer(call);
}

fn part_of(whole: Usdc, part: Part) -> Usdc {
	(whole * part).div_ceil(1_000)
}

fn take(step: Step) {
	let trader = RuntimeOrigin::signed(TRADER);
	match step {
		Step::Fee(amount) => Split::on_unbalanced(<Balances as Balanced<_>>::issue(amount)),
		Step::TradeOne(part) => trade_one(part_of(POOL_ONE, part)),
		Step::TradeUsdc(part) => trade_usdc(part_of(POOL_USDC, part)),
		Step::Donate(amount) => transfer_usdc(amount),
		Step::Earmark(day, part) => {
			let amount = part_of(Pots::<Test>::get().credit, part);
			dispatch(|| Settlement::earmark(day, amount));
		}
		Step::Release(day, part) => {
			let amount = part_of(DayPots::<Test>::get(day), part);
			dispatch(|| Settlement::release(day, amount));
		}
		Step::Accrue(day, who, part) => {
			let amount = part_of(DayPots::<Test>::get(day), part);
			dispatch(|| Settlement::accrue(day, &who, amount));
		}
		Step::Fund(amount) => dispatch(|| Settlement::fund(&TRADER, amount)),
		Step::Earn(who, amount, rest) => dispatch(|| Settlement::earn(&TRADER, &who, amount, rest)),
		Step::Mature(who, part) => {
			let record = Earnings::<Test>::get(who);
			let amount = part_of(record.accrued + record.voided, part);
			dispatch(|| mature(who, amount));
		}
		Step::Void(who) => dispatch(|| Settlement::void_pay(&who).map(drop)),
		Step::Block(who) => dispatch(|| Assets::block(trader, USDC_ID, who)),
		Step::Thaw(who) => dispatch(|| Assets::thaw(trader, USDC_ID, who)),
		Step::Author(who) => Author::set(&who),
		Step::Blocks { passed, payees } => {
			next_block_with(passed, weight_for(payees));
		}
	}
}

/// What events said so far.
#[derive(Default)]
struct Told {
	paid: BTreeMap<AccountId, Usdc>,
	/// Receipts that matured and were neither paid nor voided.
	due: BTreeMap<AccountId, Vec<PaidReceipt>>,
	payments: u32,
	skipped: u32,
	stipends: u32,
}

impl Told {
	fn listen(&mut self) {
		for event in events() {
			match event {
				Event::Paid {
					who,
					amount,
					receipts,
					root,
					..
				} => {
					*self.paid.entry(who).or_default() += amount;
					self.payments += 1;
					let due = self.due.remove(&who).unwrap();
					assert_eq!((sum(&due), due.len()), (amount, receipts as usize));
					assert_eq!(root_of(&due), root);
				}
				Event::Matured {
					who,
					job,
					receipt,
					amount,
				} => self.due.entry(who).or_default().push(PaidReceipt {
					job,
					receipt,
					amount,
				}),
				Event::PayVoided { who, .. } => drop(self.due.remove(&who)),
				Event::PayoutSkipped { .. } => self.skipped += 1,
				Event::StipendAccrued { amount, .. } => {
					assert!(amount > 0);
					self.stipends += 1;
				}
				_ => {}
			}
		}
	}

	/// Workers have exactly what events said, and the books agree.
	fn check(&self) {
		for who in WORKERS {
			let paid = self.paid.get(&who).copied().unwrap_or_default();
			assert_eq!(usdc_of(who), paid);
			let record = Earnings::<Test>::get(who);
			assert_eq!(record.paid, paid);
			let due = self.due.get(&who).map(|due| sum(due)).unwrap_or_default();
			assert_eq!(record.payable, due);
		}
		assert_eq!(Flows::<Test>::get().paid, self.paid.values().sum::<Usdc>());
		Settlement::do_try_state().unwrap();
	}
}

fn run(steps: Vec<Step>) -> Told {
	let mut told = Told::default();
	ExtBuilder::default().build().execute_with(|| {
		// So that money moves from the first step on; sales add to it.
		fund(100 * USDC);
		AuthorStipend::set(&Perbill::from_percent(1));
		Author::set(&Some(WORKERS.start));
		for step in steps {
			take(step);
			told.listen();
			told.check();
		}
	});
	told
}

#[test]
fn invariants_should_hold_after_every_step() {
	let (payments, skipped, stipends) = (Cell::new(0), Cell::new(0), Cell::new(0));
	let mut runner = TestRunner::new(ProptestConfig::with_cases(200));
	runner
		.run(&proptest::collection::vec(step(), 1..120), |steps| {
			let told = run(steps);
			payments.set(payments.get() + told.payments);
			skipped.set(skipped.get() + told.skipped);
			stipends.set(stipends.get() + told.stipends);
			Ok(())
		})
		.unwrap();
	// Else the sequences would say nothing about payouts.
	assert!(payments.get() > 50, "{} payments", payments.get());
	assert!(skipped.get() > 10, "{} skipped", skipped.get());
	assert!(stipends.get() > 50, "{} stipends", stipends.get());
}
