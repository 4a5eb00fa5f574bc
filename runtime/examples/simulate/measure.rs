//! What is counted, and what is checked.

use crate::agents::{now, reserves, spot, GCU, MODEL};
use one_primitives::{clock::Clock as _, jobs::JobId, price, Moment, Usdc};
use one_runtime::{
	configs::parameters::bounded,
	constants::currency::{ONE, ONE_USDC, USDC, USDC_MIN_BALANCE},
	AccountId, Assets, Balance, Capacity, Clock, Credits, Runtime, RuntimeEvent, Settlement,
	System,
};
use pallet_jobs::{Event as JobEvent, State};
use pallet_settlement::Event as PayEvent;
use polkadot_sdk::{frame_support::traits::Get, sp_runtime::Perbill};
use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds after its deadline within which a job is final, and so payable.
const GRACE: u64 = 60_000;

/// What the events of a day tell.
#[derive(Clone, Debug, Default)]
pub struct Tally {
	/// Jobs served, jobs that no worker took or finished, attempts that came to nothing, and jobs
	/// that were not let in.
	pub served: u32,
	pub unserved: u32,
	pub requeued: u32,
	pub refused: u32,
	/// Jobs that were given to a worker, and the milliseconds for which they had waited.
	pub assigned: u32,
	pub waited: Moment,
	/// Micro-USDC earned in each lane, and paid to workers and to authors.
	pub included: Usdc,
	pub dedicated: Usdc,
	pub paid: Usdc,
	pub stipends: Usdc,
	/// Micro-USDC that jobs of the cartel's holders cost, and what of it its workers earned.
	pub insiders: Usdc,
	pub captured: Usdc,
	/// Jobs that the cartel's workers served, whoever's.
	pub cartel_jobs: u32,
	/// Fees sold, and micro-USDC that they brought.
	pub sold: Balance,
	pub proceeds: Usdc,
	/// Fees of the day's transfers.
	pub fees: Balance,
}

impl Tally {
	/// Seconds for which a job waited before it was given to a worker, on average.
	pub fn wait(&self) -> f64 {
		self.waited as f64 / 1e3 / f64::from(self.assigned.max(1))
	}
}

/// Follows the events.
#[derive(Default)]
pub struct Watch {
	/// Accounts of the cartel.
	pub cartel: BTreeSet<AccountId>,
	/// Who makes blocks.
	pub author: Option<AccountId>,
	/// Since when jobs wait.
	pub waiting: BTreeMap<JobId, Moment>,
	/// What the events of the day told.
	pub tally: Tally,
}

impl Watch {
	/// Takes in the events of the block that was just closed.
	pub fn note(&mut self) {
		for record in System::events() {
			match record.event {
				RuntimeEvent::Jobs(event) => self.note_job(event),
				RuntimeEvent::Settlement(event) => self.note_pay(event),
				_ => (),
			}
		}
	}

	fn note_job(&mut self, event: JobEvent<Runtime>) {
		let tally = &mut self.tally;
		match event {
			JobEvent::JobSubmitted { job, .. } => self.wait(job),
			JobEvent::JobRequeued { job, .. } => {
				tally.requeued += 1;
				self.wait(job);
			}
			JobEvent::JobAssigned { job, .. } => {
				let since = self.waiting.remove(&job).unwrap_or_else(now);
				tally.assigned += 1;
				tally.waited += now() - since;
			}
			JobEvent::JobExpired { job, .. } | JobEvent::JobFailed { job, .. } => {
				self.waiting.remove(&job);
				tally.unserved += 1;
			}
			JobEvent::JobCompleted {
				who, worker, price, ..
			} => self.note_served(&who, &worker, price),
			_ => (),
		}
	}

	fn wait(&mut self, job: JobId) {
		self.waiting.insert(job, now());
	}

	fn note_served(&mut self, who: &AccountId, worker: &AccountId, price: Usdc) {
		let (of, by) = (self.cartel.contains(who), self.cartel.contains(worker));
		let tally = &mut self.tally;
		tally.served += 1;
		tally.cartel_jobs += u32::from(by);
		tally.insiders += if of { price } else { 0 };
		tally.captured += if of && by { price } else { 0 };
	}

	fn note_pay(&mut self, event: PayEvent<Runtime>) {
		let tally = &mut self.tally;
		match event {
			PayEvent::Accrued { amount, .. } => tally.included += amount,
			PayEvent::Earned { amount, .. } => tally.dedicated += amount,
			PayEvent::Paid { who, amount, .. } if self.author.as_ref() == Some(&who) => {
				tally.stipends += amount;
			}
			PayEvent::Paid { amount, .. } => tally.paid += amount,
			PayEvent::FeesSold { one, usdc, .. } => {
				tally.sold += one;
				tally.proceeds += usdc;
			}
			_ => (),
		}
	}
}

/// One line of a scenario's table: a day at its end.
#[derive(Clone, Debug)]
pub struct Row {
	pub day: u32,
	pub tally: Tally,
	/// USDC for a ONE in the pool.
	pub price: f64,
	/// The pots: ONE, then micro-USDC.
	pub fee_pot: Balance,
	pub credit_pot: Usdc,
	pub day_pots: Usdc,
	pub escrow: Usdc,
	pub earnings: Usdc,
	/// The day's rate, and the CU that it promised.
	pub rate: Perbill,
	pub promised: u128,
	/// What the escrows hold, as a part of what their vouchers are worth.
	pub backing: f64,
	/// ONE of fees that a credit of 10^9 CU needs.
	pub fees_per_gcu: f64,
	/// Workers that take jobs, and the slots that they have earned.
	pub operators: u32,
	pub slots: u32,
}

impl Row {
	/// Reads the state.
	pub fn of_state(day: u32, tally: Tally) -> Self {
		let (pots, today) = (Settlement::pots(), today());
		let price = reserves().map_or(0.0, |(one, usdc)| spot(one, usdc));
		Self {
			day,
			tally,
			price,
			fee_pot: pots.fee_pot_one,
			credit_pot: pots.credit,
			day_pots: pots.days,
			escrow: Capacity::open_classes()
				.iter()
				.map(|class| class.held)
				.sum(),
			earnings: pots.earnings,
			rate: today.as_ref().map_or(Perbill::zero(), |record| record.rate),
			promised: today.as_ref().map_or(0, |record| record.promised),
			backing: backing(),
			fees_per_gcu: today.map_or(0.0, |record| fees_per_gcu(record.price, price)),
			operators: pallet_workers::Operators::<Runtime>::get(MODEL),
			slots: pallet_workers::EarnedSlots::<Runtime>::get(MODEL),
		}
	}
}

/// ONE of fees, of which the fee pot gets its share, for what 10^9 CU cost.
fn fees_per_gcu(included: Usdc, price: f64) -> f64 {
	let share = f64::from(bounded::FeeShare::get().deconstruct()) / 1e6;
	included as f64 / ONE_USDC as f64 / price / share
}

fn today() -> Option<pallet_credits::DayRecord<Balance>> {
	pallet_credits::Days::<Runtime>::get(Clock::day())
}

/// The least backed class of vouchers.
fn backing() -> f64 {
	let classes = (0..pallet_capacity::NextClass::<Runtime>::get()).filter_map(Capacity::class);
	classes
		.filter(|class| class.outstanding > 0)
		.map(|class| class.held as f64 / price::ceil(class.outstanding, class.price) as f64)
		.fold(1.0, f64::min)
}

/// What a scenario must not show, counted four times a day.
#[derive(Clone, Debug, Default)]
pub struct Faults {
	/// Promises of a pot, an escrow or the account that exceed what is in it.
	pub unbacked: u32,
	/// Workers that were not paid at a window what was payable before it, jobs that were not made
	/// payable in time, and windows that were not settled.
	pub stalled: u32,
}

impl Faults {
	/// Looks at every promise.
	pub fn check_promises(&mut self) {
		self.unbacked += unbacked_days() + unbacked_classes() + u32::from(is_account_short());
	}

	/// Looks at the settlement that has just been: `owed` was payable before, to workers that had
	/// been paid so much.
	pub fn check_settlement(&mut self, owed: &[(AccountId, Usdc)]) {
		let unpaid =
			|(who, total): &&(AccountId, Usdc)| Settlement::statement(who).paid_total < *total;
		let unpaid = owed.iter().filter(unpaid).count();
		let is_open = pallet_settlement::Round::<Runtime>::exists();
		let window = pallet_settlement::LastWindow::<Runtime>::get();
		let is_behind = window != Some(Clock::window());
		self.stalled += unpaid as u32 + overdue_jobs() + u32::from(is_open) + u32::from(is_behind);
	}
}

/// What every worker will have been paid after the next settlement, at the least.
pub fn owed() -> Vec<(AccountId, Usdc)> {
	pallet_settlement::Earnings::<Runtime>::iter()
		.map(|(who, record)| (who, record.paid + record.payable))
		.collect()
}

/// Served jobs that should be final.
fn overdue_jobs() -> u32 {
	let now = Clock::protocol();
	let overdue = |job: &pallet_jobs::JobOf<Runtime>| matches!(job.state, State::Completed { due, .. } if due + GRACE < now);
	let jobs = pallet_jobs::Jobs::<Runtime>::iter_values();
	jobs.filter(overdue).count() as u32
}

/// Days whose credits, unspent or set aside, cost more than is in their pot.
fn unbacked_days() -> u32 {
	let today = Clock::day();
	let days = pallet_credits::Days::<Runtime>::iter();
	let unbacked = days.filter(|(day, record)| {
		let promised = match *day == today {
			true => credits_in_hands(),
			false => record.reserved,
		};
		price::floor(promised, record.price) > pallet_settlement::DayPots::<Runtime>::get(day)
	});
	unbacked.count() as u32
}

/// CU that holders can spend today, or have set aside.
fn credits_in_hands() -> u128 {
	let holders = pallet_access::Stakes::<Runtime>::iter_keys();
	let credits = holders.map(|who| Credits::credits(&who));
	credits
		.map(|status| u128::from(status.available) + u128::from(status.reserved))
		.sum()
}

/// Classes whose vouchers are worth more than their escrow holds.
fn unbacked_classes() -> u32 {
	let classes = (0..pallet_capacity::NextClass::<Runtime>::get()).filter_map(Capacity::class);
	let unbacked = classes.filter(|class| class.held < price::ceil(class.outstanding, class.price));
	unbacked.count() as u32
}

/// Whether the pots hold more than the account does.
fn is_account_short() -> bool {
	let pots = Settlement::pots();
	let held = Assets::balance(USDC, Settlement::usdc_account());
	pots.credit + pots.days + pots.earnings > held.saturating_sub(USDC_MIN_BALANCE)
}

/// An amount of ONE, of USDC, of credits, in units that are read.
pub fn in_one(amount: Balance) -> f64 {
	amount as f64 / ONE as f64
}

pub fn in_usdc(amount: Usdc) -> f64 {
	amount as f64 / ONE_USDC as f64
}

pub fn in_gcu(cu: u128) -> f64 {
	cu as f64 / GCU as f64
}

pub fn in_parts(rate: Perbill) -> f64 {
	f64::from(rate.deconstruct()) / 1e9
}
