//! The commands of a person who handles models.

mod bench;
mod doctor;

pub use bench::{Bench, BenchModel};
pub use doctor::Doctor;

use std::{
	io::Write,
	path::{Path, PathBuf},
	sync::atomic::{AtomicBool, Ordering},
};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use one_arithmetic::Sampling;
use serde::Serialize;

use crate::{
	accuracy::Comparison,
	backend::DeviceChoice,
	commitment::PUBLIC,
	container::Container,
	device::{CacheSize, Device},
	engine::{load, to_hex, GenerateRequest, Generation, Loaded, ModelInfo, Prompt, TokenEvent},
	hash::Hash,
	import::{import, Published},
	scheduler::Options,
	source::{find, resolve},
	stream::StopText,
	EngineError,
};

/// Handles models: imports, checks, lists, runs, evaluates and measures them.
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
	#[command(
		after_help = "Example: model run --model ./one-guide --prompt \"What is ONE?\" \\\n         \
	                        --temperature 0.8 --top-p 0.95 --seed 0x2a"
	)]
	Run(Run),
	/// Evaluate texts, each token given all before it; also how near the model is to its floats.
	#[command(after_help = "Example: echo '[[1, 403, 407]]' > ids.json && \
	                        model eval --model ./stories260K --ids ids.json --json\n\
	                        Example: model eval --model ./one-guide --text chats.txt --floats ./one-guide")]
	Eval(Eval),
	/// Measure how fast a model runs.
	#[command(after_help = "Example: model bench --shape llama-3.2-1b --device cpu --json")]
	Bench(Bench),
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
	/// `auto`: a hardware GPU that works, else the CPU; `cpu`; `gpu`, a software one too; its index.
	#[arg(long, default_value = "auto", value_name = "auto|cpu|gpu|N")]
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
	#[command(flatten)]
	choice: Choice,
	/// Print JSON at the end instead of the text as it comes.
	#[arg(long)]
	json: bool,
}

/// How the tokens of an answer are chosen, and what ends it.
#[derive(Debug, Args)]
pub struct Choice {
	/// 0 takes the most likely token; up to 10, with three decimals.
	#[arg(long, default_value = "0", value_name = "X", value_parser = |x: &str| decimal(x, 3))]
	temperature: u32,
	/// Draw from the N most likely tokens only; 0 is from all.
	#[arg(long, default_value_t = 0, value_name = "N")]
	top_k: u32,
	/// Draw from the most likely tokens that have this part of the probability; four decimals.
	#[arg(long, default_value = "1", value_name = "X", value_parser = |x: &str| decimal(x, 4))]
	top_p: u32,
	/// Makes tokens that occur less likely; 1 is none, up to 10, with three decimals.
	#[arg(long, default_value = "1", value_name = "X", value_parser = |x: &str| decimal(x, 3))]
	repetition_penalty: u32,
	/// Seed of the draws, up to 32 bytes, zeros in front; the same seed gives the same answer.
	#[arg(long, default_value = "0", value_name = "HEX", value_parser = parse_seed)]
	seed: Hash,
	/// Text that ends the answer, which is shown up to it; may be repeated.
	#[arg(long, value_name = "TEXT")]
	stop: Vec<String>,
	/// Token ids that end the answer and are part of it, such as 13,13; may be repeated.
	#[arg(long, value_name = "ID,ID,..", value_parser = parse_ids)]
	stop_ids: Vec<Ids>,
}

type Ids = Vec<u32>;

impl Choice {
	const fn sampling(&self) -> Sampling {
		Sampling {
			temperature: self.temperature,
			top_k: self.top_k,
			top_p: self.top_p,
			repetition_penalty: self.repetition_penalty,
		}
	}
}

/// A decimal number as an integer of `digits` decimals, without a float in between.
fn decimal(text: &str, digits: usize) -> Result<u32, String> {
	let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
	let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
	if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
		return Err("not a decimal number".into());
	}
	if fraction.len() > digits {
		return Err(format!("more than {digits} decimals"));
	}
	let number = format!("{whole}{fraction:0<digits$}");
	number.parse().map_err(|_| "too large".into())
}

fn parse_ids(text: &str) -> Result<Ids, String> {
	let id = |id: &str| {
		id.trim()
			.parse()
			.map_err(|_| format!("`{id}` is not a token id"))
	};
	text.split(',').map(id).collect()
}

fn parse_seed(text: &str) -> Result<Hash, String> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	parse_hash(&format!("{digits:0>64}"))
}

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
			Self::Bench(args) => args.run(),
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
		let options = Options {
			cache: CacheSize::Sequences(1),
			..Options::default()
		};
		with_progress(|progress| load(&self.model, &device, options, progress))
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
		let request = self.request(model.info().root);
		let generation = self.answer(&mut model, &request)?;
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

	fn request(&self, model_root: Hash) -> GenerateRequest {
		let prompt = Prompt::Text(self.prompt.clone());
		GenerateRequest {
			secret: self.secret.unwrap_or(PUBLIC),
			sampling: self.choice.sampling(),
			seed: self.choice.seed,
			stop_sequences: self.choice.stop_ids.clone(),
			..GenerateRequest::greedy(model_root, prompt, self.max_tokens)
		}
	}

	/// Generates and shows the text as it comes, up to a stop string.
	fn answer(
		&self,
		model: &mut Loaded,
		request: &GenerateRequest,
	) -> Result<Generation, EngineError> {
		let (stop, mut text) = (AtomicBool::new(false), StopText::new(&self.choice.stop));
		let mut push = |event: &TokenEvent| {
			self.show(text.push(&event.text_delta));
			stop.store(text.is_over(), Ordering::Relaxed);
		};
		let mut generation = model.generate(request, &stop, &mut push)?;
		self.show(text.rest());
		text.cut(&mut generation.text);
		Ok(generation)
	}

	fn show(&self, text: &str) {
		if !self.json {
			print!("{text}");
			// Output that cannot be shown is reported by the line that ends it.
			let _ = std::io::stdout().flush();
		}
	}
}

impl Eval {
	fn run(&self) -> Result<(), EngineError> {
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

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	#[test]
	fn decimal_should_be_exact_or_refused() {
		assert_eq!(decimal("0.8", 3), Ok(800));
		assert_eq!(decimal("1", 4), Ok(10_000));
		assert_eq!(decimal("1.0005", 4), Ok(10_005));
		assert_eq!(decimal("2.", 3), Ok(2_000));
		for text in ["", ".5", "-1", "1e3", "0.0001", "1.2.3", "5000000", "½"] {
			assert!(decimal(text, 3).is_err(), "{text}");
		}
	}

	#[test]
	fn seed_and_ids_should_parse() {
		let seed = parse_seed("0x12a").unwrap();
		assert_eq!((&seed[..30], &seed[30..]), (&[0; 30][..], &[1, 0x2a][..]));
		assert!(parse_seed("xyz").is_err() && parse_seed(&"1".repeat(65)).is_err());
		assert_eq!(parse_ids("13, 7"), Ok(vec![13, 7]));
		assert!(parse_ids("13,").is_err());
	}
}
