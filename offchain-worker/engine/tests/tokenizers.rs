//! Tokenizers and vocabularies against their peers.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	sync::{Arc, Mutex},
};

use common::{
	one_guide_folder,
	peers::{llama_models, python},
	stories_folder, Draw,
};
use one_engine::{
	chat::{Chat, Message},
	gguf::{Gguf, Vocabulary},
	template::Template,
	tokenizer::{Special, Tokenizer},
	EngineError,
};
use serde_json::{json, Value};
use tempfile::NamedTempFile;

/// Vocabularies that have goldens.
const GOLDEN: [&str; 7] = [
	"llama-bpe",
	"llama-spm",
	"qwen2",
	"gpt-2",
	"phi-3",
	"refact",
	"starcoder",
];

/// A vocabulary and its tokenizer, parsed once.
type Parsed = Arc<(Vocabulary, Tokenizer)>;

fn parsed(folder: &Path, name: &'static str) -> Parsed {
	static ALL: Mutex<BTreeMap<&str, Parsed>> = Mutex::new(BTreeMap::new());
	let parse = || {
		let path = folder.join(format!("ggml-vocab-{name}.gguf"));
		let vocabulary = Vocabulary::read(&Gguf::open(&path).unwrap()).unwrap();
		let tokenizer = Tokenizer::parse(&vocabulary.tokenizer).unwrap();
		Arc::new((vocabulary, tokenizer))
	};
	ALL.lock()
		.unwrap()
		.entry(name)
		.or_insert_with(parse)
		.clone()
}

fn goldens(folder: &Path, name: &str) -> Vec<(String, Vec<u32>)> {
	let read = |kind: &str| {
		fs::read_to_string(folder.join(format!("ggml-vocab-{name}.gguf.{kind}"))).unwrap()
	};
	let (inputs, outputs) = (read("inp"), read("out"));
	let ids = |line: &str| {
		line.split_whitespace()
			.map(|id| id.parse().unwrap())
			.collect()
	};
	let inputs = inputs.split("\n__ggml_vocab_test__\n").map(str::to_owned);
	inputs.zip(outputs.lines().map(ids)).collect()
}

#[test]
fn gguf_vocabularies_should_tokenise_as_the_goldens() {
	let Some(folder) = llama_models() else { return };
	for name in GOLDEN {
		let (_, tokenizer) = &*parsed(&folder, name);
		let goldens = goldens(&folder, name);
		assert!(goldens.len() >= 46, "{name}");
		for (text, ids) in goldens {
			let own = tokenizer.encode(&text, Special::Written).unwrap();
			assert_eq!(own, ids, "{name}: {text:?}");
		}
	}
}

#[test]
fn gguf_vocabularies_should_name_what_begins_and_ends() {
	let Some(folder) = llama_models() else { return };
	let texts = |name| {
		let (vocabulary, tokenizer) = &*parsed(&folder, name);
		let ids = tokenizer.encode("a", Special::Add).unwrap();
		let first = ids[0];
		(
			vocabulary.bos.clone(),
			vocabulary.eos.clone(),
			vocabulary.stops.clone(),
			ids.len(),
			first,
		)
	};
	let text = |text: &str| text.to_owned();
	let llama3 = (
		text("<|begin_of_text|>"),
		text("<|end_of_text|>"),
		vec![128_001, 128_009],
		2,
		128_000,
	);
	assert_eq!(texts("llama-bpe"), llama3);
	assert_eq!(
		texts("llama-spm"),
		(text("<s>"), text("</s>"), vec![2], 2, 1)
	);
	let qwen2 = (
		text("<|endoftext|>"),
		text("<|endoftext|>"),
		vec![151_643, 151_645],
		1,
		64,
	);
	assert_eq!(texts("qwen2"), qwen2);
}

#[test]
fn text_of_a_user_should_not_become_a_control_token() {
	let Some(folder) = llama_models() else { return };
	let template = Template::parse("{{ messages[0].content }}", "", "").unwrap();
	for name in ["llama-bpe", "llama-spm", "qwen2"] {
		let (_, tokenizer) = &*parsed(&folder, name);
		let controls = tokenizer.control_texts();
		assert!(controls.len() >= 3, "{name}");
		for control in controls
			.iter()
			.take(20)
			.chain(controls.iter().rev().take(20))
		{
			let id = tokenizer.id(control).unwrap();
			for text in [control.clone(), format!("a {control}{control} b")] {
				assert!(tokenizer
					.encode(&text, Special::Written)
					.unwrap()
					.contains(&id));
				let chat = Chat::of(&[Message::user(&text)]);
				let ids = chat.ids(&template, tokenizer, true).unwrap();
				assert!(!ids.contains(&id), "{name}: {text}");
				assert_eq!(tokenizer.decode(&ids).unwrap(), text, "{name}");
			}
		}
	}
}

/// A text of everything that tokenizers treat apart.
fn text(draw: &mut Draw) -> String {
	const PIECES: [&str; 24] = [
		"the",
		" quick",
		"Ärger",
		"日本語",
		" हिन्दी",
		"العربية",
		"🦙",
		"👩‍👩‍👧",
		"\n",
		"\n\n",
		"   ",
		"\t",
		"\r\n",
		" ",
		"'ll",
		"12345",
		"3.14",
		"<s>",
		"</s>",
		"<|user|>",
		"<|im_end|>",
		"<0x0A>",
		"e\u{301}",
		"▁",
	];
	let mut text = String::new();
	for _ in 0..draw.below(12) {
		match draw.below(8) {
			0..5 => text.push_str(PIECES[draw.below(PIECES.len())]),
			5 => text.extend((0..draw.below(9)).map(|_| char::from(32 + draw.below(95) as u8))),
			6 => text.extend(char::from_u32(draw.below(0x3000) as u32)),
			_ => text.extend(char::from_u32(draw.below(0x11_0000) as u32)),
		}
	}
	text
}

/// Compares ids and texts of `n` random strings with the Python package; what it skipped, `None`.
fn compare(own: &Tokenizer, file: &Path, n: usize) -> Option<()> {
	let mut draw = Draw(11);
	let texts: Vec<String> = (0..n).map(|_| text(&mut draw)).collect();
	let line = |text: &String| serde_json::to_string(text).unwrap() + "\n";
	let input: String = texts.iter().map(line).collect();
	let output = python("encode.py", &[file], &input)?;
	assert_eq!(output.lines().count(), n);
	for (text, line) in texts.iter().zip(output.lines()) {
		let (ids, decoded): (Vec<u32>, String) = serde_json::from_str(line).unwrap();
		assert_eq!(own.encode(text, Special::Add).unwrap(), ids, "{text:?}");
		assert_eq!(own.decode(&ids).unwrap(), decoded, "{text:?}");
	}
	Some(())
}

#[test]
fn shared_models_should_tokenise_as_the_python_package() {
	let folders: Vec<PathBuf> = [Some(one_guide_folder()), stories_folder()]
		.into_iter()
		.flatten()
		.collect();
	for folder in folders {
		let file = folder.join("tokenizer.json");
		let own = Tokenizer::parse(&fs::read(&file).unwrap()).unwrap();
		compare(&own, &file, 10_000);
	}
}

/// The regular expressions run in another engine there.
#[test]
fn gguf_vocabularies_should_tokenise_as_the_python_package() {
	let Some(folder) = llama_models() else { return };
	for name in ["llama-bpe", "qwen2", "gpt-2", "llama-spm"] {
		let file = NamedTempFile::new().unwrap();
		let (vocabulary, own) = &*parsed(&folder, name);
		fs::write(file.path(), &vocabulary.tokenizer).unwrap();
		compare(own, file.path(), 2_000);
	}
}

/// A tokenizer of a model, with `others` beside it.
fn tokenizer(model: Value, others: Value) -> Result<Tokenizer, EngineError> {
	let mut json = json!({"model": {"type": "BPE", "vocab": {}, "merges": []}});
	let fields = |value: Value| value.as_object().cloned().unwrap_or_default();
	json["model"].as_object_mut().unwrap().extend(fields(model));
	json.as_object_mut().unwrap().extend(fields(others));
	Tokenizer::parse(json.to_string().as_bytes())
}

#[test]
fn merges_should_go_by_rank_then_from_the_left() {
	let vocab = json!({"a": 7, "b": 1, "c": 2, "ab": 30, "bc": 4, "abc": 5, "aa": 6, "aaa": 80});
	let ids = |merges: Value, text: &str| {
		let own = tokenizer(json!({"vocab": vocab, "merges": merges}), json!({})).unwrap();
		own.encode(text, Special::Written).unwrap()
	};
	let [ab, bc, abc, aa] = [["a", "b"], ["b", "c"], ["ab", "c"], ["a", "a"]];
	assert_eq!(ids(json!([ab, bc, abc]), "abc"), [5]);
	assert_eq!(ids(json!([bc, ab, abc]), "abcab"), [7, 4, 30]);
	assert_eq!(ids(json!(["#version: 0.2", "a b", "b c"]), "abc"), [30, 2]);
	assert_eq!(ids(json!([aa]), "aaaaa"), [6, 6, 7]);
	assert_eq!(ids(json!([["a", "aa"], aa]), "aaaa"), [6, 6]);
}

#[test]
fn unknown_characters_should_become_bytes_or_the_unknown_token() {
	let vocab = json!({"<unk>": 0, "a": 1, "<0xC3>": 2, "<0xA4>": 3});
	let ids = |model: Value| {
		let mut fields = json!({"vocab": vocab});
		let more = model.as_object().cloned().unwrap();
		fields.as_object_mut().unwrap().extend(more);
		let own = tokenizer(fields, json!({})).unwrap();
		own.encode("aäöüa", Special::Written).unwrap()
	};
	assert_eq!(ids(json!({})), [1, 1]);
	assert_eq!(ids(json!({"unk_token": "<unk>"})), [1, 0, 0, 0, 1]);
	assert_eq!(
		ids(json!({"unk_token": "<unk>", "fuse_unk": true})),
		[1, 0, 1]
	);
	let bytes = json!({"unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true});
	assert_eq!(ids(bytes), [1, 2, 3, 0, 1]);
	let missing = tokenizer(json!({"vocab": vocab, "unk_token": "?"}), json!({})).unwrap();
	let error = missing.encode("ä", Special::Written).unwrap_err();
	assert!(error.to_string().contains("model.unk_token"), "{error}");
}

#[test]
fn malformed_tokenizers_should_be_refused_by_field() {
	let added = |id: u32, content: &str| {
		json!({"added_tokens": [{"id": id, "content": content, "single_word": false,
			"lstrip": false, "rstrip": false, "normalized": false, "special": true}]})
	};
	let vocab = json!({"a": 0, "b": 1, "ab": 2});
	let merges = |merges: Value| json!({"vocab": vocab, "merges": merges});
	let none = || json!({});
	assert!(tokenizer(merges(json!([["a", "b"]])), added(3, "<s>")).is_ok());
	assert!(tokenizer(merges(json!([])), added(1, "b")).is_ok());
	for (model, others, field) in [
		(
			json!({"type": "Unigram"}),
			none(),
			"model.type: \"Unigram\"",
		),
		(json!({"dropout": 0.1}), none(), "model.dropout"),
		(
			json!({"end_of_word_suffix": "</w>"}),
			none(),
			"model.end_of_word_suffix",
		),
		(json!({"fuse_unk": "yes"}), none(), "model.fuse_unk"),
		(json!({"vocab": []}), none(), "model.vocab"),
		(
			json!({"vocab": {"a": 1, "b": 1}}),
			none(),
			"model.vocab: two tokens have the id 1",
		),
		(json!({"vocab": {"a": -1}}), none(), "model.vocab: an id"),
		(
			json!({"vocab": {"a".repeat(1_025): 1}}),
			none(),
			"model.vocab: a token",
		),
		(json!({"merges": {}}), none(), "model.merges"),
		(
			merges(json!(["a"])),
			none(),
			"model.merges: a merge is not two tokens",
		),
		(
			merges(json!([["a", "c"]])),
			none(),
			"model.merges: \"c\" is no token",
		),
		(
			merges(json!([["b", "a"]])),
			none(),
			"model.merges: \"b\" and \"a\" make no token",
		),
		(
			merges(json!(["a b", "a b"])),
			none(),
			"model.merges: merge 1 is there before",
		),
		(
			merges(json!([])),
			added(4, "<s>"),
			"added_tokens: \"<s>\" cannot have the id 4",
		),
		(
			merges(json!([])),
			json!({"model": null}),
			"model: is not an object",
		),
		(none(), json!({"decoder": {"type": "Nothing"}}), "decoder"),
	] {
		let error = tokenizer(model, others).err().unwrap().to_string();
		assert!(error.contains(field), "{error}");
	}
	for text in [
		"",
		"[]",
		"{",
		r#"{"model":{}}"#,
		"{\"model\":{\"vocab\":{\"a\":0,\"a\":1}}}",
	] {
		assert!(Tokenizer::parse(text.as_bytes()).is_err(), "{text}");
	}
}
