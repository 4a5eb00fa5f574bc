//! Chat templates, rendered as their publishers wrote them.

mod meter;

use std::sync::Arc;

use minijinja::{
	context,
	machinery::{eval, make_string_output, CompiledTemplate, TemplateConfig},
	syntax::SyntaxConfig,
	value::{Kwargs, Value},
	AutoEscape, Environment, Error, ErrorKind,
};

use self::meter::LARGEST;
use crate::{chat::Chat, json::PythonFormatter, EngineError};

/// Steps a template may take; real ones take a few thousand.
const FUEL: u64 = 10_000_000;

/// The chat template of a model.
///
/// No date or other surroundings are visible to it: the same chat gives the same text. A template
/// that asks for a clock finds none, and takes the `date_string` of the chat or its own default.
/// Steps are bounded, and so is what they make, 4 MiB each, 64 MiB together, and what they look at,
/// 1 GiB.
pub struct Template {
	environment: Environment<'static>,
	source: String,
	bos: String,
	eos: String,
}

impl Template {
	/// Compiles `source`; `bos` and `eos` are the texts the template knows as `bos_token` and
	/// `eos_token`.
	///
	/// # Errors
	/// [`EngineError::Template`] with the line that is malformed.
	pub fn parse(source: &str, bos: &str, eos: &str) -> Result<Self, EngineError> {
		let mut environment = Environment::new();
		environment.set_fuel(Some(FUEL));
		meter::prepare(&mut environment);
		environment.add_function("raise_exception", refuse);
		environment.add_filter("tojson", to_json);
		let source = without_generation_tags(source);
		let source = syntax().and_then(|syntax| meter::unfold(&source, syntax));
		let source = source.map_err(error)?;
		compile(&source).map_err(error)?;
		Ok(Self {
			environment,
			source,
			bos: bos.into(),
			eos: eos.into(),
		})
	}

	/// The text of `chat`, followed by the start of an answer if `answer` is set.
	///
	/// # Errors
	/// [`EngineError::Template`] if the template refuses the chat.
	pub fn render(&self, chat: &Chat, answer: bool) -> Result<String, EngineError> {
		let values = context! {
			add_generation_prompt => answer,
			bos_token => self.bos.as_str(),
			eos_token => self.eos.as_str(),
			..chat.variables().clone()
		};
		let CompiledTemplate {
			instructions,
			blocks,
			..
		} = compile(&self.source).map_err(error)?;
		let mut text = String::new();
		let mut output = make_string_output(&mut text);
		let escape = AutoEscape::None;
		eval(
			&self.environment,
			&instructions,
			values,
			&blocks,
			&mut output,
			escape,
		)
		.map_err(error)?;
		Ok(text)
	}
}

/// The steps of a template.
fn compile(source: &str) -> Result<CompiledTemplate<'_>, Error> {
	let config = TemplateConfig {
		syntax_config: syntax()?,
		default_auto_escape: Arc::new(|_| AutoEscape::None),
	};
	let mut template = CompiledTemplate::new("chat", source, &config)?;
	meter::meter(&mut template);
	Ok(template)
}

/// The white space rules that published templates are written for.
fn syntax() -> Result<SyntaxConfig, Error> {
	SyntaxConfig::builder()
		.trim_blocks(true)
		.lstrip_blocks(true)
		.build()
}

fn refuse(message: String) -> Result<String, Error> {
	Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// JSON as templates expect it: Python's, with the characters as they are.
fn to_json(value: &Value, options: Kwargs) -> Result<String, Error> {
	let indent: Option<u8> = options.get("indent")?;
	let ascii: Option<bool> = options.get("ensure_ascii")?;
	options.assert_all_used()?;
	if value.is_undefined() {
		return refuse("tojson: the value is undefined".into());
	}
	if ascii == Some(true) {
		return refuse("tojson: ensure_ascii is not supported".into());
	}
	PythonFormatter::write(value, indent, LARGEST)
		.map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
}

/// The template with the tags around answers, which only training looks at, made blocks of no effect.
fn without_generation_tags(source: &str) -> String {
	let (mut plain, mut rest) = (String::with_capacity(source.len()), source);
	while let Some(end) = rest.find("%}") {
		let (head, tail) = rest.split_at(end + 2);
		let (text, tag) = head.split_at(head.rfind("{%").unwrap_or(0));
		plain.push_str(text);
		let name = |c: char| matches!(c, '{' | '%' | '}' | '-' | '+') || c.is_whitespace();
		match tag.trim_matches(name) {
			"generation" => plain.push_str(&tag.replace("generation", "if true")),
			"endgeneration" => plain.push_str(&tag.replace("endgeneration", "endif")),
			_ => plain.push_str(tag),
		}
		rest = tail;
	}
	plain + rest
}

fn error(error: Error) -> EngineError {
	EngineError::Template(format!("{error:#}"))
}
