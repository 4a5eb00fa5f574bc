//! `doctor`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{print_json, print_line};
use crate::{
	backend::DeviceChoice,
	doctor::{engine_checks, summary, Check},
	EngineError,
};

/// What of the engine is checked, and how it is told.
#[derive(Debug, Args)]
pub struct Doctor {
	/// Folder of models; the cache if left out.
	#[arg(long, value_name = "DIR")]
	models: Option<PathBuf>,
	/// `cpu`, the index of a GPU, or `auto`: all that there are.
	#[arg(long, default_value = "auto", value_name = "cpu|auto|N")]
	device: DeviceChoice,
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
		engine_checks(self.models.as_deref(), self.device)
	}

	/// Prints checks, one a line.
	///
	/// # Errors
	/// [`EngineError::Unhealthy`] if one of them failed.
	pub fn report(&self, checks: &[Check]) -> Result<(), EngineError> {
		if self.json {
			print_json(&checks)?;
		} else {
			checks
				.iter()
				.try_for_each(|check| print_line(&check.to_string()))?;
		}
		summary(checks)
	}
}
