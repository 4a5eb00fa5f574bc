//! The command line.

use crate::doctor::DoctorCmd;
use one_engine::{
	cli::{examples_of, ModelCmd},
	Devices, EngineOptions,
};
use polkadot_sdk::*;
use sc_cli::{
	ChainInfoCmd, CheckBlockCmd, ExportBlocksCmd, ExportChainSpecCmd, ExportStateCmd,
	ImportBlocksCmd, KeySubcommand, PurgeChainCmd, RevertCmd, RunCmd,
};
use std::path::PathBuf;

/// The node: validator, worker or plain full node, by its flags.
#[derive(Debug, clap::Parser)]
#[command(
	after_help = "Chains for --chain: dev (one validator), local (four), demo (two, short governed times), live \
	              (a network for good: its founders complete what `export-chain-spec --chain live` writes), or the \
	              path of a specification."
)]
pub struct Cli {
	/// What to do instead of running the node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// How to run the node.
	#[clap(flatten)]
	pub run: RunCmd,

	/// What a worker's node computes.
	#[clap(flatten)]
	pub inference: Inference,
}

/// Flags of a worker's node.
#[derive(Debug, clap::Args)]
pub struct Inference {
	/// Answer jobs with the models in DIR: containers, or published folders, which are imported into
	/// the cache. Goes with `--offchain-worker always`.
	#[arg(long, value_name = "DIR")]
	pub inference_models: Option<PathBuf>,

	/// Where models are evaluated, each device on its own: all GPUs that pass their self-test, else the
	/// CPU (`auto`); a `gpu`, a software one too; or a list of GPUs by their index, as `doctor` names
	/// them, and the `cpu`. Each order goes to the device with the fewest. Example:
	/// `--inference-device 0,1`.
	#[arg(
		long,
		value_name = "auto|gpu|LIST",
		default_value = "auto",
		requires = "inference_models"
	)]
	pub inference_device: Devices,
}

impl Inference {
	/// How the engines are opened, if the node is to answer jobs.
	pub fn options(&self) -> Option<EngineOptions> {
		self.inference_models
			.clone()
			.map(|models_dir| EngineOptions {
				models_dir,
				devices: self.inference_device.clone(),
				options: one_engine::Options::default(),
			})
	}
}

/// What the binary can do beside running the node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Generate, inspect and insert keys.
	#[command(subcommand)]
	Key(KeySubcommand),

	/// Import, verify, list, run, evaluate and measure models.
	#[command(subcommand, mut_subcommands = examples_of("one-node model"))]
	Model(ModelCmd),

	/// Say what keeps this machine from being a node, and what to do about it.
	#[command(after_help = "Example: one-node doctor --chain local --base-path data --validator")]
	Doctor(DoctorCmd),

	/// Write a chain specification.
	ExportChainSpec(ExportChainSpecCmd),

	/// Check that a block of the database is valid.
	CheckBlock(CheckBlockCmd),

	/// Write blocks to a file.
	ExportBlocks(ExportBlocksCmd),

	/// Write the state at a block as a chain specification.
	ExportState(ExportStateCmd),

	/// Read blocks from a file.
	ImportBlocks(ImportBlocksCmd),

	/// Delete the database of a chain.
	PurgeChain(PurgeChainCmd),

	/// Undo the last, not yet final, blocks.
	Revert(RevertCmd),

	/// Show the meta columns of the database.
	ChainInfo(ChainInfoCmd),
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn examples_should_name_this_program() {
		let mut cli = Cli::command();
		let model = cli.find_subcommand_mut("model");
		for command in model.into_iter().flat_map(|model| model.get_subcommands()) {
			let help = command.get_after_help().map(ToString::to_string);
			let example = format!("one-node model {} ", command.get_name());
			assert!(
				help.is_some_and(|help| help.contains(&example)),
				"{example}"
			);
		}
	}
}
