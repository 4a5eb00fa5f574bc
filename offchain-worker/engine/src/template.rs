//! Chat templates, rendered as their publishers wrote them.

use minijinja::{context, syntax::SyntaxConfig, Environment, Error, ErrorKind, Value};

use crate::EngineError;

/// Steps a template may take; real ones take a few thousand.
const FUEL: u64 = 10_000_000;

/// One turn of a chat.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
	/// `system`, `user` or `assistant`.
	pub role: &'a str,
	/// The text.
	pub content: &'a str,
}

impl<'a> Message<'a> {
	/// A turn of the user.
	pub const fn user(content: &'a str) -> Self {
		Self {
			role: "user",
			content,
		}
	}

	/// A turn of the model.
	pub const fn assistant(content: &'a str) -> Self {
		Self {
			role: "assistant",
			content,
		}
	}

	fn value(&self) -> Value {
		context! { role => self.role, content => self.content }
	}
}

/// The chat template of a model.
///
/// No date or other surroundings are visible to it: the same messages give the same text.
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
		environment
			.add_template_owned("chat", source.to_owned())
			.map_err(error)?;
		Ok(Self {
			environment,
			bos: bos.into(),
			eos: eos.into(),
		})
	}

	/// The text of `messages`, followed by the start of an answer if `answer` is set.
	///
	/// # Errors
	/// [`EngineError::Template`] if the template refuses the messages.
	pub fn render(&self, messages: &[Message<'_>], answer: bool) -> Result<String, EngineError> {
		let messages: Vec<Value> = messages.iter().map(Message::value).collect();
		let values = context! {
			messages,
			add_generation_prompt => answer,
			bos_token => self.bos.as_str(),
			eos_token => self.eos.as_str(),
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

fn error(error: Error) -> EngineError {
	EngineError::Template(format!("{error:#}"))
}
