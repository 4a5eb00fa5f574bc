//! `model run`.

use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use one_arithmetic::Sampling;
use serde::Serialize;

use super::{print, print_json, print_line, Target};
use crate::{
	commitment::PUBLIC,
	engine::{to_hex, GenerateRequest, Generation, Loaded, Prompt, TokenEvent},
	hash::Hash,
	stream::StopText,
	EngineError,
};

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

fn parse_hash(text: &str) -> Result<Hash, String> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
	Hash::try_from(bytes).map_err(|bytes| format!("{} bytes instead of 32", bytes.len()))
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
	pub(super) fn run(&self) -> Result<(), EngineError> {
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
		let mut shown = Ok(());
		let mut push = |event: &TokenEvent| {
			let delta = text.push(&event.text_delta);
			if shown.is_ok() {
				shown = self.show(delta);
			}
			stop.store(shown.is_err() || text.is_over(), Ordering::Relaxed);
		};
		let mut generation = model.generate(request, &stop, &mut push)?;
		shown?;
		self.show(text.rest())?;
		text.cut(&mut generation.text);
		Ok(generation)
	}

	fn show(&self, text: &str) -> Result<(), EngineError> {
		if self.json {
			return Ok(());
		}
		print(text)
	}
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
