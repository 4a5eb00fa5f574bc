//! The invariants of the market, numbered as in the README.

use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};

use one_primitives::{
	inference::MAX_IDS,
	jobs::{JobId, Lane, MAX_SLOTS},
	models::ModelId,
};
use polkadot_sdk::{frame_support::ensure, sp_runtime::TryRuntimeError};

use crate::{
	state::bucket, types::*, Askers, Assignments, Config, DeadlineCounts, DeadlineCursor,
	Deadlines, Jobs, Links, NextJob, OpenJobs, Pallet, Payloads, Queues, Slots, Waiting,
};

type Checked = Result<(), TryRuntimeError>;

impl<T: Config> Pallet<T> {
	/// Checks every invariant.
	pub fn do_try_state() -> Checked {
		Self::check_jobs()?;
		Self::check_slots()?;
		Self::check_queues()?;
		Self::check_waiting()?;
		Self::check_assignments()?;
		Self::check_deadlines()?;
		Self::check_payloads()?;
		Self::check_askers()
	}

	/// 1. A stored job is numbered, not terminal, and within its attempts and reservation.
	fn check_jobs() -> Checked {
		for (id, job) in Jobs::<T>::iter() {
			ensure!(id < NextJob::<T>::get(), "1: a stored job is numbered");
			ensure!(!job.state.is_terminal(), "1: a stored job is not terminal");
			let attempted = !matches!(job.state, State::Queued { .. });
			ensure!(job.attempts <= MAX_ATTEMPTS, "1: a job has few attempts");
			ensure!(
				job.attempts >= u8::from(attempted),
				"1: an assigned job has an attempt"
			);
			if let State::Completed { charged, .. } = job.state {
				ensure!(charged <= job.reserved, "1: the charge was reserved");
			}
		}
		Ok(())
	}

	/// 2. Job slots are exactly those of open jobs, which are counted by model.
	fn check_slots() -> Checked {
		for (who, slot, id) in Slots::<T>::iter() {
			let job = Jobs::<T>::get(id).ok_or("2: a slot's job is stored")?;
			ensure!(
				job.owner == who && job.slot == slot,
				"2: a slot's job names it"
			);
			ensure!(
				job.state.is_open() && slot < MAX_SLOTS,
				"2: a slot's job is open"
			);
		}
		let mut open = BTreeMap::<ModelId, u32>::new();
		for job in Jobs::<T>::iter_values().filter(|job| job.state.is_open()) {
			*open.entry(job.model).or_default() += 1;
		}
		ensure!(
			Slots::<T>::iter().count() == open.values().sum::<u32>() as usize,
			"2: an open job has a slot"
		);
		let counted: BTreeMap<_, _> = OpenJobs::<T>::iter().collect();
		ensure!(counted == open, "2: open jobs are counted by model");
		Ok(())
	}

	/// 3. The queues hold exactly the queued jobs, once each, linked both ways.
	fn check_queues() -> Checked {
		let mut linked = 0;
		for line in Queues::<T>::iter_keys() {
			let queues = Queues::<T>::get(line);
			for lane in [Lane::Included, Lane::Dedicated] {
				let ids = Self::check_list(queues.lane(lane))?;
				ensure!(
					ids.iter().all(|id| Self::waits(*id, line, lane)),
					"3: a listed job waits"
				);
				linked += ids.len();
			}
		}
		let queued = Jobs::<T>::iter_values()
			.filter(|job| matches!(job.state, State::Queued { .. }))
			.count();
		ensure!(linked == queued, "3: a queued job is listed");
		ensure!(
			Links::<T>::iter().count() == queued,
			"3: only queued jobs have links"
		);
		Ok(())
	}

	fn check_list(queue: &Queue) -> Result<Vec<JobId>, TryRuntimeError> {
		let (mut ids, mut prev, mut at) = (Vec::new(), None, queue.head);
		while let Some(id) = at {
			let link = Links::<T>::get(id).ok_or("3: a listed job has links")?;
			ensure!(link.prev == prev, "3: links agree");
			ensure!(ids.len() < queue.len as usize, "3: a list ends");
			ids.push(id);
			(prev, at) = (Some(id), link.next);
		}
		ensure!(
			queue.tail == prev && queue.len as usize == ids.len(),
			"3: a list ends at its tail"
		);
		Ok(ids)
	}

	fn waits(id: JobId, line: Line, lane: Lane) -> bool {
		Jobs::<T>::get(id).is_some_and(|job| {
			matches!(job.state, State::Queued { .. }) && job.line() == line && job.lane() == lane
		})
	}

	/// 4. The lines in turn are those with jobs waiting.
	fn check_waiting() -> Checked {
		let waiting = Waiting::<T>::get();
		let turns: BTreeSet<Line> = waiting.iter().copied().collect();
		let queued: BTreeSet<Line> = Queues::<T>::iter_keys().collect();
		ensure!(turns.len() == waiting.len(), "4: a line has one turn");
		ensure!(turns == queued, "4: lines with jobs have turns");
		ensure!(
			Queues::<T>::iter_values().all(|queues| !queues.is_empty()),
			"4: a queue has jobs"
		);
		Ok(())
	}

	/// 5. A worker's assignments are exactly the attempts under way.
	fn check_assignments() -> Checked {
		for (worker, id, ()) in Assignments::<T>::iter() {
			let job = Jobs::<T>::get(id).ok_or("5: an assigned job is stored")?;
			let theirs = job
				.state
				.attempt()
				.is_some_and(|(assignee, _)| *assignee == worker);
			ensure!(theirs, "5: an assignment is under way");
		}
		let attempts = Jobs::<T>::iter_values()
			.filter(|job| job.state.attempt().is_some())
			.count();
		ensure!(
			Assignments::<T>::iter().count() == attempts,
			"5: an attempt is assigned"
		);
		Ok(())
	}

	/// 6. Each stored job has one deadline, in its state's bucket, which counts, not before the cursor.
	fn check_deadlines() -> Checked {
		let mut counts = BTreeMap::<u64, u32>::new();
		for (number, id, ()) in Deadlines::<T>::iter() {
			*counts.entry(number).or_default() += 1;
			let job = Jobs::<T>::get(id).ok_or("6: a deadline's job is stored")?;
			ensure!(
				job.state.due().map(bucket) == Some(number),
				"6: a deadline is its state's"
			);
			ensure!(
				number >= DeadlineCursor::<T>::get(),
				"6: no deadline is passed over"
			);
		}
		let jobs = Jobs::<T>::iter().count();
		ensure!(
			Deadlines::<T>::iter().count() == jobs,
			"6: a job has one deadline"
		);
		let counted: BTreeMap<_, _> = DeadlineCounts::<T>::iter().collect();
		ensure!(counted == counts, "6: deadlines are counted by bucket");
		Ok(())
	}

	/// 7. Payloads are exactly those of stored jobs.
	fn check_payloads() -> Checked {
		ensure!(
			Payloads::<T>::iter_keys().all(Jobs::<T>::contains_key),
			"7: a payload has its job"
		);
		let (jobs, payloads) = (Jobs::<T>::iter().count(), Payloads::<T>::iter().count());
		ensure!(jobs == payloads, "7: a job has its payload");
		Ok(())
	}

	/// 8. Pallets wait only for open jobs of the Dedicated lane, whose results fit a receipt.
	fn check_askers() -> Checked {
		for id in Askers::<T>::iter_keys() {
			let job = Jobs::<T>::get(id).ok_or("8: a job that is waited for is stored")?;
			ensure!(job.state.is_open(), "8: a job that is waited for is open");
			ensure!(
				job.lane() == Lane::Dedicated,
				"8: a pallet's job is Dedicated"
			);
			ensure!(
				job.terms.max_output <= MAX_IDS,
				"8: a pallet's result fits a receipt"
			);
		}
		Ok(())
	}
}
