//! The commands of a person who handles models.

mod bench;
mod doctor;
mod eval;
mod models;
mod run;

pub use bench::{Bench, BenchModel};
pub use doctor::Doctor;
pub use eval::{Eval, Sequences};
pub use models::{Import, List, Verify};
pub use run::{Choice, Run};

use std::{
	io::{ErrorKind, Write},
	path::{Path, PathBuf},
};

use clap::{Args, Command, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{
	backend::DeviceChoice,
	device::{CacheSize, Device},
	engine::{load, Loaded},
	scheduler::Options,
	EngineError,
};

/// Handles models: imports, checks, lists, runs, evaluates and measures them.
#[derive(Debug, Subcommand)]
pub enum ModelCmd {
	/// Make a container from a published model: a folder, or a GGUF file.
	#[command(after_help = "Example: PROGRAM import --model ./one-guide --out one-guide.one")]
	Import(Import),
	/// Recompute the Merkle root of a container from every byte.
	#[command(after_help = "Example: PROGRAM verify --model one-guide.one")]
	Verify(Verify),
	/// List the models of a folder.
	#[command(after_help = "Example: PROGRAM list --models ./models --json")]
	List(List),
	/// Answer one prompt.
	#[command(
		after_help = "Example: PROGRAM run --model ./one-guide --prompt \"What is ONE?\" \\\n         \
	                        --temperature 0.8 --top-p 0.95 --seed 0x2a"
	)]
	Run(Run),
	/// Evaluate texts, each token given all before it; also how near the model is to its floats.
	#[command(after_help = "Example: echo '[[1, 403, 407]]' > ids.json && \
	                        PROGRAM eval --model ./stories260K --ids ids.json --json\n\
	                        Example: PROGRAM eval --model ./one-guide --text chats.txt --floats ./one-guide")]
	Eval(Eval),
	/// Measure how fast a model runs.
	#[command(after_help = "Example: PROGRAM bench --shape llama-3.2-1b --device cpu --json")]
	Bench(Bench),
}

/// For `mut_subcommands` of what has the commands of [`ModelCmd`]: examples as they are typed after
/// `program`.
pub fn examples_of(program: &'static str) -> impl Fn(Command) -> Command {
	move |command| match command.get_after_help() {
		Some(help) => {
			let help = help.to_string().replace("PROGRAM", program);
			command.after_help(help)
		}
		None => command,
	}
}

/// A model and where to evaluate it.
#[derive(Debug, Args)]
pub struct Target {
	/// Container, or published folder or GGUF file, which is imported into the cache once.
	#[arg(long, value_name = "DIR")]
	model: PathBuf,
	/// `auto`: a hardware GPU that works, else the CPU; `cpu`; `gpu`, a software one too; its index.
	#[arg(long, default_value = "auto", value_name = "auto|cpu|gpu|N")]
	device: DeviceChoice,
}

impl ModelCmd {
	/// Runs the command and prints its outcome to the standard output.
	///
	/// # Errors
	/// Whatever keeps it from being done.
	pub fn run(&self) -> Result<(), EngineError> {
		while_read(match self {
			Self::Import(args) => args.run(),
			Self::Verify(args) => args.run(),
			Self::List(args) => args.run(),
			Self::Run(args) => args.run(),
			Self::Eval(args) => args.run(),
			Self::Bench(args) => args.run(),
		})
	}
}

impl Target {
	fn load(&self) -> Result<Loaded, EngineError> {
		let device = Device::open(self.device)?;
		let options = Options {
			cache: CacheSize::Sequences(1),
			..Options::default()
		};
		with_progress(|progress| load(&self.model, &device, options, progress))
	}
}

fn print_json(value: &impl Serialize) -> Result<(), EngineError> {
	let text = serde_json::to_string(value)
		.map_err(|error| EngineError::malformed(Path::new("output"), "JSON", error))?;
	print_line(&text)
}

fn print_line(text: &str) -> Result<(), EngineError> {
	print(&format!("{text}\n"))
}

fn print(text: &str) -> Result<(), EngineError> {
	let mut output = std::io::stdout();
	let written = output
		.write_all(text.as_bytes())
		.and_then(|()| output.flush());
	written.map_err(EngineError::io(Path::new("standard output")))
}

/// Who reads the output has read enough when they leave: that is the end, and no failure.
fn while_read(outcome: Result<(), EngineError>) -> Result<(), EngineError> {
	match outcome {
		Err(EngineError::Io { source, .. }) if source.kind() == ErrorKind::BrokenPipe => Ok(()),
		other => other,
	}
}

/// Shows the steps of an import on the standard error.
fn with_progress<T>(work: impl FnOnce(&mut dyn FnMut(u32, u32)) -> T) -> T {
	let bar = ProgressBar::no_length();
	if let Ok(style) = ProgressStyle::with_template("importing: step {pos} of {len} {bar} {eta}") {
		bar.set_style(style);
	}
	let outcome = work(&mut |done, layers| {
		bar.set_length(layers as u64);
		bar.set_position(done as u64);
	});
	bar.finish_and_clear();
	outcome
}
