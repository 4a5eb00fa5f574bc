//! `doctor`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{print_json, print_line, while_read};
use crate::{
	devices::Devices,
	doctor::{engine_checks, summary, Check},
	EngineError,
};

/// What of the engine is checked, and how it is told.
#[derive(Debug, Args)]
pub struct Doctor {
	/// Folder of models; the cache if left out.
	#[arg(long, value_name = "DIR")]
	models: Option<PathBuf>,
	/// As what uses it is started: `auto`, a `gpu`, or a list of GPUs by their index and of the `cpu`.
	#[arg(long, default_value = "auto", value_name = "auto|gpu|LIST")]
	device: Devices,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

impl Doctor {
	/// Checks what the engine needs, prints it, and fails if it lacks something.
	///
	/// # Errors
	/// [`EngineError::Unhealthy`] if a check failed.
	pub fn run(&self) -> Result<(), EngineError> {
		self.report(&self.checks())
	}

	/// Folder of models, if one was named.
	pub fn models(&self) -> Option<&Path> {
		self.models.as_deref()
	}

	/// Checks what the engine needs.
	pub fn checks(&self) -> Vec<Check> {
		engine_checks(self.models.as_deref(), &self.device)
	}

	/// Prints checks, one a line.
	///
	/// # Errors
	/// [`EngineError::Unhealthy`] if one of them failed.
	pub fn report(&self, checks: &[Check]) -> Result<(), EngineError> {
		while_read(self.print(checks))?;
		summary(checks)
	}

	fn print(&self, checks: &[Check]) -> Result<(), EngineError> {
		if self.json {
			return print_json(&checks);
		}
		let mut lines = checks.iter().map(Check::to_string);
		lines.try_for_each(|line| print_line(&line))
	}
}
