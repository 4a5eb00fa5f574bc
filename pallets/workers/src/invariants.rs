//! The invariants numbered in the README.
#![cfg(any(feature = "try-runtime", feature = "std"))]

extern crate alloc;

use alloc::collections::BTreeMap;

use codec::Encode;
use polkadot_sdk::{
	frame_support::{ensure, traits::fungible::InspectHold},
	sp_runtime::TryRuntimeError,
};

use crate::{
	types::{Seat, WorkerState, MAX_SLOTS},
	Config, FreeSlots, HoldReason, Keys, Pallet, Seats, Tokens, Workers,
};

impl<T: Config> Pallet<T> {
	/// Checks the invariants numbered in the README.
	///
	/// # Errors
	/// Naming the first invariant that does not hold.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::try_workers()?;
		Self::try_tokens()?;
		Self::try_seats()
	}

	fn try_workers() -> Result<(), TryRuntimeError> {
		let mut workers = 0;
		for (who, record) in Workers::<T>::iter() {
			workers += 1;
			let held = T::Currency::balance_on_hold(&HoldReason::Bond.into(), &who);
			ensure!(held == record.bond, "1: a bond is not what is held");
			ensure!(
				Keys::<T>::get(&record.key) == Some(who.clone()),
				"2: a key is not its worker's"
			);
			let used: u32 = Seats::<T>::iter_prefix_values(&who)
				.map(|seat| u32::from(seat.used))
				.sum();
			ensure!(
				used == u32::from(record.used),
				"3: slots in use are miscounted"
			);
			if let WorkerState::Left { .. } = record.state {
				ensure!(record.used == 0, "4: a worker that left has jobs");
			}
		}
		ensure!(
			Keys::<T>::iter().count() == workers,
			"2: a key without a worker"
		);
		Ok(())
	}

	fn try_tokens() -> Result<(), TryRuntimeError> {
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

	fn try_seats() -> Result<(), TryRuntimeError> {
		for (who, model, seat) in Seats::<T>::iter() {
			let Seat {
				earned,
				used,
				listed,
			} = seat;
			ensure!(!seat.is_empty(), "7: an empty seat is kept");
			ensure!(
				earned.max(used).max(listed) <= MAX_SLOTS,
				"8: more slots than a worker has"
			);
			let offered = Workers::<T>::get(who).is_some_and(|record| {
				!matches!(record.state, WorkerState::Left { .. })
					&& record.offer.models.contains(&model)
					&& earned <= record.offer.slots
			});
			ensure!(
				offered == (earned > 0),
				"9: a seat is open that is not offered, or closed"
			);
		}
		Ok(())
	}
}
