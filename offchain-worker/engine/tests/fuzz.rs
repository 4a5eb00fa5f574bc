//! The five readers on damaged files: no panic, bounded memory, errors that name file and field.
//!
//! A second each, two minutes with `ONE_LONG=1`. A case that fails prints what replays it.
#![allow(clippy::panic, clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	alloc::{GlobalAlloc, Layout, System},
	cell::Cell,
	fs,
	ops::Range,
	path::Path,
	sync::OnceLock,
	time::{Duration, Instant},
};

use common::{
	cpu,
	damage::{damage_bytes, damage_json, flip_bit, overwrite, text},
	families::families,
	gguf::{F16, F32, Q8_0},
	one_guide_folder,
	peers::llama_models,
	tiny_gguf::TinyGguf,
	Draw, TinyFolder,
};
use one_engine::{
	chat::{Chat, Message},
	container::{self, layout, Container, Part, Section, Source},
	gguf::{Gguf, Vocabulary},
	import::import,
	source::resolve,
	template::Template,
	tokenizer::{Special, Tokenizer},
	Backend, Chunk, EngineError, Want,
};
use serde_json::{json, Value};
use tempfile::TempDir;

/// Fewest cases, however slow the machine is.
const LEAST: u64 = 40;

/// One thread does all the work but reading ahead, so that all it allocates is counted.
fn alone(work: impl FnOnce() + Send) {
	let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
	pool.unwrap().install(work);
}

/// Runs cases of `reader` until its time is over; each says whether the reader took the file.
fn fuzz(reader: &'static str, case: impl Fn(&mut Draw) -> bool + Sync) {
	alone(|| {
		if let Ok(case_number) = std::env::var("ONE_FUZZ_CASE") {
			case(&mut draw_of(case_number.parse().unwrap()));
			return;
		}
		let (start, mut counts) = (Instant::now(), [0, 0]);
		for number in 0.. {
			if number >= LEAST && start.elapsed() >= time() {
				break;
			}
			let _replay = Replay { reader, number };
			counts[case(&mut draw_of(number)) as usize] += 1;
		}
		println!("{reader}: {} refused, {} read", counts[0], counts[1]);
		assert!(counts[0] > 0 && counts[1] > 0, "{counts:?}");
	});
}

fn time() -> Duration {
	let long = std::env::var_os("ONE_LONG").is_some();
	Duration::from_secs(if long { 120 } else { 1 })
}

/// Cases beside each other draw different numbers.
const fn draw_of(case: u64) -> Draw {
	Draw(case.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Says how to run a case again when it panics.
struct Replay {
	reader: &'static str,
	number: u64,
}

impl Drop for Replay {
	fn drop(&mut self) {
		let Self { reader, number } = self;
		if std::thread::panicking() {
			println!("again: ONE_FUZZ_CASE={number} cargo test -p one-engine --test fuzz {reader}");
		}
	}
}

/// Counts what each thread has allocated, the most it had at once, and the largest piece.
struct Counting;

thread_local! {
	static NOW: Cell<isize> = const { Cell::new(0) };
	static MOST: Cell<isize> = const { Cell::new(0) };
	static LARGEST: Cell<usize> = const { Cell::new(0) };
}

impl Counting {
	fn add(bytes: isize) {
		let now = NOW.get() + bytes;
		NOW.set(now);
		MOST.set(MOST.get().max(now));
	}
}

#[allow(unsafe_code)]
// SAFETY: everything is left to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
	unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
		Self::add(layout.size() as isize);
		LARGEST.set(LARGEST.get().max(layout.size()));
		System.alloc(layout)
	}

	unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
		Self::add(size as isize - layout.size() as isize);
		LARGEST.set(LARGEST.get().max(size));
		System.realloc(pointer, layout, size)
	}

	unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
		Self::add(-(layout.size() as isize));
		System.dealloc(pointer, layout)
	}
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Paths and the texts of errors.
const SMALL: usize = 4 << 10;

/// What `read` returns, the most bytes that it had at once, and those of its largest allocation.
fn counted<T>(read: impl FnOnce() -> T) -> (T, usize, usize) {
	let before = NOW.get();
	MOST.set(before);
	LARGEST.set(0);
	let outcome = read();
	(outcome, (MOST.get() - before) as usize, LARGEST.get())
}

/// What `read` returns, which may have `most` bytes at once.
fn within<T>(most: usize, read: impl FnOnce() -> T) -> T {
	let (outcome, peak, _) = counted(read);
	assert!(peak <= most, "{peak} bytes where {most} are allowed");
	outcome
}

/// Checks that an error about a file in `room` names it and what of it is wrong.
fn check_names(error: &EngineError, room: &Path) {
	let text = error.to_string();
	match error {
		EngineError::Malformed {
			path,
			field,
			reason,
		} => {
			assert!(path.starts_with(room), "{text}");
			assert!(!field.trim().is_empty() && !reason.is_empty(), "{text}");
		}
		EngineError::Io { path, .. } | EngineError::RootMismatch { path, .. } => {
			assert!(path.starts_with(room), "{text}");
		}
		_ => panic!("names no file: {text}"),
	}
}

/// Containers of every family.
fn containers() -> &'static [Vec<u8>] {
	static BYTES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
	BYTES.get_or_init(|| {
		let tiny = |(_, config)| {
			let (_room, path) = TinyFolder::of(config).import();
			fs::read(path.unwrap()).unwrap()
		};
		families().into_iter().map(tiny).collect()
	})
}

/// What the sections and the tensors of a tiny container take beside its numbers.
const TABLES: usize = 16 << 10;

#[test]
fn container_should_be_refused_when_it_is_damaged() {
	containers();
	fuzz("container", |draw| {
		let sound = &containers()[draw.below(containers().len())];
		let (room, mut bytes) = (TempDir::new().unwrap(), sound.clone());
		match draw.below(3) {
			0 => flip_bit(draw, &mut bytes),
			1 => damage_bytes(draw, &mut bytes, container::Header::LEN),
			_ => (),
		}
		let path = room.path().join("tiny.one");
		fs::write(&path, &bytes).unwrap();
		let read = within(2 * bytes.len() + TABLES, || check(&path));
		let loaded = resolve(&path, &mut |_, _| ()).map(drop);
		for outcome in [&read, &loaded] {
			assert_eq!(outcome.is_ok(), bytes == *sound);
			if let Err(error) = outcome {
				check_names(error, room.path());
			}
		}
		read.is_ok()
	});
}

fn check(path: &Path) -> Result<(), EngineError> {
	let container = Container::open(path)?;
	container.model()?;
	container.verify()
}

#[test]
fn container_should_not_be_believed_when_it_states_layers() {
	let mut header = container::Header::decode(&containers()[0]).unwrap();
	header.shape.layers = 1_024;
	let room = TempDir::new().unwrap();
	let path = room.path().join("tiny.one");
	fs::write(&path, header.encode()).unwrap();
	let error = within(SMALL, || Container::open(&path).map(drop)).unwrap_err();
	assert!(
		error.to_string().contains("tiny.one: length: 104 bytes"),
		"{error}"
	);
}

/// The sections of a container behind its header, changed; their root is made anew.
struct Resealed {
	sections: Vec<Section>,
	bytes: Vec<u8>,
}

impl Source for Resealed {
	fn bytes(&mut self, part: Part, range: Range<u64>) -> Result<Vec<u8>, EngineError> {
		let section = self.sections.iter().find(|section| section.part == part);
		let start = section.unwrap().offset as usize;
		Ok(self.bytes[start + range.start as usize..start + range.end as usize].to_vec())
	}
}

#[test]
fn resealed_container_should_run_or_be_refused() {
	containers();
	fuzz("resealed", |draw| {
		let sound = &containers()[draw.below(containers().len())];
		let (room, mut bytes) = (TempDir::new().unwrap(), sound.clone());
		let header = container::Header::decode(&bytes).unwrap();
		(0..=draw.below(4)).for_each(|_| overwrite(draw, &mut bytes));
		let path = room.path().join("tiny.one");
		let sections = layout(&header);
		let mut source = Resealed { sections, bytes };
		container::write(&path, &header, &mut source).unwrap();
		let outcome = within(2 * sound.len() + TABLES, || check(&path));
		match &outcome {
			Ok(()) => run(&path),
			Err(error) => check_names(error, room.path()),
		}
		outcome.is_ok()
	});
}

/// Runs a model for a few tokens; its arithmetic must stay within its proofs.
fn run(path: &Path) {
	let container = Container::open(path).unwrap();
	let chunk = Chunk {
		pages: &[0],
		start: 0,
		ids: &[1, 40, 50],
	};
	cpu(&container, 1).forward(&[chunk], Want::NEXT).unwrap();
}

/// What an import of a tiny model takes beside its files: the activations of the calibration text,
/// and the angles of the longest context.
const CALIBRATION: usize = 16 << 20;

#[test]
fn folder_should_be_imported_when_its_context_is_the_longest() {
	alone(|| {
		for (_, mut config) in families() {
			config["max_position_embeddings"] = json!(1 << 20);
			let room = TempDir::new().unwrap();
			let tiny = room.path().join("tiny");
			TinyFolder::of(config).write(&tiny);
			let container = room.path().join("tiny.one");
			within(CALIBRATION, || import(&tiny, &container, &mut |_, _| ())).unwrap();
		}
	});
}

#[test]
fn folder_should_be_imported_or_refused_by_file_and_field() {
	fuzz("folder", |draw| {
		let mut folder = TinyFolder::of(families().swap_remove(draw.below(families().len())).1);
		folder.tokenizer_config = Some(json!({
			"bos_token": "<s>",
			"eos_token": {"content": "</s>"},
			"chat_template": "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}",
		}));
		let room = TempDir::new().unwrap();
		let tiny = room.path().join("tiny");
		folder.write(&tiny);
		let names = [
			"config.json",
			"tokenizer.json",
			"tokenizer_config.json",
			"model.safetensors",
		];
		let name = names[draw.below(names.len())];
		damage_file(draw, &tiny.join(name));
		let bytes = fs::read_dir(&tiny)
			.unwrap()
			.map(|entry| entry.unwrap().metadata().unwrap().len());
		let bytes = bytes.sum::<u64>() as usize;
		let container = room.path().join("tiny.one");
		let outcome = within(2 * bytes + CALIBRATION, || {
			import(&tiny, &container, &mut |_, _| ())
		});
		match &outcome {
			Ok(_) => check(&container).unwrap(),
			Err(error) => check_names(error, room.path()),
		}
		outcome.is_ok()
	});
}

#[test]
fn folder_should_be_refused_when_its_json_is_large() {
	/// What the tree of a MiB of digits takes.
	const READ: usize = 48 << 20;
	let zeros = |bytes: usize| format!("[{}0]", "0,".repeat(bytes / 2));
	let header = |bytes: usize| {
		let json = format!(r#"{{"a":{{"dtype":"F32","shape":{}}}}}"#, zeros(bytes));
		[&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat()
	};
	let mebibyte = 1 << 20;
	for (name, bytes, field) in [
		(
			"config.json",
			zeros(mebibyte / 2).into_bytes(),
			"config.json",
		),
		(
			"config.json",
			zeros(mebibyte).into_bytes(),
			"config.json: length",
		),
		(
			"chat_template.jinja",
			vec![b'a'; mebibyte + 1],
			"chat_template.jinja: length",
		),
		(
			"tokenizer_config.json",
			zeros(mebibyte).into_bytes(),
			"tokenizer_config.json: length",
		),
		(
			"model.safetensors",
			header(mebibyte / 2),
			"safetensors header",
		),
		("model.safetensors", header(mebibyte), "safetensors header"),
	] {
		let room = TempDir::new().unwrap();
		let tiny = room.path().join("tiny");
		TinyFolder::new(true).write(&tiny);
		fs::write(tiny.join(name), bytes).unwrap();
		let container = room.path().join("tiny.one");
		let imported = within(READ, || import(&tiny, &container, &mut |_, _| ()).map(drop));
		let error = imported.unwrap_err().to_string();
		assert!(error.contains(field), "{error}");
	}
}

/// Damages a file: its bytes, or the JSON in it.
fn damage_file(draw: &mut Draw, path: &Path) {
	let mut bytes = fs::read(path).unwrap();
	if draw.below(2) == 0 {
		damage_bytes(draw, &mut bytes, 1_024);
	} else if path.extension().unwrap() == "json" {
		bytes = damaged_json(draw, &bytes);
	} else {
		let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
		let header = damaged_json(draw, &bytes[8..end]);
		let len = (header.len() as u64).to_le_bytes();
		bytes = [&len, &header[..], &bytes[end..]].concat();
	}
	fs::write(path, bytes).unwrap();
}

fn damaged_json(draw: &mut Draw, bytes: &[u8]) -> Vec<u8> {
	let mut json: Value = serde_json::from_slice(bytes).unwrap();
	damage_json(draw, &mut json);
	serde_json::to_vec(&json).unwrap()
}

/// Opens bytes as a GGUF file and checks what that allocates.
fn open_gguf(bytes: &[u8], file: &Path) -> Result<Gguf, EngineError> {
	fs::write(file, bytes).unwrap();
	within(2 * bytes.len() + SMALL, || Gguf::open(file))
}

/// Opens, reads and, where that works, imports bytes.
fn take_gguf(bytes: &[u8]) -> bool {
	let room = TempDir::new().unwrap();
	let file = room.path().join("tiny.gguf");
	let read = open_gguf(bytes, &file).and_then(|gguf| {
		gguf.tensor_names()
			.for_each(|name| assert!(gguf.tensor(name).is_some()));
		within(2 * bytes.len() + SMALL, || {
			Vocabulary::read(&gguf).map(drop)
		})
	});
	let container = room.path().join("tiny.one");
	let imported = within(2 * bytes.len() + CALIBRATION, || {
		import(&file, &container, &mut |_, _| ()).map(drop)
	});
	if imported.is_ok() {
		assert!(read.is_ok());
		check(&container).unwrap();
	}
	for error in [&read, &imported]
		.iter()
		.filter_map(|outcome| outcome.as_ref().err())
	{
		check_names(error, room.path());
	}
	imported.is_ok()
}

#[test]
fn gguf_should_be_imported_or_refused_by_file_and_field() {
	let tiny = [
		("llama", true, F16),
		("qwen2", false, F32),
		("qwen3", true, Q8_0),
	];
	let files = tiny.map(|(family, tied, format)| TinyGguf::new(family, tied, format).file(|_| ()));
	fuzz("gguf", |draw| {
		let mut bytes = files[draw.below(files.len())].clone();
		// Most of the file is weights, most of what can be wrong comes before.
		damage_bytes(draw, &mut bytes, 12_000);
		take_gguf(&bytes)
	});
}

#[test]
fn gguf_should_not_be_believed_when_it_states_sizes() {
	let header = |tensors: u64, entries: u64| {
		let mut bytes = b"GGUF\x03\0\0\0".to_vec();
		bytes.extend(tensors.to_le_bytes());
		bytes.extend(entries.to_le_bytes());
		bytes
	};
	let array = |kind: u32, len: u64| {
		let mut bytes = header(0, 1);
		bytes.extend(1u64.to_le_bytes());
		bytes.push(b'k');
		bytes.extend(9u32.to_le_bytes());
		bytes.extend(kind.to_le_bytes());
		bytes.extend(len.to_le_bytes());
		bytes.extend([0; 4_000]);
		bytes
	};
	let nested = {
		let mut bytes = header(0, 1);
		bytes.extend(1u64.to_le_bytes());
		bytes.push(b'k');
		for _ in 0..100 {
			bytes.extend(9u32.to_le_bytes());
		}
		bytes
	};
	for bytes in [
		header(1 << 60, 0),
		header(0, 1 << 60),
		[header(10, 10), vec![0; 100]].concat(),
		array(0, u64::MAX),
		array(8, 1 << 50),
		array(10, 1 << 61),
		array(9, 1 << 50),
		nested,
	] {
		let room = TempDir::new().unwrap();
		let error = open_gguf(&bytes, &room.path().join("tiny.gguf")).err();
		check_names(&error.unwrap(), room.path());
	}
}

/// What the regular expressions of a published tokenizer take, whatever the size of its file.
const RULES: usize = 2 << 20;
/// The most that regular expressions and added tokens take before they are refused.
const MOST_RULES: usize = 32 << 20;

/// Reads and drops a tokenizer, which may take twice its file and `rules` bytes.
fn read_tokenizer(bytes: &[u8], rules: usize) -> Result<(), EngineError> {
	within(2 * bytes.len() + rules, || {
		Tokenizer::parse(bytes).map(drop)
	})
}

#[test]
fn tokenizer_should_work_or_be_refused() {
	let guide = fs::read(one_guide_folder().join("tokenizer.json")).unwrap();
	let files = [
		serde_json::to_vec(&TinyFolder::new(true).tokenizer).unwrap(),
		guide,
	];
	fuzz("tokenizer", |draw| {
		let mut bytes = files[(draw.below(8) == 0) as usize].clone();
		match draw.below(2) {
			0 => damage_bytes(draw, &mut bytes, 1_024),
			_ => bytes = damaged_json(draw, &bytes),
		}
		let text = text(draw);
		let outcome = within(2 * bytes.len() + RULES, || {
			let tokenizer = Tokenizer::parse(&bytes)?;
			let ids = tokenizer.encode(&text, Special::Add)?;
			tokenizer.most_tokens(&text, Special::Written)?;
			tokenizer.decode(&ids)
		});
		assert!(matches!(outcome, Ok(_) | Err(EngineError::Tokenizer(_))));
		outcome.is_ok()
	});
}

#[test]
fn published_tokenizers_should_take_at_most_twice_their_files() {
	let guide = fs::read(one_guide_folder().join("tokenizer.json")).unwrap();
	read_tokenizer(&guide, 0).unwrap();
	let Some(folder) = llama_models() else { return };
	// A vocabulary by scores does not list its merges, two for each of its tokens.
	for (name, times) in [
		("llama-bpe", 2),
		("qwen2", 2),
		("gpt-2", 2),
		("starcoder", 2),
		("llama-spm", 5),
		("phi-3", 5),
	] {
		let file = folder.join(format!("ggml-vocab-{name}.gguf"));
		let len = fs::metadata(&file).unwrap().len() as usize;
		let gguf = Gguf::open(&file).unwrap();
		let vocabulary = within(times * len, || Vocabulary::read(&gguf)).unwrap();
		read_tokenizer(&vocabulary.tokenizer, 0).unwrap();
	}
}

/// A `tokenizer.json` with this vocabulary and these merges, and what follows the model.
fn tokenizer_of(vocab: &str, merges: &str, others: &str) -> Vec<u8> {
	let model = format!(r#"{{"type":"BPE","vocab":{{{vocab}}},"merges":{merges}}}"#);
	format!(r#"{{"model":{model}{others}}}"#).into_bytes()
}

/// All tokens of one, two and three letters, and all their merges: the most entries for the bytes.
fn dense_tokenizer() -> Vec<u8> {
	let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
	let (mut vocab, mut merges) = (Vec::new(), Vec::new());
	let mut token = |text: String| vocab.push(format!("\"{text}\":{}", vocab.len()));
	for x in &letters {
		token(x.to_string());
		for y in &letters {
			token(format!("{x}{y}"));
			merges.push(format!("\"{x} {y}\""));
			for z in &letters {
				token(format!("{x}{y}{z}"));
				merges.push(format!("\"{x} {y}{z}\",\"{x}{y} {z}\""));
			}
		}
	}
	tokenizer_of(&vocab.join(","), &format!("[{}]", merges.join(",")), "")
}

#[test]
fn tokenizer_should_take_no_more_when_it_is_made_for_that() {
	/// One more than fills a vector that doubles.
	const MANY: usize = (1 << 18) + 1;
	let many = |piece: &str| format!("[{}]", vec![piece; MANY].join(","));
	let long = |piece: &str| format!("\"{}\"", piece.repeat(MANY));
	let entries = |entry: &dyn Fn(usize) -> String| {
		let entries: Vec<_> = (0..MANY).map(entry).collect();
		tokenizer_of(&entries.join(","), "[]", "")
	};
	let merges = |merges: &str| tokenizer_of(r#""a":0,"aa":1"#, merges, "");
	let others = |others: &str| tokenizer_of(r#""a":0"#, "[]", &format!(",{others}"));
	let hexadecimal = |i: usize| format!("\"{i:x}\":{i}");
	for sound in [
		dense_tokenizer(),
		entries(&hexadecimal),
		others(&format!(r#""x":{}"#, many("0"))),
		others(&format!("{}:0", long("\\u0001a"))),
	] {
		read_tokenizer(&sound, SMALL).unwrap();
	}
	for hostile in [
		merges(&many("0")),
		merges(&many("[]")),
		merges(&many(r#""""#)),
		merges(&many(r#""a a""#)),
		merges(&many(r#"["a","a"]"#)),
		merges(&format!("[{}]", long("\\n"))),
		merges(&long("\u{7f}")),
		entries(&|i| format!("\"{i:x}\":1")),
		entries(&|_| r#""a":1"#.into()),
		entries(&|i| format!("\"a\":{i}")),
		entries(&|i| format!("\"{i:x}\":0.1")),
		tokenizer_of(&format!("{}:0", long("\\u0001a")), "[]", ""),
		tokenizer_of(&format!(r#""a":{}"#, long("\u{7f}")), "[]", ""),
		others(&format!(r#""x":{}"#, "[".repeat(MANY))),
		others(&format!(r#""decoder":{}"#, many("0"))),
		long("\u{7f}").into_bytes(),
	] {
		read_tokenizer(&hostile, SMALL).unwrap_err();
	}
}

/// Added tokens of `len` characters of three bytes.
fn added_tokens(n: usize, len: usize) -> Value {
	let char = |k: usize| char::from_u32(0x4e00 + (k % 20_000) as u32);
	let content = |i: usize| (0..len).filter_map(move |k| char(i * 7_919 + k * 104_729));
	let token = |i: usize| {
		json!({"id": 1 + i, "content": content(i).collect::<String>(), "single_word": false,
			"lstrip": false, "rstrip": false, "normalized": false, "special": true})
	};
	(0..n).map(token).collect()
}

#[test]
fn tokenizer_should_be_refused_when_its_rules_are_large() {
	let split = |pattern: &str| {
		json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated",
			"invert": false})
	};
	let splits = |pattern, n| json!({"type": "Sequence", "pretokenizers": vec![split(pattern); n]});
	let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
	let steps = |step: Value, n| json!({"type": "Sequence", "normalizers": vec![step; n]});
	let nfc = json!({"type": "NFC"});
	for (part, json, sound) in [
		("pre_tokenizer", split(r"\p{L}{200}"), true),
		("pre_tokenizer", split(r"\p{L}{300}"), false),
		("pre_tokenizer", split(r"(((\w{6}){6})){6}"), false),
		("pre_tokenizer", split(r"[^\w]{100}"), true),
		("pre_tokenizer", split(&r"\w".repeat(120)), true),
		("pre_tokenizer", split(&r"(?i:\w)".repeat(220)), false),
		("pre_tokenizer", split(&r"(?=\w)".repeat(220)), true),
		("pre_tokenizer", splits(r"\w{20}", 10), true),
		("pre_tokenizer", splits(r"\w{20}", 13), false),
		("normalizer", steps(replace.clone(), 6), true),
		("normalizer", steps(replace, 7), false),
		("normalizer", steps(nfc.clone(), 1_000), true),
		("normalizer", steps(nfc, 2_000), false),
		("added_tokens", added_tokens(100, 21), true),
		("added_tokens", added_tokens(100, 22), false),
		("added_tokens", added_tokens(4_000, 5), true),
		("added_tokens", added_tokens(5_000, 5), false),
		("added_tokens", Value::from("\u{7f}".repeat(1 << 18)), false),
		("added_tokens", Value::from(vec![0; 1 << 18]), false),
	] {
		let bytes = tokenizer_of(r#""a":0"#, "[]", &format!(r#","{part}":{json}"#));
		let outcome = read_tokenizer(&bytes, MOST_RULES);
		assert_eq!(outcome.is_ok(), sound, "{part} of {} bytes", bytes.len());
		let names = |error: EngineError| error.to_string().contains(part);
		assert!(outcome.err().is_none_or(names), "{part}");
	}
}

/// What templates are made of.
const PIECES: [&str; 56] = [
	"{{ ",
	" }}",
	"{% ",
	" %}",
	"{%- ",
	" -%}",
	"{#",
	"#}",
	"messages",
	"m",
	"[0]",
	"[-1:]",
	".content",
	".role",
	" for m in messages ",
	" endfor ",
	" if ",
	" else ",
	" endif ",
	" set x = ",
	"x",
	" + ",
	" ~ ",
	" * 7",
	"'a'",
	"\"",
	"(",
	")",
	"|tojson",
	"|tojson(indent=3)",
	"|length",
	"|join",
	".split('a')",
	".x.y",
	" macro f() ",
	" endmacro ",
	" generation ",
	" endgeneration ",
	"range(99999)",
	"raise_exception(1)",
	" set ns.x = ns.x ~ ns.x ",
	" set x = x + x ",
	" set x ",
	" endset ",
	" * 1000000000",
	"|replace('', x)",
	"|indent(100000)",
	"|list",
	"|string",
	"|map('upper')",
	"|batch(3)",
	"'%9999d'|format(1)",
	" for i in range(60) ",
	"namespace(x='a')",
	"strip()",
	"loop(m)",
];

/// What a template may have at once, beside what it is compiled to.
const RENDERED: usize = 256 << 20;

#[test]
fn template_should_render_or_be_refused() {
	let config = fs::read(one_guide_folder().join("tokenizer_config.json")).unwrap();
	let config: Value = serde_json::from_slice(&config).unwrap();
	let published = config["chat_template"].as_str().unwrap();
	fuzz("template", |draw| {
		let source = match draw.below(4) {
			0 => {
				let mut bytes = published.as_bytes().to_vec();
				damage_bytes(draw, &mut bytes, 400);
				String::from_utf8_lossy(&bytes).into_owned()
			}
			_ => (0..draw.below(30))
				.map(|_| PIECES[draw.below(PIECES.len())])
				.collect(),
		};
		let content = text(draw);
		let outcome = within(RENDERED, || {
			let chat = Chat::of(&[Message::user(&content), Message::assistant("a")]);
			Template::parse(&source, "<s>", "</s>")?.render(&chat, true)
		});
		assert!(matches!(outcome, Ok(_) | Err(EngineError::Template(_))));
		outcome.is_ok()
	});
}

#[test]
fn chat_should_be_read_or_refused() {
	let template = Template::parse("{{ messages|tojson }}", "", "").unwrap();
	let chat = json!({"messages": [{"role": "user", "content": "a"}], "tools": [{"name": "f"}]});
	fuzz("chat", |draw| {
		let mut bytes = damaged_json(draw, chat.to_string().as_bytes());
		if draw.below(2) == 0 {
			damage_bytes(draw, &mut bytes, 40);
		}
		let text = String::from_utf8_lossy(&bytes);
		let rendered = Chat::from_json(&text).and_then(|chat| template.render(&chat, false));
		assert!(matches!(rendered, Ok(_) | Err(EngineError::Template(_))));
		rendered.is_ok()
	});
}
