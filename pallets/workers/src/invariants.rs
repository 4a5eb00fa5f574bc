//! The invariants numbered in the README.
#![cfg(any(feature = "try-runtime", feature = "std"))]

extern crate alloc;

use alloc::collections::{BTreeMap, BTreeSet};

use codec::Encode;
use polkadot_sdk::{
	frame_support::{ensure, traits::fungible::InspectHold},
	sp_runtime::{
		traits::{Saturating, Zero},
		TryRuntimeError,
	},
};

use crate::{
	ladder::MAX_OFFENCES,
	types::{Seat, WorkerState, MAX_SLOTS},
	BalanceOf, Config, EarnedSlots, Excluded, FreeSlots, HoldReason, Keys, Ladders, Numbers,
	Operators, Pallet, RecordOf, Seats, Slashes, Tokens, Workers,
};

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
	/// Checks the invariants numbered in the README.
	///
	/// # Errors
	/// Naming the first invariant that does not hold.
	pub fn do_try_state() -> Checked {
		let mut workers = 0;
		for (who, record) in Workers::<T>::iter() {
			workers += 1;
			Self::check_worker(&who, &record)?;
		}
		ensure!(
			Keys::<T>::iter().count() == workers,
			"2: a key without a worker"
		);
		Self::check_tokens()?;
		Self::check_seats()?;
		Self::check_slashes()?;
		Self::check_ladders()?;
		Self::check_exclusions()
	}

	fn check_worker(who: &T::AccountId, record: &RecordOf<T>) -> Checked {
		let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), who);
		ensure!(
			held(HoldReason::Bond) == record.bond.held,
			"1: a bond is not what is held"
		);
		ensure!(
			held(HoldReason::Slashed) == record.bond.slashed,
			"1: what was taken is not on hold"
		);
		ensure!(
			Keys::<T>::get(&record.key).as_ref() == Some(who),
			"2: a key is not its worker's"
		);
		let seats = Seats::<T>::iter_prefix_values(who);
		let used: u32 = seats.map(|seat| u32::from(seat.used)).sum();
		ensure!(
			used == u32::from(record.used),
			"3: slots in use are miscounted"
		);
		Self::check_state(record)
	}

	fn check_state(record: &RecordOf<T>) -> Checked {
		let has_left = record.state == WorkerState::Left;
		ensure!(
			!has_left || record.used == 0,
			"4: a worker that left has jobs"
		);
		ensure!(
			!has_left || record.bond.required.is_zero(),
			"4: a worker that left needs a bond"
		);
		ensure!(
			!record.state.takes_jobs() || record.state == record.standing(),
			"10: a worker on probation counts as proven, or the other way round"
		);
		Ok(())
	}

	fn check_tokens() -> Checked {
		let mut listed = BTreeMap::<_, u32>::new();
		for (model, index, who) in Tokens::<T>::iter() {
			ensure!(
				index < FreeSlots::<T>::get(model),
				"5: a token beyond the end of its list"
			);
			*listed.entry((who.encode(), model)).or_default() += 1;
		}
		let tokens: u32 = listed.values().sum();
		ensure!(
			tokens == FreeSlots::<T>::iter_values().sum::<u32>(),
			"5: a list has a hole"
		);
		let seats: BTreeMap<_, u32> = Seats::<T>::iter()
			.filter(|(_, _, seat)| seat.listed > 0)
			.map(|(who, model, seat)| ((who.encode(), model), u32::from(seat.listed)))
			.collect();
		ensure!(
			listed == seats,
			"6: a seat lists other tokens than there are"
		);
		Ok(())
	}

	fn check_seats() -> Checked {
		let (mut sums, mut operators) = (BTreeMap::<_, u32>::new(), BTreeMap::<_, u32>::new());
		for (who, model, seat) in Seats::<T>::iter() {
			let Seat {
				earned,
				used,
				listed,
				counts,
				..
			} = seat;
			ensure!(!seat.is_empty(), "7: an empty seat is kept");
			ensure!(
				earned.max(used).max(listed) <= MAX_SLOTS,
				"8: more slots than a worker has"
			);
			let record = Workers::<T>::get(who);
			let takes_jobs = record
				.as_ref()
				.is_some_and(|record| record.state.takes_jobs() && record.pulse.is_some());
			ensure!(
				takes_jobs && earned > 0 || !counts,
				"11: a worker counts that takes no jobs"
			);
			let offered = record.is_some_and(|record| {
				record.state != WorkerState::Left
					&& record.offer.models.contains(&model)
					&& earned <= record.offer.slots
					&& (earned <= 1 || record.probation == 0)
			});
			ensure!(
				offered == (earned > 0),
				"9: a seat is open that is not offered, or closed"
			);
			*sums.entry(model).or_default() += seat.counted();
			*operators.entry(model).or_default() += u32::from(seat.counted() > 0);
		}
		for (model, earned) in EarnedSlots::<T>::iter() {
			let sum = sums.remove(&model).unwrap_or_default();
			ensure!(earned == sum, "11: slots earned are miscounted");
			let counted = Operators::<T>::get(model);
			let operators = operators.remove(&model).unwrap_or_default();
			ensure!(counted == operators, "11: operators are miscounted");
		}
		ensure!(
			sums.values().all(|sum| *sum == 0),
			"11: slots earned are not counted"
		);
		Ok(())
	}

	fn check_slashes() -> Checked {
		let numbers = Numbers::<T>::get();
		let mut sums = BTreeMap::<_, (u32, BalanceOf<T>)>::new();
		for (id, slash) in Slashes::<T>::iter() {
			ensure!(
				(numbers.oldest..numbers.next).contains(&id),
				"12: a slash waits outside of the queue"
			);
			ensure!(!slash.amount.is_zero(), "12: a slash of nothing waits");
			let (count, sum) = sums.entry(slash.who.encode()).or_default();
			*count += 1;
			*sum = sum.saturating_add(slash.amount);
		}
		for (who, record) in Workers::<T>::iter() {
			let (count, sum) = sums.remove(&who.encode()).unwrap_or_default();
			ensure!(
				record.bond.slashed == sum,
				"12: slashes are not what was taken"
			);
			ensure!(count <= MAX_OFFENCES, "12: too many slashes wait");
		}
		ensure!(sums.is_empty(), "12: a slash of nobody waits");
		Ok(())
	}

	fn check_ladders() -> Checked {
		for (who, ladder) in Ladders::<T>::iter() {
			ensure!(
				Workers::<T>::contains_key(who) && !ladder.is_empty(),
				"13: a ladder of nobody, or of nothing"
			);
			let ids: BTreeSet<_> = ladder.offences().iter().map(|record| record.id).collect();
			ensure!(
				ids.len() == ladder.offences().len(),
				"13: an offence counts twice"
			);
			ensure!(
				ids.iter().all(|id| *id < Numbers::<T>::get().next),
				"13: an offence has no number"
			);
		}
		Ok(())
	}

	fn check_exclusions() -> Checked {
		for exclusions in Excluded::<T>::iter_values() {
			ensure!(!exclusions.is_empty(), "14: an empty list is kept");
			let named = exclusions
				.iter()
				.map(|entry| (entry.worker.encode(), entry.model));
			ensure!(
				named.collect::<BTreeSet<_>>().len() == exclusions.len(),
				"14: a worker is excluded twice"
			);
		}
		Ok(())
	}
}
