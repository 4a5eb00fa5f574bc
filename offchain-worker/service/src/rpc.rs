//! The node-local RPC by which a requester reads the answer of its job.

use jsonrpsee::{
	core::{async_trait, RpcResult, SubscriptionResult},
	proc_macros::rpc,
	PendingSubscriptionSink, SubscriptionMessage, SubscriptionSink,
};
use polkadot_sdk::sp_core::offchain::OffchainStorage;
use serde::{Deserialize, Serialize};

use crate::{dispatch::Dispatch, Answer, Answers};

/// What was added to an answer since the last update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerUpdate {
	/// Token ids added.
	pub ids: Vec<u32>,
	/// Text added.
	pub text: String,
	/// Whether the answer is complete.
	pub done: bool,
}

/// A model that this node serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSummary {
	/// Name of its folder.
	pub name: String,
	/// Merkle root of its container, hex with `0x`.
	pub root: String,
}

/// A device that this node computes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSummary {
	/// `cpu`, or the name of the adapter, with its place where the driver tells it.
	pub name: String,
	/// Whether it takes orders; one that failed is opened anew after a rest.
	pub works: bool,
	/// Orders it has to answer.
	pub orders: usize,
	/// Orders it has answered since the start of the node.
	pub answered: u64,
}

/// Answers of the jobs that this node serves.
#[rpc(server, namespace = "inference")]
pub trait InferenceApi {
	/// The answer of `job` as far as it is; `null` if this node has not begun it.
	#[method(name = "answer")]
	fn answer(&self, job: u64) -> RpcResult<Option<Answer>>;

	/// The models this node serves.
	#[method(name = "models")]
	fn models(&self) -> RpcResult<Vec<ModelSummary>>;

	/// The devices this node computes on.
	#[method(name = "devices")]
	fn devices(&self) -> RpcResult<Vec<DeviceSummary>>;

	/// Streams the answer of `job` from its first token, also before the job is assigned.
	#[subscription(name = "subscribeAnswer" => "answerUpdate", unsubscribe = "unsubscribeAnswer", item = AnswerUpdate)]
	async fn subscribe_answer(&self, job: u64) -> SubscriptionResult;
}

/// Implements [`InferenceApiServer`].
#[derive(Clone)]
pub struct Inference<S> {
	answers: Answers<S>,
	models: Vec<ModelSummary>,
	dispatch: Dispatch<S>,
}

impl<S: OffchainStorage> Inference<S> {
	/// Serves `answers` from `models` on the devices of `dispatch`.
	pub(crate) fn new(
		answers: Answers<S>,
		models: Vec<ModelSummary>,
		dispatch: Dispatch<S>,
	) -> Self {
		Self {
			answers,
			models,
			dispatch,
		}
	}
}

#[async_trait]
impl<S: OffchainStorage + 'static> InferenceApiServer for Inference<S> {
	fn answer(&self, job: u64) -> RpcResult<Option<Answer>> {
		Ok(self.answers.get(job))
	}

	fn models(&self) -> RpcResult<Vec<ModelSummary>> {
		Ok(self.models.clone())
	}

	fn devices(&self) -> RpcResult<Vec<DeviceSummary>> {
		Ok(self.dispatch.devices())
	}

	async fn subscribe_answer(
		&self,
		pending: PendingSubscriptionSink,
		job: u64,
	) -> SubscriptionResult {
		let sink = pending.accept().await?;
		stream(&self.answers, job, &sink).await
	}
}

/// Sends what is new until the answer is done or the client leaves.
async fn stream<S: OffchainStorage>(
	answers: &Answers<S>,
	job: u64,
	sink: &SubscriptionSink,
) -> SubscriptionResult {
	let mut changes = answers.changes();
	let mut sent = Answer::default();
	loop {
		if let Some(answer) = answers.get(job) {
			let update = added(&sent, &answer);
			if update.done || !update.ids.is_empty() {
				sink.send(SubscriptionMessage::from_json(&update)?).await?;
			}
			if answer.done {
				return Ok(());
			}
			sent = answer;
		}
		tokio::select! {
			changed = changes.changed() => changed?,
			() = sink.closed() => return Ok(()),
		}
	}
}

/// What `now` has over `sent`; all of it if the answer was begun anew.
fn added(sent: &Answer, now: &Answer) -> AnswerUpdate {
	let ids = now.ids.strip_prefix(&sent.ids[..]).unwrap_or(&now.ids);
	let text = now.text.strip_prefix(&sent.text).unwrap_or(&now.text);
	AnswerUpdate {
		ids: ids.to_vec(),
		text: text.into(),
		done: now.done,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn answer(ids: &[u32], text: &str, done: bool) -> Answer {
		Answer {
			ids: ids.to_vec(),
			text: text.into(),
			done,
		}
	}

	#[test]
	fn added_should_be_the_new_part_when_the_answer_grew() {
		let update = added(
			&answer(&[1, 2], "ab", false),
			&answer(&[1, 2, 3], "abc", true),
		);
		assert_eq!(
			update,
			AnswerUpdate {
				ids: vec![3],
				text: "c".into(),
				done: true
			}
		);
	}

	#[test]
	fn added_should_be_everything_when_the_answer_began_anew() {
		let update = added(&answer(&[1, 2], "ab", false), &answer(&[9], "x", false));
		assert_eq!(
			update,
			AnswerUpdate {
				ids: vec![9],
				text: "x".into(),
				done: false
			}
		);
	}
}
