//! Chat templates, rendered as their publishers wrote them.

use minijinja::{
	context,
	syntax::SyntaxConfig,
	value::{Kwargs, Value},
	Environment, Error, ErrorKind,
};

use crate::{chat::Chat, json::PythonFormatter, EngineError};

/// Steps a template may take; real ones take a few thousand.
const FUEL: u64 = 10_000_000;

/// The chat template of a model.
///
/// No date or other surroundings are visible to it: the same chat gives the same text. A template
/// that asks for a clock finds none, and takes the `date_string` of the chat or its own default.
pub struct Template {
	environment: Environment<'static>,
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
		environment.set_syntax(syntax()?);
		environment.set_fuel(Some(FUEL));
		environment
			.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
		environment.add_function("raise_exception", refuse);
		environment.add_filter("tojson", to_json);
		environment
			.add_template_owned("chat", without_generation_tags(source))
			.map_err(error)?;
		Ok(Self {
			environment,
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
		let template = self.environment.get_template("chat").map_err(error)?;
		template.render(values).map_err(error)
	}
}

/// The white space rules that published templates are written for.
fn syntax() -> Result<SyntaxConfig, EngineError> {
	SyntaxConfig::builder()
		.trim_blocks(true)
		.lstrip_blocks(true)
		.build()
		.map_err(error)
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
	PythonFormatter::write(value, indent)
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
