//! Whole models against the float models they come from.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	fs,
	sync::atomic::{AtomicBool, Ordering},
	time::Instant,
};

use common::{one_guide, one_guide_folder, stories_folder};
use one_engine::{
	commitment::{request_hash, result_hash, Request},
	container::Container,
	device::Device,
	engine::Loaded,
	import::import,
	DeviceChoice, Engine, EngineError, EngineOptions, Finish, GenerateRequest, Generation, Options,
	Prompt, Sampling,
};
use serde::Deserialize;
use tempfile::TempDir;

fn loaded(container: &Container) -> Loaded {
	Loaded::open(container, &Device::Cpu, Options::default()).unwrap()
}

fn request(model: &Loaded, prompt: &str, max_tokens: u32) -> GenerateRequest {
	GenerateRequest::greedy(model.info().root, Prompt::Text(prompt.into()), max_tokens)
}

fn answer(model: &mut Loaded, prompt: &str, max_tokens: u32) -> Generation {
	let request = request(model, prompt, max_tokens);
	model
		.generate(&request, &AtomicBool::new(false), &mut |_| ())
		.unwrap()
}

#[derive(Deserialize)]
struct Example {
	question: String,
	prompt_ids: Vec<u32>,
	answer: String,
	answer_ids: Vec<u32>,
}

/// Examples whose integer answer may differ from the float one.
const MAY_DIFFER: usize = 1;

#[test]
fn one_guide_should_answer_as_its_float_model() {
	let mut model = loaded(&one_guide());
	let examples = fs::read_to_string(one_guide_folder().join("examples.jsonl")).unwrap();
	let examples: Vec<Example> = examples
		.lines()
		.map(|line| serde_json::from_str(line).unwrap())
		.collect();
	let (start, mut tokens, mut same) = (Instant::now(), 0, 0);
	for example in &examples {
		let generation = answer(&mut model, &example.question, 160);
		assert_eq!(generation.prompt_ids, example.prompt_ids);
		tokens += generation.prompt_ids.len() + generation.ids.len();
		if generation.ids == example.answer_ids {
			assert_eq!(generation.text, example.answer);
			assert_eq!(generation.finish, Finish::Stop);
			same += 1;
		}
	}
	let rate = tokens as f64 / start.elapsed().as_secs_f64();
	println!(
		"{same} of {} answers equal, {rate:.0} tokens a second",
		examples.len()
	);
	assert!(
		same + MAY_DIFFER >= examples.len(),
		"{same} of {}",
		examples.len()
	);
}

#[derive(Deserialize)]
struct Greedy {
	prompt: String,
	ids: Vec<u32>,
	nll_mean: f64,
}

#[test]
fn stories_should_agree_with_its_float_model() {
	let Some(folder) = stories_folder() else {
		return;
	};
	let room = TempDir::new().unwrap();
	let path = room.path().join("stories260K.one");
	import(&folder, &path, &mut |_, _| ()).unwrap();
	let mut model = loaded(&Container::open(&path).unwrap());
	let greedy = fs::read(folder.join("float_greedy.json")).unwrap();
	let greedy: Vec<Greedy> = serde_json::from_slice(&greedy).unwrap();
	let (mut same, mut all) = (0, 0);
	for float in &greedy {
		let prompt = model
			.prompt_ids(&Prompt::Text(float.prompt.clone()))
			.unwrap();
		assert_eq!(prompt, float.ids[..prompt.len()]);
		let evaluation = model.evaluate(&float.ids).unwrap();
		let chosen = &evaluation.argmax[prompt.len() - 1..float.ids.len() - 1];
		same += chosen
			.iter()
			.zip(&float.ids[prompt.len()..])
			.filter(|(a, b)| a == b)
			.count();
		all += chosen.len();
		assert!((evaluation.nll_mean - float.nll_mean).abs() < 0.01);
	}
	println!("top-1 agreement on {same} of {all} positions");
	assert!(same * 100 >= all * 97, "{same} of {all}");
	let first = answer(&mut model, "Once upon a time", 60);
	let float = &greedy[0].ids[first.prompt_ids.len()..];
	let agree = first
		.ids
		.iter()
		.zip(float)
		.take_while(|(a, b)| a == b)
		.count();
	println!("{agree} tokens of greedy text agree");
	assert!(agree >= 30, "{agree}");
}

#[test]
fn engine_should_serve_a_folder_of_models() {
	let room = TempDir::new().unwrap();
	fs::copy(one_guide().path(), room.path().join("guide.one")).unwrap();
	let engines = Engine::open_all(EngineOptions {
		models_dir: room.path().into(),
		devices: DeviceChoice::Cpu.into(),
		options: Options::default(),
	});
	let mut engine = engines.unwrap().remove(0);
	let info = engine.models().remove(0);
	assert_eq!((info.name.as_str(), engine.device()), ("guide", "cpu"));
	assert_eq!(
		info.linear_macs_per_token,
		6 * (192 * 512 + 3 * 192 * 512) + 192 * 2048
	);
	assert_eq!(info.attention_macs, 2 * 6 * 192);
	let mut request = GenerateRequest {
		secret: [9; 32],
		..GenerateRequest::greedy(info.root, Prompt::Text("What is ONE?".into()), 100)
	};
	let (cancel, mut text) = (AtomicBool::new(false), String::new());
	let mut ids = Vec::new();
	let generation = engine
		.generate(&request, &cancel, &mut |event| {
			ids.push(event.id);
			text.push_str(&event.text_delta);
		})
		.unwrap();
	assert_eq!((&ids, &text), (&generation.ids, &generation.text));
	assert_eq!(generation.result_hash, result_hash(&[9; 32], &ids));
	assert_eq!(
		generation.request_hash,
		expected_hash(&request, &generation.prompt_ids)
	);
	request.model_root = [1; 32];
	let unknown = engine.generate(&request, &cancel, &mut |_| ()).unwrap_err();
	assert!(matches!(unknown, EngineError::UnknownModel(_)));
}

fn expected_hash(request: &GenerateRequest, prompt: &[u32]) -> [u8; 32] {
	request_hash(&Request {
		secret: request.secret,
		model_root: request.model_root,
		prompt,
		max_tokens: request.max_tokens,
		sampling: Sampling::GREEDY,
		seed: [0; 32],
		stop_sequences: &[],
	})
}

#[test]
fn answer_should_end_at_its_limits() {
	let mut model = loaded(&one_guide());
	let short = answer(&mut model, "What is ONE?", 3);
	assert_eq!((short.ids.len(), short.finish), (3, Finish::Length));
	let none = answer(&mut model, "What is ONE?", 0);
	assert_eq!((none.ids.len(), none.text.as_str()), (0, ""));
	let mut ids = |n: usize, max_tokens| {
		let prompt = Prompt::Ids(vec![5; n]);
		let request = GenerateRequest {
			prompt,
			..request(&model, "", max_tokens)
		};
		model.generate(&request, &AtomicBool::new(false), &mut |_| ())
	};
	assert!(ids(505, 100).unwrap().ids.len() <= 7);
	assert_eq!(ids(511, 100).unwrap().ids.len(), 1);
	assert!(matches!(
		ids(512, 1),
		Err(EngineError::PromptTooLong {
			tokens: 512,
			limit: 511
		})
	));
	assert!(matches!(ids(0, 1), Err(EngineError::EmptyPrompt)));
}

#[test]
fn answer_should_keep_what_it_has_when_cancelled() {
	let mut model = loaded(&one_guide());
	let (request, cancel) = (
		request(&model, "Tell me about ONE.", 100),
		AtomicBool::new(false),
	);
	let mut events = 0;
	let stopped = model
		.generate(&request, &cancel, &mut |_| {
			events += 1;
			cancel.store(events == 4, Ordering::Relaxed);
		})
		.unwrap();
	assert_eq!((stopped.ids.len(), stopped.finish), (4, Finish::Cancelled));
	let whole = answer(&mut model, "Tell me about ONE.", 100);
	assert_eq!(stopped.ids, whole.ids[..4]);
}

#[test]
fn any_text_should_be_a_prompt() {
	let mut model = loaded(&one_guide());
	for prompt in [
		"",
		" ",
		"日本語で答えてください 🦀",
		"\u{0}\u{feff}\u{202e}",
		"<s></s><|user|>",
	] {
		let generation = answer(&mut model, prompt, 4);
		assert!(!generation.ids.is_empty(), "{prompt:?}");
	}
}
