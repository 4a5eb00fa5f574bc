//! What the benchmarks of a pallet find in the others, of which it knows traits alone.

extern crate alloc;

use alloc::vec::Vec;

use crate::{
	capacity::BookingId,
	jobs::{JobId, Lane},
	models::ModelId,
	ProtocolTime, Usdc,
};

/// A chain that a benchmark arranges before it measures. The runtime is one; what is asked of it
/// here it does by calls and hooks, so that all books agree with each other.
pub trait World<AccountId> {
	/// Gives `who` ONE and USDC, more than any benchmark spends.
	fn endow(who: &AccountId);
	/// Leaves `who` no ONE but what is held of it.
	fn impoverish(who: &AccountId);
	/// The account of a key that the node knows.
	fn signer() -> AccountId;
	/// SCALE of the signature of [`signer`](World::signer) over `message`.
	fn sign(message: &[u8]) -> Vec<u8>;

	/// Makes the `n`th model, if there is none yet: active, and for all tiers.
	fn model(n: u32) -> ModelId;
	/// Makes the `n`th worker: alive, proven, with as many `slots` free for each of `models`.
	fn worker(n: u32, models: &[ModelId], slots: u8) -> AccountId;
	/// Makes a holder of the highest tier, whose credits of today `delegate` spends.
	fn holder(delegate: &AccountId) -> AccountId;
	/// Gives `who` vouchers of as many classes as pay for jobs, so that each of its first jobs draws
	/// on as many as one can, and a sponsor whose vouchers of all these classes are too few for a
	/// job.
	fn vouchers(who: &AccountId);
	/// Reserves throughput of `model` for `sponsor`, who has [`vouchers`](World::vouchers): as many
	/// slots as can be bound to one booking, of the first workers.
	fn booking(sponsor: &AccountId, model: &ModelId) -> BookingId;

	/// SCALE of the runtime's call that submits the longest prompt to the Included lane, in job slot
	/// 0.
	fn submission(model: &ModelId) -> Vec<u8>;
	/// SCALE of the runtime's call by which a holder leaves.
	fn exit() -> Vec<u8>;
	/// Submits the longest prompt of `who`, in its first free job slot.
	fn submit(who: &AccountId, lane: Lane, model: &ModelId) -> JobId;
	/// Lets a block pass in which waiting jobs meet free slots.
	fn match_jobs();
	/// Accepts `job` in the name of the worker to whom it is assigned.
	fn accept(job: JobId);
	/// Has a pallet wait for the result of the open `job`, which a worker that went silent has refused.
	fn await_result(job: JobId);
	/// A stored job of `owner` for `model` at which an attempt of `worker` came to nothing.
	fn failed_job(owner: &AccountId, model: &ModelId, worker: &AccountId) -> JobId;

	/// Lets protocol time pass, without what the hooks do in it.
	fn pass(time: ProtocolTime);
	/// Lets UTC pass until the next credit day is open.
	fn pass_day();
	/// Lets UTC pass until the next settlement window, without what the hooks do in it.
	fn pass_window();
	/// Puts `amount` micro-USDC into the credit pot.
	fn fill_credit_pot(amount: Usdc);
	/// Owes `amount` micro-USDC to `worker`, payable at the next settlement.
	fn owe(worker: &AccountId, amount: Usdc);
}
