//! Answers as they grow, for whoever asks this node for them.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use codec::{Decode, Encode};
use polkadot_sdk::sp_core::offchain::OffchainStorage;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Mailbox;

/// What a job was answered, so far or in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Answer {
	/// New token ids; the receipt's result root is over these.
	pub ids: Vec<u32>,
	/// Their text.
	pub text: String,
	/// Whether nothing will be added.
	pub done: bool,
}

/// The answers of this node: the growing one in memory, finished ones in the mailbox's database.
#[derive(Clone)]
pub struct Answers<S> {
	growing: Arc<Mutex<HashMap<u64, Answer>>>,
	mailbox: Mailbox<S>,
	changes: watch::Sender<u64>,
}

impl<S: OffchainStorage> Answers<S> {
	/// Answers kept in `mailbox`.
	pub fn new(mailbox: Mailbox<S>) -> Self {
		let (changes, _) = watch::channel(0);
		Self {
			growing: Arc::default(),
			mailbox,
			changes,
		}
	}

	/// The answer of `job`, if this node has begun it.
	pub fn get(&self, job: u64) -> Option<Answer> {
		self.growing()
			.get(&job)
			.cloned()
			.or_else(|| self.mailbox.answer(job))
	}

	/// Woken at each change of any answer.
	pub fn changes(&self) -> watch::Receiver<u64> {
		self.changes.subscribe()
	}

	/// Starts the answer of `job` anew.
	pub(crate) fn begin(&self, job: u64) {
		self.growing().insert(job, Answer::default());
		self.announce();
	}

	/// Adds one token to the answer of `job`.
	pub(crate) fn push(&self, job: u64, id: u32, text: &str) {
		if let Some(answer) = self.growing().get_mut(&job) {
			answer.ids.push(id);
			answer.text.push_str(text);
		}
		self.announce();
	}

	/// Replaces the answer of `job` by its final form, and keeps it.
	pub(crate) fn finish(&self, job: u64, ids: Vec<u32>, text: String) {
		let answer = Answer {
			ids,
			text,
			done: true,
		};
		let mut growing = self.growing();
		// Under the lock, as the list of kept answers is one for the workers of all devices.
		self.mailbox.clone().keep_answer(job, &answer);
		growing.remove(&job);
		drop(growing);
		self.announce();
	}

	/// Forgets the growing answer of `job`.
	pub(crate) fn abandon(&self, job: u64) {
		self.growing().remove(&job);
		self.announce();
	}

	fn announce(&self) {
		self.changes
			.send_modify(|count| *count = count.wrapping_add(1));
	}

	fn growing(&self) -> MutexGuard<'_, HashMap<u64, Answer>> {
		// A panic elsewhere leaves at worst a partial answer, which is what these are.
		self.growing.lock().unwrap_or_else(PoisonError::into_inner)
	}
}
