//! Every set of kernels against the definition, on random and on extreme inputs.
#![allow(clippy::unwrap_used)]

use one_arithmetic::{Dyadic, LIMIT16, LIMIT32};

use super::*;

/// A deterministic source of inputs.
struct Draw(u64);

/// How a vector is filled.
#[derive(Clone, Copy, Debug)]
enum Fill {
	/// Anything within the limits.
	Random,
	/// The limits, all of one sign.
	Highest,
	/// The limits, of random signs.
	Extreme,
}

const FILLS: [Fill; 3] = [Fill::Random, Fill::Highest, Fill::Extreme];

impl Draw {
	fn below(&mut self, n: u64) -> u64 {
		self.0 = self
			.0
			.wrapping_mul(6364136223846793005)
			.wrapping_add(1442695040888963407);
		(self.0 >> 33) % n
	}

	fn integer(&mut self, fill: Fill, limit: i32) -> i32 {
		match fill {
			Fill::Highest => limit,
			Fill::Extreme => [limit, -limit][self.below(2) as usize],
			Fill::Random => {
				let bits = self.below(32);
				let x = (self.below(1 << 31) as i32 >> bits).min(limit);
				[x, -x][self.below(2) as usize]
			}
		}
	}

	fn activations(&mut self, n: usize, fill: Fill) -> Vec<i16> {
		(0..n).map(|_| self.integer(fill, LIMIT16) as i16).collect()
	}

	fn weights(&mut self, n: usize, fill: Fill) -> Vec<i8> {
		(0..n).map(|_| self.integer(fill, 127) as i8).collect()
	}

	fn values(&mut self, n: usize, fill: Fill) -> Vec<i32> {
		(0..n).map(|_| self.integer(fill, LIMIT32)).collect()
	}

	fn shifts(&mut self, n: usize) -> Vec<i32> {
		(0..n).map(|_| self.below(200) as i32 - 100).collect()
	}

	fn mantissa(&mut self) -> u16 {
		(1 << 15) + self.below(1 << 15) as u16
	}
}

/// The sets under test: all but the definition.
fn sets() -> impl Iterator<Item = &'static dyn Kernels> {
	all().into_iter().filter(|set| set.name() != "scalar")
}

fn check_linear_case(draw: &mut Draw, [rows, cols, n]: [usize; 3], fill: Fill) {
	let (weights, a) = (
		draw.weights(rows * cols, fill),
		draw.activations(n * cols, fill),
	);
	let m: Vec<u16> = (0..rows).map(|_| draw.mantissa()).collect();
	// Most outputs within 32 bits, some saturated and some 0.
	let shift: Vec<i32> = (0..rows).map(|_| draw.below(120) as i32 - 80).collect();
	let scale = |draw: &mut Draw| Dyadic::new(draw.mantissa(), draw.below(40) as i32 - 20);
	let scales: Vec<Dyadic> = (0..n).map(|_| scale(draw).unwrap()).collect();
	let run = |set: &dyn Kernels| {
		let mut y = vec![1; n * rows];
		let mut tokens: Vec<_> = y.chunks_exact_mut(rows).collect();
		let (weights, m, shift) = (&weights[..], &m[..], &shift[..]);
		let inputs = Inputs {
			a: &a,
			scales: &scales,
		};
		set.linear(Rows { weights, m, shift }, inputs, &mut tokens);
		y
	};
	let expected = run(&Scalar);
	for set in sets() {
		assert_eq!(
			run(set),
			expected,
			"{} {rows}x{cols}, {n} tokens, {fill:?}",
			set.name()
		);
	}
}

#[test]
fn linear_should_equal_its_definition_for_any_sizes() {
	let mut draw = Draw(1);
	for fill in FILLS {
		for n in 1..=9 {
			for (rows, cols) in [(1, 1), (3, 7), (4, 32), (5, 33), (66, 95), (131, 576)] {
				check_linear_case(&mut draw, [rows, cols, n], fill);
			}
		}
		// Longer than the 32-bit sums hold, on both sides of every step of widening.
		for cols in [511, 512, 1024, 1040, 2048, 2080, 8191, 131_072] {
			check_linear_case(&mut draw, [5, cols, 2], fill);
		}
	}
}

fn check_scores_case(draw: &mut Draw, [n, keys, dim]: [usize; 3], fill: Fill) {
	let (q, k) = (
		draw.activations(n * dim, fill),
		draw.activations(keys * dim, fill),
	);
	let (m, shift) = (draw.mantissa(), draw.shifts(n));
	let run = |set: &dyn Kernels| {
		let mut z = vec![1; n * keys];
		let mut rows: Vec<_> = z.chunks_exact_mut(keys).collect();
		let (q, shift) = (&q[..], &shift[..]);
		set.scores(Queries { q, m, shift }, &k, &mut rows);
		z
	};
	let expected = run(&Scalar);
	for set in sets() {
		assert_eq!(
			run(set),
			expected,
			"{} {n}x{keys}x{dim}, {fill:?}",
			set.name()
		);
	}
}

#[test]
fn scores_should_equal_their_definition_for_any_sizes() {
	let mut draw = Draw(2);
	for fill in FILLS {
		for dim in [2, 6, 16, 64, 80, 98, 128, 256] {
			for (n, keys) in [(1, 1), (2, 3), (3, 64), (4, 65), (7, 67), (12, 256)] {
				check_scores_case(&mut draw, [n, keys, dim], fill);
			}
		}
	}
}

fn check_weigh_case(draw: &mut Draw, [n, keys, dim]: [usize; 3], fill: Fill) {
	let weight = |draw: &mut Draw| draw.integer(fill, 1 << 22).unsigned_abs();
	let p: Vec<u32> = (0..n * keys).map(|_| weight(draw)).collect();
	let values = draw.activations(keys * dim, fill);
	let start: Vec<i64> = (0..n * dim).map(|_| draw.below(1 << 31) as i64).collect();
	let run = |set: &dyn Kernels| {
		let mut acc = start.clone();
		let rows: Vec<_> = p.chunks_exact(keys).collect();
		set.weigh(&rows, &values, &mut acc);
		acc
	};
	let expected = run(&Scalar);
	for set in sets() {
		assert_eq!(
			run(set),
			expected,
			"{} {n}x{keys}x{dim}, {fill:?}",
			set.name()
		);
	}
}

#[test]
fn weighted_sums_should_equal_their_definition_for_any_sizes() {
	let mut draw = Draw(3);
	for fill in FILLS {
		for dim in [2, 8, 16, 30, 64, 80, 128, 256] {
			for (n, keys) in [(1, 1), (2, 31), (3, 32), (4, 33), (5, 255), (12, 256)] {
				check_weigh_case(&mut draw, [n, keys, dim], fill);
			}
		}
	}
}

#[test]
fn softmax_should_equal_its_definition_at_every_fraction() {
	let mut draw = Draw(4);
	let every: Vec<i32> = (0..32 << 16).step_by(7).collect();
	let few = |draw: &mut Draw, n: usize| draw.values(n, Fill::Random);
	let mut cases = vec![every, vec![LIMIT32, -LIMIT32], vec![0; 5]];
	cases.extend((1..70).map(|n| few(&mut draw, n)));
	cases.extend((1..70).map(|n| few(&mut draw, n).iter().map(|z| z >> 12).collect()));
	for z in cases {
		let run = |set: &dyn Kernels| {
			let mut p = vec![1; z.len()];
			let sum = set.softmax(&z, &mut p);
			(sum, p)
		};
		let expected = run(&Scalar);
		sets().for_each(|set| assert_eq!(run(set), expected, "{}", set.name()));
	}
}

#[test]
fn swiglu_should_equal_its_definition_at_every_gate() {
	let mut draw = Draw(5);
	// All arguments of the exponential, hence all divisors, then the limits.
	let mut g: Vec<i32> = (-82_000..82_000).collect();
	g.extend(FILLS.iter().flat_map(|fill| draw.values(1003, *fill)));
	let u: Vec<i32> = g
		.iter()
		.map(|_| draw.integer(Fill::Random, LIMIT32))
		.collect();
	for (f_gate, shift) in [(12, 9), (12, -3), (15, 24), (17, 40), (20, 63), (20, 0)] {
		let run = |set: &dyn Kernels| {
			let mut h = vec![1; g.len()];
			set.swiglu(&g, &u, f_gate, shift, &mut h);
			h
		};
		let expected = run(&Scalar);
		sets().for_each(|set| assert!(run(set) == expected, "{} {f_gate} {shift}", set.name()));
	}
}

#[test]
fn argmax_should_be_the_first_of_the_largest() {
	let mut draw = Draw(7);
	let few = |draw: &mut Draw, n| (0..n).map(|_| draw.below(5) as i32 - 9).collect();
	let mut cases: Vec<Vec<i32>> = (0..100).map(|n| few(&mut draw, n)).collect();
	cases.push(vec![i32::MIN; 3]);
	for x in cases {
		sets().for_each(|set| assert_eq!(set.argmax(&x), Scalar.argmax(&x), "{}", set.name()));
	}
}

#[test]
fn scale_should_equal_its_definition_for_any_shift() {
	let ones = (0..63).flat_map(|bit| [1 << bit, -1 << bit, (1 << bit) - 1, !0 << bit | 1]);
	for x in ones.chain([0, i64::MAX, i64::MIN]) {
		for s in (-70..70).chain([i32::MAX, -i32::MAX]) {
			assert_eq!(loops::scale(x, s), one_arithmetic::scale(x, s), "{x} {s}");
		}
	}
}

#[test]
fn exp2_should_equal_its_definition_for_any_argument() {
	for n in (0..33 << 16).chain([u32::MAX - 1, u32::MAX]) {
		assert_eq!(loops::exp2(n), one_arithmetic::exp2(n), "{n}");
	}
}

#[test]
fn half_reciprocal_should_be_the_quotient_of_every_divisor() {
	for e in 0..=65_536u32 {
		let d = (1 << 16) + e;
		assert_eq!(loops::half_reciprocal(e), ((1 << 31) + (d >> 1)) / d);
	}
}

#[test]
fn rounding_should_equal_its_definition() {
	let mut draw = Draw(6);
	for (i, fill) in FILLS.into_iter().cycle().take(90).enumerate() {
		let n = 1 + 13 * i;
		let x: Vec<i32> = draw.values(n, fill).iter().map(|x| x >> (i % 31)).collect();
		let gain = draw.activations(n, fill);
		let eps = draw.below(1 << 31);
		let run = |set: &dyn Kernels| {
			let (mut a, mut b) = (vec![1; n], vec![1; n]);
			let shift = set.quant(&x, &mut a);
			let scale = set.rmsnorm(&x, &gain, 14, eps, &mut b);
			(shift, a, scale, b)
		};
		let expected = run(&Scalar);
		sets().for_each(|set| assert_eq!(run(set), expected, "{}", set.name()));
	}
}

#[test]
fn a_set_should_be_found_by_its_name() {
	for set in all() {
		assert_eq!(named(set.name()).unwrap().name(), set.name());
	}
	assert_eq!(all()[0].name(), "scalar");
	assert!(named("abacus").is_none());
}

#[test]
fn multiply_should_tell_the_products_it_does() {
	assert_eq!(Scalar.multiply(10), 0);
	for set in sets() {
		let [once, twice] = [10, 20].map(|steps| set.multiply(steps));
		assert!(once > 0 && twice == 2 * once, "{}", set.name());
	}
}
