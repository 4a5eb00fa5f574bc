//! Queues: a doubly linked list per line and lane, so that joining, leaving from the middle and
//! taking the head cost the same.

use one_primitives::jobs::{JobId, Lane};
use polkadot_sdk::{
	frame_support::defensive,
	sp_runtime::{DispatchResult, Permill},
};

use crate::{types::*, Config, Error, Links, Pallet, Queues, Waiting};

/// End of a queue at which a job joins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
	/// Matched next.
	Front,
	/// Matched last.
	Back,
}

impl End {
	/// A job whose attempt came to nothing has waited already.
	pub(crate) fn of_attempt(attempts: u8) -> Self {
		if attempts > 0 {
			Self::Front
		} else {
			Self::Back
		}
	}
}

impl LineQueues {
	/// The queue of `lane`.
	pub fn lane(&self, lane: Lane) -> &Queue {
		match lane {
			Lane::Included => &self.included,
			Lane::Dedicated => &self.dedicated,
		}
	}

	fn lane_mut(&mut self, lane: Lane) -> &mut Queue {
		match lane {
			Lane::Included => &mut self.included,
			Lane::Dedicated => &mut self.dedicated,
		}
	}

	/// No job waits.
	pub fn is_empty(&self) -> bool {
		self.included.len == 0 && self.dedicated.len == 0
	}

	/// The lanes in the order of the next match: Dedicated first, but at least the share `floor`
	/// of the matches that Included waits for is its own.
	pub fn order(&self, floor: Permill) -> [Lane; 2] {
		if self.owes(floor) {
			[Lane::Included, Lane::Dedicated]
		} else {
			[Lane::Dedicated, Lane::Included]
		}
	}

	/// Accounts for a match of `lane`, made while Included waits.
	fn note_match(&mut self, lane: Lane, floor: Permill) {
		let owed = self.owed.deconstruct().saturating_add(floor.deconstruct());
		self.owed = match lane {
			Lane::Dedicated => Permill::from_parts(owed),
			Lane::Included => {
				Permill::from_parts(owed.saturating_sub(Permill::one().deconstruct()))
			}
		};
	}

	fn owes(&self, floor: Permill) -> bool {
		let owed = self.owed.deconstruct().saturating_add(floor.deconstruct());
		owed >= Permill::one().deconstruct()
	}
}

impl<T: Config> Pallet<T> {
	/// Puts a job at one end of its queue.
	pub(crate) fn enqueue(line: &Line, lane: Lane, id: JobId, end: End) -> DispatchResult {
		let mut queues = Queues::<T>::get(line);
		if queues.is_empty() {
			Waiting::<T>::try_append(*line).map_err(|()| Error::<T>::TooManyLines)?;
		}
		let queue = queues.lane_mut(lane);
		let link = match end {
			End::Front => Link {
				prev: None,
				next: queue.head.replace(id),
			},
			End::Back => Link {
				prev: queue.tail.replace(id),
				next: None,
			},
		};
		queue.head = queue.head.or(Some(id));
		queue.tail = queue.tail.or(Some(id));
		queue.len = queue.len.saturating_add(1);
		Self::relink(link, Some(id), Some(id));
		Links::<T>::insert(id, link);
		Queues::<T>::insert(line, queues);
		Ok(())
	}

	/// Takes a job out of its queue, wherever it stands.
	pub(crate) fn dequeue(line: &Line, lane: Lane, id: JobId) {
		let Some(link) = Links::<T>::take(id) else {
			defensive!("a queued job has links");
			return;
		};
		Self::relink(link, link.next, link.prev);
		let mut queues = Queues::<T>::get(line);
		let queue = queues.lane_mut(lane);
		if link.prev.is_none() {
			queue.head = link.next;
		}
		if link.next.is_none() {
			queue.tail = link.prev;
		}
		queue.len = queue.len.saturating_sub(1);
		Self::put_queues(line, queues);
	}

	/// Remembers which lane is about to be matched while Included waits.
	pub(crate) fn note_match(line: &Line, lane: Lane, floor: Permill) {
		let mut queues = Queues::<T>::get(line);
		if queues.included.len > 0 {
			queues.note_match(lane, floor);
			Queues::<T>::insert(line, queues);
		}
	}

	/// Points the neighbours named by `link` to `after` and `before` what stands between them.
	fn relink(link: Link, after: Option<JobId>, before: Option<JobId>) {
		if let Some(prev) = link.prev {
			Links::<T>::mutate_extant(prev, |neighbour| neighbour.next = after);
		}
		if let Some(next) = link.next {
			Links::<T>::mutate_extant(next, |neighbour| neighbour.prev = before);
		}
	}

	fn put_queues(line: &Line, mut queues: LineQueues) {
		if queues.included.len == 0 {
			// What a lane that need not wait was owed it has had; else it would go before one that
			// comes later, and a Dedicated job would wait longer than an Included one. That Dedicated
			// need not wait changes nothing: its jobs may come one by one, and take every slot.
			queues.owed = Permill::zero();
		}
		if !queues.is_empty() {
			Queues::<T>::insert(line, queues);
			return;
		}
		Queues::<T>::remove(line);
		Waiting::<T>::mutate(|waiting| waiting.retain(|other| other != line));
	}
}
