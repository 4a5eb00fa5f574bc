//! RoPE angles of all families.

use std::f64::consts::TAU;

use crate::model::Shape;

/// How the angles of a model grow.
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
	/// Base of the frequencies.
	pub theta: f64,
	/// Change of the low frequencies, for a longer context.
	pub scaling: Option<Scaling>,
}

/// How frequencies are changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaling {
	/// By a formula.
	Llama3(Llama3),
	/// Each divided by a number of its own.
	Factors(Vec<f64>),
}

impl Scaling {
	fn scale(&self, c: usize, frequency: f64) -> f64 {
		match self {
			Self::Llama3(scaling) => scaling.scale(frequency),
			Self::Factors(factors) => frequency / factors.get(c).copied().unwrap_or(1.0),
		}
	}
}

/// The scaling of Llama 3: long waves are slowed down, short ones kept, and those between blended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Llama3 {
	/// By how much long waves are slowed down.
	pub factor: f64,
	/// Waves longer than the original context over this are long.
	pub low: f64,
	/// Waves shorter than the original context over this are short.
	pub high: f64,
	/// Positions before the context was lengthened.
	pub original_context: f64,
}

impl Llama3 {
	fn scale(&self, frequency: f64) -> f64 {
		let waves = self.original_context * frequency / TAU;
		let kept = ((waves - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
		(1.0 - kept) * frequency / self.factor + kept * frequency
	}
}

impl Rope {
	/// Radians a position of every pair of channels of a head of `dim`.
	fn frequencies(&self, dim: usize) -> Vec<f64> {
		let plain = |c: usize| libm::pow(self.theta, -((2 * c) as f64) / dim as f64);
		let scaled = |c| match &self.scaling {
			Some(scaling) => scaling.scale(c, plain(c)),
			None => plain(c),
		};
		(0..dim / 2).map(scaled).collect()
	}

	/// Cosine and sine of every pair of channels at the first `positions`.
	pub fn angles(&self, dim: usize, positions: usize) -> impl Iterator<Item = Vec<(f64, f64)>> {
		let frequencies = self.frequencies(dim);
		(0..positions).map(move |t| {
			let angle = |f: &f64| {
				let angle = t as f64 * f;
				(libm::cos(angle), libm::sin(angle))
			};
			frequencies.iter().map(angle).collect()
		})
	}

	/// A table of the container, `[context, head_dim / 2]` in Q14 as little-endian bytes.
	pub fn table(&self, shape: &Shape, pick: fn((f64, f64)) -> f64) -> Vec<u8> {
		let entry = |angle| ((pick(angle) * 16_384.0).round() as i16).to_le_bytes();
		self.angles(shape.head_dim as usize, shape.context as usize)
			.flatten()
			.flat_map(entry)
			.collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Llama-3.2-1B: base, factors and contexts as published.
	const LLAMA_3_2: Rope = Rope {
		theta: 500_000.0,
		scaling: Some(Scaling::Llama3(Llama3 {
			factor: 32.0,
			low: 1.0,
			high: 4.0,
			original_context: 8_192.0,
		})),
	};

	/// The blended frequencies are from the published formula, evaluated by another implementation.
	#[test]
	fn long_waves_should_slow_down_and_short_ones_stay() {
		let plain = Rope {
			scaling: None,
			..LLAMA_3_2
		};
		let (scaled, plain) = (LLAMA_3_2.frequencies(64), plain.frequencies(64));
		assert_eq!(scaled[..15], plain[..15]);
		let blended = [
			0.001_290_547_928_209_264,
			0.000_429_556_796_559_368_15,
			9.708_287_802_627_67e-5,
		];
		for (scaled, expected) in scaled[15..18].iter().zip(blended) {
			assert!((scaled / expected - 1.0).abs() < 1e-12, "{scaled}");
		}
		let slowed: Vec<f64> = plain[18..].iter().map(|f| f / 32.0).collect();
		assert_eq!(scaled[18..], slowed);
	}
}
