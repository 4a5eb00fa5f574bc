//! The choice of the next token: greedy, or drawn by weight from an order of all tokens.

use core::cmp::Reverse;

use crate::{argmax, exp2, sat32};

/// `log2(e)` in Q16, times a thousand: the temperature is in thousandths.
const LOG2_E: u64 = 94_548_000;

/// How the next token is chosen, as integers of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
	/// Thousandths, at most 10,000; 0 is greedy.
	pub temperature: u32,
	/// Candidates kept; 0 is all.
	pub top_k: u32,
	/// Ten-thousandths of the mass kept, from 1; 10,000 is all.
	pub top_p: u32,
	/// Thousandths, from 1,000, which is none, to 10,000.
	pub repetition_penalty: u32,
}

impl Sampling {
	/// The most likely token.
	pub const GREEDY: Self = Self {
		temperature: 0,
		top_k: 0,
		top_p: 10_000,
		repetition_penalty: 1_000,
	};

	/// The first field outside its range, with the range.
	pub fn check(&self) -> Result<(), (&'static str, u32, u32)> {
		let ranges = [
			("temperature", self.temperature, 0, 10_000),
			("top_p", self.top_p, 1, 10_000),
			("repetition_penalty", self.repetition_penalty, 1_000, 10_000),
		];
		let outside = |(_, value, low, high): &&(&str, u32, u32, u32)| value < low || value > high;
		match ranges.iter().find(outside) {
			Some((name, _, low, high)) => Err((name, *low, *high)),
			None => Ok(()),
		}
	}
}

/// A token in the order of choice, with its weight in Q30.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidate {
	logit: i32,
	id: u32,
	weight: u32,
}

impl Candidate {
	const fn key(&self) -> (Reverse<i32>, u32) {
		(Reverse(self.logit), self.id)
	}
}

/// Logits after the repetition penalty, in thousandths, on each id of `seen`, however often.
///
/// # Panics
/// If the lengths differ, an id is outside, or the penalty is 0.
pub fn penalise(logits: &[i32], seen: &[u32], penalty: u32, out: &mut [i32]) {
	out.copy_from_slice(logits);
	let penalty = penalty as i64;
	for id in seen {
		let l = logits[*id as usize] as i64;
		out[*id as usize] = sat32(match l {
			0.. => l * 1_000 / penalty,
			_ => -(-l * penalty / 1_000),
		});
	}
}

/// The token that `u`, uniform over 64 bits, chooses from Q16 logits after [`penalise`]; `None`
/// without logits.
///
/// Linear in their number: instead of a sort, the order is only divided around the cuts.
///
/// # Panics
/// If `scratch` is not as long as `logits`.
pub fn sample(
	logits: &[i32],
	sampling: &Sampling,
	u: u64,
	scratch: &mut [Candidate],
) -> Option<u32> {
	let best = argmax(logits)?;
	if sampling.temperature == 0 {
		return Some(best as u32);
	}
	fill(logits, logits[best], sampling.temperature, scratch);
	let kept = keep(scratch, sampling.top_k);
	let total: u64 = kept.iter().map(|c| c.weight as u64).sum();
	// 10,000 sum >= top_p total, as a sum that exceeds.
	let mass = (sampling.top_p as u64 * total).saturating_sub(1) / 10_000;
	let (kept, mass) = exceed(kept, mass);
	let theta = (u as u128 * mass as u128) >> 64;
	let (chosen, _) = exceed(kept, theta as u64);
	chosen.last().map(|c| c.id)
}

fn fill(logits: &[i32], most: i32, temperature: u32, candidates: &mut [Candidate]) {
	assert_eq!(logits.len(), candidates.len());
	let inverse = LOG2_E / temperature as u64;
	for ((candidate, logit), id) in candidates.iter_mut().zip(logits).zip(0..) {
		let below = (most as i64 - *logit as i64) as u64;
		let n = ((below * inverse) >> 16).min(u32::MAX as u64);
		*candidate = Candidate {
			logit: *logit,
			id,
			weight: exp2(n as u32),
		};
	}
}

/// The first `k` in the order, all for 0.
fn keep(candidates: &mut [Candidate], k: u32) -> &mut [Candidate] {
	let k = k as usize;
	if k == 0 || k >= candidates.len() {
		return candidates;
	}
	candidates.select_nth_unstable_by_key(k - 1, Candidate::key);
	&mut candidates[..k]
}

/// The shortest prefix of the order whose weights sum to more than `threshold`, and the sum; its
/// last element is in place, the others are in any order. All of them if no sum exceeds.
fn exceed(candidates: &mut [Candidate], threshold: u64) -> (&mut [Candidate], u64) {
	let (mut start, mut end, mut before) = (0, candidates.len(), 0);
	while end - start > 1 {
		let half = (end - start) / 2;
		let range = &mut candidates[start..end];
		range.select_nth_unstable_by_key(half, Candidate::key);
		let sum: u64 = range[..half].iter().map(|c| c.weight as u64).sum();
		if before + sum > threshold {
			end = start + half;
		} else {
			(start, before) = (start + half, before + sum);
		}
	}
	let last: u64 = candidates[start..end].iter().map(|c| c.weight as u64).sum();
	(&mut candidates[..end], before + last)
}
