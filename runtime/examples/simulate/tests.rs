//! A few days of each scenario, and what the simulation stands on: left out blocks change nothing.

use crate::{
	agents::Holder,
	chain,
	scenarios::{Scenario, SCENARIOS},
	world::{self, DAY, FIRST_MIDNIGHT},
	year::{live, World},
};
use codec::Encode;
use one_primitives::{clock::Clock as _, Usdc};
use one_runtime::{
	constants::{currency::ONE, time::SLOT_DURATION},
	Balance, Clock, Runtime, Settlement,
};
use polkadot_sdk::sp_io::TestExternalities;
use rayon::prelude::*;

/// Days into which a year is pressed: enough for workers to be paid, and for each part of it.
const DAYS: u32 = 4;

#[test]
fn every_scenario_should_back_all_promises_and_settle_every_window() {
	SCENARIOS.par_iter().for_each(|scenario| {
		let outcome = live(scenario, DAYS, |_| ());
		let faults = &outcome.faults;
		assert!(outcome.is_sound(), "{}: {faults:?}", scenario.name);
		let paid = outcome.sum(|tally| tally.paid);
		assert!(paid > 0, "{}: nobody was paid", scenario.name);
		let captured = outcome.sum(|tally| tally.captured);
		assert!(captured <= bound(scenario), "{}: {captured}", scenario.name);
	});
}

/// Micro-USDC that insiders who answer all of their own jobs can earn by them: 75 per staked ONE a day.
fn bound(scenario: &Scenario) -> Usdc {
	let insiders = (0..scenario.cartel_holders).map(Holder::new);
	let staked: Balance = insiders.map(|holder| holder.stake / ONE).sum();
	75 * staked * Balance::from(DAYS)
}

/// Everybody's money, what is owed and promised, the time and the workers, some blocks into the day
/// after one that was lived, to whose first block `go` leads from the last turn of that day.
fn next_day(go: fn(&mut World, &mut TestExternalities, u64)) -> Vec<u8> {
	let scenario = &SCENARIOS[0];
	let mut world = World::new(scenario);
	let mut state = world::genesis(&world.funds());
	state.execute_with(|| world.begin(scenario));
	world.live_day(&mut state, scenario, 0, 1);
	let midnight = state.execute_with(|| Clock::day_start(Clock::day() + 1));
	go(&mut world, &mut state, midnight);
	state.execute_with(|| {
		// The jobs of the last turns become final on the way.
		(0..8).for_each(|_| world.next_block());
		let mut earnings: Vec<_> = pallet_settlement::Earnings::<Runtime>::iter().collect();
		earnings.sort_by(|(a, _), (b, _)| a.cmp(b));
		assert!(earnings.iter().any(|(_, record)| record.payable > 0));
		let days: Vec<_> = pallet_credits::Days::<Runtime>::iter().collect();
		let (pots, flows) = (
			Settlement::pots(),
			pallet_settlement::Flows::<Runtime>::get(),
		);
		let times = (chain::now(), Clock::protocol(), Clock::day());
		let jobs: Vec<_> = pallet_jobs::Jobs::<Runtime>::iter_keys().collect();
		let mut workers: Vec<_> = pallet_workers::Seats::<Runtime>::iter().collect();
		workers.sort_by(|(a, ..), (b, ..)| a.cmp(b));
		let workers = workers
			.into_iter()
			.map(|(who, _, seat)| (who, seat.earned, seat.counts));
		let workers: Vec<_> = workers.collect();
		(earnings, days, pots, flows, times, jobs, workers).encode()
	})
}

#[test]
fn left_out_blocks_should_change_nothing() {
	let left_out = next_day(World::go_to);
	let made = next_day(|world, state, utc| {
		let mut is_there = false;
		while !is_there {
			is_there = state.execute_with(|| world.live_blocks(utc + SLOT_DURATION));
			state.commit_all().expect("the state is in memory");
		}
	});
	assert_eq!(left_out, made);
	assert!(FIRST_MIDNIGHT.is_multiple_of(DAY));
}
