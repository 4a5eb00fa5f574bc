//! Where the time of a pass goes.

use std::{
	collections::BTreeMap,
	sync::atomic::{AtomicU64, Ordering},
	time::Instant,
};

use crate::backend::{kernel_times, KernelTime};

/// Times the kernels of a pass, one after the other.
pub struct Watch {
	since: Instant,
	seconds: BTreeMap<&'static str, f64>,
	attention: Shares,
}

impl Watch {
	/// A watch that runs from now on.
	pub fn start() -> Self {
		Self {
			since: Instant::now(),
			seconds: BTreeMap::new(),
			attention: Shares::default(),
		}
	}

	/// What all threads spend in attention goes here, up to the next [`lap`](Self::lap_attention).
	pub const fn attention(&self) -> &Shares {
		&self.attention
	}

	/// Books the time since the last lap on a kernel.
	pub fn lap(&mut self, kernel: &'static str) {
		let seconds = self.split();
		*self.seconds.entry(kernel).or_default() += seconds;
	}

	/// Books it on the two kernels of attention, which a task runs in turns.
	pub fn lap_attention(&mut self) {
		let seconds = self.split();
		let Shares { scores, values } = std::mem::take(&mut self.attention);
		let [scores, values] = [scores, values].map(|nanoseconds| nanoseconds.into_inner() as f64);
		let share = scores / (scores + values).max(1.0);
		*self.seconds.entry("scores").or_default() += seconds * share;
		*self.seconds.entry("values").or_default() += seconds * (1.0 - share);
	}

	/// Seconds since the last lap, which ends here.
	fn split(&mut self) -> f64 {
		let now = Instant::now();
		(now - std::mem::replace(&mut self.since, now)).as_secs_f64()
	}

	/// The time of each kernel, the longest first.
	pub fn times(self) -> Vec<KernelTime> {
		kernel_times(self.seconds)
	}
}

/// Nanoseconds that all threads together spend in each kernel of attention.
#[derive(Default)]
pub struct Shares {
	/// In the logits.
	pub scores: AtomicU64,
	/// In the weights and the weighted sums.
	pub values: AtomicU64,
}

/// Does some work, and adds its time to `part` if there is one.
pub fn timed<T>(part: Option<&AtomicU64>, work: impl FnOnce() -> T) -> T {
	let Some(part) = part else { return work() };
	let begin = Instant::now();
	let outcome = work();
	part.fetch_add(begin.elapsed().as_nanos() as u64, Ordering::Relaxed);
	outcome
}
