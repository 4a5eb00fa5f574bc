//! Bookings: throughput that a sponsor reserves for a while, from the first bound slot to the last
//! that is paid.

use alloc::vec::Vec;

use frame_support::{
	defensive, ensure,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use one_primitives::{
	capacity::BookingId,
	clock::Clock,
	models::{ModelId, ModelTerms, Models},
	settlement::{Earnings, Inflow, PaidReceipt},
	workers::{SlotUse, Workers},
	Cu, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{traits::SaturatedConversion, DispatchError, DispatchResult, Permill};

use crate::{
	draw::draw,
	types::{sum, Lots},
	Booking, BookingOf, Bookings, BoundSlot, BoundSlots, Config, Ends, Error, Event, NextBooking,
	Pallet, Reservation, WeightInfo, MAX_BOUND, MIN_PERIOD,
};

/// Bookings that a block closes at the most: each frees and pays up to [`MAX_BOUND`] slots, and what
/// ends together must not take the block from the jobs.
pub const MAX_CLOSED: usize = 4;

/// Milliseconds of a minute.
const MINUTE: ProtocolTime = 60_000;

pub(crate) type BookingRecord<T> = Booking<<T as frame_system::Config>::AccountId>;

impl<T: Config> Pallet<T> {
	/// Books throughput; returns whether the sponsor's last booking had to be closed for that.
	pub(crate) fn do_book(
		sponsor: T::AccountId,
		model: ModelId,
		cu_per_minute: Cu,
		period: ProtocolTime,
		max_standby: Cu,
	) -> Result<bool, DispatchError> {
		ensure!(cu_per_minute > 0, Error::<T>::ZeroAmount);
		let periods = MIN_PERIOD..=T::MaxBookingPeriod::get();
		ensure!(periods.contains(&period), Error::<T>::PeriodOutOfBounds);
		let has_closed = Self::close_last(&sponsor, &model)?;
		let is_active = |terms: &ModelTerms| terms.canary.is_none();
		let terms = T::Models::terms(&model).filter(is_active);
		let terms = terms.ok_or(Error::<T>::UnknownModel)?;
		let ends = T::Clock::protocol().saturating_add(period);
		let mut booking = Booking {
			sponsor,
			model,
			cu_per_minute,
			ends,
			standby: T::StandbyShare::get(),
			lots: Default::default(),
			wanted: 0,
			slots: Default::default(),
			open: 0,
		};
		let id = Self::number(ends)?;
		Self::bind_all(id, &mut booking, &terms)?;
		Self::set_standby_aside(&mut booking, period, max_standby)?;
		Self::open_booking(id, booking);
		Ok(has_closed)
	}

	/// Closes the sponsor's booking for `model` if it is over and the hook has not come to it yet.
	fn close_last(sponsor: &T::AccountId, model: &ModelId) -> Result<bool, Error<T>> {
		let Some(id) = BookingOf::<T>::get(sponsor, model) else {
			return Ok(false);
		};
		let last = Bookings::<T>::get(id).filter(Self::is_over);
		Self::close_booking(id, last.ok_or(Error::<T>::AlreadyReserved)?);
		Ok(true)
	}

	/// Weight of reserving throughput, and of closing the last booking.
	pub(crate) fn weight_of_booking(closes: bool) -> Weight {
		let book = T::WeightInfo::reserve_throughput();
		match closes {
			true => book.saturating_add(T::WeightInfo::end_booking()),
			false => book,
		}
	}

	/// Whether a booking has ended and nothing is left to do for it but to pay.
	fn is_over(booking: &BookingRecord<T>) -> bool {
		booking.ends <= T::Clock::protocol() && booking.is_done()
	}

	fn number(ends: ProtocolTime) -> Result<BookingId, Error<T>> {
		let id = NextBooking::<T>::get();
		let next = id.checked_add(1).ok_or(Error::<T>::TooManyBookings)?;
		Ends::<T>::try_append((id, ends)).map_err(|()| Error::<T>::TooManyBookings)?;
		NextBooking::<T>::put(next);
		Ok(id)
	}

	/// Binds slots until they serve the rate, and the spare ones.
	fn bind_all(
		id: BookingId,
		booking: &mut BookingRecord<T>,
		terms: &ModelTerms,
	) -> Result<(), Error<T>> {
		let spare = T::SpareShare::get().mul_ceil(booking.cu_per_minute);
		let target = booking.cu_per_minute.saturating_add(spare);
		let most = Self::bookable(&booking.model);
		let mut bound: Cu = 0;
		while bound < target {
			let has_room = booking.slots.len() < most as usize;
			ensure!(has_room, Error::<T>::ThroughputUnavailable);
			let random = Self::seed(id, booking);
			let rate =
				Self::bind(id, booking, terms, random).ok_or(Error::<T>::ThroughputUnavailable)?;
			bound = bound.saturating_add(rate);
		}
		booking.wanted = booking.slots.len().saturated_into();
		Ok(())
	}

	/// Slots of `model` that another booking may bind.
	fn bookable(model: &ModelId) -> u32 {
		let most = T::BookableShare::get().mul_floor(T::Workers::proven_slots(model));
		let reserved = BoundSlots::<T>::get(model).saturating_sub(Self::ended(model));
		most.saturating_sub(reserved).min(MAX_BOUND)
	}

	/// Slots of `model` that are still bound to bookings that are over: they wait to be closed, and
	/// keep nobody from reserving.
	fn ended(model: &ModelId) -> u32 {
		let now = T::Clock::protocol();
		let ended = Ends::<T>::get()
			.into_iter()
			.filter(|(_, ends)| *ends <= now);
		ended
			.filter_map(|(id, _)| Bookings::<T>::get(id))
			.filter(|booking| booking.model == *model && booking.is_done())
			.fold(0, |sum, booking| sum.saturating_add(booking.wanted))
	}

	/// Sets aside what the slots cost if they are idle all the time.
	fn set_standby_aside(
		booking: &mut BookingRecord<T>,
		period: ProtocolTime,
		most: Cu,
	) -> DispatchResult {
		let standby = booking.slots.iter().fold(0, |sum: Cu, slot| {
			sum.saturating_add(standby(slot.rate, period, booking.standby))
		});
		ensure!(standby <= most, Error::<T>::CostAboveLimit);
		if standby > 0 {
			let vouchers = Self::vouchers(&booking.sponsor);
			booking.lots = draw(&vouchers, standby).ok_or(Error::<T>::NoVouchers)?;
			Self::set_aside(&booking.sponsor, &booking.lots)?;
		}
		Ok(())
	}

	fn open_booking(id: BookingId, booking: BookingRecord<T>) {
		let Booking {
			sponsor,
			model,
			cu_per_minute,
			ends,
			..
		} = booking.clone();
		let standby = sum(&booking.lots);
		BookingOf::<T>::insert(&sponsor, model, id);
		BoundSlots::<T>::mutate(model, |bound| *bound = bound.saturating_add(booking.wanted));
		Bookings::<T>::insert(id, booking);
		Self::deposit_event(Event::ThroughputReserved {
			sponsor,
			booking: id,
			model,
			cu_per_minute,
			ends,
			standby,
		});
	}

	/// The booking that takes another job of `payer` for `model`.
	pub(crate) fn covering(
		payer: &T::AccountId,
		model: &ModelId,
	) -> Option<(BookingId, BookingRecord<T>)> {
		let id = BookingOf::<T>::get(payer, model)?;
		let now = T::Clock::protocol();
		let is_open = |booking: &BookingRecord<T>| now < booking.ends && booking.has_room();
		Some((id, Bookings::<T>::get(id).filter(is_open)?))
	}

	/// Puts a job of `payer` for `model` under its booking, if that takes more.
	pub(crate) fn enter_booking(payer: &T::AccountId, model: &ModelId) -> Option<BookingId> {
		let (id, mut booking) = Self::covering(payer, model)?;
		booking.open = booking.open.saturating_add(1);
		Bookings::<T>::insert(id, booking);
		Some(id)
	}

	/// The job of `reservation` is done.
	pub(crate) fn leave_booking(reservation: &Reservation<T::AccountId>) {
		if let Some(id) = reservation.booking {
			Bookings::<T>::mutate_extant(id, |booking| {
				booking.open = booking.open.saturating_sub(1);
			});
		}
	}

	pub(crate) fn do_end(sponsor: T::AccountId, id: BookingId) -> DispatchResult {
		let ends = T::Clock::protocol().saturating_add(MIN_PERIOD);
		let mut booking = Bookings::<T>::get(id)
			.filter(|booking| booking.sponsor == sponsor && ends < booking.ends)
			.ok_or(Error::<T>::UnknownBooking)?;
		booking.ends = ends;
		Bookings::<T>::insert(id, booking);
		Ends::<T>::mutate(|bookings| {
			for entry in bookings.iter_mut().filter(|entry| entry.0 == id) {
				entry.1 = ends;
			}
		});
		Ok(())
	}

	/// Closes bookings that are over and have no job left, as many as a block may, and tends one of
	/// those under way.
	pub(crate) fn serve_bookings(meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::read_booking()).is_err() {
			return;
		}
		let now = T::Clock::protocol();
		let bookings = Ends::<T>::get().into_iter();
		let (mut over, under_way): (Vec<_>, Vec<_>) = bookings.partition(|(_, ends)| *ends <= now);
		// The first to end is the first to be closed: none waits for those that came after it.
		over.sort_unstable_by_key(|(id, ends)| (*ends, *id));
		over.into_iter()
			.filter(|(id, _)| Self::end_booking(*id, meter))
			.take(MAX_CLOSED)
			.for_each(drop);
		let block: usize = frame_system::Pallet::<T>::block_number().saturated_into();
		let turn = block.checked_rem(under_way.len());
		if let Some((id, _)) = turn.and_then(|turn| under_way.get(turn)) {
			Self::tend_booking(*id, meter);
		}
	}

	/// Closes a booking that is over, if it has no job left; whether it did.
	pub(crate) fn end_booking(id: BookingId, meter: &mut WeightMeter) -> bool {
		if meter.try_consume(T::WeightInfo::read_booking()).is_err() {
			return false;
		}
		let Some(booking) = Bookings::<T>::get(id).filter(Booking::is_done) else {
			return false;
		};
		let has_weight = meter.try_consume(T::WeightInfo::end_booking()).is_ok();
		if has_weight {
			Self::close_booking(id, booking);
		}
		has_weight
	}

	/// Takes the slots off a booking whose workers are not there, and binds others in their place.
	pub(crate) fn tend_booking(id: BookingId, meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::tend_booking()).is_err() {
			return;
		}
		Bookings::<T>::mutate_extant(id, |booking| {
			Self::drop_absent(id, booking);
			Self::replace_lost(id, booking);
		});
	}

	/// Pays the slots of a booking, frees them, and gives the rest back.
	fn close_booking(id: BookingId, mut booking: BookingRecord<T>) {
		let slots = core::mem::take(&mut booking.slots);
		for slot in &slots {
			Self::close_slot(id, &mut booking, slot);
		}
		Bookings::<T>::remove(id);
		BookingOf::<T>::remove(&booking.sponsor, booking.model);
		Ends::<T>::mutate(|bookings| bookings.retain(|(other, _)| *other != id));
		BoundSlots::<T>::mutate_exists(booking.model, |bound| {
			let left = bound.unwrap_or_default().saturating_sub(booking.wanted);
			*bound = (left > 0).then_some(left);
		});
		if Self::give_back(&booking.sponsor, &booking.lots).is_err() {
			defensive!("what is in escrow for a booking can be given back");
		}
		Self::deposit_event(Event::ThroughputReleased {
			cu: sum(&booking.lots),
			sponsor: booking.sponsor,
			booking: id,
		});
	}

	/// Frees a slot; its worker is paid for the time it was idle if it is there now.
	fn close_slot(id: BookingId, booking: &mut BookingRecord<T>, slot: &BoundSlot<T::AccountId>) {
		let worker = slot.worker.clone();
		let is_ready = T::Workers::is_ready(&worker, &booking.model);
		T::Workers::return_slot(&worker, &booking.model, SlotUse::Unused);
		if !is_ready {
			return Self::deposit_event(Event::SlotLost {
				booking: id,
				worker,
			});
		}
		let idle = slot.idle_until(booking.ends);
		let rate = Self::delivered(slot, &booking.model);
		let cu = standby(rate, idle, booking.standby).min(sum(&booking.lots));
		match with_storage_layer(|| Self::pay_standby(id, booking, &worker, cu)) {
			Ok((lots, amount)) => {
				booking.lots = lots;
				Self::deposit_event(Event::StandbyPaid {
					booking: id,
					worker,
					cu,
					amount,
				});
			}
			Err(error) => Self::deposit_event(Event::StandbyUnpaid {
				booking: id,
				worker,
				error,
			}),
		}
	}

	/// Burns `cu` of the booking's vouchers for `worker`; returns those left, and what it earned.
	fn pay_standby(
		id: BookingId,
		booking: &BookingRecord<T>,
		worker: &T::AccountId,
		cu: Cu,
	) -> Result<(Lots, Usdc), DispatchError> {
		let mut lots = booking.lots.clone();
		let amount = Self::burn(&mut lots, cu, |escrow, worth, rest| {
			T::Ledger::earn(escrow, worker, worth, rest)
		})?;
		T::Ledger::mature(worker, PaidReceipt::of_standby(id, cu, amount))?;
		Ok((lots, amount))
	}
}

/// CU that a slot of `rate` a minute is paid for being idle for `time`, at `share` of its rate.
fn standby(rate: Cu, time: ProtocolTime, share: Permill) -> Cu {
	let full = u128::from(rate).saturating_mul(time.into()) / u128::from(MINUTE);
	share.mul_floor(full).saturated_into()
}
