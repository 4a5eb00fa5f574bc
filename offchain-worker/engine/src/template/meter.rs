//! Counts what a template makes and reads, for a template can double a text, and search a long one,
//! as often as it has steps.
//!
//! Operators cannot be replaced from outside, so the compiled steps are rewritten: behind each that
//! makes a value stands a filter that counts it, before each whose result is much larger than what
//! it takes one that foresees it, and before each that looks into its operands one that counts what
//! they hold. Filters are out of reach of the template's own names. Bounded is
//! the sum of all texts and lists made, and so what is there at once; what one step takes beyond
//! that for itself, such as the pieces of a text that is split, is a few times [`LARGEST`].

use std::fmt::{self, Display, Write};

use minijinja::{
	escape_formatter, filters,
	machinery::{tokenize, CompiledTemplate, Instruction, Instructions, Token},
	syntax::SyntaxConfig,
	value::{Kwargs, Rest, StringInput, Value, ValueKind, ValueOrKwargs},
	Environment, Error, ErrorKind, Output, State,
};
use minijinja_contrib::pycompat::unknown_method_callback;

/// Bytes of one text or list.
pub const LARGEST: usize = 4 << 20;
/// Bytes of all texts and lists of a rendering; a chat of the longest context takes a hundredth.
const ALL: usize = 64 << 20;
/// Bytes that all steps of a rendering may look at; those chats take a hundredth of it, too.
const READ: usize = 1 << 30;
/// How deep lists may lie in each other; what reads JSON allows less.
const DEEPEST: usize = 200;
/// Bytes that an item of a list counts.
const ITEM: usize = 16;
/// Bytes of a text to be formatted: each of its fields can be made wide.
const FORMAT: usize = 4 << 10;
/// Filters that make much of little, and that no published template uses.
const REMOVED: [&str; 6] = ["batch", "format", "indent", "pprint", "slice", "sum"];
/// Tests that look at the kind of a value alone.
const KINDS: [&str; 13] = [
	"boolean",
	"defined",
	"false",
	"float",
	"integer",
	"iterable",
	"mapping",
	"none",
	"number",
	"sequence",
	"string",
	"true",
	"undefined",
];
/// Filters and methods that look at all of the others for each item, or character, of the first.
const EACH: [&str; 9] = [
	"lstrip",
	"map",
	"reject",
	"rejectattr",
	"rstrip",
	"select",
	"selectattr",
	"strip",
	"trim",
];
/// The filter that counts a value.
const COUNT: Instruction<'_> = filter("one_count");

/// Gives an environment the filters that [`meter`] refers to, and takes from it what cannot be
/// foreseen.
pub fn prepare(environment: &mut Environment<'_>) {
	for name in REMOVED {
		environment.remove_filter(name);
	}
	environment.remove_global("debug");
	environment.set_formatter(emit);
	environment.set_unknown_method_callback(call_method);
	environment.add_filter("one_count", count);
	environment.add_filter("one_concat", concat);
	environment.add_filter("one_each", read_each);
	environment.add_filter("one_index", read_index);
	environment.add_filter("one_operand", Value::clone);
	environment.add_filter("one_read", read);
	environment.add_filter("one_repeat", foresee_repeat);
	environment.add_filter("join", join);
	environment.add_filter("map", map);
	environment.add_filter("replace", replace);
	environment.add_filter("string", string);
}

/// The same source, in which no product is one of constants: the compiler would repeat texts before
/// anything is counted.
pub fn unfold(source: &str, syntax: SyntaxConfig) -> Result<String, Error> {
	let (mut unfolded, mut copied) = (String::with_capacity(source.len()), 0);
	let (mut operand, mut end) = (false, 0);
	for token in tokenize(source, false, syntax) {
		let (token, span) = token?;
		if operand && matches!(token, Token::Mul) {
			unfolded = unfolded + &source[copied..end] + "|one_operand";
			copied = end;
		}
		// Without an operand before it, a star stands for arguments.
		operand = !matches!(token, Token::ParenOpen | Token::Comma);
		end = span.end_offset as usize;
	}
	Ok(unfolded + &source[copied..])
}

/// The same template, counting what it makes.
pub fn meter(template: &mut CompiledTemplate<'_>) {
	rewrite(&mut template.instructions);
	template.blocks.values_mut().for_each(rewrite);
}

fn rewrite(steps: &mut Instructions<'_>) {
	let all: Vec<_> = (0..).map_while(|at| steps.get(at).cloned()).collect();
	let parts: Vec<_> = all.into_iter().map(metered).collect();
	// Where each step, and the end, has come to lie.
	let mut places = vec![0];
	for part in &parts {
		places.push(places[places.len() - 1] + part.len() as u32);
	}
	let mut rewritten = Instructions::new(steps.name(), steps.source());
	for (at, part) in parts.into_iter().enumerate() {
		let line = steps.get_line(at as u32).unwrap_or_default() as u16;
		for mut step in part {
			if let Some(target) = target(&mut step) {
				*target = places[*target as usize];
			}
			rewritten.add_with_line(step, line);
		}
	}
	*steps = rewritten;
}

/// What takes the place of a step.
fn metered(step: Instruction<'_>) -> Vec<Instruction<'_>> {
	use Instruction::*;
	match step {
		EmitRaw(text) => vec![LoadConst(text.into()), Emit],
		StringConcat => vec![ApplyFilter("one_concat", Some(2), u8::MAX)],
		Mul => vec![
			BuildList(Some(2)),
			ApplyFilter("one_repeat", Some(1), u8::MAX),
			UnpackList(2),
			Swap,
			Mul,
			COUNT,
		],
		Eq | Ne | Gt | Gte | Lt | Lte | In | CompareAndPreserve(_) => {
			reading("one_read", Some(2), step)
		}
		PerformTest(name, n, _) if !KINDS.contains(&name) => reading("one_read", n, step),
		PushLoop(_) | FastRecurse => reading("one_index", Some(1), step),
		GetItem => reading("one_index", Some(2), step),
		Slice => counted(reading("one_index", Some(4), step)),
		ApplyFilter(name, n, _) | CallMethod(name, n) if EACH.contains(&name) => {
			counted(reading("one_each", n, step))
		}
		ApplyFilter(_, n, _) | CallFunction(_, n) | CallMethod(_, n) | CallObject(n) => {
			counted(reading("one_read", n, step))
		}
		BuildList(_) | BuildTuple(_) | BuildMap(_) => counted(vec![step, filter("one_read")]),
		Add => counted(vec![step]),
		_ => vec![step],
	}
}

fn counted(mut steps: Vec<Instruction<'_>>) -> Vec<Instruction<'_>> {
	steps.push(COUNT);
	steps
}

/// A step whose operands, as many as lie on the stack if it does not say, a filter counts before.
fn reading<'a>(
	name: &'static str,
	operands: Option<u16>,
	step: Instruction<'a>,
) -> Vec<Instruction<'a>> {
	use Instruction::*;
	let gather = BuildList(operands.map(usize::from));
	let mut steps = vec![gather, filter(name), UnpackLists(1)];
	// Their number lies on the stack again, now in any case.
	steps.extend(operands.map(|_| DiscardTop));
	steps.push(step);
	steps
}

/// A filter of one operand.
const fn filter(name: &'static str) -> Instruction<'static> {
	Instruction::ApplyFilter(name, Some(1), u8::MAX)
}

/// Where a step may go instead of to the next one.
fn target<'a>(step: &'a mut Instruction<'_>) -> Option<&'a mut u32> {
	use Instruction::*;
	match step {
		Iterate(at)
		| Jump(at)
		| JumpIfFalse(at)
		| JumpIfFalseOrPop(at)
		| JumpIfTrueOrPop(at)
		| BuildMacro(_, at, _) => Some(at),
		_ => None,
	}
}

/// Bytes made so far.
#[derive(Default)]
struct Made(usize);

fn charge(state: &mut State<'_, '_>, bytes: usize) -> Result<(), Error> {
	let made = state.get_or_insert_extension_with(Made::default);
	made.0 = made.0.saturating_add(bytes);
	if bytes <= LARGEST && made.0 <= ALL {
		return Ok(());
	}
	Err(too_much())
}

fn too_much() -> Error {
	Error::new(ErrorKind::InvalidOperation, "makes too much text")
}

/// Bytes looked at so far.
#[derive(Default)]
struct Read(usize);

fn charge_read(state: &mut State<'_, '_>, bytes: usize) -> Result<(), Error> {
	let read = state.get_or_insert_extension_with(Read::default);
	read.0 = read.0.saturating_add(bytes);
	if read.0 <= READ {
		return Ok(());
	}
	Err(reads_too_much())
}

fn reads_too_much() -> Error {
	Error::new(ErrorKind::InvalidOperation, "reads too much text")
}

/// Counts operands with all that lies in them.
fn read(state: &mut State<'_, '_>, operands: &Value) -> Result<Value, Error> {
	charge_read(state, held(operands)?)?;
	Ok(operands.clone())
}

/// Counts the first operand without what lies in its items.
fn read_index(state: &mut State<'_, '_>, operands: &Value) -> Result<Value, Error> {
	let mut all = operands.try_iter()?;
	let first = all.next().as_ref().map_or(0, weight);
	charge_read(state, first.saturating_add(sum(all)?))?;
	Ok(operands.clone())
}

/// Counts the first operand, and the others for each of its items.
fn read_each(state: &mut State<'_, '_>, operands: &Value) -> Result<Value, Error> {
	let mut all = operands.try_iter()?;
	let first = all.next().unwrap_or_default();
	let others = weight(&first).saturating_mul(sum(all)?);
	charge_read(state, held(&first)?.saturating_add(others))?;
	Ok(operands.clone())
}

fn sum(mut values: impl Iterator<Item = Value>) -> Result<usize, Error> {
	values.try_fold(0_usize, |sum, value| Ok(sum.saturating_add(held(&value)?)))
}

/// Bytes of a value with all that lies in it.
fn held(value: &Value) -> Result<usize, Error> {
	let mut left = READ;
	descend(value, DEEPEST, &mut left)?;
	Ok(READ - left)
}

fn descend(value: &Value, levels: usize, left: &mut usize) -> Result<(), Error> {
	let bytes = ITEM + value.as_str().map_or(0, str::len);
	*left = left.checked_sub(bytes).ok_or_else(reads_too_much)?;
	let is_map = value.kind() == ValueKind::Map;
	if !is_map && !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
		return Ok(());
	}
	let levels = levels.checked_sub(1).ok_or_else(too_deep)?;
	value.try_iter()?.try_for_each(|item| {
		descend(&item, levels, left)?;
		match is_map {
			true => descend(&value.get_item(&item)?, levels, left),
			false => Ok(()),
		}
	})
}

fn too_deep() -> Error {
	Error::new(ErrorKind::InvalidOperation, "nests lists too deep")
}

fn count(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
	charge(state, weight(value))?;
	Ok(value.clone())
}

/// Bytes of a value itself: its items were counted when they were made.
fn weight(value: &Value) -> usize {
	if let Some(text) = value.as_str() {
		return text.len();
	}
	let items = || {
		value
			.try_iter()
			.map_or(0, |items| items.take(LARGEST / ITEM + 1).count())
	};
	ITEM.saturating_mul(value.len().unwrap_or_else(items))
}

/// Bytes of what `value` is written as.
fn written(value: impl Display) -> Result<usize, Error> {
	let mut counter = Counter(0);
	write!(counter, "{value}").map_err(|_| too_much())?;
	Ok(counter.0)
}

/// Takes no more than [`LARGEST`] bytes.
struct Counter(usize);

impl Write for Counter {
	fn write_str(&mut self, text: &str) -> fmt::Result {
		self.0 += text.len();
		if self.0 <= LARGEST {
			Ok(())
		} else {
			Err(fmt::Error)
		}
	}
}

fn emit(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
	charge(state, written(value)?)?;
	escape_formatter(out, state, value)
}

fn concat(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Result<Value, Error> {
	charge(state, written(left)?.saturating_add(written(right)?))?;
	Ok(format!("{left}{right}").into())
}

/// Refuses to repeat a text or a list too often; the operands in a list are passed on.
fn foresee_repeat(operands: &Value) -> Result<Value, Error> {
	let both: Vec<Value> = operands.try_iter()?.collect();
	let times = both.iter().filter_map(Value::as_usize).max().unwrap_or(0);
	let weight = both
		.iter()
		.filter(|value| !value.is_number())
		.map(weight)
		.sum::<usize>();
	if weight.saturating_mul(times) > LARGEST {
		return Err(too_much());
	}
	Ok(operands.clone())
}

fn string(state: &mut State<'_, '_>, value: &Value) -> Result<Value, Error> {
	charge(state, written(value)?)?;
	filters::string(state, value)
}

fn join(
	state: &mut State<'_, '_>,
	value: &Value,
	joiner: Option<StringInput<'_>>,
	attribute: Option<&str>,
	options: Kwargs,
) -> Result<Value, Error> {
	let named = options.peek::<Option<&str>>("d").ok().flatten();
	let between = joiner.as_ref().map(StringInput::as_str).or(named);
	charge(state, joined(value, between.unwrap_or_default())?)?;
	filters::join(state, value, joiner, attribute, options)
}

/// Bytes of items behind each other.
fn joined(items: &Value, between: &str) -> Result<usize, Error> {
	items.try_iter()?.try_fold(0_usize, |sum, item| {
		let sum = sum + written(item)? + between.len();
		if sum <= LARGEST {
			Ok(sum)
		} else {
			Err(too_much())
		}
	})
}

/// Every item is made anew, as large as it is written.
fn map(
	state: &mut State<'_, '_>,
	value: Value,
	options: Rest<ValueOrKwargs>,
) -> Result<Vec<Value>, Error> {
	charge(state, written(&value)?)?;
	filters::map(state, value, options)
}

fn replace(
	state: &mut State<'_, '_>,
	text: StringInput<'_>,
	from: StringInput<'_>,
	to: StringInput<'_>,
) -> Result<Value, Error> {
	charge(state, replaced(text.as_str(), from.as_str(), to.as_str()))?;
	filters::replace(state, text, from, to)
}

/// Bytes of a text with every `from` replaced, at most.
fn replaced(text: &str, from: &str, to: &str) -> usize {
	let places = text.matches(from).count();
	text.len().saturating_add(places.saturating_mul(to.len()))
}

/// The methods of Python that templates call.
fn call_method(
	state: &mut State<'_, '_>,
	value: &Value,
	method: &str,
	arguments: &[Value],
) -> Result<Value, Error> {
	if let Some(text) = value.as_str() {
		charge(state, foresee_method(text, method, arguments)?)?;
	}
	unknown_method_callback(state, value, method, arguments)
}

fn foresee_method(text: &str, method: &str, arguments: &[Value]) -> Result<usize, Error> {
	match (method, arguments) {
		("join", [items]) => joined(items, text),
		("replace", [from, to, ..]) => {
			let [from, to] = [from, to].map(|value| value.as_str().unwrap_or_default());
			Ok(replaced(text, from, to))
		}
		("format", _) if text.len() > FORMAT => Err(too_much()),
		("format", values) => {
			let lengths = values.iter().map(written);
			let all = lengths.sum::<Result<usize, Error>>()?;
			Ok(all.saturating_mul(text.matches('{').count()))
		}
		_ => Ok(0),
	}
}
