//! What the lanes and reservations give under load: how long jobs wait, what the Included lane gets
//! while both compete, and what a reservation delivers of its rate.

use crate::{
	traffic::{Job, Kind, Traffic, BLOCKS, CYCLE},
	Figures,
};
use one_primitives::Cu;
use one_runtime::constants::time::MINUTES;

/// In percent of what the slots that are not bound serve. Two jobs of three are Dedicated, so that
/// at the last load these alone would take every slot.
const LOADS: [u64; 4] = [50, 80, 100, 150];
/// From this load on a Dedicated job waits less than an Included one, below it no longer.
const BUSY: u64 = 80;

type Figure = fn(&Traffic) -> f64;

/// The figures, and the load whose row each is taken from: waiting where the market is just full,
/// since beyond that it depends on how long it lasts; what is guaranteed where most press for it.
const FIGURES: [(&str, u64, Figure); 4] = [
	("reserved_delivery_pct", 150, reserved_delivery),
	("dedicated_wait_p50_s", 100, |traffic| {
		median_wait(traffic, Kind::Dedicated) as f64
	}),
	("included_wait_p50_s", 100, |traffic| {
		median_wait(traffic, Kind::Included) as f64
	}),
	("included_share_pct", 150, included_share),
];

/// Measures all under each load, and fails if the lanes do not keep what they promise.
pub fn measure(figures: &mut Figures) {
	for load in LOADS {
		let traffic = Traffic::under(load);
		for (name, telling, figure) in FIGURES {
			let value = figure(&traffic);
			figures.add(&format!("{name}_at_{load}"), value);
			if load == telling {
				figures.add(name, value);
			}
		}
		check(load, &traffic);
	}
}

fn check(load: u64, traffic: &Traffic) {
	let [dedicated, included] =
		[Kind::Dedicated, Kind::Included].map(|kind| median_wait(traffic, kind));
	assert!(dedicated <= included, "Dedicated jobs wait longer");
	let is_faster = load < BUSY || dedicated < included;
	assert!(is_faster, "Dedicated jobs wait as long as others");
	let [dedicated, included] = contested(traffic);
	let floor = traffic.floor.mul_floor(dedicated + included);
	assert!(included >= floor, "{included} Included of at least {floor}");
	let (served, booked) = delivery(traffic);
	assert!(served >= booked, "{served} CU served of {booked} booked");
}

/// Seconds for which the median job of a kind waited.
fn median_wait(traffic: &Traffic, kind: Kind) -> u64 {
	let jobs = traffic.jobs.values().filter(|job| job.kind == kind);
	let mut waits: Vec<_> = jobs.filter_map(Job::wait).collect();
	waits.sort_unstable();
	waits[(waits.len() - 1) / 2]
}

/// Matches of Dedicated and of Included jobs, while jobs came, in blocks after which Included ones
/// still waited.
fn contested(traffic: &Traffic) -> [u64; 2] {
	let of = |kind: Kind| traffic.jobs.values().filter(move |job| job.kind == kind);
	let has_queue = |block: &u64| of(Kind::Included).any(|job| job.waits_through(*block));
	let blocks: Vec<_> = (0..BLOCKS).filter(has_queue).collect();
	[Kind::Dedicated, Kind::Included].map(|kind| {
		let matched = of(kind).filter(|job| job.is_assigned_in(&blocks));
		matched.count() as u64
	})
}

/// The part of these matches that was Included.
fn included_share(traffic: &Traffic) -> f64 {
	let [dedicated, included] = contested(traffic);
	100.0 * included as f64 / (dedicated + included) as f64
}

/// CU that were served under the booking while jobs came, the last of them included, and CU that
/// were booked for that time.
fn delivery(traffic: &Traffic) -> (Cu, Cu) {
	let reserved = |job: &&Job| job.kind == Kind::Reserved;
	let served = traffic.jobs.values().filter(reserved);
	let in_time = served
		.filter_map(|job| job.served)
		.filter(|(at, _)| *at < BLOCKS + CYCLE);
	let booked = traffic.cu_per_minute * BLOCKS / u64::from(MINUTES);
	(in_time.map(|(_, cu)| cu).sum(), booked)
}

fn reserved_delivery(traffic: &Traffic) -> f64 {
	let (served, booked) = delivery(traffic);
	100.0 * served as f64 / booked as f64
}
