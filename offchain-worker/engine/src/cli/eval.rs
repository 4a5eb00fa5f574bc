//! `model eval`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{print_json, print_line, Target};
use crate::{accuracy::Comparison, engine::Loaded, import::Published, EngineError};

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub struct Eval {
	#[command(flatten)]
	target: Target,
	#[command(flatten)]
	sequences: Sequences,
	/// Published folder of the model: compare with its floats, computed in double precision.
	#[arg(long, value_name = "DIR")]
	floats: Option<PathBuf>,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

/// What to evaluate.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Sequences {
	/// JSON list of lists of token ids.
	#[arg(long, value_name = "FILE")]
	ids: Option<PathBuf>,
	/// Plain text, cut into sequences as long as the context.
	#[arg(long, value_name = "FILE")]
	text: Option<PathBuf>,
}

impl Eval {
	pub(super) fn run(&self) -> Result<(), EngineError> {
		let mut model = self.target.load()?;
		let sequences = self.sequences.read(&model)?;
		match &self.floats {
			Some(folder) => self.compare(&mut model, folder, &sequences),
			None => self.evaluate(&mut model, &sequences),
		}
	}

	fn evaluate(&self, model: &mut Loaded, sequences: &[Vec<u32>]) -> Result<(), EngineError> {
		let evaluations = sequences
			.iter()
			.map(|ids| model.evaluate(ids))
			.collect::<Result<Vec<_>, _>>()?;
		if self.json {
			return print_json(&evaluations);
		}
		evaluations.iter().try_for_each(|evaluation| {
			let (positions, nll) = (evaluation.argmax.len(), evaluation.nll_mean);
			print_line(&format!("{positions} positions, {nll:.6} nats a token"))
		})
	}

	fn compare(
		&self,
		model: &mut Loaded,
		folder: &Path,
		sequences: &[Vec<u32>],
	) -> Result<(), EngineError> {
		let published = Published::open(folder)?;
		let mut comparison = Comparison::new(&published);
		for ids in sequences {
			model.lend(ids.len(), |backend, pages| {
				comparison.add(backend, pages, ids)
			})??;
		}
		let outcome = comparison.outcome();
		if self.json {
			return print_json(&outcome);
		}
		print_line(&outcome.to_string())
	}
}

impl Sequences {
	fn read(&self, model: &Loaded) -> Result<Vec<Vec<u32>>, EngineError> {
		if let Some(path) = &self.ids {
			return read_ids(path);
		}
		let Some(path) = &self.text else {
			return Ok(Vec::new());
		};
		let text = std::fs::read_to_string(path).map_err(EngineError::io(path))?;
		let context = model.info().context as usize;
		Ok(model
			.text_ids(&text)?
			.chunks(context)
			.map(Into::into)
			.collect())
	}
}

fn read_ids(path: &Path) -> Result<Vec<Vec<u32>>, EngineError> {
	let bytes = std::fs::read(path).map_err(EngineError::io(path))?;
	serde_json::from_slice(&bytes).map_err(|error| EngineError::malformed(path, "JSON", error))
}
