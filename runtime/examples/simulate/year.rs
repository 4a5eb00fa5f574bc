//! A year of one scenario, day by day.

use crate::{
	agents::{self, Crowd, Holder, Sponsor, Trader, MODEL},
	chain,
	measure::{self, Faults, Row, Watch},
	scenarios::{Course, Phase, Scenario, When},
	workers::Worker,
	world::{self, dispatch_as, Actor, DAY, FIRST_MIDNIGHT, WINDOW},
};
use one_primitives::{Moment, Usdc};
use one_runtime::{
	configs::parameters::{credits, workers, RuntimeParameters},
	constants::currency::{ONE, ONE_USDC},
	AccountId, Balance, Executive, Runtime, RuntimeOrigin,
};
use polkadot_sdk::{sp_io::TestExternalities, *};
use std::{collections::BTreeSet, ops::Range};

/// Agents there are at the most.
const HOLDERS: usize = 144;
const WHALES: usize = 100;
const WORKERS: usize = 24;
/// Days from the model's announcement to its first job: the timelock, and one until stakes count.
const PRELUDE: u64 = 4;
/// Micro-USDC in the credit pot to begin with: what ten days cost.
const LAUNCH_GRANT: Usdc = 1_500 * ONE_USDC;
/// Turns to submit in a day, and in a settlement window.
const TURNS: u32 = 8;
const TURNS_OF_WINDOW: u32 = TURNS / 4;
/// Blocks that are made one after the other while there is something to do in each, at the most, and
/// time until the next if jobs still wait beside free slots: those that they may take were not drawn.
const RUSH: usize = 6;
const RESPITE: Moment = 60_000;
/// How long what is due waits for what is due next, so that both are done in the same blocks.
const DELAY: Moment = 45_000;

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
	/// How everybody behaves now.
	course: Course,
	/// Holders that have staked.
	joined: usize,
	/// Points of the year that have been reached, in millionths.
	pub passed: BTreeSet<u32>,
	pub watch: Watch,
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
		rows.push(world.live_day(&mut state, scenario, day, days));
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
		let worker = |index| Worker::new(index, scenario.slots);
		let mut workers: Vec<_> = (0..WORKERS).map(worker).collect();
		let insiders = &mut holders[..scenario.cartel_holders];
		insiders.iter_mut().for_each(|holder| holder.lock = Some(2));
		let insiders = insiders.iter().map(|holder| holder.actor.account.clone());
		let insiders: BTreeSet<_> = insiders.collect();
		let servers = &mut workers[..scenario.cartel_workers];
		servers
			.iter_mut()
			.for_each(|worker| worker.cache = insiders.clone());
		let servers = servers.iter().map(|worker| worker.actor.account.clone());
		let cartel = insiders.into_iter().chain(servers).collect();
		let whale = |index| Holder::with_stake(format!("whale {index}"), 100_000 * ONE);
		let sponsor = |name| Sponsor {
			actor: Actor::new(name),
		};
		Self {
			course: (scenario.course)(0.0),
			watch: Watch {
				cartel,
				..Watch::default()
			},
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
		if !scenario.is_open {
			bound_operators();
		}
		self.watch.author = Some(world::author());
		let (model, record) = (MODEL, agents::model());
		as_root(pallet_models::Call::<Runtime>::register { model, record });
		as_root(pallet_models::Call::<Runtime>::stage { model });
		let granted = agents::grant(&self.treasurer, LAUNCH_GRANT);
		granted.expect("the treasurer has as much");
		self.hop_to(FIRST_MIDNIGHT + (PRELUDE - 1) * DAY - WINDOW);
		as_root(pallet_models::Call::<Runtime>::activate { model });
		self.admit();
		self.attend();
	}

	/// A day of four settlement windows.
	pub fn live_day(
		&mut self,
		state: &mut TestExternalities,
		scenario: &Scenario,
		day: u32,
		days: u32,
	) -> Row {
		let midnight = FIRST_MIDNIGHT + (PRELUDE - 1 + u64::from(day)) * DAY;
		for turn in 0..TURNS {
			let window = turn / TURNS_OF_WINDOW;
			let part = (f64::from(day) + f64::from(window) / 4.0) / f64::from(days);
			let when = When { part, day, window };
			let owed = state.execute_with(measure::owed);
			self.go_to(state, midnight + u64::from(turn) * DAY / u64::from(TURNS));
			state.execute_with(|| self.live_turn(scenario, when, turn, &owed));
		}
		state.execute_with(|| {
			self.audit();
			Row::of_state(day, std::mem::take(&mut self.watch.tally))
		})
	}

	/// Lives until `utc`.
	pub fn go_to(&mut self, state: &mut TestExternalities, utc: Moment) {
		while !state.execute_with(|| self.go_on(utc)) {
			// In each block the root is computed of all that is not committed.
			state.commit_all().expect("the state is in memory");
		}
	}

	/// A turn to submit; `owed` was payable before.
	fn live_turn(
		&mut self,
		scenario: &Scenario,
		when: When,
		turn: u32,
		owed: &[(AccountId, Usdc)],
	) {
		if !turn.is_multiple_of(TURNS_OF_WINDOW) {
			self.submit(turn);
			self.next_block();
			return;
		}
		self.course = (scenario.course)(when.part);
		self.open_window();
		self.submit(turn);
		(scenario.act)(self, Phase::Open, when);
		self.next_block();
		self.faults.check_settlement(owed);
		self.rush();
		(scenario.act)(self, Phase::Served, when);
		self.faults.check_promises();
	}

	/// What everybody does in the first block of a window, but for jobs.
	fn open_window(&mut self) {
		self.attend();
		self.admit();
		self.watch.tally.fees += self.collect_fees();
		attempt(self.market.trade_to(self.course.price));
	}

	/// The crowd pays, in the next block if this one has no room: one that opens a session is full.
	fn collect_fees(&mut self) -> Balance {
		let transfers = self.course.transfers / 4.0;
		let paid = self.crowd.pay(transfers).or_else(|_| {
			self.next_block();
			self.crowd.pay(transfers)
		});
		paid.expect("the crowd can pay")
	}

	/// Whose turn it is submits a job: a holder once a day, a sponsor four times.
	fn submit(&mut self, turn: u32) {
		let has_turn = |index: &usize, turns: u32| *index as u32 % turns == turn % turns;
		let mut results = Vec::new();
		for index in (0..self.joined).filter(|index| has_turn(index, TURNS)) {
			let holder = &self.holders[index];
			let is_insider = self.watch.cartel.contains(&holder.actor.account);
			let part = if is_insider { 1.0 } else { self.course.usage };
			results.push(holder.spend(part));
		}
		let sponsors = self.sponsors.iter().enumerate();
		for (_, sponsor) in sponsors.filter(|(index, _)| has_turn(index, TURNS / 4)) {
			results.push(sponsor.spend(self.course.dedicated / 4));
		}
		let refused = results.iter().filter(|result| result.is_err()).count();
		self.watch.tally.refused += refused as u32;
		results.into_iter().for_each(attempt);
	}

	/// Lets holders stake until there are as many as there should be.
	fn admit(&mut self) {
		let holders = self.course.holders;
		for holder in &self.holders[self.joined.min(holders)..holders] {
			holder.join().expect("a holder can stake what it has");
		}
		self.joined = self.joined.max(holders);
	}

	/// Workers join, report, or leave.
	fn attend(&mut self) {
		for (index, worker) in self.workers.iter_mut().enumerate() {
			if self.course.is_there(index) {
				attempt(worker.work());
			} else if self.course.is_leaving(index) {
				attempt(worker.depart());
			}
		}
	}

	/// Workers accept and deliver; whether any had something to say.
	fn serve(&mut self) -> bool {
		let workers = self.workers.iter_mut().enumerate();
		let serving = workers.filter(|(index, _)| self.course.is_serving(*index));
		let results: Vec<_> = serving.filter_map(|(_, worker)| worker.serve()).collect();
		let is_busy = !results.is_empty();
		results.into_iter().for_each(attempt);
		is_busy
	}

	/// Makes a block, and more as long as there is something to do in each: jobs are matched in one,
	/// accepted in the next, and delivered when they are computed.
	fn rush(&mut self) {
		for block in 0..RUSH {
			let is_busy = self.serve() || has_match();
			if block > 0 && !is_busy {
				return;
			}
			self.next_block();
		}
	}

	/// Does what is to do, and lives until something more is, or until `utc`; whether that is reached.
	pub fn go_on(&mut self, utc: Moment) -> bool {
		self.rush();
		let next = self.next_events(utc);
		if chain::now() < utc {
			self.hop_to(next.unwrap_or(utc));
		}
		next.is_none()
	}

	/// When the next deadlines of jobs are met, or workers have computed some: the last that is due
	/// almost at once with the first, if that is due before `utc`.
	fn next_events(&self, utc: Moment) -> Option<Moment> {
		let done = self.present().filter_map(|worker| worker.next_done());
		let retry = has_match().then(|| chain::now() + RESPITE);
		let events = world::deadlines()
			.chain(done.map(world::utc_of))
			.chain(retry);
		let events: Vec<_> = events.collect();
		let first = events.iter().min().filter(|first| **first < utc)?;
		let last = utc.min(first + DELAY);
		let together = events.iter().filter(|event| **event <= last);
		together.max().copied()
	}

	fn present(&self) -> impl Iterator<Item = &Worker> {
		let workers = self.workers.iter().enumerate();
		let serving = workers.filter(|(index, _)| self.course.is_serving(*index));
		serving.map(|(_, worker)| worker)
	}

	/// Some blocks until `utc`, in each of which workers do what they do; whether that is reached.
	#[cfg(test)]
	pub fn live_blocks(&mut self, utc: Moment) -> bool {
		self.attend();
		for _ in 0..40 {
			self.serve();
			if chain::now() >= utc {
				return true;
			}
			self.next_block();
		}
		false
	}

	/// Ends the block, and opens the next.
	pub fn next_block(&mut self) {
		self.close();
		world::open_next();
	}

	/// Leaves out the blocks until `utc`.
	pub fn hop_to(&mut self, utc: Moment) {
		let present = self.present().map(|worker| worker.actor.account.clone());
		let present: Vec<_> = present.collect();
		world::hop_to(utc, &present, || self.close());
	}

	fn close(&mut self) {
		Executive::finalize_block();
		self.watch.note();
	}

	/// Ends the block, and audits it and all of the state.
	fn audit(&mut self) {
		chain::close_block();
		self.watch.note();
		world::open_next();
	}
}

/// Whether a job waits, and a slot is free.
fn has_match() -> bool {
	let is_free = || pallet_workers::FreeSlots::<Runtime>::get(MODEL) > 0;
	!pallet_jobs::Waiting::<Runtime>::get().is_empty() && is_free()
}

/// Takes back what the preset sets otherwise: the bounds on operators of a network for good.
fn bound_operators() {
	use workers::{MinOperators, OperatorShare, Parameters};
	for bound in [
		Parameters::MinOperators(MinOperators, None),
		Parameters::OperatorShare(OperatorShare, None),
	] {
		govern(RuntimeParameters::Workers(bound));
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
