//! Reputation: a decaying share of the jobs that went well, of who serves jobs and of who pays for
//! them.

use polkadot_sdk::sp_arithmetic::{traits::Saturating, Permill};

/// Reputation of who is not known.
pub const FIRST: Permill = Permill::from_percent(50);

/// Weight of one job.
const STEP: Permill = Permill::from_parts(62_500);

/// `reputation` after one more job: a sixteenth of the way towards 1 if it was served, towards 0 if
/// it was not.
pub fn after(reputation: Permill, is_served: bool) -> Permill {
	let kept = reputation.saturating_sub(STEP * reputation);
	match is_served {
		true => kept.saturating_add(STEP),
		false => kept,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn reputation_should_go_a_sixteenth_of_the_way() {
		assert_eq!(after(FIRST, true), Permill::from_parts(531_250));
		assert_eq!(after(FIRST, false), Permill::from_parts(468_750));
	}

	#[test]
	fn reputation_should_become_perfect_and_stay_so_when_all_is_served() {
		let perfect = (0..170).fold(FIRST, |reputation, _| after(reputation, true));
		assert_eq!(perfect, Permill::one());
		assert_eq!(after(perfect, true), perfect);
		let worst = (0..300).fold(FIRST, |reputation, _| after(reputation, false));
		assert!(worst < Permill::from_parts(16));
	}
}
