//! The commands of a person who handles models.

use std::{
	io::Write,
	path::{Path, PathBuf},
	sync::atomic::AtomicBool,
};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::{
	backend::DeviceChoice,
	commitment::PUBLIC,
	container::Container,
	device::{CacheSize, Device},
	engine::{load, to_hex, GenerateRequest, Generation, Loaded, ModelInfo, Prompt, TokenEvent},
	evaluate::evaluate,
	hash::Hash,
	import::import,
	source::{find, resolve},
	EngineError,
};

/// Handles models: imports, checks, lists, runs and evaluates them.
#[derive(Debug, Subcommand)]
pub enum ModelCmd {
	/// Make a container from a published model: a folder, or a GGUF file.
	#[command(after_help = "Example: model import --model ./one-guide --out one-guide.one")]
	Import(Import),
	/// Recompute the Merkle root of a container from every byte.
	#[command(after_help = "Example: model verify --model one-guide.one")]
	Verify(Verify),
	/// List the models of a folder.
	#[command(after_help = "Example: model list --models ./models --json")]
	List(List),
	/// Answer one prompt.
	#[command(after_help = "Example: model run --model ./one-guide --prompt \"What is ONE?\"")]
	Run(Run),
	/// Evaluate token sequences, each token given all before it.
	#[command(after_help = "Example: echo '[[1, 403, 407]]' > ids.json && \
	                        model eval --model ./stories260K --ids ids.json --json")]
	Eval(Eval),
}

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

/// A model and where to evaluate it.
#[derive(Debug, Args)]
pub struct Target {
	/// Container, or published folder or GGUF file, which is imported into the cache once.
	#[arg(long, value_name = "DIR")]
	model: PathBuf,
	/// `cpu`, the index of a GPU, or `auto`: the first GPU that works, else the CPU.
	#[arg(long, default_value = "auto", value_name = "cpu|auto|N")]
	device: DeviceChoice,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
	#[command(flatten)]
	target: Target,
	/// The message of the user.
	#[arg(long, value_name = "TEXT")]
	prompt: String,
	/// Key of the hashes, 32 bytes; zeros as in a public job if left out.
	#[arg(long, value_name = "HEX", value_parser = parse_hash)]
	secret: Option<Hash>,
	/// Most tokens of the answer.
	#[arg(long, default_value_t = 256, value_name = "N")]
	max_tokens: u32,
	/// Print JSON at the end instead of the text as it comes.
	#[arg(long)]
	json: bool,
}

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub struct Eval {
	#[command(flatten)]
	target: Target,
	/// JSON list of lists of token ids.
	#[arg(long, value_name = "FILE")]
	ids: PathBuf,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

fn parse_hash(text: &str) -> Result<Hash, String> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
	Hash::try_from(bytes).map_err(|bytes| format!("{} bytes instead of 32", bytes.len()))
}

impl ModelCmd {
	/// Runs the command and prints its outcome to the standard output.
	///
	/// # Errors
	/// Whatever keeps it from being done.
	pub fn run(&self) -> Result<(), EngineError> {
		match self {
			Self::Import(args) => args.run(),
			Self::Verify(args) => args.run(),
			Self::List(args) => args.run(),
			Self::Run(args) => args.run(),
			Self::Eval(args) => args.run(),
		}
	}
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
	fn run(&self) -> Result<(), EngineError> {
		let root = with_progress(|progress| import(&self.model, &self.out, progress))?;
		Root::print(&self.out, &root, self.json)
	}
}

impl Verify {
	fn run(&self) -> Result<(), EngineError> {
		let container = Container::open(&self.model)?;
		container.verify()?;
		container.model()?;
		Root::print(&self.model, &container.root(), self.json)
	}
}

impl List {
	fn run(&self) -> Result<(), EngineError> {
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

impl Target {
	fn load(&self) -> Result<Loaded, EngineError> {
		let device = Device::open(self.device)?;
		with_progress(|progress| load(&self.model, &device, CacheSize::Sequences(1), progress))
	}
}

/// What `run --json` prints.
#[derive(Serialize)]
struct Answer {
	ids: Vec<u32>,
	text: String,
	request_hash: String,
	result_hash: String,
	trace_root: String,
	device: String,
}

impl From<Generation> for Answer {
	fn from(generation: Generation) -> Self {
		Self {
			request_hash: to_hex(&generation.request_hash),
			result_hash: to_hex(&generation.result_hash),
			trace_root: to_hex(&generation.trace_root),
			ids: generation.ids,
			text: generation.text,
			device: generation.device,
		}
	}
}

impl Run {
	fn run(&self) -> Result<(), EngineError> {
		let mut model = self.target.load()?;
		let request = GenerateRequest {
			model_root: model.info().root,
			prompt: Prompt::Text(self.prompt.clone()),
			max_tokens: self.max_tokens,
			secret: self.secret.unwrap_or(PUBLIC),
		};
		let mut show = |event: &TokenEvent| {
			if !self.json {
				print!("{}", event.text_delta);
				// Output that cannot be shown is reported by the line that ends it.
				let _ = std::io::stdout().flush();
			}
		};
		let generation = model.generate(&request, &AtomicBool::new(false), &mut show)?;
		if self.json {
			return print_json(&Answer::from(generation));
		}
		let result = to_hex(&generation.result_hash);
		print_line(&format!(
			"\n{} tokens on {}, {result}",
			generation.ids.len(),
			generation.device
		))
	}
}

impl Eval {
	fn run(&self) -> Result<(), EngineError> {
		let sequences = read_sequences(&self.ids)?;
		let mut model = self.target.load()?;
		let evaluations = sequences
			.iter()
			.map(|ids| evaluate(model.backend(), ids))
			.collect::<Result<Vec<_>, _>>()?;
		if self.json {
			return print_json(&evaluations);
		}
		evaluations.iter().try_for_each(|evaluation| {
			let (positions, nll) = (evaluation.argmax.len(), evaluation.nll_mean);
			print_line(&format!("{positions} positions, {nll:.6} nats a token"))
		})
	}
}

fn read_sequences(path: &Path) -> Result<Vec<Vec<u32>>, EngineError> {
	let bytes = std::fs::read(path).map_err(EngineError::io(path))?;
	serde_json::from_slice(&bytes).map_err(|error| EngineError::malformed(path, "JSON", error))
}

fn print_json(value: &impl Serialize) -> Result<(), EngineError> {
	let text = serde_json::to_string(value)
		.map_err(|error| EngineError::malformed(Path::new("output"), "JSON", error))?;
	print_line(&text)
}

fn print_line(text: &str) -> Result<(), EngineError> {
	writeln!(std::io::stdout(), "{text}").map_err(EngineError::io(Path::new("standard output")))
}

/// Shows the steps of an import on the standard error.
fn with_progress<T>(work: impl FnOnce(&mut dyn FnMut(u32, u32)) -> T) -> T {
	let bar = ProgressBar::no_length();
	if let Ok(style) = ProgressStyle::with_template("importing: step {pos} of {len} {bar} {eta}") {
		bar.set_style(style);
	}
	let outcome = work(&mut |done, layers| {
		bar.set_length(layers as u64);
		bar.set_position(done as u64);
	});
	bar.finish_and_clear();
	outcome
}
