//! What happens in the course of a year.

use crate::{
	agents::{now, Holder, GCU},
	world::dispatch_as,
	year::{attempt, govern, Shift, World},
};
use one_primitives::Cu;
use one_runtime::{
	configs::{
		assets::{protocol_liquidity, AssetKind},
		parameters::{credits, RuntimeParameters},
	},
	constants::currency::{ONE, ONE_USDC, USDC},
	PoolAssets, Runtime, RuntimeOrigin,
};
use polkadot_sdk::*;

/// A year, as far as it differs from a steady one.
pub struct Scenario {
	pub name: &'static str,
	/// How everybody behaves when such a part of the year is over.
	pub course: fn(f64) -> Course,
	/// What happens besides.
	pub act: fn(&mut World, Phase, When),
	/// Of the first holders and workers so many are one: they spend all their credits, bind their
	/// stake for the highest bonus, and answer each other from a cache.
	pub cartel_holders: usize,
	pub cartel_workers: usize,
	/// Slots that a worker offers.
	pub slots: u8,
	/// Whether the bounds on operators are open, which they are in no network for good.
	pub is_open: bool,
}

/// How everybody behaves.
#[derive(Clone, Debug)]
pub struct Course {
	/// Transfers a day.
	pub transfers: f64,
	/// USDC for a ONE.
	pub price: f64,
	/// Part of its credits that a holder spends.
	pub usage: f64,
	/// CU a day that each sponsor buys.
	pub dedicated: Cu,
	/// Holders that have staked.
	pub holders: usize,
	/// Workers that are there, by their numbers, and those of the others that left without a word.
	pub workers: Shift,
	pub vanished: Shift,
	/// Whether they neither report nor serve.
	pub silent: bool,
}

impl Course {
	/// Whether a worker is there.
	pub fn is_there(&self, index: usize) -> bool {
		self.workers.contains(&index) && !self.silent
	}

	/// Whether a worker finishes what it has begun, and leaves.
	pub fn is_leaving(&self, index: usize) -> bool {
		!self.workers.contains(&index) && !self.vanished.contains(&index)
	}

	/// Whether a worker answers what it was assigned.
	pub fn is_serving(&self, index: usize) -> bool {
		self.is_there(index) || self.is_leaving(index)
	}
}

/// In the first block of a window, or after what was submitted in it has met workers.
#[derive(Clone, Copy, PartialEq)]
pub enum Phase {
	Open,
	Served,
}

/// When that is.
#[derive(Clone, Copy)]
pub struct When {
	/// Part of the year that is over.
	pub part: f64,
	pub day: u32,
	/// Settlement window of the day.
	pub window: u32,
}

impl When {
	/// Whether this is the first time that one asks after `part` of the year.
	fn is_first_after(self, world: &mut World, part: f64) -> bool {
		self.part >= part && world.passed.insert((part * 1e6) as u32)
	}
}

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
	STEADY,
	Scenario {
		name: "growth",
		course: growth,
		act: raise_price,
		..STEADY
	},
	Scenario {
		name: "demand-crash",
		course: demand_crash,
		act: refund_vouchers,
		..STEADY
	},
	Scenario {
		name: "one-price-crash",
		course: price_crash,
		..STEADY
	},
	Scenario {
		name: "pool-drained",
		act: drain_pool,
		..STEADY
	},
	Scenario {
		name: "pool-manipulated",
		act: manipulate_pool,
		..STEADY
	},
	Scenario {
		name: "fee-drought",
		course: fee_drought,
		..STEADY
	},
	Scenario {
		name: "whale-stake",
		act: whale,
		..STEADY
	},
	Scenario {
		name: "worker-exodus",
		course: exodus,
		..STEADY
	},
	Scenario {
		name: "cartel",
		..CARTEL
	},
	Scenario {
		name: "cartel-open",
		is_open: true,
		..CARTEL
	},
	Scenario {
		name: "one-supplier",
		..ONE_SUPPLIER
	},
	Scenario {
		name: "one-supplier-open",
		is_open: true,
		..ONE_SUPPLIER
	},
];

/// Nothing changes.
const STEADY: Scenario = Scenario {
	name: "steady",
	course: steady,
	act: |_, _, _| (),
	cartel_holders: 0,
	cartel_workers: 0,
	slots: 2,
	is_open: false,
};

/// A quarter of the holders and a third of the workers are one.
const CARTEL: Scenario = Scenario {
	cartel_holders: 9,
	cartel_workers: 3,
	..STEADY
};

/// The only worker is that of some holders.
const ONE_SUPPLIER: Scenario = Scenario {
	course: one_supplier,
	cartel_holders: 9,
	cartel_workers: 1,
	slots: 8,
	..STEADY
};

/// When a crisis begins and ends, where there is one.
const BEGIN: f64 = 1.0 / 3.0;
const END: f64 = 2.0 / 3.0;

fn steady(_: f64) -> Course {
	Course {
		transfers: 15_000.0,
		price: 1.0,
		usage: 0.8,
		dedicated: 200 * GCU,
		holders: 36,
		workers: 0..9,
		vanished: 0..0,
		silent: false,
	}
}

/// Four times the holders, five times the fees and sponsors, and workers to match.
fn growth(part: f64) -> Course {
	Course {
		transfers: 15_000.0 * (1.0 + 4.0 * part),
		dedicated: 100 * GCU + (400.0 * part) as Cu * GCU,
		holders: 36 + (108.0 * part) as usize,
		workers: 0..9 + (15.0 * part) as usize,
		..steady(part)
	}
}

/// In the middle of the year governance raises the price of a CU by a third.
fn raise_price(world: &mut World, phase: Phase, when: When) {
	if phase == Phase::Open && when.is_first_after(world, 0.5) {
		set_price(133_000);
	}
}

fn set_price(usdc: u128) {
	govern(RuntimeParameters::Credits(
		credits::Parameters::PricePerGiga(credits::PricePerGiga, Some(usdc)),
	));
}

/// A twentieth of everything is left.
fn demand_crash(part: f64) -> Course {
	let course = steady(part);
	if part < BEGIN {
		return course;
	}
	Course {
		transfers: course.transfers / 20.0,
		usage: course.usage / 20.0,
		dedicated: course.dedicated / 20,
		..course
	}
}

/// Sponsors want their money back; later governance halves the price.
fn refund_vouchers(world: &mut World, phase: Phase, when: When) {
	if phase == Phase::Open && when.is_first_after(world, BEGIN) {
		for sponsor in &world.sponsors {
			attempt(sponsor.refund());
		}
	}
	if phase == Phase::Open && when.is_first_after(world, END) {
		set_price(50_000);
	}
}

/// A ONE loses nine tenths of its price within days.
fn price_crash(part: f64) -> Course {
	let fallen = ((part - BEGIN) / 0.01).clamp(0.0, 1.0);
	Course {
		price: 1.0 - 0.9 * fallen,
		..steady(part)
	}
}

/// Nobody pays fees for a third of the year.
fn fee_drought(part: f64) -> Course {
	let course = steady(part);
	match (BEGIN..END).contains(&part) {
		true => Course {
			transfers: 0.0,
			..course
		},
		false => course,
	}
}

/// Six of nine workers leave, three of them without a word; later two more, and at last others come.
fn exodus(part: f64) -> Course {
	let workers = match part {
		part if part < BEGIN => 0..9,
		part if part < 0.5 => 6..9,
		part if part < END => 8..9,
		_ => 8..17,
	};
	Course {
		workers,
		vanished: 3..6,
		..steady(part)
	}
}

/// One worker serves all, and is silent for a twentieth of the year.
fn one_supplier(part: f64) -> Course {
	Course {
		workers: 0..1,
		silent: (0.5..0.55).contains(&part),
		..steady(part)
	}
}

/// All but a millionth of the liquidity leaves the pool, and comes back.
fn drain_pool(world: &mut World, phase: Phase, when: When) {
	if phase == Phase::Open && when.is_first_after(world, BEGIN) {
		remove_liquidity();
	}
	if phase == Phase::Open && when.is_first_after(world, END) {
		add_liquidity();
	}
}

const POOL: [AssetKind; 2] = [AssetKind::Native, AssetKind::WithId(USDC)];

fn remove_liquidity() {
	let [one, usdc] = POOL.map(Box::new);
	let pools = pallet_asset_conversion::Pools::<Runtime>::iter_values();
	let owned = |lp_token| PoolAssets::balance(lp_token, protocol_liquidity());
	let owned = pools.map(|pool| owned(pool.lp_token)).max();
	dispatch_as(
		RuntimeOrigin::signed(protocol_liquidity()),
		pallet_asset_conversion::Call::<Runtime>::remove_liquidity {
			asset1: one,
			asset2: usdc,
			lp_token_burn: owned.unwrap_or_default() / 1_000_000 * 999_999,
			amount1_min_receive: 1,
			amount2_min_receive: 1,
			withdraw_to: protocol_liquidity(),
		},
	);
}

fn add_liquidity() {
	let [one, usdc] = POOL.map(Box::new);
	let amount = 9_000_000;
	dispatch_as(
		RuntimeOrigin::signed(protocol_liquidity()),
		pallet_asset_conversion::Call::<Runtime>::add_liquidity {
			asset1: one,
			asset2: usdc,
			amount1_desired: amount * ONE,
			amount2_desired: amount * ONE_USDC,
			amount1_min: 1,
			amount2_min: 1,
			mint_to: protocol_liquidity(),
		},
	);
}

/// Three windows of four somebody presses the price by a third while fees are sold and lets it go
/// afterwards; once a week for so long that the average follows.
fn manipulate_pool(world: &mut World, phase: Phase, when: When) {
	if when.part < BEGIN || when.window == 0 {
		return;
	}
	match phase {
		Phase::Open => attempt(world.attacker.trade_to(0.67)),
		Phase::Served => {
			if when.day.is_multiple_of(7) && when.window == 3 {
				let later = now() + 35 * 60 * 1_000;
				while !world.go_on(later) {}
				world.next_block();
			}
			attempt(world.attacker.trade_to(1.0));
		}
	}
}

/// Somebody stakes four times what all others have, spends a tenth of the credits, and leaves.
fn whale(world: &mut World, phase: Phase, when: When) {
	if phase != Phase::Open {
		return;
	}
	let each = |world: &World, act: fn(&Holder) -> Result<(), String>| {
		for holder in &world.whales {
			act(holder).expect("a whale can stake what it has, and leave");
		}
	};
	if when.is_first_after(world, BEGIN) {
		each(world, Holder::join);
	} else if when.is_first_after(world, END) {
		each(world, Holder::exit);
	} else if (BEGIN..END).contains(&when.part) && when.window == 1 {
		for holder in world.whales.iter().step_by(10) {
			attempt(holder.spend(1.0));
		}
	}
}
