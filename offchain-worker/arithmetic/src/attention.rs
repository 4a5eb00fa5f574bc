//! Scores, softmax and the weighted sum of values, for one head and one query.

use crate::{bit_length, exp2, rsh, scale};

/// Base-2 logits in Q16 of the query `q` against `keys`, `[z.len(), q.len()]` row-major.
///
/// `m` is the mantissa of the score multiplier, `shift` the head's `C - 16 - e`.
///
/// # Panics
/// If the lengths disagree.
pub fn scores(q: &[i16], keys: &[i16], m: u16, shift: i32, z: &mut [i32]) {
	assert_eq!(keys.len(), q.len() * z.len());
	for (z, k) in z.iter_mut().zip(keys.chunks_exact(q.len())) {
		*z = scale(dot16(q, k) * m as i64, shift);
	}
}

fn dot16(q: &[i16], k: &[i16]) -> i64 {
	q.iter().zip(k).fold(0i64, |sum, (q, k)| {
		sum.wrapping_add((*q as i32).wrapping_mul(*k as i32) as i64)
	})
}

/// Unnormalised probabilities in Q22 of the logits `z`; returns their sum.
///
/// Two passes, the global maximum first: online rescaling would round.
///
/// # Panics
/// If `z` and `p` differ in length, or are empty.
pub fn softmax(z: &[i32], p: &mut [u32]) -> u64 {
	assert!(!z.is_empty() && z.len() == p.len());
	let max = z.iter().fold(i32::MIN, |max, z| max.max(*z));
	let mut sum = 0;
	for (p, z) in p.iter_mut().zip(z) {
		*p = rsh(exp2(max.wrapping_sub(*z) as u32) as i64, 8) as u32;
		sum += *p as u64;
	}
	sum
}

/// Adds `sum p v` over a run of keys to `acc`, for `values` `[p.len(), acc.len()]` row-major.
///
/// The runs of a query may come in any number and order: the sums are exact.
///
/// # Panics
/// If the lengths disagree.
pub fn weigh(p: &[u32], values: &[i16], acc: &mut [i64]) {
	assert_eq!(values.len(), p.len() * acc.len());
	for (p, v) in p.iter().zip(values.chunks_exact(acc.len())) {
		for (acc, v) in acc.iter_mut().zip(v) {
			*acc = acc.wrapping_add((*p as i64).wrapping_mul(*v as i64));
		}
	}
}

/// `o = sum p v / sum p`, for `acc` from [`weigh`] and `sum` from [`softmax`].
///
/// `shift` is `46 + f_v - f_o` of each channel.
///
/// # Panics
/// If the lengths disagree, or `sum` is 0.
pub fn normalise(acc: &[i64], sum: u64, shift: &[i32], o: &mut [i32]) {
	assert!(acc.len() == o.len() && shift.len() == o.len());
	let b = bit_length(sum).saturating_sub(31);
	let reciprocal = ((1u64 << 46) / (sum >> b)) as i64;
	for ((o, acc), s) in o.iter_mut().zip(acc).zip(shift) {
		*o = scale(rsh(*acc, b) * reciprocal, *s);
	}
}
