//! A day change, a settlement and a mass expiry on a large state.

use crate::{
	blocks::{Chain, Share},
	chain::{at_genesis, open_block, pass},
	crowd, Figures,
};
use one_primitives::clock::Clock as _;
use one_runtime::{
	configs::parameters::bounded, constants::currency::ONE_USDC, Clock, Executive, Runtime,
	Timestamp,
};
use pallet_settlement::{LastWindow, Round};
use polkadot_sdk::frame_support::traits::Get;
use std::ops::Range;

const HOLDERS: u32 = 1_000_000;
const WORKERS: u32 = 10_000;
const JOBS: u32 = 100_000;
/// Entries that are made before they are committed to the state's trie.
const CHUNK: usize = 10_000;
/// Blocks after which something that should have come to its end is stuck.
const PATIENCE: u32 = 100_000;

/// Measures the three, one after the other, on one state.
pub fn measure(figures: &mut Figures) {
	let mut chain = begin();
	let idle = (0..10).map(|_| chain.block(0)).last().unwrap_or_default();
	figures.add("idle_block_pct", idle.worst());
	figures.add("day_change_block_pct", day_change(&mut chain));
	fill(&mut chain, "jobs", 0..JOBS, crowd::submit);
	figures.add("settlement_block_pct", settlement(&mut chain));
	figures.add("mass_expiry_block_pct", mass_expiry(&mut chain));
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
	fill(&mut chain, "holders", 0..HOLDERS, |range| {
		crowd::stake(range)
	});
	fill(&mut chain, "workers", 0..WORKERS, |range| {
		crowd::register(range)
	});
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

/// The larger of two shares of a block, seen over many.
fn worse(a: f64, b: Share) -> f64 {
	a.max(b.worst())
}

/// Makes blocks from `utc` on until `is_over`; returns the largest share that one took.
fn until(chain: &mut Chain, utc: u64, is_over: impl Fn() -> bool) -> f64 {
	let mut worst = worse(0.0, chain.block(utc));
	for _ in 0..PATIENCE {
		worst = worse(worst, chain.block(0));
		if chain.change(&is_over) {
			return worst;
		}
	}
	panic!("not over after {PATIENCE} blocks");
}

fn day_change(chain: &mut Chain) -> f64 {
	let (tomorrow, midnight) = chain.change(|| {
		let tomorrow = Clock::day() + 1;
		(tomorrow, Clock::day_start(tomorrow))
	});
	until(chain, midnight, move || {
		pallet_credits::Today::<Runtime>::get() == Some(tomorrow)
	})
}

fn settlement(chain: &mut Chain) -> f64 {
	chain.change(|| crowd::owe(0..WORKERS, ONE_USDC / 10));
	let boundary = chain.change(|| Timestamp::get() + bounded::WindowLength::get());
	until(chain, boundary, || {
		let has_begun = LastWindow::<Runtime>::get() == Some(Clock::window());
		has_begun && !Round::<Runtime>::exists()
	})
}

fn mass_expiry(chain: &mut Chain) -> f64 {
	chain.change(|| {
		assert_eq!(crowd::waiting(), JOBS as usize);
		pass(bounded::QueuePeriod::get());
	});
	until(chain, 0, || {
		pallet_jobs::Jobs::<Runtime>::iter_keys().next().is_none()
	})
}
