//! The greedy choice.

/// Index of the largest value, the lowest on ties; `None` for an empty slice.
pub fn argmax(x: &[i32]) -> Option<usize> {
	let mut best = None;
	for (i, &v) in x.iter().enumerate() {
		if best.is_none_or(|(_, b)| v > b) {
			best = Some((i, v));
		}
	}
	best.map(|(i, _)| i)
}
