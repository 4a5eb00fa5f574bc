//! From the vocabulary of a file to a `tokenizer.json`, so that the engine knows one kind only.

use std::{cmp::Ordering, collections::BTreeMap, io};

use serde::{Serialize, Serializer};
use serde_json::{json, Value as Json};

use super::{pre_tokenizer::PreTokenizer, value::Array, Gguf, Value};
use crate::{
	tokenizer::{Index, MAX_TOKEN},
	EngineError,
};

const MODEL: &str = "tokenizer.ggml.model";
const PRE: &str = "tokenizer.ggml.pre";
const TOKENS: &str = "tokenizer.ggml.tokens";
const TYPES: &str = "tokenizer.ggml.token_type";
const SCORES: &str = "tokenizer.ggml.scores";
const MERGES: &str = "tokenizer.ggml.merges";
const ADD_BOS: &str = "tokenizer.ggml.add_bos_token";
const ADD_EOS: &str = "tokenizer.ggml.add_eos_token";
const SPACE_PREFIX: &str = "tokenizer.ggml.add_space_prefix";
const BOS: &str = "tokenizer.ggml.bos_token_id";
const EOS: &str = "tokenizer.ggml.eos_token_id";
const TEMPLATE: &str = "tokenizer.chat_template";
/// Tokens that end an answer.
const STOPS: [&str; 3] = [
	EOS,
	"tokenizer.ggml.eot_token_id",
	"tokenizer.ggml.eom_token_id",
];

/// Control tokens that end an answer by their name, for files that do not list them.
const STOP_TEXTS: [&str; 7] = [
	"<|eot_id|>",
	"<|eom_id|>",
	"<|im_end|>",
	"<|end|>",
	"<|endoftext|>",
	"<|end_of_text|>",
	"<end_of_turn>",
];

/// Most merges derived from a vocabulary, for each of its tokens; those of Llama 2 are not two.
const MAX_MERGES: usize = 4;

/// Stands for a space in the tokens of SentencePiece.
const SPACE: &str = "\u{2581}";

/// The texts of a file.
#[derive(Clone, Debug)]
pub struct Vocabulary {
	/// Bytes of a `tokenizer.json`.
	pub tokenizer: Vec<u8>,
	/// Number of tokens.
	pub size: usize,
	/// Text of the token that begins a sequence.
	pub bos: String,
	/// Text of the token that ends a sequence.
	pub eos: String,
	/// Source of the chat template; empty for none.
	pub template: String,
	/// Token ids that end an answer.
	pub stops: Vec<u32>,
}

/// What a token is, as the format numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
	Normal,
	/// Never part of ordinary text.
	Control,
	/// Recognised as a whole before anything else.
	UserDefined,
	/// Not to be produced.
	Other,
}

struct Tokens<'a> {
	gguf: &'a Gguf,
	texts: Vec<&'a str>,
	by_text: Index,
	kinds: Vec<Kind>,
}

/// A `tokenizer.json` with byte-pair merges.
#[derive(Serialize)]
struct Tokenizer<'a> {
	version: &'static str,
	added_tokens: Vec<Json>,
	normalizer: Json,
	pre_tokenizer: Json,
	post_processor: Json,
	decoder: Json,
	model: Model<'a>,
}

#[derive(Serialize)]
struct Model<'a> {
	#[serde(rename = "type")]
	kind: &'static str,
	unk_token: Option<&'a str>,
	fuse_unk: bool,
	byte_fallback: bool,
	ignore_merges: bool,
	vocab: Vocab<'a>,
	merges: Merges<'a>,
}

/// Texts in the order of their ids.
struct Vocab<'a>(&'a [&'a str]);

/// Pairs of texts, the first merged first, written where they are made.
enum Merges<'a> {
	/// Texts with a space between.
	Listed(Array<'a>),
	Derived {
		texts: &'a [&'a str],
		cuts: Vec<Cut>,
	},
}

/// A cut of a token into two others.
struct Cut {
	/// Score of the token.
	score: f64,
	token: u32,
	/// Bytes of the left part.
	at: u16,
	/// Among the cuts of its token, in the order of the ids of both parts.
	nth: u16,
}

impl Serialize for Vocab<'_> {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		let ids = self.0.iter().enumerate().map(|(id, text)| (text, id));
		serializer.collect_map(ids)
	}
}

impl Serialize for Merges<'_> {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		match self {
			Self::Listed(texts) => serializer.collect_seq(texts.iter().filter_map(parts)),
			Self::Derived { texts, cuts } => {
				serializer.collect_seq(cuts.iter().map(|cut| cut.parts(texts)))
			}
		}
	}
}

/// Both tokens of a listed merge.
fn parts(value: Value<'_>) -> Option<(&str, &str)> {
	value.as_str()?.split_once(' ')
}

impl Cut {
	fn parts<'a>(&self, texts: &[&'a str]) -> (&'a str, &'a str) {
		texts[self.token as usize].split_at(self.at.into())
	}

	/// The highest score first. Equal ones go by the lengths of both parts, the longest first, as in
	/// the published conversions to merges, then by ids.
	fn order(&self, other: &Self, texts: &[&str]) -> Ordering {
		let chars = |cut: &Self| {
			let (left, right) = cut.parts(texts);
			(left.chars().count(), right.chars().count())
		};
		let ids = |cut: &Self| (cut.token, cut.nth);
		let lengths = || chars(other).cmp(&chars(self));
		let scores = other.score.total_cmp(&self.score);
		scores
			.then_with(lengths)
			.then_with(|| ids(self).cmp(&ids(other)))
	}
}

impl Vocabulary {
	/// Reads the vocabulary of a file: byte-level BPE with merges, or SentencePiece-style BPE by
	/// scores.
	///
	/// # Errors
	/// [`EngineError::Malformed`] naming the metadata field that is missing, of the wrong type, or
	/// asks for a kind that is not supported.
	pub fn read(gguf: &Gguf) -> Result<Self, EngineError> {
		let tokens = Tokens::read(gguf)?;
		let text = |key| gguf.optional(key, "a text", Value::as_str);
		let tokenizer = match gguf.require(MODEL, "a text", Value::as_str)? {
			"gpt2" => byte_level_tokenizer(&tokens)?,
			"llama" => sentencepiece_tokenizer(&tokens)?,
			other => {
				let reason = format!("\"{other}\" is not one of the supported gpt2 and llama");
				return Err(gguf.malformed(MODEL, reason));
			}
		};
		let token = |key| Ok::<_, EngineError>(tokens.id(key)?.map_or("", |id| tokens.texts[id]));
		Ok(Self {
			tokenizer: to_json(&tokenizer).map_err(|error| gguf.malformed(TOKENS, error))?,
			size: tokens.texts.len(),
			bos: token(BOS)?.into(),
			eos: token(EOS)?.into(),
			template: text(TEMPLATE)?.unwrap_or_default().into(),
			stops: tokens.stops()?,
		})
	}
}

impl<'a> Tokens<'a> {
	fn read(gguf: &'a Gguf) -> Result<Self, EngineError> {
		let texts = gguf
			.require(TOKENS, "a list", |value| value.as_array().cloned())?
			.iter()
			.enumerate()
			.map(|(i, value)| token_text(gguf, i, &value))
			.collect::<Result<Vec<_>, _>>()?;
		let by_text = Index::of(texts.len(), |id| texts[id])
			.map_err(|id| gguf.malformed(TOKENS, format!("{:?} occurs twice", texts[id])))?;
		let kinds = list(gguf, TYPES, texts.len(), |value| {
			value.as_u64().map(Kind::of)
		})?;
		Ok(Self {
			gguf,
			by_text,
			kinds: kinds.unwrap_or_else(|| vec![Kind::Normal; texts.len()]),
			texts,
		})
	}

	/// Id of a token that the metadata names.
	fn id(&self, key: &str) -> Result<Option<usize>, EngineError> {
		let id = self.gguf.optional(key, "a token id", Value::as_u64)?;
		id.map(|id| {
			let id = usize::try_from(id).ok();
			id.filter(|id| *id < self.texts.len())
				.ok_or_else(|| self.gguf.malformed(key, "is no token of the vocabulary"))
		})
		.transpose()
	}

	fn flag(&self, key: &str, default: bool) -> Result<bool, EngineError> {
		let flag = self.gguf.optional(key, "a flag", Value::as_bool)?;
		Ok(flag.unwrap_or(default))
	}

	fn stops(&self) -> Result<Vec<u32>, EngineError> {
		let mut stops = Vec::new();
		for key in STOPS {
			stops.extend(self.id(key)?);
		}
		let control = |id: &usize| self.kinds[*id] == Kind::Control;
		let named = |id: &usize| control(id) && STOP_TEXTS.contains(&self.texts[*id]);
		stops.extend((0..self.texts.len()).filter(named));
		stops.sort_unstable();
		stops.dedup();
		Ok(stops.into_iter().map(|id| id as u32).collect())
	}

	/// Id of the ordinary token with this text: no text merges into another.
	fn normal(&self, text: &str) -> Option<u32> {
		let id = self.by_text.find(text, |id| self.texts[id] == text)?;
		(self.kinds[id] == Kind::Normal).then_some(id as u32)
	}

	/// Bytes of the left part of every cut of a token into two others, in the order of their ids.
	fn cuts(&self, text: &str) -> Vec<u16> {
		let cut = |(at, _)| {
			let (left, right) = text.split_at(at);
			// A token has no more than `MAX_TOKEN` bytes.
			Some((self.normal(left)?, self.normal(right)?, at as u16))
		};
		let mut cuts: Vec<_> = text.char_indices().skip(1).filter_map(cut).collect();
		cuts.sort_unstable();
		cuts.into_iter().map(|(.., at)| at).collect()
	}

	/// Tokens that are recognised as a whole: special ones are control tokens.
	fn added(&self) -> Vec<Json> {
		let added = |(id, kind): (usize, &Kind)| {
			let special = match kind {
				Kind::Control => true,
				Kind::UserDefined => false,
				Kind::Normal | Kind::Other => return None,
			};
			Some(
				json!({"id": id, "content": self.texts[id], "single_word": false,
				"lstrip": false, "rstrip": false, "normalized": false, "special": special}),
			)
		};
		self.kinds.iter().enumerate().filter_map(added).collect()
	}

	/// Adds `bos` and `eos` around a text, where the file asks for them.
	fn post_processor(&self, add_bos: bool) -> Result<Json, EngineError> {
		let around = |flag, default, key| match self.flag(flag, default)? {
			true => self.id(key)?.map_or_else(
				|| Err(self.gguf.malformed(key, "is missing, but is to be added")),
				|id| Ok(Some(id)),
			),
			false => Ok(None),
		};
		let (bos, eos) = (around(ADD_BOS, add_bos, BOS)?, around(ADD_EOS, false, EOS)?);
		if bos.is_none() && eos.is_none() {
			return Ok(Json::Null);
		}
		let special = |id: usize| json!({"SpecialToken": {"id": self.texts[id], "type_id": 0}});
		let template = |names: &[&str]| {
			let text = |name: &&str| json!({"Sequence": {"id": name, "type_id": 0}});
			let parts = bos.map(special).into_iter();
			let parts = parts.chain(names.iter().map(text)).chain(eos.map(special));
			parts.collect::<Vec<_>>()
		};
		let ids: BTreeMap<&str, Json> = bos
			.into_iter()
			.chain(eos)
			.map(|id| (self.texts[id], id))
			.map(|(text, id)| (text, json!({"id": text, "ids": [id], "tokens": [text]})))
			.collect();
		Ok(
			json!({"type": "TemplateProcessing", "single": template(&["A"]),
			"pair": template(&["A", "B"]), "special_tokens": ids}),
		)
	}
}

impl Kind {
	const fn of(id: u64) -> Self {
		match id {
			1 => Self::Normal,
			// The unknown token is as little part of ordinary text as a control token.
			2 | 3 => Self::Control,
			4 => Self::UserDefined,
			_ => Self::Other,
		}
	}
}

fn token_text<'a>(gguf: &Gguf, i: usize, value: &Value<'a>) -> Result<&'a str, EngineError> {
	let malformed = |reason: &str| gguf.malformed(TOKENS, format!("token {i} {reason}"));
	let text = value.as_str().ok_or_else(|| malformed("is not a text"))?;
	if text.len() > MAX_TOKEN {
		return Err(malformed(&format!("has more than {MAX_TOKEN} bytes")));
	}
	Ok(text)
}

/// A list with one value for each token, which may be missing.
fn list<T>(
	gguf: &Gguf,
	key: &str,
	len: usize,
	pick: impl Fn(&Value<'_>) -> Option<T>,
) -> Result<Option<Vec<T>>, EngineError> {
	let Some(array) = gguf.optional(key, "a list", |value| value.as_array().cloned())? else {
		return Ok(None);
	};
	if array.len() != len {
		let reason = format!("has {} values for {len} tokens", array.len());
		return Err(gguf.malformed(key, reason));
	}
	let values: Option<Vec<T>> = array.iter().map(|value| pick(&value)).collect();
	values
		.map(Some)
		.ok_or_else(|| gguf.malformed(key, "has a value of the wrong type"))
}

/// The pre-tokenizer and the decoder of bytes.
pub(super) fn byte_level() -> Json {
	json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false})
}

fn byte_level_tokenizer<'a>(tokens: &'a Tokens<'a>) -> Result<Tokenizer<'a>, EngineError> {
	let gguf = tokens.gguf;
	let name = gguf.optional(PRE, "a text", Value::as_str)?;
	let name = name.unwrap_or("default");
	let pre = PreTokenizer::named(name)
		.ok_or_else(|| gguf.malformed(PRE, format!("\"{name}\" is not supported")))?;
	let normalizer = match pre.nfc {
		true => json!({"type": "NFC"}),
		false => Json::Null,
	};
	Ok(Tokenizer {
		version: "1.0",
		added_tokens: tokens.added(),
		normalizer,
		pre_tokenizer: pre.json(),
		post_processor: tokens.post_processor(pre.add_bos)?,
		decoder: byte_level(),
		model: Model {
			kind: "BPE",
			unk_token: None,
			fuse_unk: false,
			byte_fallback: false,
			ignore_merges: pre.ignore_merges,
			vocab: Vocab(&tokens.texts),
			merges: listed_merges(gguf)?,
		},
	})
}

fn listed_merges(gguf: &Gguf) -> Result<Merges<'_>, EngineError> {
	let merges = gguf.require(MERGES, "a list", |value| value.as_array().cloned())?;
	match merges.iter().position(|value| parts(value).is_none()) {
		Some(i) => Err(gguf.malformed(MERGES, format!("merge {i} is not two tokens"))),
		None => Ok(Merges::Listed(merges)),
	}
}

fn sentencepiece_tokenizer<'a>(tokens: &'a Tokens<'a>) -> Result<Tokenizer<'a>, EngineError> {
	let prefix = tokens.flag(SPACE_PREFIX, true)?;
	let spaces = json!({"type": "Replace", "pattern": {"String": " "}, "content": SPACE});
	let prepend = prefix.then(|| json!({"type": "Prepend", "prepend": SPACE}));
	let normalizers: Vec<Json> = prepend.into_iter().chain([spaces]).collect();
	let mut decoders = vec![
		json!({"type": "Replace", "pattern": {"String": SPACE}, "content": " "}),
		json!({"type": "ByteFallback"}),
		json!({"type": "Fuse"}),
	];
	if prefix {
		decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
	}
	let unknown = tokens.id("tokenizer.ggml.unknown_token_id")?;
	Ok(Tokenizer {
		version: "1.0",
		added_tokens: tokens.added(),
		normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
		pre_tokenizer: Json::Null,
		post_processor: tokens.post_processor(true)?,
		decoder: json!({"type": "Sequence", "decoders": decoders}),
		model: Model {
			kind: "BPE",
			unk_token: unknown.map(|id| tokens.texts[id]),
			fuse_unk: true,
			byte_fallback: true,
			ignore_merges: false,
			vocab: Vocab(&tokens.texts),
			merges: scored_merges(tokens)?,
		},
	})
}

/// The merges of a vocabulary that has scores: every cut of a token into two others. Only ordinary
/// tokens take part.
fn scored_merges<'a>(tokens: &'a Tokens<'a>) -> Result<Merges<'a>, EngineError> {
	let (gguf, texts) = (tokens.gguf, &tokens.texts);
	let finite = |value: &Value<'_>| value.as_f64().filter(|score| score.is_finite());
	let scores = list(gguf, SCORES, texts.len(), finite)?
		.ok_or_else(|| gguf.malformed(SCORES, "is missing"))?;
	let mut cuts = Vec::new();
	for (token, score) in scores.into_iter().enumerate() {
		if tokens.kinds[token] != Kind::Normal {
			continue;
		}
		let cut = |(nth, at)| Cut {
			score,
			token: token as u32,
			at,
			nth,
		};
		cuts.extend((0..).zip(tokens.cuts(texts[token])).map(cut));
		if cuts.len() > MAX_MERGES * texts.len() {
			return Err(gguf.malformed(TOKENS, "can be merged in too many ways"));
		}
	}
	cuts.sort_unstable_by(|a, b| a.order(b, texts));
	Ok(Merges::Derived { texts, cuts })
}

/// JSON of `value`, in a vector of that very size.
fn to_json(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
	let mut size = Size(0);
	serde_json::to_writer(&mut size, value)?;
	let mut json = Vec::with_capacity(size.0);
	serde_json::to_writer(&mut json, value)?;
	Ok(json)
}

/// Counts bytes.
struct Size(usize);

impl io::Write for Size {
	fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
		self.0 += bytes.len();
		Ok(bytes.len())
	}

	fn flush(&mut self) -> io::Result<()> {
		Ok(())
	}
}
