//! From peaks to the static exponents of the container.

use std::ops::RangeInclusive;

use one_arithmetic::{LIMIT16, LIMIT32};
use serde::{Deserialize, Serialize};

use super::peaks::{LayerPeaks, Peaks};
use crate::model::Shape;

/// What does not fit the arithmetic: the layer, and the value of it.
pub type Obstacle = (String, String);

/// A peak of the calibration text may be exceeded by this factor before a value saturates.
const HEADROOM: f64 = 4.0;
/// Largest logit that leaves headroom in Q16.
const MAX_LOGIT: f64 = 8_191.0;

const RESIDUAL: RangeInclusive<i32> = 8..=20;
const VALUE: RangeInclusive<i32> = 12..=20;
const CHANNEL: RangeInclusive<i32> = -8..=20;

/// Fraction bits of a whole model.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exponents {
	/// Of the residual.
	pub residual: u32,
	/// Of each layer.
	pub layers: Vec<LayerExponents>,
}

/// Fraction bits of a layer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerExponents {
	/// Of the output of attention, the gate, the input of the feed-forward block, and its product.
	pub values: [i32; 4],
	/// Of each query channel.
	pub q: Vec<i32>,
	/// Of each key channel.
	pub k: Vec<i32>,
	/// Of each value channel.
	pub v: Vec<i32>,
	/// Of q and of k before the norms of their heads, if there are any.
	pub heads: Option<[i32; 2]>,
}

impl LayerExponents {
	/// As the container stores them, one `i8` each.
	pub fn bytes(&self) -> Vec<u8> {
		let all = self
			.values
			.iter()
			.chain(&self.q)
			.chain(&self.k)
			.chain(&self.v);
		all.map(|f| *f as i8 as u8).collect()
	}
}

/// Picks every exponent as large as its peak allows with headroom.
///
/// # Errors
/// The layer, and the value of it that does not fit.
pub fn choose(shape: &Shape, peaks: &Peaks) -> Result<Exponents, Obstacle> {
	if peaks.logits.is_nan() || peaks.logits > MAX_LOGIT {
		let reason = format!("peak at {}, more than {MAX_LOGIT}", peaks.logits);
		return Err(out_of_range("head", "logits", reason));
	}
	let residual = largest("model", "residual", peaks.residual, LIMIT32, RESIDUAL)? as u32;
	let layer = |(i, peaks)| choose_layer(shape, &format!("layer {i}"), peaks);
	let layers = peaks
		.layers
		.iter()
		.enumerate()
		.map(layer)
		.collect::<Result<_, _>>()?;
	Ok(Exponents { residual, layers })
}

fn choose_layer(shape: &Shape, name: &str, peaks: &LayerPeaks) -> Result<LayerExponents, Obstacle> {
	let value = |value: &str, peak| largest(name, value, peak, LIMIT32, VALUE);
	let channels = |value: &str, peaks: &[f64]| -> Result<Vec<i32>, Obstacle> {
		peaks
			.iter()
			.map(|peak| largest(name, value, *peak, LIMIT16, CHANNEL))
			.collect()
	};
	let dim = shape.head_dim as usize;
	let q = channels("q", &pair_peaks(&peaks.q, dim))?;
	let k = channels("k", &pair_peaks(&peaks.k, dim))?;
	let (f_q, f_k) = share(shape, &q, &k);
	let heads = match peaks.heads {
		Some([q, k]) => Some([
			value("q before its norm", q)?,
			value("k before its norm", k)?,
		]),
		None => None,
	};
	Ok(LayerExponents {
		values: [
			value("attention output", peaks.o)?,
			value("gate", peaks.gate)?,
			value("up", peaks.up)?,
			value("silu(gate) up", peaks.h)?,
		],
		q: f_q,
		k: f_k,
		v: channels("v", &peaks.v)?,
		heads,
	})
}

/// The larger peak of the two channels of each RoPE pair, for both.
fn pair_peaks(peaks: &[f64], dim: usize) -> Vec<f64> {
	let partner = |c: usize| {
		if c % dim < dim / 2 {
			c + dim / 2
		} else {
			c - dim / 2
		}
	};
	(0..peaks.len())
		.map(|c| f64::max(peaks[c], peaks[partner(c)]))
		.collect()
}

/// Splits the fraction bits of q and k so that their sum is the same in all channels of a head.
///
/// `q` and `k` are the largest each channel takes. An outlier channel of k then costs its own
/// precision and not that of its neighbours.
fn share(shape: &Shape, q: &[i32], k: &[i32]) -> (Vec<i32>, Vec<i32>) {
	let (dim, group) = (shape.head_dim as usize, shape.group());
	let key = |channel: usize| channel / dim / group * dim + channel % dim;
	let sum = |channel: usize| q[channel] + k[key(channel)];
	let total: Vec<i32> = (0..shape.heads as usize)
		.map(|h| (h * dim..(h + 1) * dim).map(sum).min().unwrap_or(0))
		.collect();
	let slack = |c: usize| {
		let heads = c / dim * group..(c / dim + 1) * group;
		heads
			.map(|h| sum(h * dim + c % dim) - total[h])
			.min()
			.unwrap_or(0)
	};
	let f_k: Vec<i32> = (0..k.len()).map(|c| k[c] - (slack(c) >> 1)).collect();
	let f_q = (0..q.len()).map(|c| total[c / dim] - f_k[key(c)]).collect();
	(f_q, f_k)
}

/// The largest `f` of `range` with `4 peak 2^f <= limit`.
fn largest(
	layer: &str,
	value: &str,
	peak: f64,
	limit: i32,
	range: RangeInclusive<i32>,
) -> Result<i32, Obstacle> {
	let lowest = *range.start();
	let fits = |f: &i32| HEADROOM * libm::ldexp(peak, *f) <= limit as f64;
	range.rev().find(fits).ok_or_else(|| {
		let reason = format!("peaks at {peak}, which does not fit {lowest} fraction bits");
		out_of_range(layer, value, reason)
	})
}

fn out_of_range(layer: &str, value: &str, reason: String) -> Obstacle {
	(layer.into(), format!("{value} {reason}"))
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]
	use super::*;

	const SHAPE: Shape = Shape {
		layers: 1,
		hidden: 8,
		ffn: 8,
		heads: 4,
		kv_heads: 2,
		head_dim: 4,
		vocab: 4,
		context: 8,
	};

	fn layer() -> LayerPeaks {
		LayerPeaks {
			q: vec![1.0; 16],
			k: vec![1.0; 8],
			v: vec![1.0; 8],
			heads: None,
			o: 1.0,
			gate: 1.0,
			up: 1.0,
			h: 1.0,
		}
	}

	#[test]
	fn exponent_should_leave_headroom_of_four() {
		assert_eq!(largest("l", "v", 1.0, LIMIT16, CHANNEL).unwrap(), 12);
		assert_eq!(largest("l", "v", 0.0, LIMIT16, CHANNEL).unwrap(), 20);
		assert_eq!(largest("l", "v", 2.0e6, LIMIT32, RESIDUAL).unwrap(), 8);
	}

	#[test]
	fn refusal_should_name_layer_and_value() {
		let mut peaks = Peaks {
			residual: 1.0,
			logits: 1.0,
			layers: vec![layer(), layer()],
		};
		peaks.layers[1].gate = 1.0e6;
		let (layer, reason) = choose(&SHAPE, &peaks).unwrap_err();
		assert_eq!(layer, "layer 1");
		assert!(reason.starts_with("gate peaks at 1000000"), "{reason}");
		peaks.layers[1].gate = f64::NAN;
		assert!(choose(&SHAPE, &peaks).is_err());
		peaks.logits = 8_192.0;
		let (layer, reason) = choose(&SHAPE, &peaks).unwrap_err();
		assert_eq!(layer, "head");
		assert!(reason.starts_with("logits peak at 8192"), "{reason}");
	}

	#[test]
	fn heads_should_have_bits_of_their_own_before_their_norms() {
		let mut peaks = layer();
		peaks.heads = Some([1.0, 500.0]);
		let bits = choose_layer(&SHAPE, "layer 0", &peaks).unwrap();
		assert_eq!(bits.heads, Some([20, 20]));
		peaks.heads = Some([1.0, 600.0]);
		let bits = choose_layer(&SHAPE, "layer 0", &peaks).unwrap();
		assert_eq!(bits.heads, Some([20, 19]));
		peaks.heads = Some([1.0, 1.0e6]);
		let (layer, reason) = choose_layer(&SHAPE, "layer 0", &peaks).unwrap_err();
		assert_eq!(layer, "layer 0");
		assert!(
			reason.starts_with("k before its norm peaks at 1000000"),
			"{reason}"
		);
	}

	#[test]
	fn outlier_of_k_should_cost_other_channels_nothing() {
		let mut peaks = layer();
		peaks.k[1] = 100.0;
		let bits = choose_layer(&SHAPE, "layer 0", &peaks).unwrap();
		let (q, k) = (bits.q, bits.k);
		for channel in 0..16 {
			let key = channel / 8 * 4 + channel % 4;
			assert_eq!(q[channel] + k[key], q[channel / 4 * 4] + k[channel / 8 * 4]);
		}
		assert_eq!((k[1], k[3]), (6, 6));
		assert_eq!((q[1], q[3]), (12, 12));
		assert_eq!(k[0] + q[0], 18);
		assert!(k[0] >= 9 && q[0] >= 9);
	}
}
