//! The native end of the mailbox: persistent off-chain storage, read and written outside the runtime.

use codec::{Decode, DecodeAll, Encode};
use one_mailbox::{
	completion_key, order_key, Completion, Index, Order, OrderId, Service, INDEX, MAX_ORDERS,
	SERVICE, VERSION,
};
use polkadot_sdk::sp_core::offchain::{OffchainStorage, STORAGE_PREFIX};

const LOG_TARGET: &str = "inference::mailbox";
/// Jobs whose answers are kept, oldest first.
const KEPT: &[u8] = b"one/answers/1/kept";
/// Answers kept at the most; the text of a job is the requester's to fetch while it is fresh.
const MAX_KEPT: usize = 1_024;

/// Reads orders, writes completions and answers.
#[derive(Clone)]
pub struct Mailbox<S> {
	storage: S,
}

impl<S: OffchainStorage> Mailbox<S> {
	/// The mailbox in `storage`, the node's off-chain database.
	pub fn new(storage: S) -> Self {
		Self { storage }
	}

	/// Tells the runtime's hook what this node can do.
	pub fn announce(&mut self, arithmetics: Vec<u32>, models: Vec<[u8; 32]>) {
		self.write(
			SERVICE,
			&Service {
				version: VERSION,
				arithmetics,
				models,
			},
		);
	}

	/// Tells the hook that this node serves no more.
	pub fn withdraw(&mut self) {
		self.storage.remove(STORAGE_PREFIX, SERVICE);
	}

	/// Whether the best chain still wants `id`, and it has no completion.
	pub fn is_pending(&self, id: &OrderId) -> bool {
		self.is_open(id) && !self.is_done(id)
	}

	/// The oldest order that is not taken and has no completion.
	pub fn next_order(&self, taken: impl Fn(&OrderId) -> bool) -> Option<Order> {
		let pending = |id: &&OrderId| !taken(id) && !self.is_done(id);
		self.index()
			.iter()
			.filter(pending)
			.find_map(|id| self.read(&order_key(id)))
	}

	/// Hands `completion` to the runtime's hook, unless the chain no longer wants it: looking
	/// after writing leaves none behind that the hook would not remove.
	pub fn complete(&mut self, completion: &Completion) {
		let key = completion_key(&completion.id);
		self.write(&key, completion);
		if !self.is_open(&completion.id) {
			self.storage.remove(STORAGE_PREFIX, &key);
		}
	}

	/// Keeps the encoded answer of `job`, dropping the oldest ones over the limit.
	pub fn keep_answer(&mut self, job: u64, answer: &impl Encode) {
		self.write(&answer_key(job), answer);
		let mut kept: Vec<u64> = self.read(KEPT).unwrap_or_default();
		kept.retain(|other| *other != job);
		kept.push(job);
		let excess = kept.len().saturating_sub(MAX_KEPT);
		for old in kept.drain(..excess) {
			self.storage.remove(STORAGE_PREFIX, &answer_key(old));
		}
		self.write(KEPT, &kept);
	}

	/// The kept answer of `job`.
	pub fn answer<A: Decode>(&self, job: u64) -> Option<A> {
		self.read(&answer_key(job))
	}

	fn is_open(&self, id: &OrderId) -> bool {
		self.index().contains(id)
	}

	fn is_done(&self, id: &OrderId) -> bool {
		self.read::<Completion>(&completion_key(id)).is_some()
	}

	fn index(&self) -> Vec<OrderId> {
		let Some(index) = self.read::<Index>(INDEX) else {
			return Vec::new();
		};
		if index.version != VERSION {
			log::warn!(
				target: LOG_TARGET,
				"The chain speaks mailbox version {}, this node {VERSION}: update the node to serve jobs.",
				index.version,
			);
			return Vec::new();
		}
		index.orders.into_iter().take(MAX_ORDERS).collect()
	}

	fn read<T: Decode>(&self, key: &[u8]) -> Option<T> {
		let bytes = self.storage.get(STORAGE_PREFIX, key)?;
		T::decode_all(&mut &bytes[..])
			.inspect_err(
				|error| log::warn!(target: LOG_TARGET, "Skipping an unreadable entry: {error}"),
			)
			.ok()
	}

	fn write(&mut self, key: &[u8], value: &impl Encode) {
		self.storage.set(STORAGE_PREFIX, key, &value.encode());
	}
}

fn answer_key(job: u64) -> Vec<u8> {
	(b"one/answers/1/", job).encode()
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]
	use super::*;
	use crate::testing::{failed, id, order, Storage};

	fn mailbox_with(version: u16, jobs: &[u64]) -> Mailbox<Storage> {
		let storage = Storage::of(jobs);
		let orders = jobs.iter().map(|job| id(*job)).collect();
		storage.write(INDEX, &Index { version, orders });
		Mailbox::new(storage)
	}

	#[test]
	fn next_order_should_be_the_oldest_not_taken_without_completion() {
		let mut mailbox = mailbox_with(VERSION, &[3, 5]);
		assert_eq!(mailbox.next_order(|taken| taken.job == 3), Some(order(5)));
		assert_eq!(mailbox.next_order(|_| false), Some(order(3)));
		mailbox.complete(&failed(3));
		assert_eq!(mailbox.next_order(|_| false), Some(order(5)));
		mailbox.complete(&failed(5));
		assert_eq!(mailbox.next_order(|_| false), None);
	}

	#[test]
	fn order_should_be_pending_until_it_is_complete_or_gone() {
		let mut mailbox = mailbox_with(VERSION, &[3, 5]);
		mailbox.complete(&failed(5));
		let pending = [3, 4, 5].map(|job| mailbox.is_pending(&id(job)));
		assert_eq!(pending, [true, false, false]);
	}

	#[test]
	fn next_order_should_be_none_when_the_version_differs_or_the_index_is_garbage() {
		assert_eq!(mailbox_with(VERSION + 1, &[3]).next_order(|_| false), None);
		let mut mailbox = mailbox_with(VERSION, &[3]);
		mailbox.storage.set(STORAGE_PREFIX, INDEX, &[0xff; 3]);
		assert_eq!(mailbox.next_order(|_| false), None);
	}

	#[test]
	fn complete_should_leave_nothing_when_the_order_is_gone() {
		let mut mailbox = mailbox_with(VERSION, &[3]);
		mailbox.complete(&failed(4));
		assert_eq!(mailbox.read::<Completion>(&completion_key(&id(4))), None);
	}

	#[test]
	fn announce_should_stand_until_withdrawn() {
		let mut mailbox = mailbox_with(VERSION, &[]);
		mailbox.announce(vec![1], vec![[9; 32]]);
		let service = mailbox.read::<Service>(SERVICE).unwrap();
		assert_eq!((service.version, service.models), (VERSION, vec![[9; 32]]));
		mailbox.withdraw();
		assert_eq!(mailbox.read::<Service>(SERVICE), None);
	}

	#[test]
	fn keep_answer_should_drop_the_oldest_when_full() {
		let mut mailbox = mailbox_with(VERSION, &[]);
		for job in 0..=MAX_KEPT as u64 {
			mailbox.keep_answer(job, &job);
		}
		assert_eq!(mailbox.answer::<u64>(0), None);
		assert_eq!(mailbox.answer::<u64>(1), Some(1));
		assert_eq!(
			mailbox.answer::<u64>(MAX_KEPT as u64),
			Some(MAX_KEPT as u64)
		);
	}
}
