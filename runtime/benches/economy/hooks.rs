//! A day change, a settlement and a mass expiry on a large state, all at once: a credit day and a
//! settlement window begin with the same block, and so much else is under way then that every hook
//! has its fill. Jobs are matched, deadlines met, and of as many bookings as there may be half end.

use crate::{
	blocks::{Chain, Share},
	chain::{at_genesis, open_block, pass},
	crowd, Figures,
};
use one_primitives::clock::Clock as _;
use one_runtime::{
	configs::parameters::bounded,
	constants::{currency::ONE_USDC, time::SLOT_DURATION},
	Clock, Executive, Runtime,
};
use pallet_capacity::{Bookings, MAX_BOOKINGS, MIN_PERIOD};
use pallet_credits::Today;
use pallet_settlement::Round;
use polkadot_sdk::frame_support::traits::Get;
use std::ops::Range;

const HOLDERS: u32 = 1_000_000;
const WORKERS: u32 = 10_000;
const JOBS: u32 = 100_000;
/// Entries that are made before they are committed to the state's trie.
const CHUNK: usize = 10_000;
/// Blocks from the one before which all is prepared to the day change. A session may begin with the
/// first of them, and then none of its hooks runs.
const BEFORE: u64 = 3;
/// Blocks after which something that should have come to its end is stuck.
const PATIENCE: u32 = 100_000;

/// The largest shares of a block that the three took, of all blocks that had a part of them.
#[derive(Default)]
struct Worst {
	day_change: f64,
	settlement: f64,
	mass_expiry: f64,
}

/// What there is between two blocks.
struct Scene {
	day: Option<u32>,
	bookings: usize,
	settles: bool,
	expires: bool,
}

/// Measures the three on one state.
pub fn measure(figures: &mut Figures) {
	let mut chain = begin();
	let idle = (0..10).map(|_| chain.block(0)).last().unwrap_or_default();
	figures.add("idle_block_pct", idle.worst());
	let midnight = prepare(&mut chain);
	let worst = run(&mut chain, midnight);
	figures.add("day_change_block_pct", worst.day_change);
	figures.add("settlement_block_pct", worst.settlement);
	figures.add("mass_expiry_block_pct", worst.mass_expiry);
}

fn begin() -> Chain {
	let mut state = at_genesis("development");
	state.execute_with(|| {
		open_block(0);
		Executive::finalize_block();
		crowd::open_market();
	});
	state.commit_all().unwrap();
	let mut chain = Chain::new(state);
	fill(&mut chain, "holders", 0..HOLDERS, crowd::stake);
	fill(&mut chain, "workers", 0..WORKERS, crowd::register);
	chain
}

/// Makes many entries, some at a time.
fn fill(chain: &mut Chain, what: &str, all: Range<u32>, make: fn(Range<u32>)) {
	let end = all.end;
	for start in all.step_by(CHUNK) {
		eprintln!("bench: {start} of {end} {what}");
		chain.change(|| make(start..end.min(start + CHUNK as u32)));
	}
}

/// When the next credit day begins.
fn next_midnight(chain: &mut Chain) -> u64 {
	chain.change(|| Clock::day_start(Clock::day() + 1))
}

/// Lets all of it come due with the next credit day; returns when that begins.
fn prepare(chain: &mut Chain) -> u64 {
	// Stakes count from the next day on.
	let midnight = next_midnight(chain);
	for _ in 0..2 {
		chain.block(midnight);
	}
	let midnight = next_midnight(chain);
	for _ in 0..BEFORE {
		chain.block(midnight - BEFORE * SLOT_DURATION);
	}
	fill(chain, "jobs", 0..JOBS, crowd::submit);
	chain.change(|| pass(bounded::QueuePeriod::get()));
	fill(chain, "reports", 0..WORKERS, crowd::report);
	chain.change(|| {
		crowd::owe(0..WORKERS, ONE_USDC / 10);
		crowd::reserve(MIN_PERIOD);
		crowd::use_bookings();
		pass(MIN_PERIOD);
	});
	midnight
}

/// Makes blocks from `midnight` on until nobody is to be paid and no job is left.
fn run(chain: &mut Chain, midnight: u64) -> Worst {
	let mut worst = Worst::default();
	let mut before = chain.change(Scene::of_state);
	assert_eq!(before.bookings, MAX_BOOKINGS as usize);
	for number in 0..PATIENCE {
		let share = chain.block(midnight);
		let after = chain.change(Scene::of_state);
		worst.note(number, share, &before, &after);
		if !after.settles && !after.expires {
			return worst;
		}
		before = after;
	}
	panic!("not over after {PATIENCE} blocks");
}

impl Scene {
	fn of_state() -> Self {
		Self {
			day: Today::<Runtime>::get(),
			bookings: Bookings::<Runtime>::iter_keys().count(),
			settles: Round::<Runtime>::exists(),
			expires: pallet_jobs::Jobs::<Runtime>::iter_keys().next().is_some(),
		}
	}
}

impl Worst {
	/// Counts a block to what happened in it.
	fn note(&mut self, number: u32, share: Share, before: &Scene, after: &Scene) {
		let Share { measured, noted } = share;
		let opens = before.day != after.day;
		let settles = before.settles || after.settles;
		if opens || number == 0 {
			let bookings = after.bookings;
			eprintln!(
				"bench: block {number}: {measured:.2} % by the clock, {noted:.2} % noted; \
				 day change {opens}, settlement {settles}, {bookings} bookings"
			);
		}
		let note = |happens: bool, worst: &mut f64| {
			if happens {
				*worst = worst.max(share.worst());
			}
		};
		note(opens, &mut self.day_change);
		note(settles, &mut self.settlement);
		note(before.expires, &mut self.mass_expiry);
	}
}
