//! Runs what the command line asks for.

use crate::{
	chain_spec::{self, ChainSpec},
	cli::{Cli, Subcommand},
	service::{self, FullBackend, FullClient, ImportQueue},
};
use one_runtime::{opaque::Block, BlockNumber, Hash};
use polkadot_sdk::{
	sc_cli::{CliConfiguration, Error, Result, SubstrateCli},
	sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker},
	sc_service::{Configuration, PartialComponents, TaskManager},
	*,
};
use std::{future::Future, path::PathBuf, sync::Arc};

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"ONE Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		env!("CARGO_PKG_HOMEPAGE").into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> std::result::Result<Box<dyn sc_service::ChainSpec>, String> {
		Ok(Box::new(match id {
			"dev" => chain_spec::development()?,
			"" | "local" => chain_spec::local()?,
			"demo" => chain_spec::demo()?,
			"live" => chain_spec::live()?,
			path => ChainSpec::from_json_file(PathBuf::from(path))?,
		}))
	}
}

/// Parses the command line and runs it.
pub fn run() -> Result<()> {
	let cli = Cli::from_args();
	match &cli.subcommand {
		None => run_node(&cli),
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		Some(Subcommand::Model(cmd)) => cmd.run().map_err(|error| Error::Application(error.into())),
		Some(Subcommand::Doctor(cmd)) => cmd.run(&cli),
		Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
		Some(Subcommand::CheckBlock(cmd)) => run_on_chain(&cli, cmd, |chain, _| {
			cmd.run(chain.client, chain.import_queue)
		}),
		Some(Subcommand::ExportBlocks(cmd)) => run_on_chain(&cli, cmd, |chain, config| {
			cmd.run(chain.client, config.database)
		}),
		Some(Subcommand::ExportState(cmd)) => run_on_chain(&cli, cmd, |chain, config| {
			cmd.run(chain.client, config.chain_spec)
		}),
		Some(Subcommand::ImportBlocks(cmd)) => run_on_chain(&cli, cmd, |chain, _| {
			cmd.run(chain.client, chain.import_queue)
		}),
		Some(Subcommand::Revert(cmd)) => run_on_chain(&cli, cmd, |chain, _| {
			cmd.run(
				chain.client,
				chain.backend,
				Some(Box::new(revert_consensus)),
			)
		}),
		Some(Subcommand::PurgeChain(cmd)) => cli
			.create_runner(cmd)?
			.sync_run(|config| cmd.run(config.database)),
		Some(Subcommand::ChainInfo(cmd)) => cli
			.create_runner(cmd)?
			.sync_run(|config| cmd.run::<Block>(&config)),
	}
}

/// Runs the node until it is told to stop.
fn run_node(cli: &Cli) -> Result<()> {
	let inference = cli.inference.options();
	cli.create_runner(&cli.run)?
		.run_node_until_exit(|config| async move {
			chain_spec::check_live(config.chain_spec.as_ref()).map_err(Error::Input)?;
			match config.network.network_backend {
				NetworkBackendType::Libp2p => {
					service::new_full::<NetworkWorker<Block, Hash>>(config, inference)
				}
				NetworkBackendType::Litep2p => {
					service::new_full::<Litep2pNetworkBackend>(config, inference)
				}
			}
			.map_err(Error::Service)
		})
}

/// The parts of a node that a command on the database works with.
struct Chain {
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	import_queue: ImportQueue,
}

/// Opens the database and runs `action` on it.
fn run_on_chain<Cmd, F>(
	cli: &Cli,
	cmd: &Cmd,
	action: impl FnOnce(Chain, Configuration) -> F,
) -> Result<()>
where
	Cmd: CliConfiguration,
	F: Future<Output = Result<()>>,
{
	cli.create_runner(cmd)?.async_run(|config| {
		let (chain, task_manager) = open_chain(&config)?;
		Ok((action(chain, config), task_manager))
	})
}

fn open_chain(config: &Configuration) -> Result<(Chain, TaskManager)> {
	let PartialComponents {
		client,
		backend,
		import_queue,
		task_manager,
		..
	} = service::new_partial(config)?;
	Ok((
		Chain {
			client,
			backend,
			import_queue,
		},
		task_manager,
	))
}

/// Takes consensus back with the blocks.
fn revert_consensus(
	client: Arc<FullClient>,
	backend: Arc<FullBackend>,
	blocks: BlockNumber,
) -> Result<()> {
	sc_consensus_babe::revert(client.clone(), backend, blocks)?;
	sc_consensus_grandpa::revert(client, blocks)?;
	Ok(())
}
