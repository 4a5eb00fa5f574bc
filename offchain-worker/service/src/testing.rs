//! A mailbox in memory and what the hook writes into it.
#![allow(clippy::unwrap_used)]

use std::{
	path::{Path, PathBuf},
	sync::{Arc, Mutex, OnceLock},
};

use codec::{Decode, Encode};
use one_engine::import::import;
use one_mailbox::{
	completion_key, order_key, Completion, Finish, Index, Order, OrderId, Outcome, Service, INDEX,
	SERVICE, VERSION,
};
use polkadot_sdk::sp_core::offchain::{
	storage::InMemOffchainStorage, OffchainStorage, STORAGE_PREFIX,
};
use tempfile::TempDir;

/// The container of `one-guide`, imported once.
pub fn one_guide() -> PathBuf {
	static ROOM: OnceLock<TempDir> = OnceLock::new();
	let room = ROOM.get_or_init(|| {
		let room = TempDir::new().unwrap();
		let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/models/one-guide");
		let path = room.path().join("one-guide.one");
		import(&published, &path, &mut |_, _| ()).unwrap();
		room
	});
	room.path().join("one-guide.one")
}

/// One storage, however often it is cloned, as that of a node.
#[derive(Clone, Default)]
pub struct Storage(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
	storage: InMemOffchainStorage,
	/// Keys in the order in which they were set.
	set: Vec<Vec<u8>>,
}

impl Storage {
	/// With orders for these jobs.
	pub fn of(jobs: &[u64]) -> Self {
		let storage = Self::default();
		storage.list(jobs);
		storage
	}

	/// Makes the orders of these jobs the open ones.
	pub fn list(&self, jobs: &[u64]) {
		let orders: Vec<Order> = jobs.iter().map(|job| order(*job)).collect();
		self.put(&orders);
	}

	/// Makes these orders the open ones.
	pub fn put(&self, orders: &[Order]) {
		let index = Index {
			version: VERSION,
			orders: orders.iter().map(|order| order.id).collect(),
		};
		self.write(INDEX, &index);
		for order in orders {
			self.write(&order_key(&order.id), order);
		}
	}

	/// Writes a value as the hook does.
	pub fn write(&self, key: &[u8], value: &impl Encode) {
		self.clone().set(STORAGE_PREFIX, key, &value.encode());
	}

	/// Reads a value as the hook does.
	pub fn read<T: Decode>(&self, key: &[u8]) -> Option<T> {
		let bytes = self.get(STORAGE_PREFIX, key)?;
		Some(T::decode(&mut &bytes[..]).unwrap())
	}

	/// What came of a job.
	pub fn completion(&self, job: u64) -> Option<Completion> {
		self.read(&completion_key(&id(job)))
	}

	/// How often something came of a job.
	pub fn completions(&self, job: u64) -> usize {
		let key = completion_key(&id(job));
		let inner = self.0.lock().unwrap();
		inner.set.iter().filter(|set| **set == key).count()
	}

	/// The models that the service says it serves.
	pub fn models(&self) -> Option<Vec<[u8; 32]>> {
		self.read::<Service>(SERVICE).map(|service| service.models)
	}
}

impl OffchainStorage for Storage {
	fn set(&mut self, prefix: &[u8], key: &[u8], value: &[u8]) {
		let mut inner = self.0.lock().unwrap();
		inner.storage.set(prefix, key, value);
		inner.set.push(key.to_vec());
	}

	fn remove(&mut self, prefix: &[u8], key: &[u8]) {
		self.0.lock().unwrap().storage.remove(prefix, key);
	}

	fn get(&self, prefix: &[u8], key: &[u8]) -> Option<Vec<u8>> {
		self.0.lock().unwrap().storage.get(prefix, key)
	}

	fn compare_and_set(
		&mut self,
		prefix: &[u8],
		key: &[u8],
		old_value: Option<&[u8]>,
		new_value: &[u8],
	) -> bool {
		let mut inner = self.0.lock().unwrap();
		let storage = &mut inner.storage;
		storage.compare_and_set(prefix, key, old_value, new_value)
	}
}

/// Name of the order of a job.
pub fn id(job: u64) -> OrderId {
	OrderId {
		job,
		attempt: 1,
		assigned: [7; 32],
	}
}

/// An order of four tokens for a job.
pub fn order(job: u64) -> Order {
	Order {
		id: id(job),
		model: [1; 32],
		prompt: b"hi".to_vec(),
		secret: [0; 32],
		max_input: 100,
		max_output: 4,
		wants_ids: false,
	}
}

/// A job of which nothing came.
pub fn failed(job: u64) -> Completion {
	Completion {
		id: id(job),
		input_tokens: 0,
		output_tokens: 0,
		request_root: [0; 32],
		result_root: [0; 32],
		trace_root: [0; 32],
		outcome: Outcome::Failed,
		finish: Finish::None,
		ids: vec![],
	}
}
