//! Checks the invariants of every pallet on the state of a running chain, whose root is verified.
//!
//! `audit ws://127.0.0.1:9944 [BLOCK_HASH]`, built with everything else into `debug/examples`.

#![allow(missing_docs)]

#[path = "../tests/runtime/invariants.rs"]
mod invariants;

use one_runtime::{Block, Hash};
use polkadot_sdk::frame_remote_externalities::{Builder, Mode, OnlineConfig, RemoteExternalities};
use std::{env, process::ExitCode};

/// Fetches the whole state after block `at`, or after the last that is final.
async fn fetch(uri: String, at: Option<Hash>) -> Result<RemoteExternalities<Block>, String> {
	let online = OnlineConfig {
		at,
		transport_uris: vec![uri],
		child_trie: true,
		..Default::default()
	};
	let builder = Builder::<Block>::default().mode(Mode::Online(online));
	builder
		.build()
		.await
		.map_err(|error| format!("the state could not be fetched: {error}"))
}

fn audit() -> Result<(), String> {
	let mut arguments = env::args().skip(1);
	let uri = arguments
		.next()
		.ok_or("which node? for example: audit ws://127.0.0.1:9944")?;
	let at = arguments.next().map(|hash| hash.parse());
	let at = at
		.transpose()
		.map_err(|error| format!("the hash of the block: {error}"))?;
	let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
	let mut state = runtime.block_on(fetch(uri, at))?;
	state.execute_with(invariants::check)?;
	println!("all invariants hold after block {:?}", state.header.hash());
	Ok(())
}

fn main() -> ExitCode {
	match audit() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		}
	}
}
