//! Byte-pair encoding (Sennrich et al., <https://aclanthology.org/P16-1162>): a piece of text is cut
//! into characters, and the pair of neighbours that was merged first in training is merged, until no
//! pair is left.

use std::{
	cmp::Reverse,
	collections::{BinaryHeap, HashMap},
	path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokenizers::{models::bpe::BpeTrainer, Model, Token};

use super::{
	error,
	file::{for_each_merge, required, short, Part},
	index::Index,
	vocabulary::{self, Vocabulary},
};
use crate::EngineError;

/// The model of a tokenizer: its tokens, its merges, and what becomes of unknown characters.
pub struct Bpe {
	vocabulary: Vocabulary,
	/// Pairs of tokens that are merged, the first before all others.
	merges: Vec<Pair>,
	by_pair: Index,
	/// Stands for characters that are no tokens; where there is none they are left out.
	unknown: Option<String>,
	/// Whether unknown characters beside each other are one token.
	fuse_unknown: bool,
	/// Whether an unknown character becomes tokens of its bytes, such as `<0x0A>`.
	byte_fallback: bool,
	/// Whether a piece that is a token stays whole, whatever the merges say.
	ignore_merges: bool,
}

/// Ids of two tokens beside each other.
type Pair = (u32, u32);

/// A token of a piece that is being merged, in a list linked in both directions.
#[derive(Clone, Copy)]
struct Symbol {
	id: u32,
	/// Bytes of the piece that it stands for; none once it is merged into the one before.
	len: usize,
	before: usize,
	behind: usize,
}

/// Field of the file.
const MERGES: &str = "model.merges";

/// Where there is no symbol.
const NONE: usize = usize::MAX;

/// A pair that may be merged: the rank of its merge, and the position of its left symbol.
type Candidate = Reverse<(usize, usize)>;

/// The model as the file has it.
#[derive(Deserialize)]
struct Listed<'a> {
	#[serde(borrow, rename = "type")]
	kind: Part<'a>,
	#[serde(borrow)]
	dropout: Part<'a>,
	#[serde(borrow)]
	unk_token: Part<'a>,
	#[serde(borrow)]
	continuing_subword_prefix: Part<'a>,
	#[serde(borrow)]
	end_of_word_suffix: Part<'a>,
	#[serde(borrow)]
	fuse_unk: Part<'a>,
	#[serde(borrow)]
	byte_fallback: Part<'a>,
	#[serde(borrow)]
	ignore_merges: Part<'a>,
	#[serde(borrow)]
	vocab: Part<'a>,
	#[serde(borrow)]
	merges: Part<'a>,
}

impl Bpe {
	/// Reads the model of a file.
	///
	/// # Errors
	/// [`EngineError::Tokenizer`] naming the field that is malformed, or asks for what is not
	/// supported: another kind of model, random merges, marks of words.
	pub fn read(model: Part<'_>) -> Result<Self, EngineError> {
		let listed: Listed<'_> = serde_json::from_str(required("model", model)?).map_err(error)?;
		listed.check_supported()?;
		let flag = |name, part| Ok::<_, EngineError>(short(name, part)?.unwrap_or(false));
		let unknown = short("model.unk_token", listed.unk_token)?;
		let fuse_unknown = flag("model.fuse_unk", listed.fuse_unk)?;
		let byte_fallback = flag("model.byte_fallback", listed.byte_fallback)?;
		let ignore_merges = flag("model.ignore_merges", listed.ignore_merges)?;
		let vocabulary = Vocabulary::read(required(vocabulary::NAME, listed.vocab)?)?;
		let merges = listed.merges(&vocabulary)?;
		let by_pair = Index::of(merges.len(), |rank| merges[rank])
			.map_err(|rank| error(format!("{MERGES}: merge {rank} is there before")))?;
		Ok(Self {
			vocabulary,
			merges,
			by_pair,
			unknown,
			fuse_unknown,
			byte_fallback,
			ignore_merges,
		})
	}

	/// Ids of a piece, each with the number of its bytes.
	fn ids(&self, piece: &str) -> tokenizers::Result<Vec<(u32, usize)>> {
		let whole = || self.vocabulary.id(piece).filter(|_| self.ignore_merges);
		if let Some(id) = whole() {
			return Ok(vec![(id, piece.len())]);
		}
		let mut symbols = self.symbols(piece)?;
		self.merge(&mut symbols);
		let left = symbols.iter().filter(|symbol| symbol.len > 0);
		Ok(left.map(|symbol| (symbol.id, symbol.len)).collect())
	}

	/// A symbol for each character, or those of its bytes.
	fn symbols(&self, piece: &str) -> tokenizers::Result<Vec<Symbol>> {
		let mut symbols = Vec::with_capacity(piece.len());
		let mut after_unknown = false;
		for (at, char) in piece.char_indices() {
			let text = &piece[at..at + char.len_utf8()];
			if let Some(id) = self.vocabulary.id(text) {
				link(&mut symbols, id, text.len());
			} else if let Some(ids) = self.bytes(text) {
				ids.into_iter().for_each(|id| link(&mut symbols, id, 1));
			} else {
				self.unknown(&mut symbols, text.len(), after_unknown)?;
				after_unknown = true;
				continue;
			}
			after_unknown = false;
		}
		Ok(symbols)
	}

	/// The tokens of the bytes of a character, if they all have one.
	fn bytes(&self, text: &str) -> Option<Vec<u32>> {
		let byte = |byte| self.vocabulary.id(&format!("<0x{byte:02X}>"));
		let bytes = || text.bytes().map(byte).collect();
		self.byte_fallback.then(bytes).flatten()
	}

	/// Adds the token of unknown characters, or lengthens it.
	fn unknown(
		&self,
		symbols: &mut Vec<Symbol>,
		len: usize,
		again: bool,
	) -> tokenizers::Result<()> {
		let Some(text) = &self.unknown else {
			return Ok(());
		};
		let id = self.vocabulary.id(text);
		let id = id.ok_or_else(|| format!("model.unk_token: {text:?} is no token"))?;
		match symbols.last_mut().filter(|_| again && self.fuse_unknown) {
			Some(last) => last.len += len,
			None => link(symbols, id, len),
		}
		Ok(())
	}

	/// Merges pairs until there is none left; of equal ones the leftmost first.
	fn merge(&self, symbols: &mut [Symbol]) {
		let candidates = (0..symbols.len()).filter_map(|left| self.candidate(symbols, left));
		let mut queue: BinaryHeap<Candidate> = candidates.collect();
		while let Some(candidate) = queue.pop() {
			let Reverse((rank, left)) = candidate;
			// What it was made for may have been merged since.
			if self.candidate(symbols, left) != Some(candidate) {
				continue;
			}
			let Some(id) = self.vocabulary.joined(self.merges[rank]) else {
				continue;
			};
			join(symbols, left, id);
			let neighbours = [symbols[left].before, left];
			queue.extend(
				neighbours
					.into_iter()
					.filter_map(|left| self.candidate(symbols, left)),
			);
		}
	}

	/// The merge of the symbol at `left` with the next, if there is one.
	fn candidate(&self, symbols: &[Symbol], left: usize) -> Option<Candidate> {
		let symbol = symbols.get(left)?;
		let pair = (symbol.id, symbols.get(symbol.behind)?.id);
		let rank = self.by_pair.find(&pair, |rank| self.merges[rank] == pair)?;
		Some(Reverse((rank, left)))
	}
}

/// Appends a symbol.
fn link(symbols: &mut Vec<Symbol>, id: u32, len: usize) {
	let position = symbols.len();
	if let Some(last) = symbols.last_mut() {
		last.behind = position;
	}
	symbols.push(Symbol {
		id,
		len,
		before: position.wrapping_sub(1),
		behind: NONE,
	});
}

/// Makes the symbol at `left` and the one behind it one with this id.
fn join(symbols: &mut [Symbol], left: usize, id: u32) {
	let right = symbols[left].behind;
	let Symbol { len, behind, .. } = symbols[right];
	symbols[right].len = 0;
	symbols[right].behind = NONE;
	let joined = &mut symbols[left];
	joined.id = id;
	joined.len += len;
	joined.behind = behind;
	if let Some(behind) = symbols.get_mut(behind) {
		behind.before = left;
	}
}

impl Listed<'_> {
	fn check_supported(&self) -> Result<(), EngineError> {
		let kind: Option<String> = short("model.type", self.kind)?;
		if let Some(kind) = kind.filter(|kind| kind != "BPE") {
			return Err(error(format!("model.type: {kind:?} is not BPE")));
		}
		let dropout: Option<f32> = short("model.dropout", self.dropout)?;
		if dropout.is_some_and(|dropout| dropout != 0.0) {
			return Err(error("model.dropout: random merges are not supported"));
		}
		for (name, part) in [
			(
				"model.continuing_subword_prefix",
				self.continuing_subword_prefix,
			),
			("model.end_of_word_suffix", self.end_of_word_suffix),
		] {
			let mark: Option<String> = short(name, part)?;
			if mark.is_some_and(|mark| !mark.is_empty()) {
				return Err(error(format!("{name}: is not supported")));
			}
		}
		Ok(())
	}

	/// The merges in ids. They are gone through twice, so that nothing has to grow.
	fn merges(&self, vocabulary: &Vocabulary) -> Result<Vec<Pair>, EngineError> {
		let text = self.merges.map_or("", RawValue::get);
		if !text.starts_with('[') {
			return Err(error(format!("{MERGES}: is not a list")));
		}
		let mut count = 0;
		for_each_merge(MERGES, text, |_, _| {
			count += 1;
			Ok(())
		})?;
		// Each merge cuts a token at another of its bytes.
		if count > vocabulary.bytes() {
			let reason = "has more than there are ways to cut the tokens";
			return Err(error(format!("{MERGES}: {reason}")));
		}
		let mut merges = Vec::with_capacity(count);
		let id = |text: &str| {
			let id = vocabulary.id(text);
			id.ok_or_else(|| format!("{text:?} is no token"))
		};
		for_each_merge(MERGES, text, |left, right| {
			let pair = (id(left)?, id(right)?);
			let joined = vocabulary.joined(pair);
			joined.ok_or_else(|| format!("{left:?} and {right:?} make no token"))?;
			merges.push(pair);
			Ok(())
		})?;
		Ok(merges)
	}
}

impl Model for Bpe {
	type Trainer = BpeTrainer;

	fn tokenize(&self, piece: &str) -> tokenizers::Result<Vec<Token>> {
		let mut end = 0;
		let token = |(id, len)| {
			let start = end;
			end += len;
			let text = self.vocabulary.text(id).unwrap_or_default();
			Token::new(id, text.into(), (start, end))
		};
		Ok(self.ids(piece)?.into_iter().map(token).collect())
	}

	fn token_to_id(&self, token: &str) -> Option<u32> {
		self.vocabulary.id(token)
	}

	fn id_to_token(&self, id: u32) -> Option<String> {
		self.vocabulary.text(id).map(Into::into)
	}

	fn get_vocab(&self) -> HashMap<String, u32> {
		let tokens = self.vocabulary.iter();
		tokens.map(|(text, id)| (text.into(), id)).collect()
	}

	fn get_vocab_size(&self) -> usize {
		self.vocabulary.len()
	}

	fn save(&self, _folder: &Path, _prefix: Option<&str>) -> tokenizers::Result<Vec<PathBuf>> {
		Err("a tokenizer is only read".into())
	}

	fn get_trainer(&self) -> BpeTrainer {
		BpeTrainer::default()
	}
}
