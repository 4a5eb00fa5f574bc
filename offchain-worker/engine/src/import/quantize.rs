//! From floats to the numbers of the container.

use std::ops::Range;

use one_arithmetic::{Dyadic, LIMIT32};
use rayon::prelude::*;

use super::weights::Matrix;

/// The dyadic number nearest to a positive `x`.
pub fn dyadic(x: f64) -> Dyadic {
	let (fraction, exponent) = libm::frexp(x);
	match (fraction * 65_536.0).round() {
		m if m >= 65_536.0 => Dyadic::power_of_two(exponent),
		m => Dyadic {
			m: m as u16,
			e: exponent - 16,
		},
	}
}

/// Scale of a row of weights: its largest magnitude over 127.
///
/// A row of zeros, or one too small for an exponent of 8 bits, takes the smallest scale.
fn row_scale(row: &[f64]) -> Dyadic {
	let max = super::float::peak(row);
	let smallest = Dyadic {
		m: 1 << 15,
		e: i8::MIN as i32,
	};
	if max == 0.0 {
		return smallest;
	}
	let scale = dyadic(max / 127.0);
	if scale.e < smallest.e {
		return smallest;
	}
	scale
}

/// The scales of all rows, as the container stores them; `None` if one is too large.
pub fn scales(matrix: &Matrix<'_>) -> Option<Vec<u8>> {
	let scale = |row: &mut Vec<f64>, r| {
		matrix.read_row(r, row);
		row_scale(row)
	};
	let rows = (0..matrix.rows()).into_par_iter();
	let scales: Vec<Dyadic> = rows.map_init(|| buffer(matrix), scale).collect();
	let mut bytes: Vec<u8> = scales
		.iter()
		.flat_map(|scale| scale.m.to_le_bytes())
		.collect();
	for scale in scales {
		bytes.push(i8::try_from(scale.e).ok()? as u8);
	}
	Some(bytes)
}

/// The weights of some rows, rounded to their scales.
pub fn weights(matrix: &Matrix<'_>, rows: Range<usize>) -> Vec<u8> {
	let mut weights = vec![0; rows.len() * matrix.cols()];
	let rows = rows.into_par_iter();
	weights
		.par_chunks_exact_mut(matrix.cols())
		.zip(rows)
		.for_each_init(
			|| buffer(matrix),
			|row, (weights, r)| {
				matrix.read_row(r, row);
				quantize_row(row, weights);
			},
		);
	weights
}

fn quantize_row(row: &[f64], weights: &mut [u8]) {
	let scale = row_scale(row);
	let scale = libm::ldexp(scale.m as f64, scale.e);
	for (weight, w) in weights.iter_mut().zip(row) {
		*weight = (w / scale).round().clamp(-127.0, 127.0) as i8 as u8;
	}
}

fn buffer(matrix: &Matrix<'_>) -> Vec<f64> {
	vec![0.0; matrix.cols()]
}

/// A bias as the container stores it, in `bits` fraction bits of each channel; `None` if one does
/// not fit.
pub fn bias(bias: &[f64], bits: impl Iterator<Item = i32>) -> Option<Vec<u8>> {
	let fixed = |(b, f): (&f64, i32)| {
		Some(libm::ldexp(*b, f).round()).filter(|b| b.abs() <= LIMIT32 as f64)
	};
	let bytes = bias
		.iter()
		.zip(bits)
		.map(|b| fixed(b).map(|b| (b as i32).to_le_bytes()));
	Some(bytes.collect::<Option<Vec<_>>>()?.concat())
}

/// A gain as the container stores it, its largest magnitude normalised; `None` for zeros.
pub fn gain(gain: &[f64]) -> Option<Vec<u8>> {
	let max = super::float::peak(gain);
	if max == 0.0 {
		return None;
	}
	let scaled = |exponent| (libm::ldexp(max, exponent)).round();
	let exponent = 15 - libm::frexp(max).1;
	let exponent = if scaled(exponent) > 32_767.0 {
		exponent - 1
	} else {
		exponent
	};
	let mut bytes = exponent.to_le_bytes().to_vec();
	for g in gain {
		bytes.extend_from_slice(&(libm::ldexp(*g, exponent).round() as i16).to_le_bytes());
	}
	Some(bytes)
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]
	use super::*;

	#[test]
	fn dyadic_should_be_within_half_a_unit() {
		for x in [
			1.0,
			0.1,
			3.999_99,
			65_535.9,
			1e-20,
			std::f64::consts::LOG2_E / 8.0,
		] {
			let d = dyadic(x);
			assert!(d.m >= 1 << 15);
			assert!(
				(libm::ldexp(d.m as f64, d.e) / x - 1.0).abs() <= 1.0 / 65_536.0,
				"{x}"
			);
		}
	}

	#[test]
	fn gain_should_be_normalised_even_when_rounding_carries() {
		for max in [1.0, 0.5, 1.999_999_9, 3.1e-5, 40.0] {
			let bytes = gain(&[-max, max / 3.0]).unwrap();
			let g = i16::from_le_bytes([bytes[4], bytes[5]]);
			assert!((1 << 14..1 << 15).contains(&g.unsigned_abs()), "{max}: {g}");
		}
		assert_eq!(gain(&[0.0, 0.0]), None);
	}

	#[test]
	fn bias_should_take_the_bits_of_each_channel() {
		let bits = || [4, -1].into_iter();
		assert_eq!(
			bias(&[1.5, -6.0], bits()).unwrap(),
			[24, 0, 0, 0, 253, 255, 255, 255]
		);
		assert_eq!(bias(&[1e9, 0.0], bits()), None);
	}
}
