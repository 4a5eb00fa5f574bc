//! `model import`, `verify` and `list`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{print_json, print_line, with_progress};
use crate::{
	container::Container,
	engine::{to_hex, ModelInfo},
	hash::Hash,
	import::import,
	source::{find, resolve},
	EngineError,
};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Import {
	/// Folder with config.json, tokenizer.json and model.safetensors, or GGUF file.
	#[arg(long, value_name = "DIR")]
	model: PathBuf,
	/// Container to write; its name is the name of the model.
	#[arg(long, value_name = "FILE")]
	out: PathBuf,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
	/// The container.
	#[arg(long, value_name = "FILE")]
	model: PathBuf,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct List {
	/// Folder of containers and published models, or one of them.
	#[arg(long, value_name = "DIR")]
	models: PathBuf,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

#[derive(Serialize)]
struct Root {
	path: PathBuf,
	root: String,
}

impl Root {
	fn print(path: &Path, root: &Hash, json: bool) -> Result<(), EngineError> {
		let root = Self {
			path: path.into(),
			root: to_hex(root),
		};
		if json {
			return print_json(&root);
		}
		print_line(&format!("{} {}", root.root, path.display()))
	}
}

impl Import {
	pub(super) fn run(&self) -> Result<(), EngineError> {
		let root = with_progress(|progress| import(&self.model, &self.out, progress))?;
		Root::print(&self.out, &root, self.json)
	}
}

impl Verify {
	pub(super) fn run(&self) -> Result<(), EngineError> {
		let container = Container::open(&self.model)?;
		container.verify()?;
		container.model()?;
		Root::print(&self.model, &container.root(), self.json)
	}
}

impl List {
	pub(super) fn run(&self) -> Result<(), EngineError> {
		let info = |path: PathBuf| -> Result<ModelInfo, EngineError> {
			ModelInfo::of(&with_progress(|progress| resolve(&path, progress))?)
		};
		let models: Vec<ModelInfo> = find(&self.models)?
			.into_iter()
			.map(info)
			.collect::<Result<_, _>>()?;
		if self.json {
			return print_json(&models);
		}
		models.iter().try_for_each(|model| {
			let macs = model.linear_macs_per_token;
			let root = to_hex(&model.root);
			print_line(&format!(
				"{root} {} {macs} MACs a token, {} positions",
				model.name, model.context
			))
		})
	}
}
