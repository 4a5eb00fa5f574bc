//! `model bench`.

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;

use super::{print_json, print_line, with_progress};
use crate::{
	backend::{DeviceChoice, KernelTime},
	bench::{cached_random_model, measure, Case, Mode, NamedShape, Plan, Progress, Report},
	source::resolve,
	EngineError,
};

/// The one model to measure.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct BenchModel {
	/// Container, or published folder, which is imported into the cache once.
	#[arg(long, value_name = "DIR")]
	model: Option<PathBuf>,
	/// Random weights of this shape instead, kept in the cache.
	#[arg(long, value_name = "SHAPE")]
	shape: Option<NamedShape>,
}

impl BenchModel {
	fn path(&self, progress: Progress<'_>) -> Result<PathBuf, EngineError> {
		if let Some(shape) = self.shape {
			return cached_random_model(shape, progress);
		}
		let model = self.model.clone().unwrap_or_default();
		with_progress(|progress| resolve(&model, progress))?;
		Ok(model)
	}
}

/// Most threads that make sense anywhere.
const MAX_THREADS: usize = 1_024;

fn threads(text: &str) -> Result<usize, String> {
	let threads = text.parse().map_err(|_| "not a number".to_owned())?;
	if threads > MAX_THREADS {
		return Err(format!("more than {MAX_THREADS}"));
	}
	Ok(threads)
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
pub struct Bench {
	#[command(flatten)]
	model: BenchModel,
	/// `auto`: a hardware GPU that works, else the CPU; `cpu`; `gpu`, a software one too; its index.
	#[arg(long, default_value = "auto", value_name = "auto|cpu|gpu|N")]
	device: DeviceChoice,
	/// Threads of the CPU; 0 takes one a core.
	#[arg(long, default_value_t = 0, value_name = "N", value_parser = threads)]
	threads: usize,
	/// Repeats of each measurement, of which the median counts; a slow one is repeated less often.
	#[arg(long, default_value_t = 5, value_name = "N")]
	repeats: usize,
	/// Tokens that a sequence generates.
	#[arg(long, default_value_t = 64, value_name = "N")]
	tokens: usize,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

impl Bench {
	pub(super) fn run(&self) -> Result<(), EngineError> {
		let report = with_spinner(|progress| self.measure(progress))?;
		if self.json {
			return print_json(&report);
		}
		lines(&report).iter().try_for_each(|line| print_line(line))
	}

	fn measure(&self, progress: Progress<'_>) -> Result<Report, EngineError> {
		let path = self.model.path(progress)?;
		let mut plan = Plan {
			decode: self.tokens,
			audit: self.tokens.saturating_mul(4),
			..Plan::default()
		};
		plan.repeats.most = self.repeats;
		measure(&path, self.device, self.threads, plan, progress)
	}
}

/// The report for a person.
fn lines(report: &Report) -> Vec<String> {
	let Report {
		model,
		device,
		threads,
		bandwidth_gbps,
		gmacs,
		start,
		audit_speedup,
		..
	} = report;
	let mut lines = vec![format!("{model} on {device}, {threads} threads of the CPU")];
	lines.extend(report.cases.iter().flat_map(case_lines));
	lines.push(format!(
		"audit: {audit_speedup:.1} times as fast as generating"
	));
	lines.push(format!("copies in memory: {bandwidth_gbps:.1} GB/s"));
	lines.extend(gmacs.map(|gmacs| format!("products in registers: {gmacs:.0} G/s")));
	lines.push(format!(
		"loading: {:.2} GB/s, {:.0} % of reading, {:.2} GB/s",
		start.load_gbps,
		100.0 * start.load_share,
		start.read_gbps
	));
	lines.push(format!(
		"start to first token: {:.2} s",
		start.first_token_s
	));
	lines
}

fn case_lines(case: &Case) -> Vec<String> {
	let all: f64 = case.kernels.iter().map(|time| time.seconds).sum();
	let kernel =
		|time: &KernelTime| format!("  {:4.1} % {}", 100.0 * time.seconds / all, time.kernel);
	std::iter::once(line(case))
		.chain(case.kernels.iter().map(kernel))
		.collect()
}

fn line(case: &Case) -> String {
	let what = match case.mode {
		Mode::Decode => format!("decode, batch {}", case.batch),
		Mode::Prefill => "prefill".into(),
		Mode::Audit => "audit".into(),
	};
	let mut line = format!("{what}: {:.1} tokens per second", case.tps);
	let bounds = [
		(case.bandwidth_share, "bandwidth"),
		(case.product_share, "products"),
	];
	for (share, bound) in bounds {
		if let Some(share) = share {
			line += &format!(", {:.1} % of the {bound}", 100.0 * share);
		}
	}
	line
}

/// Shows what is measured now, on the standard error.
fn with_spinner<T>(work: impl FnOnce(Progress<'_>) -> T) -> T {
	let spinner = ProgressBar::new_spinner();
	spinner.enable_steady_tick(std::time::Duration::from_millis(200));
	let outcome = work(&mut |what| spinner.set_message(format!("measuring: {what}")));
	spinner.finish_and_clear();
	outcome
}
