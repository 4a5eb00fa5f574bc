//! How near a model in integers comes to the floats that it was made from, token by token.

use std::fmt;

use serde::Serialize;

use crate::{
	backend::{feed, Backend, Chunk},
	evaluate::{dequantized, log_softmax, LOGITS},
	import::Published,
	EngineError,
};

/// The distance of two models over a text, each token given all before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Accuracy {
	/// Positions compared.
	pub positions: usize,
	/// Mean Kullback-Leibler divergence of the next token, from the floats, in nats.
	pub kl_mean: f64,
	/// What 99 % of the divergences do not exceed.
	pub kl_99: f64,
	/// The largest divergence.
	pub kl_max: f64,
	/// Share of positions at which both find the same token most likely.
	pub top1: f64,
	/// Perplexity of the text under the floats.
	pub float_perplexity: f64,
	/// Perplexity of the text under the integers.
	pub perplexity: f64,
}

impl fmt::Display for Accuracy {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let (kl, kl_99, kl_max) = (self.kl_mean, self.kl_99, self.kl_max);
		writeln!(f, "positions   {}", self.positions)?;
		writeln!(
			f,
			"divergence  {kl:.3e} nats, 99 % {kl_99:.3e}, at most {kl_max:.3e}"
		)?;
		writeln!(f, "top-1       {:.2} % agree", 100.0 * self.top1)?;
		let (floats, integers) = (self.float_perplexity, self.perplexity);
		let change = 100.0 * (integers / floats - 1.0);
		write!(
			f,
			"perplexity  {integers:.4}, of the floats {floats:.4}, {change:+.3} %"
		)
	}
}

/// A model in integers beside the floats it was published in, over several sequences.
pub struct Comparison<'a> {
	published: &'a Published,
	sums: Sums,
}

impl<'a> Comparison<'a> {
	/// Compares with `published`.
	pub fn new(published: &'a Published) -> Self {
		Self {
			published,
			sums: Sums::default(),
		}
	}

	/// Feeds a sequence to both, in pages of the back end that nobody else uses.
	///
	/// # Errors
	/// Those of the back end; [`EngineError::Malformed`] for a tensor of the floats, and where the
	/// two have other vocabularies.
	pub fn add(
		&mut self,
		backend: &mut dyn Backend,
		pages: &[u32],
		ids: &[u32],
	) -> Result<(), EngineError> {
		let (published, sums) = (self.published, &mut self.sums);
		let residuals = published.residuals(ids)?;
		let size = residuals.len() / ids.len().max(1);
		let chunk = Chunk {
			pages,
			start: 0,
			ids,
		};
		feed(backend, chunk, LOGITS, &mut |steps| {
			let start = steps.first().map_or(0, |step| step.position as usize);
			let floats = published.logits(&residuals[start * size..][..steps.len() * size])?;
			let rows = floats.chunks_exact(floats.len() / steps.len());
			for ((step, floats), next) in steps.iter().zip(rows).zip(start + 1..) {
				let integers = dequantized(step.logits.as_deref().unwrap_or_default());
				published.check_vocabulary(integers.len())?;
				sums.add(&log_softmax(&integers), &log_softmax(floats), ids.get(next));
			}
			Ok(())
		})
	}

	/// What came of all that was fed.
	pub fn outcome(self) -> Accuracy {
		self.sums.outcome()
	}
}

/// What is summed over positions.
#[derive(Default)]
struct Sums {
	kl: Vec<f64>,
	same: usize,
	predicted: usize,
	nll: f64,
	float_nll: f64,
}

impl Sums {
	/// Adds the log-probabilities of a position, and the token that followed it.
	fn add(&mut self, integers: &[f64], floats: &[f64], next: Option<&u32>) {
		self.kl.push(divergence(floats, integers));
		self.same += usize::from(likeliest(integers) == likeliest(floats));
		if let Some(&id) = next {
			self.predicted += 1;
			self.nll -= integers[id as usize];
			self.float_nll -= floats[id as usize];
		}
	}

	fn outcome(mut self) -> Accuracy {
		self.kl.sort_by(f64::total_cmp);
		let positions = self.kl.len();
		let mean = |sum: f64, n: usize| sum / n.max(1) as f64;
		let at = |share: usize| {
			self.kl
				.get((positions * share).div_ceil(100).saturating_sub(1))
		};
		Accuracy {
			positions,
			kl_mean: mean(self.kl.iter().sum(), positions),
			kl_99: at(99).copied().unwrap_or_default(),
			kl_max: at(100).copied().unwrap_or_default(),
			top1: mean(self.same as f64, positions),
			float_perplexity: libm::exp(mean(self.float_nll, self.predicted)),
			perplexity: libm::exp(mean(self.nll, self.predicted)),
		}
	}
}

/// `sum p (ln p - ln q)` of the logarithms of p and q.
fn divergence(p: &[f64], q: &[f64]) -> f64 {
	p.iter().zip(q).map(|(p, q)| libm::exp(*p) * (p - q)).sum()
}

/// The lowest index of the maximum.
fn likeliest(x: &[f64]) -> usize {
	(1..x.len()).fold(0, |best, i| if x[i] > x[best] { i } else { best })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn equal_models_should_not_differ() {
		let mut sums = Sums::default();
		let p = log_softmax(&[1.0, 3.0, 2.0]);
		sums.add(&p, &p, Some(&1));
		let outcome = sums.outcome();
		assert_eq!((outcome.kl_max, outcome.top1), (0.0, 1.0));
		assert_eq!(outcome.perplexity, outcome.float_perplexity);
	}

	#[test]
	fn divergence_should_be_that_of_the_definition() {
		let (p, q) = ([0.5, 0.5], [0.25, 0.75]);
		let log = |x: [f64; 2]| x.map(f64::ln);
		let mut sums = Sums::default();
		sums.add(&log(q), &log(p), Some(&0));
		sums.add(&log(p), &log(p), None);
		let outcome = sums.outcome();
		let kl = 0.5 * 2.0_f64.ln() + 0.5 * (2.0 / 3.0_f64).ln();
		assert!((outcome.kl_max - kl).abs() < 1e-12);
		assert!((outcome.kl_mean - kl / 2.0).abs() < 1e-12);
		assert_eq!(
			(outcome.positions, outcome.kl_99, outcome.top1),
			(2, outcome.kl_max, 0.5)
		);
		assert!((outcome.float_perplexity - 2.0).abs() < 1e-12);
		assert!((outcome.perplexity - 4.0).abs() < 1e-12);
	}

	#[test]
	fn share_should_leave_out_a_hundredth() {
		let sums = Sums {
			kl: (0..200).map(f64::from).collect(),
			..Sums::default()
		};
		let outcome = sums.outcome();
		assert_eq!((outcome.kl_99, outcome.kl_max), (197.0, 199.0));
	}
}
