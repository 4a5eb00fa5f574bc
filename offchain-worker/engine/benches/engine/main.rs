//! The engine beside llama.cpp: the same shapes, the same threads, one machine, one run. A software
//! rasteriser is measured beside the engine's own CPU path instead.
//!
//! `scripts/bench engine` builds llama.cpp's `llama-bench` and says by `--llama` where it is.
#![allow(missing_docs)]

mod gguf;
mod llama;
mod peer;

use std::{
	error::Error,
	path::{Path, PathBuf},
};

use clap::{Parser, ValueEnum};
use one_engine::{
	bench::{cached_random_model, measure, Case, NamedShape, Plan, Report, StartTimes},
	DeviceChoice,
};
use serde::Serialize;

use peer::Peer;

/// Measures the engine beside llama.cpp.
#[derive(Parser)]
struct Args {
	/// `cpu`, the index of a GPU, or `auto`.
	#[arg(long, default_value = "cpu")]
	device: DeviceChoice,
	/// Shapes with random weights; all if none is named.
	#[arg(long = "model", value_name = "SHAPE")]
	models: Vec<NamedShape>,
	/// Threads of the CPU; 0 takes one a core.
	#[arg(long, default_value_t = 0)]
	threads: usize,
	/// Tokens that a sequence generates.
	#[arg(long, default_value_t = Plan::default().decode)]
	tokens: usize,
	/// Repeats of each measurement, of which the median counts.
	#[arg(long, default_value_t = Plan::default().repeats.most)]
	repeats: usize,
	/// End in one line for machines.
	#[arg(long)]
	json: bool,
	/// Where `llama-bench` is; without it there is no peer.
	#[arg(long, value_name = "FILE")]
	llama: Option<PathBuf>,
	/// What cargo passes to every benchmark.
	#[arg(long, hide = true)]
	bench: bool,
}

/// A case beside that of the peer.
#[derive(Serialize)]
struct Row {
	model: String,
	#[serde(flatten)]
	case: Case,
	peer: Option<&'static str>,
	peer_tps: Option<f64>,
	ratio: Option<f64>,
}

/// The last line. Times are those of the last model, the largest unless it is told otherwise.
#[derive(Serialize)]
struct Figures {
	device: String,
	cases: Vec<Row>,
	audit_speedup: f64,
	#[serde(flatten)]
	start: StartTimes,
}

fn main() -> Result<(), Box<dyn Error>> {
	let args = Args::parse();
	let shapes = match &args.models[..] {
		[] => NamedShape::value_variants(),
		models => models,
	};
	let (mut rows, mut last) = (Vec::new(), None);
	for shape in shapes {
		let (report, new) = compare(&args, *shape)?;
		rows.extend(new);
		last = Some(report);
	}
	let Some(last) = last.filter(|_| args.json) else {
		return Ok(());
	};
	let figures = Figures {
		device: last.device,
		cases: rows,
		audit_speedup: last.audit_speedup,
		start: last.start,
	};
	println!("{}", serde_json::to_string(&figures)?);
	Ok(())
}

/// Measures a shape, then its peer, and prints both.
fn compare(args: &Args, shape: NamedShape) -> Result<(Report, Vec<Row>), Box<dyn Error>> {
	let mut say = |what: &str| eprintln!("bench: {}: {what}", shape.name());
	let mut plan = Plan {
		decode: args.tokens,
		audit: args.tokens.saturating_mul(4),
		..Plan::default()
	};
	plan.repeats.most = args.repeats;
	let path = cached_random_model(shape, &mut say)?;
	let report = measure(&path, args.device, args.threads, plan, &mut say)?;
	say("peer");
	let peer = peer(args, shape, &path, &report, plan)?;
	let rows: Vec<_> = report
		.cases
		.iter()
		.map(|case| row(&report, case, peer.as_ref()))
		.collect();
	print(&report, &rows);
	Ok((report, rows))
}

fn peer(
	args: &Args,
	shape: NamedShape,
	path: &Path,
	report: &Report,
	plan: Plan,
) -> Result<Option<Peer>, Box<dyn Error>> {
	if report.software {
		let cpu = measure(path, DeviceChoice::Cpu, args.threads, plan, &mut |_| ())?;
		return Ok(Some(Peer::cpu(&cpu)));
	}
	let Some(program) = &args.llama else {
		return Ok(None);
	};
	let gpu = report.device != "cpu";
	llama::measure(program, &gguf::cached(shape)?, report.threads, gpu, plan).map(Some)
}

fn row(report: &Report, case: &Case, peer: Option<&Peer>) -> Row {
	let peer = peer.and_then(|peer| Some((peer.name, peer.tps(case)?)));
	let peer_tps = peer.map(|(_, tps)| tps);
	Row {
		model: report.model.clone(),
		case: case.clone(),
		peer: peer.map(|(name, _)| name),
		peer_tps,
		ratio: peer_tps.map(|peer| case.tps / peer),
	}
}

fn print(report: &Report, rows: &[Row]) {
	let start = report.start;
	println!(
		"{} on {}, {} threads: copies {:.1} GB/s, reading {:.2} GB/s, loading {:.2} GB/s ({:.0} %), first token {:.2} s, audit {:.1} times as fast as generating",
		report.model,
		report.device,
		report.threads,
		report.bandwidth_gbps,
		start.read_gbps,
		start.load_gbps,
		100.0 * start.load_share,
		start.first_token_s,
		report.audit_speedup,
	);
	for row in rows {
		let share = row.case.bandwidth_share.map_or(String::new(), |share| {
			format!(", {:.1} % of the bandwidth", 100.0 * share)
		});
		let peer = match (row.peer, row.peer_tps, row.ratio) {
			(Some(name), Some(tps), Some(ratio)) => format!(", {name} {tps:.2}: {ratio:.3}"),
			_ => String::new(),
		};
		let (mode, batch, tps) = (row.case.mode, row.case.batch, row.case.tps);
		println!("  {mode:?}, batch {batch}: {tps:.2} tokens per second{share}{peer}");
	}
}
