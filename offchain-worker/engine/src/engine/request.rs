//! What is asked of a model, and what it answers.

use one_arithmetic::Sampling;

use crate::{
	chat::Chat,
	commitment::{request_hash, Request, PUBLIC},
	hash::Hash,
	scheduler::Finish,
	EngineError,
};

/// A prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
	/// One message of a user, in the chat template of the model; plain text if it has none.
	Text(String),
	/// A chat, in the chat template of the model.
	Chat(Chat),
	/// Token ids as they are.
	Ids(Vec<u32>),
}

/// What to answer, and what binds the answer.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
	/// The model.
	pub model_root: Hash,
	/// The prompt.
	pub prompt: Prompt,
	/// Most tokens of the answer; the context may end it earlier.
	pub max_tokens: u32,
	/// Keys the hashes; zeros for a public job.
	pub secret: Hash,
	/// How tokens are chosen.
	pub sampling: Sampling,
	/// Seed of the choice; without effect on a greedy one.
	pub seed: Hash,
	/// Sequences of token ids that end the answer, beside the model's own stop tokens.
	pub stop_sequences: Vec<Vec<u32>>,
}

impl GenerateRequest {
	/// A public request for the most likely tokens.
	pub const fn greedy(model_root: Hash, prompt: Prompt, max_tokens: u32) -> Self {
		Self {
			model_root,
			prompt,
			max_tokens,
			secret: PUBLIC,
			sampling: Sampling::GREEDY,
			seed: [0; 32],
			stop_sequences: Vec::new(),
		}
	}
}

/// A token of an answer, as it is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEvent {
	/// Its id.
	pub id: u32,
	/// The text that became certain with it; may be empty.
	pub text_delta: String,
}

/// What happens to a job.
#[derive(Debug)]
pub enum Event {
	/// A token of its answer was chosen.
	Token(TokenEvent),
	/// It is over.
	Done(Result<Box<Generation>, EngineError>),
}

/// An answer with its commitments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
	/// Token ids of the prompt.
	pub prompt_ids: Vec<u32>,
	/// Token ids of the answer, with its stop token or sequence.
	pub ids: Vec<u32>,
	/// Text of the answer, without its stop token or sequence.
	pub text: String,
	/// Commits to the request.
	pub request_hash: Hash,
	/// Commits to the ids of the answer.
	pub result_hash: Hash,
	/// Commits to the residual of every position.
	pub trace_root: Hash,
	/// Why the answer ended.
	pub finish: Finish,
	/// Where it was computed.
	pub device: String,
}

pub(super) fn hash_request(request: &GenerateRequest, prompt: &[u32]) -> Hash {
	request_hash(&Request {
		secret: request.secret,
		model_root: request.model_root,
		prompt,
		max_tokens: request.max_tokens,
		sampling: request.sampling,
		seed: request.seed,
		stop_sequences: &request.stop_sequences,
	})
}
