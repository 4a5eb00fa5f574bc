//! Teacher-forced evaluation: what the model would have said, and how likely it found the text.

use serde::Serialize;

use crate::{
	backend::{feed, Backend, Chunk, HeadAt, Want},
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

/// The logits of every position.
pub const LOGITS: Want = Want {
	head: HeadAt::All,
	logits: true,
};

/// Evaluates one sequence, in pages of the back end that nobody else uses.
///
/// # Errors
/// Those of the back end.
pub fn evaluate(
	backend: &mut dyn Backend,
	pages: &[u32],
	ids: &[u32],
) -> Result<Evaluation, EngineError> {
	let (mut argmax, mut nll) = (Vec::new(), 0.0);
	let chunk = Chunk {
		pages,
		start: 0,
		ids,
	};
	feed(backend, chunk, LOGITS, &mut |steps| {
		for step in steps {
			let next = ids.get(step.position as usize + 1);
			if let (Some(next), Some(logits)) = (next, &step.logits) {
				nll -= log_softmax(&dequantized(logits))[*next as usize];
			}
			argmax.extend(step.argmax);
		}
		Ok(())
	})?;
	let predicted = ids.len().saturating_sub(1).max(1);
	Ok(Evaluation {
		argmax,
		nll_mean: nll / predicted as f64,
	})
}

/// Values of Q16 logits.
pub fn dequantized(logits: &[i32]) -> Vec<f64> {
	logits.iter().map(|l| *l as f64 / 65_536.0).collect()
}

/// Natural logarithms of the probabilities that logits stand for.
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
	let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
	let sum: f64 = logits.iter().map(|l| libm::exp(l - max)).sum();
	let log_sum = libm::log(sum) + max;
	logits.iter().map(|l| l - log_sum).collect()
}
