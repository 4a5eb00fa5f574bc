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

/// What of the lines is matched, one round after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
	/// What goes before the other lines too: Dedicated jobs, and Included ones that are owed a match.
	Urgent,
	/// The other Included jobs.
	Rest,
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

	/// Whether jobs wait, and all of them are Included.
	pub(crate) fn is_included_alone(&self) -> bool {
		self.dedicated.len == 0 && self.included.len > 0
	}

	/// The lanes that are matched in `round`, the first before the second. In the urgent one
	/// Included has at least the share `floor` of the matches that it waits for, and no more.
	pub(crate) fn lanes(&self, round: Round, floor: Permill) -> &'static [Lane] {
		match round {
			Round::Urgent if self.owes(floor) => &[Lane::Included, Lane::Dedicated],
			Round::Urgent => &[Lane::Dedicated],
			Round::Rest => &[Lane::Included],
		}
	}

	/// Accounts for a match of `lane`, made while Included waits.
	fn note_match(&mut self, lane: Lane, floor: Permill) {
		let after = |owed: Permill| owed.deconstruct().saturating_add(floor.deconstruct());
		let paid = |owed| after(owed).saturating_sub(Permill::one().deconstruct());
		match lane {
			Lane::Dedicated => self.owed = Permill::from_parts(after(self.owed)),
			Lane::Included => {
				self.owed = Permill::from_parts(paid(self.owed));
				self.passed = Permill::from_parts(paid(self.passed));
			}
		}
	}

	/// Accounts for what other lines had matched, of which `parts` in a million are owed to this.
	pub(crate) fn note_passed(&mut self, parts: u32) {
		let passed = self.passed.deconstruct().saturating_add(parts);
		self.passed = Permill::from_parts(passed);
	}

	/// Whether the next match is Included: by the account of its own line, or by that of the other
	/// lines where no Dedicated job waits in its own.
	fn owes(&self, floor: Permill) -> bool {
		let owed = match self.is_included_alone() {
			true => self.passed,
			false => self.owed,
		};
		owed.deconstruct().saturating_add(floor.deconstruct()) >= Permill::one().deconstruct()
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
			queues.passed = Permill::zero();
		}
		if !queues.is_empty() {
			Queues::<T>::insert(line, queues);
			return;
		}
		Queues::<T>::remove(line);
		Waiting::<T>::mutate(|waiting| waiting.retain(|other| other != line));
	}
}
