//! Hands what every operator gave for a token to whoever traces it, and how long it took to whoever
//! times it.

use super::{
	linear::Input,
	watch::{Shares, Watch},
};
use crate::operator::{Line, Operator};

/// Takes the bytes of every line, in order.
pub type Sink<'a> = &'a mut (dyn FnMut(Line, Vec<u8>) + Send);

/// Records a pass of one token, times a pass, or does nothing.
#[derive(Default)]
pub struct Recorder<'a> {
	sink: Option<Sink<'a>>,
	stage: u32,
	watch: Option<&'a mut Watch>,
}

impl<'a> Recorder<'a> {
	/// A recorder for `sink`, at the first stage.
	pub fn trace(sink: Sink<'a>) -> Self {
		Self {
			sink: Some(sink),
			..Self::default()
		}
	}

	/// One that only times.
	pub fn time(watch: &'a mut Watch) -> Self {
		Self {
			watch: Some(watch),
			..Self::default()
		}
	}

	/// What was done since the last call was this kernel's.
	pub fn lap(&mut self, kernel: &'static str) {
		if let Some(watch) = &mut self.watch {
			watch.lap(kernel);
		}
	}

	/// It was attention, of which [`shares`](Self::shares) were counted.
	pub fn lap_attention(&mut self) {
		if let Some(watch) = &mut self.watch {
			watch.lap_attention();
		}
	}

	/// Where attention counts its time, if anybody asks.
	pub fn shares(&self) -> Option<&Shares> {
		self.watch.as_ref().map(|watch| watch.attention())
	}

	/// Whether there is anything to record for.
	pub const fn is_on(&self) -> bool {
		self.sink.is_some()
	}

	/// Goes to the next stage.
	pub const fn next_stage(&mut self) {
		self.stage += 1;
	}

	/// Records numbers; `bytes` gives those of one.
	pub fn put<T: Copy, const N: usize>(
		&mut self,
		operator: Operator,
		numbers: &[T],
		bytes: fn(T) -> [u8; N],
	) {
		self.put_bytes(operator, || {
			numbers.iter().flat_map(|x| bytes(*x)).collect()
		});
	}

	/// Records the input of a linear layer.
	pub fn put_input(&mut self, operator: Operator, input: &Input) {
		self.put_bytes(operator, || {
			let scales = input.scales.iter();
			let header = scales.flat_map(|s| [u32::from(s.m).to_le_bytes(), s.e.to_le_bytes()]);
			let numbers = input.a.iter().flat_map(|a| a.to_le_bytes());
			header.flatten().chain(numbers).collect()
		});
	}

	/// Records weights and their sums.
	pub fn put_weights(&mut self, operator: Operator, weights: &[u32], sums: &[u64]) {
		self.put_bytes(operator, || {
			let weights = weights.iter().flat_map(|p| p.to_le_bytes());
			weights
				.chain(sums.iter().flat_map(|sum| sum.to_le_bytes()))
				.collect()
		});
	}

	fn put_bytes(&mut self, operator: Operator, bytes: impl FnOnce() -> Vec<u8>) {
		if let Some(sink) = &mut self.sink {
			let stage = self.stage;
			sink(Line { stage, operator }, bytes());
		}
	}
}
