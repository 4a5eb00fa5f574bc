//! A year of one scenario, day by day.

use crate::{
	agents::{self, Crowd, Holder, Sponsor, Trader, Worker, MODEL},
	chain,
	measure::{self, Faults, Row, Tally},
	scenarios::{Course, Moment, Phase, Scenario},
	world::{self, dispatch_as, Actor, DAY, FIRST_MIDNIGHT, WINDOW},
};
use one_primitives::Usdc;
use one_runtime::{
	configs::parameters::{credits, settlement, RuntimeParameters},
	constants::currency::{ONE, ONE_USDC},
	AccountId, Balance, Executive, Runtime, RuntimeOrigin,
};
use polkadot_sdk::{sp_runtime::Perbill, *};
use std::{collections::BTreeSet, ops::Range};

/// Agents there are at the most.
const HOLDERS: usize = 144;
const WHALES: usize = 100;
const WORKERS: usize = 24;
/// Days from the model's announcement to its first job: the timelock, and one until stakes count.
const PRELUDE: u64 = 4;
/// Micro-USDC in the credit pot to begin with: what ten days cost.
const LAUNCH_GRANT: Usdc = 1_500 * ONE_USDC;
/// How often the slots of a burst are taken, and given back, at the most.
const ROUNDS: usize = 3;

/// Everybody, and what became of them.
pub struct World {
	pub holders: Vec<Holder>,
	pub whales: Vec<Holder>,
	pub sponsors: Vec<Sponsor>,
	pub workers: Vec<Worker>,
	pub market: Trader,
	pub attacker: Trader,
	crowd: Crowd,
	treasurer: Actor,
	/// Holders that have staked.
	joined: usize,
	/// Accounts of the cartel.
	cartel: Vec<AccountId>,
	/// Points of the year that have been reached, in millionths.
	pub passed: BTreeSet<u32>,
	tally: Tally,
	faults: Faults,
}

/// What a scenario came to.
pub struct Outcome {
	pub name: &'static str,
	pub rows: Vec<Row>,
	pub faults: Faults,
}

impl Outcome {
	/// Whether no promise was unbacked, and no settlement stalled.
	pub fn is_sound(&self) -> bool {
		self.faults.unbacked == 0 && self.faults.stalled == 0
	}
}

/// Lives `days` of a scenario, and tells `progress` of each.
pub fn live(scenario: &Scenario, days: u32, mut progress: impl FnMut(u32)) -> Outcome {
	let mut world = World::new(scenario);
	let mut state = world::genesis(&world.funds());
	state.execute_with(|| world.begin(scenario));
	let mut rows = Vec::new();
	for day in 0..days {
		rows.push(state.execute_with(|| world.live_day(scenario, day, days)));
		state.commit_all().expect("the state is in memory");
		progress(day);
	}
	Outcome {
		name: scenario.name,
		rows,
		faults: world.faults,
	}
}

impl World {
	/// Everybody, before the chain begins.
	pub fn new(scenario: &Scenario) -> Self {
		let mut holders: Vec<_> = (0..HOLDERS).map(Holder::new).collect();
		let workers: Vec<_> = (0..WORKERS).map(Worker::new).collect();
		let insiders = &mut holders[..scenario.cartel_holders];
		insiders.iter_mut().for_each(|holder| holder.lock = Some(2));
		let stakers = insiders.iter().map(|holder| &holder.actor);
		let servers = workers[..scenario.cartel_workers]
			.iter()
			.map(|worker| &worker.actor);
		let cartel = stakers.chain(servers).map(|actor| actor.account.clone());
		let whale = |index| Holder::with_stake(format!("whale {index}"), 100_000 * ONE);
		let sponsor = |name| Sponsor {
			actor: Actor::new(name),
		};
		Self {
			cartel: cartel.collect(),
			holders,
			workers,
			whales: (0..WHALES).map(whale).collect(),
			sponsors: ["sponsor a", "sponsor b", "sponsor c"].map(sponsor).into(),
			market: Trader {
				actor: Actor::new("market"),
			},
			attacker: Trader {
				actor: Actor::new("attacker"),
			},
			crowd: Crowd {
				actor: Actor::new("crowd"),
			},
			treasurer: Actor::new("treasurer"),
			joined: 0,
			passed: BTreeSet::new(),
			tally: Tally::default(),
			faults: Faults::default(),
		}
	}

	/// What everybody has at genesis.
	pub fn funds(&self) -> Vec<(AccountId, Balance, Usdc)> {
		let stakers = self.holders.iter().chain(&self.whales);
		let stakers = stakers.map(|holder| (&holder.actor, holder.stake / ONE + 10, 0));
		let workers = self.workers.iter().map(|worker| (&worker.actor, 70_000, 0));
		let sponsors = self
			.sponsors
			.iter()
			.map(|sponsor| (&sponsor.actor, 10_000, 2_000_000));
		let others = [
			(&self.market.actor, 100_000_000, 100_000_000),
			(&self.attacker.actor, 20_000_000, 20_000_000),
			(&self.crowd.actor, 10_000_000, 0),
			(&self.treasurer, 10, 10_000),
		];
		stakers
			.chain(workers)
			.chain(sponsors)
			.chain(others)
			.map(|(actor, one, usdc)| (actor.account.clone(), one * ONE, usdc * ONE_USDC))
			.collect()
	}

	/// Brings the chain to the eve of the first day.
	pub fn begin(&mut self, scenario: &Scenario) {
		world::begin();
		self.next_block();
		let largest = [1_250_000_000, 12_500_000_000, 125_000_000_000];
		govern(RuntimeParameters::Credits(credits::Parameters::MaxJob(
			credits::MaxJob,
			Some(largest),
		)));
		// Each of the blocks that are left out would have one.
		govern(RuntimeParameters::Settlement(
			settlement::Parameters::AuthorStipend(settlement::AuthorStipend, Some(Perbill::zero())),
		));
		let (model, record) = (MODEL, agents::model());
		as_root(pallet_models::Call::<Runtime>::register { model, record });
		as_root(pallet_models::Call::<Runtime>::stage { model });
		let granted = agents::grant(&self.treasurer, LAUNCH_GRANT);
		granted.expect("the treasurer has as much");
		self.skip_to(FIRST_MIDNIGHT + (PRELUDE - 1) * DAY - WINDOW);
		as_root(pallet_models::Call::<Runtime>::activate { model });
		let course = (scenario.course)(0.0);
		self.admit(course.holders);
		self.attend(&course);
	}

	/// A day: four bursts of blocks, each at the start of a settlement window.
	pub fn live_day(&mut self, scenario: &Scenario, day: u32, days: u32) -> Row {
		for window in 0..4 {
			let owed = measure::owed();
			let start = FIRST_MIDNIGHT + (PRELUDE - 1 + u64::from(day)) * DAY;
			self.skip_to(start + u64::from(window) * WINDOW);
			let part = (f64::from(day) + f64::from(window) / 4.0) / f64::from(days);
			let course = (scenario.course)(part);
			let moment = Moment { part, day, window };
			self.open_window(&course, window);
			(scenario.act)(self, Phase::Open, moment);
			self.next_block();
			self.faults.check_settlement(&owed);
			self.serve(&course);
			(scenario.act)(self, Phase::Served, moment);
			self.faults.check_promises();
		}
		self.audit();
		Row::of_state(day, std::mem::take(&mut self.tally))
	}

	/// What everybody does in the first block of a burst.
	fn open_window(&mut self, course: &Course, window: u32) {
		self.attend(course);
		self.admit(course.holders);
		let paid = self.crowd.pay(course.transfers / 4.0);
		self.tally.fees += paid.expect("the crowd can pay");
		attempt(self.market.trade_to(course.price));
		let turn = |index: &usize| *index as u32 % 4 == window;
		for index in (0..self.joined).filter(turn) {
			let is_insider = self.is_cartel(&self.holders[index].actor.account);
			let part = if is_insider { 1.0 } else { course.usage };
			attempt(self.holders[index].spend(part));
		}
		if course.dedicated > 0 {
			for sponsor in &self.sponsors {
				attempt(sponsor.spend(course.dedicated / 4));
			}
		}
	}

	/// Lets holders stake until there are so many.
	fn admit(&mut self, holders: usize) {
		for holder in &self.holders[self.joined.min(holders)..holders] {
			holder.join().expect("a holder can stake what it has");
		}
		self.joined = self.joined.max(holders);
	}

	/// Workers join, report, or leave.
	fn attend(&self, course: &Course) {
		for (index, worker) in self.workers.iter().enumerate() {
			if !course.workers.contains(&index) {
				attempt(worker.depart());
			} else if !course.silent {
				attempt(worker.work());
			}
		}
	}

	/// Jobs are matched in one block and served in the next, as long as slots and jobs are left.
	fn serve(&mut self, course: &Course) {
		for round in 0..ROUNDS {
			if round > 0 {
				self.next_block();
			}
			self.next_block();
			if course.silent {
				break;
			}
			for worker in &self.workers {
				attempt(worker.serve());
			}
			if pallet_jobs::Waiting::<Runtime>::get().is_empty() {
				break;
			}
		}
	}

	/// Ends the block, and opens the next.
	pub fn next_block(&mut self) {
		self.close();
		world::open_next();
	}

	/// Leaves out the blocks until `utc`.
	pub fn skip_to(&mut self, utc: u64) {
		world::skip_to(utc, || self.close());
	}

	fn close(&mut self) {
		Executive::finalize_block();
		self.note();
	}

	/// Ends the block, and audits it and all of the state.
	fn audit(&mut self) {
		chain::close_block();
		self.note();
		world::open_next();
	}

	fn note(&mut self) {
		let cartel = &self.cartel;
		self.tally.note(|who| cartel.contains(who));
	}

	fn is_cartel(&self, who: &AccountId) -> bool {
		self.cartel.contains(who)
	}
}

/// Workers by their numbers.
pub type Shift = Range<usize>;

/// What is refused is a part of the simulation: no credits are left, or no slot.
pub fn attempt(result: Result<(), String>) {
	if let (Err(reason), true) = (result, std::env::var_os("ONE_VERBOSE").is_some()) {
		eprintln!("refused: {reason}");
	}
}

/// Makes a call as a referendum would.
pub fn as_root(call: impl Into<one_runtime::RuntimeCall>) {
	dispatch_as(RuntimeOrigin::root(), call);
}

/// Sets a governed parameter.
pub fn govern(key_value: RuntimeParameters) {
	as_root(pallet_parameters::Call::<Runtime>::set_parameter { key_value });
}
