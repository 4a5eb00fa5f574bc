//! What holds for every input within the limits.
#![allow(clippy::unwrap_used, missing_docs)]

use one_arithmetic::*;
use proptest::{
	collection::{btree_set, vec},
	prelude::*,
};

fn i32s() -> impl Strategy<Value = i32> {
	prop_oneof![
		any::<i32>(),
		-70_000..70_000,
		Just(LIMIT32),
		Just(-LIMIT32),
		Just(0)
	]
	.prop_map(|x| x.max(-LIMIT32))
}

fn i16s() -> impl Strategy<Value = i16> {
	(-LIMIT16..=LIMIT16).prop_map(|a| a as i16)
}

fn samplings() -> impl Strategy<Value = Sampling> {
	(0u32..=10_000, 0u32..20, 1u32..=10_000, 1_000u32..=10_000).prop_map(
		|(temperature, top_k, top_p, repetition_penalty)| Sampling {
			temperature,
			top_k,
			top_p,
			repetition_penalty,
		},
	)
}

fn sampled(logits: &[i32], sampling: &Sampling, u: u64) -> Option<u32> {
	let mut scratch = vec![Candidate::default(); logits.len()];
	sample(logits, sampling, u, &mut scratch)
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(256))]

	#[test]
	fn rsh_should_be_the_nearest_integer(x: i64, s in 1u32..=62) {
		let exact = (x as i128 + (1i128 << (s - 1))).div_euclid(1i128 << s);
		prop_assert_eq!(rsh(x, s) as i128, exact);
	}

	#[test]
	fn scale_should_saturate_the_exact_shift(x: i64, s: i32) {
		let y = scale(x, s) as i128;
		let limit = LIMIT32 as i128;
		let exact = match s {
			63.. => 0,
			0..=62 => rsh(x, s as u32) as i128,
			_ => (x as i128).clamp(-limit, limit) << s.unsigned_abs().min(31),
		};
		prop_assert_eq!(y, exact.clamp(-limit, limit));
	}

	#[test]
	fn halves_should_rebuild_the_integer(a in i16s()) {
		let (hi, lo) = halves(a);
		prop_assert!(hi != i8::MIN);
		prop_assert_eq!(256 * hi as i32 + lo as i32, a as i32);
	}

	#[test]
	fn quant_should_take_the_least_shift(t in vec(i32s(), 1..40)) {
		let mut a = vec![0; t.len()];
		let s = quant(&t, &mut a);
		prop_assert!(a.iter().all(|a| (*a as i32).abs() <= LIMIT16));
		if s > 0 {
			prop_assert!(t.iter().any(|t| rsh(*t as i64, s - 1).abs() > LIMIT16 as i64));
		}
	}

	#[test]
	fn dot_should_equal_its_halves_at_any_split(
		pairs in vec((-127i8..=127, i16s()), 1..700),
		at in any::<prop::sample::Index>(),
	) {
		let (w, a): (Vec<i8>, Vec<i16>) = pairs.into_iter().unzip();
		let split = at.index(w.len());
		let half = |pick: fn((i8, i8)) -> i8| -> i64 {
			w.iter().zip(&a).map(|(w, a)| *w as i64 * pick(halves(*a)) as i64).sum()
		};
		let whole = dot(&w, &a);
		prop_assert_eq!(whole, 256 * half(|(hi, _)| hi) + half(|(_, lo)| lo));
		prop_assert_eq!(whole, dot(&w[..split], &a[..split]) + dot(&w[split..], &a[split..]));
	}

	#[test]
	fn linear_should_be_total(
		w in vec(-127i8..=127, 12),
		a in vec(i16s(), 4),
		m in vec(1u16 << 15.., 3),
		shift in vec(-300i32..300, 3),
		input in (1u16 << 15.., -300i32..300),
	) {
		let mut y = [0; 3];
		linear(&w, &m, &shift, &a, Dyadic::new(input.0, input.1).unwrap(), &mut y);
		prop_assert!(y.iter().all(|y| *y >= -LIMIT32));
	}

	#[test]
	fn rmsnorm_should_be_total_and_bounded(
		x in vec(i32s(), 1..100),
		g in 1i16 << 14..,
		eps in 0u64..1 << 47,
	) {
		let gain = vec![g; x.len()];
		let mut a = vec![0; x.len()];
		let scale = rmsnorm(&x, &gain, 14, eps, &mut a);
		prop_assert!(scale.m >= 1 << 15);
		prop_assert!(a.iter().all(|a| (*a as i32).abs() <= LIMIT16));
	}

	#[test]
	fn rmsnorm_should_be_near_the_real_norm(x in vec(-1_000_000i32..1_000_000, 2..60)) {
		prop_assume!(x.iter().any(|x| x.abs() > 1_000));
		let gain = vec![1 << 14; x.len()];
		let mut a = vec![0; x.len()];
		let scale = rmsnorm(&x, &gain, 14, 0, &mut a);
		let squares: f64 = x.iter().map(|x| (*x as f64).powi(2)).sum();
		let root = (squares / x.len() as f64).sqrt();
		for (a, x) in a.iter().zip(&x) {
			let y = *a as f64 * scale.m as f64 * 2f64.powi(scale.e);
			prop_assert!((y - *x as f64 / root).abs() < 1e-3, "{} {}", y, *x as f64 / root);
		}
	}

	#[test]
	fn rope_should_stay_in_range(x in vec(any::<i32>(), 8), angle in vec(-6.3f64..6.3, 4)) {
		let q14 = |x: f64| (x * 16_384.0).round() as i16;
		let cos: Vec<i16> = angle.iter().map(|a| q14(a.cos())).collect();
		let sin: Vec<i16> = angle.iter().map(|a| q14(a.sin())).collect();
		let mut y = [0; 8];
		rope(&x, &cos, &sin, &mut y);
		prop_assert!(y.iter().all(|y| (*y as i32).abs() <= LIMIT16));
	}

	#[test]
	fn softmax_should_give_the_maximum_one(z in vec(i32s(), 1..300)) {
		let mut p = vec![0; z.len()];
		let sum = softmax(&z, &mut p);
		prop_assert_eq!(p[argmax(&z).unwrap()], 1 << 22);
		prop_assert_eq!(sum, p.iter().map(|p| *p as u64).sum::<u64>());
		prop_assert!(p.iter().all(|p| *p <= 1 << 22));
	}

	#[test]
	fn attention_should_be_a_weighted_mean(
		rows in vec((i32s(), i16s()), 1..200),
		f in 0i32..12,
	) {
		let (z, v): (Vec<i32>, Vec<i16>) = rows.into_iter().unzip();
		let mut p = vec![0; z.len()];
		let sum = softmax(&z, &mut p);
		let (mut acc, mut o) = ([0], [0]);
		weigh(&p, &v, &mut acc);
		normalise(&acc, sum, &[46 - f], &mut o);
		let bound = |x: i16| (x as i64) << f;
		let (low, high) = (v.iter().min().unwrap(), v.iter().max().unwrap());
		// The truncated reciprocal is short by less than 2^-7 of the mean.
		let slack = 1 + ((LIMIT16 as i64) << f >> 7);
		prop_assert!((o[0] as i64) <= bound(*high) + slack && o[0] as i64 >= bound(*low) - slack);
	}

	#[test]
	fn sigmoid_should_be_monotonic_and_near(g in -2_000_000i32..2_000_000, f in 12u32..=20) {
		let (y, next) = (sigmoid(g, f), sigmoid(g.saturating_add(1 << (f - 12)), f));
		prop_assert!(y <= next + 1);
		let real = 32_768.0 / (1.0 + (-g as f64 / f64::from(1u32 << f)).exp());
		prop_assert!((y as f64 - real).abs() < 3.0, "{} {}", y, real);
	}

	#[test]
	fn swiglu_should_be_total(g in vec(i32s(), 4), u in vec(i32s(), 4), f in 12u32..=20, s: i8) {
		let mut h = [0; 4];
		swiglu(&g, &u, f, s as i32, &mut h);
		prop_assert!(h.iter().all(|h| *h >= -LIMIT32));
	}

	#[test]
	fn sample_should_be_total(logits in vec(i32s(), 1..80), sampling in samplings(), u: u64) {
		let token = sampled(&logits, &sampling, u).unwrap() as usize;
		prop_assert!(token < logits.len());
		let above = logits.iter().filter(|l| **l > logits[token]).count();
		prop_assert!(sampling.top_k == 0 || above < sampling.top_k as usize);
		let none = Sampling { temperature: 0, ..sampling };
		prop_assert_eq!(sampled(&logits, &none, u), argmax(&logits).map(|i| i as u32));
		let one = Sampling { top_k: 1, ..sampling };
		prop_assert_eq!(sampled(&logits, &one, u), argmax(&logits).map(|i| i as u32));
	}

	#[test]
	fn sample_should_not_depend_on_the_numbering(
		(logits, order) in btree_set(-500_000i32..500_000, 1..80)
			.prop_map(|set| set.into_iter().collect::<Vec<_>>())
			.prop_flat_map(|logits| {
				let numbers: Vec<usize> = (0..logits.len()).collect();
				(Just(logits), Just(numbers).prop_shuffle())
			}),
		sampling in samplings(),
		u: u64,
	) {
		let renumbered: Vec<i32> = order.iter().map(|i| logits[*i]).collect();
		let token = sampled(&renumbered, &sampling, u).unwrap();
		let expected = sampled(&logits, &sampling, u).unwrap();
		prop_assert_eq!(order[token as usize], expected as usize);
	}

	#[test]
	fn penalise_should_never_raise_and_spare_the_unseen(
		logits in vec(i32s(), 1..40),
		penalty in 1_000u32..=10_000,
		seen in vec(any::<prop::sample::Index>(), 0..20),
	) {
		let seen: Vec<u32> = seen.iter().map(|i| i.index(logits.len()) as u32).collect();
		let mut out = vec![0; logits.len()];
		penalise(&logits, &seen, penalty, &mut out);
		for (i, (out, logit)) in out.iter().zip(&logits).enumerate() {
			let expected = if seen.contains(&(i as u32)) { out <= logit } else { out == logit };
			prop_assert!(expected && *out >= -LIMIT32);
		}
		penalise(&logits, &seen, 1_000, &mut out);
		prop_assert_eq!(out, logits);
	}

	#[test]
	fn argmax_should_be_the_lowest_index_of_the_maximum(x in vec(-3i32..3, 1..20)) {
		let best = argmax(&x).unwrap();
		prop_assert!(x[..best].iter().all(|v| *v < x[best]));
		prop_assert!(x[best..].iter().all(|v| *v <= x[best]));
	}
}

#[test]
fn exp2_should_be_within_its_measured_error() {
	for n in (0..1 << 19).step_by(7) {
		let real = (-f64::from(n) / 65_536.0).exp2() * f64::from(1 << 30);
		let error = (f64::from(exp2(n)) - real).abs() / real;
		assert!(error <= 9.2e-7 + 1.0 / real, "exp2({n}): {error}");
	}
}

#[test]
fn choice_should_be_none_when_empty() {
	assert_eq!(argmax(&[]), None);
	assert_eq!(sampled(&[], &Sampling::GREEDY, 0), None);
}

/// Chi-square of 100,000 draws against the weights that the rules give: 11 degrees of freedom,
/// exceeded once in 1,000 by a fair draw.
#[test]
fn sample_should_draw_by_weight() {
	const DRAWS: u64 = 100_000;
	let logits: Vec<i32> = (0..12).map(|i| i * i * 1_500 % 97_000).collect();
	let sampling = Sampling {
		temperature: 800,
		..Sampling::GREEDY
	};
	let (mut counts, most) = ([0u64; 12], *logits.iter().max().unwrap());
	for i in 0..DRAWS {
		let u = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
		let u = (u ^ (u >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		counts[sampled(&logits, &sampling, u ^ (u >> 32)).unwrap() as usize] += 1;
	}
	let weight = |l: &i32| (f64::from(l - most) / 65_536.0 / 0.8).exp();
	let total: f64 = logits.iter().map(weight).sum();
	let chi: f64 = logits
		.iter()
		.zip(counts)
		.map(|(l, count)| (DRAWS as f64 * weight(l) / total, count as f64))
		.map(|(expected, count)| (count - expected).powi(2) / expected)
		.sum();
	assert!(chi < 31.3, "{chi}: {counts:?}");
}

#[test]
fn sampling_should_name_the_field_outside_its_range() {
	let greedy = Sampling::GREEDY;
	assert_eq!(greedy.check(), Ok(()));
	for (sampling, name) in [
		(
			Sampling {
				temperature: 10_001,
				..greedy
			},
			"temperature",
		),
		(Sampling { top_p: 0, ..greedy }, "top_p"),
		(
			Sampling {
				top_p: 10_001,
				..greedy
			},
			"top_p",
		),
		(
			Sampling {
				repetition_penalty: 999,
				..greedy
			},
			"repetition_penalty",
		),
	] {
		assert_eq!(sampling.check().unwrap_err().0, name);
	}
}
