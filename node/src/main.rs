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

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		}
	}
}
