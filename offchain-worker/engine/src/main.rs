//! `one-engine`: models without a node.

use std::process::ExitCode;

use clap::Parser;
use one_engine::cli::ModelCmd;

/// Integer inference of language models, the same bits on every device.
#[derive(Parser)]
#[command(version)]
struct Cli {
	#[command(subcommand)]
	command: ModelCmd,
}

fn main() -> ExitCode {
	match Cli::parse().command.run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		}
	}
}
