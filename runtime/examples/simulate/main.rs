//! Supply and solvency: the real runtime over a year, in scenarios that would break a promise if it
//! could be broken.
//!
//! `scripts/simulate --help` says how to run it, `docs/simulation.md` what it showed.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod agents;
#[path = "../../tests/runtime/books.rs"]
#[allow(dead_code)]
mod books;
#[path = "../../tests/runtime/chain.rs"]
#[allow(dead_code)]
mod chain;
#[path = "../../tests/runtime/invariants.rs"]
mod invariants;
mod measure;
mod report;
mod scenarios;
#[cfg(test)]
mod tests;
mod workers;
mod world;
mod year;

use clap::Parser;
use rayon::prelude::*;
use scenarios::{Scenario, SCENARIOS};
use std::{path::PathBuf, process::ExitCode, time::Instant};
use year::Outcome;

/// Simulates a year of the economy on the real runtime.
#[derive(Parser)]
#[command(name = "simulate")]
struct Options {
	/// Days of each scenario
	#[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
	days: u32,
	/// Only this scenario; can be repeated
	#[arg(long, value_parser = known)]
	scenario: Vec<String>,
	/// Writes table.txt, and a CSV and an SVG of each scenario, into this folder
	#[arg(long)]
	out: Option<PathBuf>,
	/// Ends in one line of JSON
	#[arg(long)]
	json: bool,
}

/// The name of a scenario, if there is one of it.
fn known(name: &str) -> Result<String, String> {
	let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
	match names.contains(&name) {
		true => Ok(name.into()),
		false => Err(format!("one of: {}", names.join(", "))),
	}
}

fn main() -> ExitCode {
	let options = Options::parse();
	let is_wanted = |scenario: &&Scenario| {
		options.scenario.is_empty() || options.scenario.iter().any(|name| name == scenario.name)
	};
	let wanted: Vec<_> = SCENARIOS.iter().filter(is_wanted).collect();
	let outcomes: Vec<_> = wanted
		.into_par_iter()
		.map(|scenario| watch(scenario, options.days))
		.collect();
	print!("{}", report::table(&outcomes));
	if let Some(folder) = &options.out {
		if let Err(error) = report::write(folder, &outcomes) {
			eprintln!("error: {}: {error}", folder.display());
			return ExitCode::FAILURE;
		}
	}
	if options.json {
		println!("{}", report::summary(&outcomes));
	}
	match outcomes.iter().all(Outcome::is_sound) {
		true => ExitCode::SUCCESS,
		false => ExitCode::FAILURE,
	}
}

/// Lives a scenario, and says how far it is.
fn watch(scenario: &Scenario, days: u32) -> Outcome {
	let begin = Instant::now();
	year::live(scenario, days, |day| {
		if (day + 1) % 73 == 0 || day + 1 == days {
			let seconds = begin.elapsed().as_secs();
			eprintln!(
				"simulate: {}, day {} of {days}, {seconds} s",
				scenario.name,
				day + 1
			);
		}
	})
}
