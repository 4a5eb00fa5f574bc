//! Slots bound to bookings: taken for jobs, returned, lost, replaced.

use frame_support::defensive;
use one_primitives::{
	capacity::{BookingId, Bookings as BoundSlots},
	clock::Clock,
	jobs::Lane,
	low_bits,
	models::{ModelId, ModelTerms, Models, MACS_PER_CU},
	workers::{SlotUse, Workers},
	Cu,
};
use polkadot_sdk::*;
use sp_runtime::traits::SaturatedConversion;

use crate::{bookings::BookingRecord, Bookings, BoundSlot, Config, Event, Pallet};

impl<T: Config> Pallet<T> {
	/// Binds a free slot to `booking`; returns the CU that it serves in a minute.
	pub(crate) fn bind(
		id: BookingId,
		booking: &mut BookingRecord<T>,
		terms: &ModelTerms,
		random: u64,
	) -> Option<Cu> {
		let worker =
			T::Workers::take_slot(&booking.model, &booking.sponsor, Lane::Dedicated, random)?;
		let rate = Self::rate(&worker, &booking.model, terms);
		let slot = BoundSlot {
			worker: worker.clone(),
			rate,
			busy: false,
			since: T::Clock::protocol(),
			idle: 0,
		};
		if booking.slots.try_push(slot).is_err() {
			T::Workers::return_slot(&worker, &booking.model, SlotUse::Unused);
			return None;
		}
		let booking = id;
		Self::deposit_event(Event::SlotBound { booking, worker });
		Some(rate)
	}

	/// CU that a slot of `worker` serves in a minute, as far as it is proven: what it has shown,
	/// and no more than every worker is counted on for, as receipts prove nothing beyond that.
	pub(crate) fn rate(worker: &T::AccountId, model: &ModelId, terms: &ModelTerms) -> Cu {
		let tokens = u128::from(T::Workers::expected_rate()).saturating_mul(60);
		let macs = tokens.saturating_mul(terms.cost.linear.into());
		Self::as_shown((macs / MACS_PER_CU).saturated_into(), worker, model)
	}

	/// CU that a bound slot has shown to deliver in a minute; what it was bound for and did not show
	/// is not paid for.
	pub(crate) fn delivered(slot: &BoundSlot<T::AccountId>, model: &ModelId) -> Cu {
		Self::as_shown(slot.rate, &slot.worker, model)
	}

	/// `rate`, or what `worker` has shown if that is less.
	fn as_shown(rate: Cu, worker: &T::AccountId, model: &ModelId) -> Cu {
		T::Workers::shown_rate(worker, model).map_or(rate, |shown| rate.min(shown))
	}

	/// Takes the idle slots off a booking whose workers are not there.
	pub(crate) fn drop_absent(id: BookingId, booking: &mut BookingRecord<T>) {
		let mut at = 0;
		while let Some(slot) = booking.slots.get(at) {
			if slot.busy || T::Workers::is_ready(&slot.worker, &booking.model) {
				at = at.saturating_add(1);
			} else {
				Self::lose_slot(id, booking, at, SlotUse::Unused);
			}
		}
	}

	/// Binds free slots in place of those that were lost, as far as there are any.
	pub(crate) fn replace_lost(id: BookingId, booking: &mut BookingRecord<T>) {
		let mut random = Self::seed(id, booking);
		while Self::replace_slot(id, booking, random).is_some() {
			random = Self::seed(id, booking);
		}
	}

	/// A number for the next slot of a booking, from the parent block: for fairness only.
	pub(crate) fn seed(id: BookingId, booking: &BookingRecord<T>) -> u64 {
		let parent = frame_system::Pallet::<T>::parent_hash();
		low_bits(&(parent, id, booking.slots.len() as u32))
	}

	/// The place of a slot in place of one that was lost, if one is free.
	fn replace_slot(id: BookingId, booking: &mut BookingRecord<T>, random: u64) -> Option<usize> {
		let at = booking.slots.len();
		if at >= booking.wanted as usize {
			return None;
		}
		let terms = T::Models::terms(&booking.model)?;
		Self::bind(id, booking, &terms, random).map(|_| at)
	}

	fn lose_slot(id: BookingId, booking: &mut BookingRecord<T>, at: usize, slot_use: SlotUse) {
		let worker = booking.slots.remove(at).worker;
		T::Workers::return_slot(&worker, &booking.model, slot_use);
		let booking = id;
		Self::deposit_event(Event::SlotLost { booking, worker });
	}
}

impl<T: Config> BoundSlots<T::AccountId> for Pallet<T> {
	fn take_slot(id: BookingId, random: u64) -> Option<T::AccountId> {
		let mut booking = Bookings::<T>::get(id)?;
		Self::drop_absent(id, &mut booking);
		let idle = booking.slots.iter().position(|slot| !slot.busy);
		let at = idle.or_else(|| Self::replace_slot(id, &mut booking, random));
		let (now, ends) = (T::Clock::protocol(), booking.ends);
		let taken = at.and_then(|at| booking.slots.get_mut(at)).map(|slot| {
			slot.turn(true, now, ends);
			slot.worker.clone()
		});
		Bookings::<T>::insert(id, booking);
		taken
	}

	fn return_slot(id: BookingId, worker: &T::AccountId, slot_use: SlotUse) {
		let Some(mut booking) = Bookings::<T>::get(id) else {
			defensive!("a booking is there while one of its slots has a job");
			return;
		};
		let is_theirs = |slot: &BoundSlot<T::AccountId>| slot.busy && slot.worker == *worker;
		let Some(at) = booking.slots.iter().position(is_theirs) else {
			defensive!("a slot with a job stays bound");
			return;
		};
		if matches!(slot_use, SlotUse::Late | SlotUse::Failed) {
			Self::lose_slot(id, &mut booking, at, slot_use);
		} else {
			T::Workers::keep_slot(worker, &booking.model, slot_use);
			let (now, ends) = (T::Clock::protocol(), booking.ends);
			let slot = booking.slots.get_mut(at);
			slot.into_iter()
				.for_each(|slot| slot.turn(false, now, ends));
		}
		Bookings::<T>::insert(id, booking);
	}
}
