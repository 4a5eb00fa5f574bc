//! Six days of each scenario, and what the simulation stands on: left out blocks change nothing.

use crate::{
	chain,
	scenarios::SCENARIOS,
	world::{self, DAY, FIRST_MIDNIGHT},
	year::{live, World},
};
use codec::Encode;
use one_primitives::{clock::Clock as _, Usdc};
use one_runtime::{constants::time::SLOT_DURATION, Clock, Runtime, Settlement};
use rayon::prelude::*;

#[test]
fn every_scenario_should_back_all_promises_and_settle_every_window() {
	SCENARIOS.par_iter().for_each(|scenario| {
		let outcome = live(scenario, 6, |_| ());
		let faults = &outcome.faults;
		assert!(outcome.is_sound(), "{}: {faults:?}", scenario.name);
		let paid: Usdc = outcome.rows.iter().map(|row| row.tally.paid).sum();
		assert!(paid > 0, "{}: nobody was paid", scenario.name);
	});
}

/// Everybody's money, what is owed and promised, and the time, some blocks into the day after one
/// that was lived, to whose first block `go` leads from the last burst of that day.
fn next_day(go: fn(&mut World, u64)) -> Vec<u8> {
	let scenario = &SCENARIOS[0];
	let mut world = World::new(scenario);
	let mut state = world::genesis(&world.funds());
	state.execute_with(|| {
		world.begin(scenario);
		world.live_day(scenario, 0, 1);
		go(&mut world, Clock::day_start(Clock::day() + 1));
		// The jobs of the last burst become final on the way.
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
		(earnings, days, pots, flows, times).encode()
	})
}

#[test]
fn left_out_blocks_should_change_nothing() {
	let left_out = next_day(|world, utc| world.skip_to(utc));
	let made = next_day(|world, utc| {
		while chain::now() < utc + SLOT_DURATION {
			world.next_block();
		}
	});
	assert_eq!(left_out, made);
	assert!(FIRST_MIDNIGHT.is_multiple_of(DAY));
}
