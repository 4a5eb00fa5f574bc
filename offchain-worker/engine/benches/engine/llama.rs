//! `llama-bench` of llama.cpp.

use std::{error::Error, path::Path, process::Command};

use one_engine::bench::{median, Mode, Plan};
use serde::Deserialize;

use super::peer::Peer;

/// A line of its output.
#[derive(Deserialize)]
struct Line {
	n_gen: usize,
	samples_ts: Vec<f64>,
	/// Names of what it computes with.
	backends: String,
	/// Names of the GPUs that these found, which may be none.
	gpu_info: String,
}

/// Runs `program` on `model`: a prompt at once, and an answer from an empty context. It does not
/// measure several sequences side by side.
pub fn measure(
	program: &Path,
	model: &Path,
	threads: usize,
	gpu: bool,
	plan: Plan,
) -> Result<Peer, Box<dyn Error>> {
	let mut command = Command::new(program);
	command.arg("-m").arg(model).args(["-o", "jsonl"]);
	command.arg("-t").arg(threads.to_string());
	command.arg("-p").arg(plan.prefill.to_string());
	command.arg("-n").arg(plan.decode.to_string());
	command.arg("-r").arg(plan.repeats.most.to_string());
	let place: &[&str] = if gpu {
		&["-ngl", "999"]
	} else {
		&["-ngl", "0", "-dev", "none"]
	};
	let output = command.args(place).output()?;
	if !output.status.success() {
		let reason = String::from_utf8_lossy(&output.stderr);
		return Err(format!("{} failed: {reason}", program.display()).into());
	}
	parse(&String::from_utf8(output.stdout)?, gpu)
}

fn parse(output: &str, gpu: bool) -> Result<Peer, Box<dyn Error>> {
	let (mut prefill, mut decode) = (None, None);
	for line in output.lines().filter(|line| line.starts_with('{')) {
		let mut line: Line = serde_json::from_str(line)?;
		if gpu && line.gpu_info.is_empty() {
			return Err(no_gpu(&line.backends));
		}
		let slot = if line.n_gen > 0 {
			&mut decode
		} else {
			&mut prefill
		};
		*slot = median(&mut line.samples_ts);
	}
	let (prefill, decode) = prefill.zip(decode).ok_or("llama-bench said nothing")?;
	Ok(Peer {
		name: "llama.cpp Q8_0",
		cases: vec![(Mode::Prefill, 1, prefill), (Mode::Decode, 1, decode)],
	})
}

/// A GPU beside a processor would be no comparison.
fn no_gpu(backends: &str) -> Box<dyn Error> {
	let next = "install nvcc or glslc, or measure without --llama";
	format!("llama-bench was built for {backends} and sees no GPU: {next}").into()
}
