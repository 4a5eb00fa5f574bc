//! Which vouchers pay for a job: pure arithmetic, no storage.

use one_primitives::Cu;

use crate::types::{Lot, Lots};

/// What of `balances`, oldest class first, makes up `cu`: of the oldest class that does so alone or
/// with one other. So remains of old classes are used up, and none, however small, is in the way.
pub(crate) fn draw(balances: &[Lot], cu: Cu) -> Option<Lots> {
	balances
		.iter()
		.find_map(|first| draw_from(first, balances, cu))
}

/// As much of `first` as there is, and the rest of one other class.
fn draw_from(first: &Lot, balances: &[Lot], cu: Cu) -> Option<Lots> {
	let taken = first.cu.min(cu);
	let rest = cu.saturating_sub(taken);
	let is_enough = |other: &&Lot| other.class != first.class && other.cu >= rest;
	let second = match rest {
		0 => None,
		_ => Some(balances.iter().find(is_enough)?.class),
	};
	let second = second.map(|class| Lot { class, cu: rest });
	let first = Lot {
		class: first.class,
		cu: taken,
	};
	[first]
		.into_iter()
		.chain(second)
		.collect::<alloc::vec::Vec<_>>()
		.try_into()
		.ok()
}

/// The most that [`draw`] makes up out of `balances`.
pub(crate) fn drawable(balances: &[Lot]) -> Cu {
	let (first, second) = balances.iter().fold((0, 0), |(first, second), lot| {
		if lot.cu > first {
			(lot.cu, first)
		} else {
			(first, lot.cu.max(second))
		}
	});
	first.saturating_add(second)
}

#[cfg(test)]
mod tests {
	use proptest::prelude::*;

	use super::*;

	fn lots(cu: &[Cu]) -> Vec<Lot> {
		(0..)
			.zip(cu)
			.map(|(class, cu)| Lot { class, cu: *cu })
			.collect()
	}

	fn drawn(balances: &[Cu], cu: Cu) -> Option<Vec<(u32, Cu)>> {
		let drawn = draw(&lots(balances), cu)?;
		Some(drawn.iter().map(|lot| (lot.class, lot.cu)).collect())
	}

	#[test]
	fn draw_should_use_up_the_oldest_class_first() {
		assert_eq!(drawn(&[50, 70], 40), Some(vec![(0, 40)]));
		assert_eq!(drawn(&[50, 70], 60), Some(vec![(0, 50), (1, 10)]));
		assert_eq!(drawn(&[50, 70], 120), Some(vec![(0, 50), (1, 70)]));
		assert_eq!(drawn(&[50, 70], 121), None);
		assert_eq!(drawn(&[], 1), None);
	}

	#[test]
	fn draw_should_not_be_hindered_by_small_remains() {
		assert_eq!(drawn(&[1, 1, 1, 90], 60), Some(vec![(0, 1), (3, 59)]));
		assert_eq!(drawn(&[1, 40, 1, 30], 60), Some(vec![(1, 40), (3, 20)]));
	}

	proptest! {
		#[test]
		fn draw_should_make_up_all_that_is_drawable_and_no_more(
			balances in prop::collection::vec(1..100u64, 0..6),
			cu in 1..250u64,
		) {
			let lots = lots(&balances);
			let drawn = draw(&lots, cu);
			prop_assert_eq!(drawn.is_some(), cu <= drawable(&lots));
			for lot in drawn.iter().flatten() {
				prop_assert!(lot.cu > 0 && lot.cu <= balances[lot.class as usize]);
			}
			if let Some(drawn) = drawn {
				prop_assert_eq!(drawn.iter().map(|lot| lot.cu).sum::<u64>(), cu);
			}
		}
	}
}
