//! Teacher-forced evaluation: what the model would have said, and how likely it found the text.

use serde::Serialize;

use crate::{
	backend::{Backend, Chunk, HeadAt, Want},
	generate::PREFILL,
	EngineError,
};

/// The evaluation of one sequence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
	/// The greedy next token after every position.
	pub argmax: Vec<u32>,
	/// Mean negative log-likelihood, in nats, of every token but the first; 0 for fewer than two.
	pub nll_mean: f64,
}

/// Evaluates one sequence, in the first pages of the back end: nothing else may be in them.
///
/// # Errors
/// Those of the back end.
pub fn evaluate(backend: &mut dyn Backend, ids: &[u32]) -> Result<Evaluation, EngineError> {
	let want = Want {
		head: HeadAt::All,
		logits: true,
	};
	let pages: Vec<u32> = (0..backend.pages() as u32).collect();
	let (mut argmax, mut nll) = (Vec::new(), 0.0);
	for ids_now in ids.chunks(PREFILL) {
		let chunk = Chunk {
			pages: &pages,
			start: argmax.len() as u32,
			ids: ids_now,
		};
		for step in backend.forward(&[chunk], want)? {
			let next = ids.get(argmax.len() + 1);
			if let (Some(next), Some(logits)) = (next, &step.logits) {
				nll += negative_log_likelihood(logits, *next as usize);
			}
			argmax.extend(step.argmax);
		}
	}
	let predicted = ids.len().saturating_sub(1).max(1);
	Ok(Evaluation {
		argmax,
		nll_mean: nll / predicted as f64,
	})
}

/// `-ln softmax(logits)[id]` of Q16 logits.
fn negative_log_likelihood(logits: &[i32], id: usize) -> f64 {
	let value = |logit: i32| logit as f64 / 65_536.0;
	let max = value(logits.iter().copied().max().unwrap_or(0));
	let sum: f64 = logits
		.iter()
		.map(|logit| libm::exp(value(*logit) - max))
		.sum();
	libm::log(sum) + max - value(logits[id])
}
