//! The ONE Protocol node.

#![allow(
	clippy::result_large_err,
	reason = "the error of every function here is the SDK's"
)]

mod chain_spec;
mod cli;
mod command;
mod doctor;
mod equivocation;
mod rpc;
mod service;

fn main() -> polkadot_sdk::sc_cli::Result<()> {
	command::run()
}
