//! `one-engine`: models without a node.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use one_engine::{
	cli::{examples_of, Doctor, ModelCmd},
	EngineError,
};

/// Integer inference of language models, the same bits on every device.
#[derive(Parser)]
#[command(version, mut_subcommands = examples_of("one-engine"))]
struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	#[command(flatten)]
	Model(ModelCmd),
	/// Say what keeps this machine from working, and what to do about it.
	#[command(after_help = "Example: one-engine doctor --models ./models")]
	Doctor(Doctor),
}

impl Command {
	fn run(&self) -> Result<(), EngineError> {
		match self {
			Self::Model(command) => command.run(),
			Self::Doctor(doctor) => doctor.run(),
		}
	}
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
