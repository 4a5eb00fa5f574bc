//! The mailbox between the runtime's off-chain worker and the native inference service.
//!
//! The runtime decides, the engine computes. The `offchain_worker` hook writes an [`Order`] into
//! persistent off-chain storage, the service computes it and writes a
//! [`Completion`]; the hook reads it back. Everything is SCALE, versioned by [`VERSION`].
//!
//! | key | value | written by |
//! |---|---|---|
//! | [`SERVICE`] | [`Service`] | service when it starts; removed when it stops |
//! | [`INDEX`] | [`Index`] | hook, under [`LOCK`], compare-and-set |
//! | [`order_key`] | [`Order`] | hook, under [`LOCK`] |
//! | [`completion_key`] | [`Completion`] | service; removed by the hook |
//! | [`LOCK`] | a deadline | hook |
//!
//! Either side may be killed between any two writes:
//!
//! - An order is listed before it is written, and unwritten before it is unlisted. The service
//!   skips a listed order that is not there; the hook writes it at the next block.
//! - The service writes a completion only for a listed order, looks into the index again
//!   afterwards, and removes the completion if the order is gone. The hook removes the order
//!   first and the completion second, so none outlives its order.
//! - A completion stays until the chain's state no longer knows the order, so the receipt is
//!   reported again until it is seen on chain.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

pub mod commitment;

/// Version of every type in this crate; a node of another version is told so by the runtime.
pub const VERSION: u16 = 1;

/// Orders listed at once, at the most.
pub const MAX_ORDERS: usize = 64;

/// Off-chain storage key of the [`Service`]; the same in every version, so that either side can
/// name the version of the other.
pub const SERVICE: &[u8] = b"one/mailbox/service";

/// Off-chain storage key of the lock under which the hook writes.
pub const LOCK: &[u8] = b"one/mailbox/lock";

/// Off-chain storage key of the [`Index`].
pub const INDEX: &[u8] = b"one/mailbox/1/index";

/// Arithmetics that a service lists at the most.
pub const MAX_ARITHMETICS: usize = 4;

/// What the native service of this node can do. Without it the hook accepts no job and does not
/// report the worker alive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Service {
	/// [`VERSION`] of the service; stays the first field in every version.
	pub version: u16,
	/// Ids of the arithmetics it computes; the first [`MAX_ARITHMETICS`] count.
	pub arithmetics: Vec<u32>,
	/// Merkle roots of the containers it has at hand.
	pub models: Vec<[u8; 32]>,
}

/// Names one order: another attempt, or the same one on another fork, is another order.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Encode,
	Decode,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct OrderId {
	/// Number of the job.
	pub job: u64,
	/// Which assignment of the job, from 1.
	pub attempt: u8,
	/// Hash of the parent of the block that assigned.
	pub assigned: [u8; 32],
}

/// The orders that the best chain knows, oldest first; at most [`MAX_ORDERS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Index {
	/// [`VERSION`] of the writer.
	pub version: u16,
	/// The open orders.
	pub orders: Vec<OrderId>,
}

/// What to compute.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Order {
	/// Which order.
	pub id: OrderId,
	/// Merkle root of the model's container.
	pub model: [u8; 32],
	/// Public prompt.
	pub prompt: Vec<u8>,
	/// Keys the published roots; zero for a public job.
	pub secret: [u8; 32],
	/// Prompt tokens at the most, template included.
	pub max_input: u32,
	/// New tokens at the most.
	pub max_output: u32,
	/// Whether the new token ids go into the receipt.
	pub wants_ids: bool,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Completion {
	/// Which order.
	pub id: OrderId,
	/// Prompt tokens.
	pub input_tokens: u32,
	/// New tokens.
	pub output_tokens: u32,
	/// Hash of the request.
	pub request_root: [u8; 32],
	/// Merkle root over the new token ids.
	pub result_root: [u8; 32],
	/// Merkle root over the positions' final residuals.
	pub trace_root: [u8; 32],
	/// What happened.
	pub outcome: Outcome,
	/// Why generation ended.
	pub finish: Finish,
	/// The new token ids, where the order wants them.
	pub ids: Vec<u32>,
}

/// What happened to a job at its worker.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Outcome {
	/// Answered.
	#[codec(index = 0)]
	Served,
	/// The request cannot be answered by anyone: a prompt that is too long, or not text.
	#[codec(index = 1)]
	Refused,
	/// The payload never came.
	#[codec(index = 2)]
	NoPayload,
	/// Stopped by its owner.
	#[codec(index = 3)]
	Cancelled,
	/// The worker could not: no such model here, device lost.
	#[codec(index = 4)]
	Failed,
}

/// Why generation ended.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Finish {
	/// Nothing was generated.
	#[codec(index = 0)]
	None,
	/// A stop sequence or the end token.
	#[codec(index = 1)]
	Stop,
	/// The limit of tokens, or the end of the context.
	#[codec(index = 2)]
	Length,
}

/// Off-chain storage key of an order.
pub fn order_key(id: &OrderId) -> Vec<u8> {
	(b"one/mailbox/1/order/", id).encode()
}

/// Off-chain storage key of what came of an order.
pub fn completion_key(id: &OrderId) -> Vec<u8> {
	(b"one/mailbox/1/completion/", id).encode()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn keys_should_differ_when_any_part_of_the_id_does() {
		let id = OrderId {
			job: 1,
			attempt: 1,
			assigned: [0; 32],
		};
		let others = [
			OrderId { job: 2, ..id },
			OrderId { attempt: 2, ..id },
			OrderId {
				assigned: [1; 32],
				..id
			},
		];
		for other in others {
			assert_ne!(order_key(&id), order_key(&other));
			assert_ne!(completion_key(&id), completion_key(&other));
		}
		assert_ne!(order_key(&id), completion_key(&id));
	}
}
