//! The pre-tokenizers of byte-level vocabularies, which the files only name.

use serde_json::{json, Value};

/// How a byte-level vocabulary cuts text before its merges.
#[derive(Debug)]
pub struct PreTokenizer {
	/// Names that files give it.
	names: &'static [&'static str],
	/// Regular expressions, each cutting the pieces of the one before.
	patterns: &'static [&'static str],
	/// Whether text is brought to Unicode's form NFC first.
	pub nfc: bool,
	/// Whether a piece that is a token stays whole, whatever the merges say.
	pub ignore_merges: bool,
	/// Whether text begins with `bos` where the file does not say.
	pub add_bos: bool,
}

/// English contractions, runs of letters, of digits and of other characters, white space.
const WORDS: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

const LLAMA3: &str = concat!(
	r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
	r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);

const QWEN2: &str = concat!(
	r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
	r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);

const TEKKEN: &str = concat!(
	r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
	r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}",
	r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);

const PLAIN: PreTokenizer = PreTokenizer {
	names: &["gpt-2", "phi-2", "olmo", "mpt"],
	patterns: &[WORDS],
	nfc: false,
	ignore_merges: false,
	add_bos: false,
};

const KNOWN: [PreTokenizer; 7] = [
	PLAIN,
	PreTokenizer {
		names: &["default"],
		patterns: &[r"[\p{P}\$\+<=>\^~\|]+", WORDS, r"\p{N}+", "[0-9][0-9][0-9]"],
		..PLAIN
	},
	PreTokenizer {
		names: &["smollm", "starcoder", "refact", "command-r", "codeshell"],
		patterns: &[r"\p{N}", WORDS],
		..PLAIN
	},
	PreTokenizer {
		names: &[
			"llama-bpe",
			"llama3",
			"llama-v3",
			"falcon3",
			"pixtral",
			"lfm2",
		],
		patterns: &[LLAMA3],
		ignore_merges: true,
		add_bos: true,
		..PLAIN
	},
	PreTokenizer {
		names: &["qwen2"],
		patterns: &[QWEN2],
		nfc: true,
		..PLAIN
	},
	PreTokenizer {
		names: &["deepseek-r1-qwen", "megrez", "stablelm2"],
		patterns: &[QWEN2],
		..PLAIN
	},
	PreTokenizer {
		names: &["tekken"],
		patterns: &[TEKKEN],
		ignore_merges: true,
		add_bos: true,
		..PLAIN
	},
];

impl PreTokenizer {
	/// The pre-tokenizer of this name.
	pub fn named(name: &str) -> Option<&'static Self> {
		KNOWN.iter().find(|known| known.names.contains(&name))
	}

	/// As `tokenizer.json` has it.
	pub fn json(&self) -> Value {
		let split = |pattern: &&str| {
			json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated",
				"invert": false})
		};
		let mut steps: Vec<Value> = self.patterns.iter().map(split).collect();
		steps.push(super::vocabulary::byte_level());
		json!({"type": "Sequence", "pretokenizers": steps})
	}
}
