//! `doctor`: what keeps this machine from being a node, and what to do about it.

use crate::cli::Cli;
use one_engine::{
	cli::Doctor,
	doctor::{space_check, Check},
};
use one_primitives::workers::crypto::KEY_TYPE as WORKER;
use polkadot_sdk::*;
use sc_cli::{Result, SharedParams, SubstrateCli};
use sc_keystore::LocalKeystore;
use sc_service::config::BasePath;
use sp_core::crypto::{key_types, KeyTypeId};
use sp_keystore::Keystore;
use std::{
	net::{Ipv4Addr, TcpListener},
	path::{Path, PathBuf},
};

/// Where programs that keep the clock say that they do.
const CLOCK_KEEPERS: [&str; 3] = [
	"/run/systemd/timesync/synchronized",
	"/run/chrony/chronyd.pid",
	"/run/ntpd.pid",
];

/// What is checked of this machine.
#[derive(Debug, clap::Args)]
pub struct DoctorCmd {
	/// Chain and base path, as the node is started.
	#[clap(flatten)]
	pub shared: SharedParams,

	/// The engine.
	#[clap(flatten)]
	pub engine: Doctor,

	/// The node is to be a validator: its session keys must be there.
	#[arg(long)]
	pub validator: bool,

	/// Where the keys are, unless in the base path.
	#[arg(long, value_name = "PATH")]
	pub keystore_path: Option<PathBuf>,

	/// Port for other nodes.
	#[arg(long, value_name = "PORT", default_value_t = 30333)]
	pub port: u16,

	/// Port for RPC.
	#[arg(long, value_name = "PORT", default_value_t = 9944)]
	pub rpc_port: u16,

	/// Port for metrics.
	#[arg(long, value_name = "PORT", default_value_t = 9615)]
	pub prometheus_port: u16,
}

impl DoctorCmd {
	/// Checks and prints everything; fails if something does not work.
	pub fn run(&self, cli: &Cli) -> Result<()> {
		let mut checks = self.engine.checks();
		checks.extend([
			port_check("other nodes", "--port", Ipv4Addr::UNSPECIFIED, self.port),
			port_check("RPC", "--rpc-port", Ipv4Addr::LOCALHOST, self.rpc_port),
			port_check(
				"metrics",
				"--prometheus-port",
				Ipv4Addr::LOCALHOST,
				self.prometheus_port,
			),
		]);
		let folder = self.chain_folder(cli)?;
		checks.extend([base_path_check(&folder), space_check("the chain", &folder)]);
		let keys = self
			.keystore_path
			.clone()
			.unwrap_or_else(|| folder.join("keystore"));
		checks.extend(self.needed().into_iter().map(|key| key_check(&keys, key)));
		checks.push(keeper_check());
		self.engine
			.report(&checks)
			.map_err(|error| sc_cli::Error::Application(error.into()))
	}

	/// Where the node keeps the chain.
	fn chain_folder(&self, cli: &Cli) -> Result<PathBuf> {
		let base = self
			.shared
			.base_path()?
			.unwrap_or_else(|| BasePath::from_project("", "", &Cli::executable_name()));
		let spec = cli.load_spec(&self.shared.chain_id(self.shared.is_dev()))?;
		Ok(base.config_dir(spec.id()))
	}

	/// Keys that the node signs with; a development chain brings its own.
	fn needed(&self) -> Vec<KeyTypeId> {
		if self.shared.is_dev() {
			return Vec::new();
		}
		let session = [key_types::BABE, key_types::GRANDPA];
		let session = session.into_iter().filter(|_| self.validator);
		session
			.chain(self.engine.models().map(|_| WORKER))
			.collect()
	}
}

fn port_check(what: &str, flag: &str, address: Ipv4Addr, port: u16) -> Check {
	let name = format!("port {port} for {what}");
	match TcpListener::bind((address, port)) {
		Ok(_) => Check::ok(name, "free"),
		Err(error) => Check::failed(
			name,
			error,
			format!("end what uses it (perhaps a node that runs), or choose another with {flag}"),
		),
	}
}

/// Writes where the node will: in its folder, or in the part of the path to it that exists.
fn base_path_check(folder: &Path) -> Check {
	let what = format!("base path {}", folder.display());
	let existing = folder.ancestors().find(|folder| folder.is_dir());
	match tempfile::tempfile_in(existing.unwrap_or(Path::new("/"))) {
		Ok(_) => Check::ok(what, "writable"),
		Err(error) => Check::failed(
			what,
			error,
			"give this user the right to write there, or choose another with --base-path",
		),
	}
}

fn key_check(keystore: &Path, key: KeyTypeId) -> Check {
	let name = String::from_utf8_lossy(&key.0).into_owned();
	let next = format!("insert it: `one-node key insert --key-type {name}`, or author_insertKey");
	let what = format!("key `{name}`");
	if !keystore.is_dir() {
		return Check::failed(what, format!("there is no {}", keystore.display()), next);
	}
	let keys = LocalKeystore::open(keystore, None)
		.map_err(|error| error.to_string())
		.and_then(|store| store.keys(key).map_err(|error| error.to_string()));
	match keys {
		Ok(keys) if keys.is_empty() => Check::failed(what, "missing", next),
		Ok(keys) => Check::ok(what, format!("{} of them", keys.len())),
		Err(error) => Check::failed(what, error, "let this user read the keys"),
	}
}

/// Blocks are made at times of day: a clock that nothing keeps drifts out of them.
fn keeper_check() -> Check {
	let kept = CLOCK_KEEPERS.iter().find(|path| Path::new(path).exists());
	match kept {
		Some(path) => Check::ok("wall time", format!("kept, says {path}")),
		None => Check::note(
			"wall time",
			"nothing here keeps the clock",
			"install chrony or systemd-timesyncd, unless the host of this machine keeps it",
		),
	}
}
