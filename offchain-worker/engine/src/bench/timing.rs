//! Repeats and medians.

use std::time::{Duration, Instant};

use crate::EngineError;

/// How often something is measured.
#[derive(Clone, Copy, Debug)]
pub struct Repeats {
	/// At most so often,
	pub most: usize,
	/// and not again once this has passed: a slow device is measured once.
	pub budget: Duration,
}

impl Repeats {
	/// The median of what `sample` returns, after one that does not count if there is time for it.
	///
	/// # Errors
	/// The first of `sample`.
	pub fn median(
		self,
		mut sample: impl FnMut() -> Result<f64, EngineError>,
	) -> Result<f64, EngineError> {
		let start = Instant::now();
		let first = sample()?;
		let mut samples = Vec::new();
		while samples.len() < self.most && start.elapsed() < self.budget {
			samples.push(sample()?);
		}
		Ok(median(&mut samples).unwrap_or(first))
	}
}

/// The middle of `samples`, the lower one of two; `None` for none.
pub fn median(samples: &mut [f64]) -> Option<f64> {
	samples.sort_by(f64::total_cmp);
	samples.get(samples.len().saturating_sub(1) / 2).copied()
}

/// Seconds that `work` takes.
///
/// # Errors
/// That of `work`.
pub fn seconds(work: impl FnOnce() -> Result<(), EngineError>) -> Result<f64, EngineError> {
	let start = Instant::now();
	work()?;
	Ok(start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	fn repeats(most: usize, budget: Duration, samples: &[f64]) -> f64 {
		let mut samples = samples.iter().copied();
		let repeats = Repeats { most, budget };
		repeats.median(|| Ok(samples.next().unwrap())).unwrap()
	}

	#[test]
	fn median_should_leave_out_the_warm_up() {
		let minute = Duration::from_secs(60);
		assert_eq!(repeats(3, minute, &[100.0, 3.0, 1.0, 2.0]), 2.0);
		assert_eq!(repeats(2, minute, &[100.0, 3.0, 1.0]), 1.0);
	}

	#[test]
	fn median_should_be_the_first_when_there_is_no_time_for_more() {
		assert_eq!(repeats(3, Duration::ZERO, &[7.0]), 7.0);
	}

	#[test]
	fn median_should_fail_when_a_sample_fails() {
		let repeats = Repeats {
			most: 1,
			budget: Duration::ZERO,
		};
		assert!(repeats.median(|| Err(EngineError::EmptyPrompt)).is_err());
	}
}
