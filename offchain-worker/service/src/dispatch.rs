//! Which device answers which order.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use one_engine::ARITHMETIC_ID;
use one_mailbox::{Completion, Order, OrderId, Outcome, MAX_ORDERS};
use polkadot_sdk::sp_core::offchain::OffchainStorage;

use crate::{DeviceSummary, Mailbox, LOG_TARGET};

/// Lays every order of the mailbox on the desk of one device.
#[derive(Clone)]
pub struct Dispatch<S> {
	state: Arc<Mutex<State<S>>>,
}

struct State<S> {
	mailbox: Mailbox<S>,
	models: Vec<[u8; 32]>,
	seats: Vec<Seat>,
}

struct Seat {
	device: String,
	works: bool,
	orders: Vec<Arc<Order>>,
	answered: u64,
}

/// Where the orders of one device lie; its end, and be it a panic, closes it.
pub struct Desk<S: OffchainStorage> {
	dispatch: Dispatch<S>,
	seat: usize,
}

impl<S: OffchainStorage> Dispatch<S> {
	/// Tells the runtime's hook that `devices` serve `models`; returns a desk for each device.
	pub fn open(
		mailbox: Mailbox<S>,
		models: Vec<[u8; 32]>,
		devices: Vec<String>,
	) -> (Self, Vec<Desk<S>>) {
		let seat = |device| Seat {
			device,
			works: true,
			orders: Vec::new(),
			answered: 0,
		};
		let mut state = State {
			mailbox,
			models,
			seats: devices.into_iter().map(seat).collect(),
		};
		state.announce();
		let seats = 0..state.seats.len();
		let state = Arc::new(Mutex::new(state));
		let dispatch = Self { state };
		let desk = |seat| Desk {
			dispatch: dispatch.clone(),
			seat,
		};
		(dispatch.clone(), seats.map(desk).collect())
	}

	/// All devices, and what they are at.
	pub fn devices(&self) -> Vec<DeviceSummary> {
		let summary = |seat: &Seat| DeviceSummary {
			name: seat.device.clone(),
			works: seat.works,
			orders: seat.orders.len(),
			answered: seat.answered,
		};
		self.state().seats.iter().map(summary).collect()
	}

	fn state(&self) -> MutexGuard<'_, State<S>> {
		// What a panic leaves behind is put right by the next look into the mailbox.
		self.state.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl<S: OffchainStorage> Desk<S> {
	/// The orders that this device is to answer.
	pub fn orders(&self) -> Vec<Arc<Order>> {
		let mut state = self.dispatch.state();
		state.refresh();
		state.seats[self.seat].orders.clone()
	}

	/// Hands in what came of an order.
	pub fn complete(&self, completion: &Completion) {
		let mut state = self.dispatch.state();
		state.mailbox.complete(completion);
		state.seats[self.seat].answered += u64::from(completion.outcome == Outcome::Served);
	}

	/// The device does not work: others get its orders but those it keeps, and no new ones come while
	/// another works. When none does, the hook is told that this node serves no more.
	pub fn close(&self, keeps: impl Fn(&OrderId) -> bool) {
		let mut state = self.dispatch.state();
		let seat = &mut state.seats[self.seat];
		seat.works = false;
		seat.orders.retain(|order| keeps(&order.id));
		log::info!(target: LOG_TARGET, "{} takes no orders", seat.device);
		state.announce();
	}

	/// The device works again.
	pub fn reopen(&self) {
		let mut state = self.dispatch.state();
		let seat = &mut state.seats[self.seat];
		seat.works = true;
		log::info!(target: LOG_TARGET, "{} takes orders again", seat.device);
		state.announce();
	}
}

impl<S: OffchainStorage> Drop for Desk<S> {
	fn drop(&mut self) {
		self.close(|_| false);
	}
}

impl<S: OffchainStorage> State<S> {
	fn announce(&mut self) {
		if self.seats.iter().any(|seat| seat.works) {
			self.mailbox
				.announce(vec![ARITHMETIC_ID], self.models.clone());
		} else {
			self.mailbox.withdraw();
		}
	}

	/// Takes back what is done or not wanted any more, and lays out what is new.
	fn refresh(&mut self) {
		let Self { mailbox, seats, .. } = self;
		for seat in &mut *seats {
			seat.orders.retain(|order| mailbox.is_pending(&order.id));
		}
		for _ in 0..MAX_ORDERS {
			let taken = |id: &OrderId| seats.iter().any(|seat| seat.has(id));
			let Some(order) = mailbox.next_order(taken) else {
				return;
			};
			if let Some(seat) = least_busy(seats) {
				seat.orders.push(Arc::new(order));
			}
		}
	}
}

impl Seat {
	fn has(&self, id: &OrderId) -> bool {
		self.orders.iter().any(|order| order.id == *id)
	}
}

/// The first with the fewest orders of those that work, or of all if none does: its worker declines
/// what was accepted before.
fn least_busy(seats: &mut [Seat]) -> Option<&mut Seat> {
	seats
		.iter_mut()
		.min_by_key(|seat| (!seat.works, seat.orders.len()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::{failed, Storage};

	fn desks(storage: &Storage, devices: usize) -> (Dispatch<Storage>, Vec<Desk<Storage>>) {
		let names = (0..devices).map(|i| format!("device {i}")).collect();
		Dispatch::open(Mailbox::new(storage.clone()), vec![[1; 32]], names)
	}

	fn jobs(desk: &Desk<Storage>) -> Vec<u64> {
		desk.orders().iter().map(|order| order.id.job).collect()
	}

	#[test]
	fn orders_should_go_to_the_least_busy_when_several_devices_work() {
		let storage = Storage::of(&[1, 2, 3]);
		let (dispatch, desks) = desks(&storage, 2);
		assert_eq!(jobs(&desks[1]), [2]);
		assert_eq!(jobs(&desks[0]), [1, 3]);
		desks[0].complete(&failed(1));
		desks[0].complete(&failed(3));
		storage.list(&[1, 2, 3, 4, 5]);
		assert_eq!((jobs(&desks[0]), jobs(&desks[1])), (vec![4, 5], vec![2]));
		let busy: Vec<usize> = dispatch.devices().iter().map(|d| d.orders).collect();
		assert_eq!(busy, [2, 1]);
	}

	#[test]
	fn orders_should_leave_the_desk_when_the_chain_wants_them_no_more() {
		let storage = Storage::of(&[1, 2]);
		let (_, desks) = desks(&storage, 1);
		assert_eq!(jobs(&desks[0]), [1, 2]);
		storage.list(&[2]);
		assert_eq!(jobs(&desks[0]), [2]);
	}

	#[test]
	fn orders_should_go_to_the_others_when_a_device_does_not_work() {
		let storage = Storage::of(&[1, 2, 3, 4]);
		let (dispatch, desks) = desks(&storage, 2);
		assert_eq!(jobs(&desks[1]), [2, 4]);
		desks[1].close(|id| id.job == 2);
		storage.list(&[1, 2, 3, 4, 5]);
		assert_eq!(jobs(&desks[1]), [2]);
		assert_eq!(jobs(&desks[0]), [1, 3, 4, 5]);
		desks[1].reopen();
		storage.list(&[1, 2, 3, 4, 5, 6]);
		assert_eq!(jobs(&desks[1]), [2, 6]);
		assert!(dispatch.devices().iter().all(|device| device.works));
	}

	#[test]
	fn orders_should_go_to_the_others_when_a_desk_is_dropped() {
		let storage = Storage::of(&[1, 2]);
		let (_, mut desks) = desks(&storage, 2);
		assert_eq!(jobs(&desks[1]), [2]);
		drop(desks.pop());
		assert_eq!(jobs(&desks[0]), [1, 2]);
		desks.clear();
		assert_eq!(storage.models(), None);
	}

	#[test]
	fn service_should_be_withdrawn_while_no_device_works() {
		let storage = Storage::of(&[]);
		let (_, desks) = desks(&storage, 2);
		desks[0].close(|_| true);
		assert_eq!(storage.models(), Some(vec![[1; 32]]));
		desks[1].close(|_| true);
		assert_eq!(storage.models(), None);
		storage.list(&[7]);
		assert_eq!((jobs(&desks[0]), jobs(&desks[1])), (vec![7], vec![]));
		desks[0].reopen();
		assert_eq!(storage.models(), Some(vec![[1; 32]]));
	}
}
