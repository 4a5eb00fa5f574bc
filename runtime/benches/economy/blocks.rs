//! Blocks made by the runtime as Wasm on a large state, and what they take.

use crate::chain::slot_digest;
use codec::Encode;
use one_runtime::{
	configs::system::RuntimeBlockWeights, constants::time::SLOT_DURATION, Babe, Header, Runtime,
	Session, System, UncheckedExtrinsic, WASM_BINARY_BLOATY,
};
use polkadot_sdk::{
	frame_support::weights::Weight,
	sc_executor::WasmExecutor,
	sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	sp_io::{SubstrateHostFunctions, TestExternalities},
	sp_runtime::traits::Header as _,
	sp_staking::SessionIndex,
	*,
};
use std::time::{Duration, Instant};

/// A chain whose blocks hold nothing but their inherent, so that what they take is the hooks'.
pub struct Chain {
	state: TestExternalities,
	executor: WasmExecutor<SubstrateHostFunctions>,
	wasm: &'static [u8],
}

/// What a block took, as percentages of a block's weight.
#[derive(Clone, Copy, Default)]
pub struct Share {
	/// Of the time that a block's weight stands for, by the clock.
	pub measured: f64,
	/// By the weights that the runtime noted; none if the block opened a session.
	pub noted: f64,
}

impl Share {
	/// The larger of the two.
	pub fn worst(self) -> f64 {
		self.measured.max(self.noted)
	}
}

impl Chain {
	/// A chain that goes on from `state`, between two blocks.
	pub fn new(state: TestExternalities) -> Self {
		let wasm = WASM_BINARY_BLOATY.expect("the Wasm runtime is built");
		Self {
			state,
			executor: WasmExecutor::builder().build(),
			wasm,
		}
	}

	/// Changes the state between two blocks, and forgets what events tell of it: no block would have
	/// as many.
	pub fn change<R>(&mut self, how: impl FnOnce() -> R) -> R {
		let result = self.state.execute_with(|| {
			let result = how();
			System::reset_events();
			result
		});
		self.state.commit_all().unwrap();
		result
	}

	/// Makes a block in the next slot that is at `utc` or later, in milliseconds.
	pub fn block(&mut self, utc: u64) -> Share {
		let ((header, slot), session) = self
			.state
			.execute_with(|| (next_header(utc), Session::current_index()));
		let set = pallet_timestamp::Call::<Runtime>::set {
			now: slot * SLOT_DURATION,
		};
		let inherent = UncheckedExtrinsic::new_bare(set.into());
		let begin = self.call("Core_initialize_block", &header.encode())
			+ self.call("BlockBuilder_apply_extrinsic", &inherent.encode());
		let took = begin + self.call("BlockBuilder_finalize_block", &[]);
		let noted = self.change(|| noted_since(session));
		let most = RuntimeBlockWeights::get().max_block.ref_time() as f64;
		Share {
			measured: 100.0 * took.as_nanos() as f64 * 1_000.0 / most,
			noted: 100.0 * noted.ref_time() as f64 / most,
		}
	}

	/// Calls the runtime and tells how long it took.
	fn call(&mut self, method: &str, data: &[u8]) -> Duration {
		let code = WrappedRuntimeCode(self.wasm.into());
		let code = RuntimeCode {
			code_fetcher: &code,
			heap_pages: None,
			hash: vec![1],
		};
		let context = CallContext::Onchain { import: false };
		let begin = Instant::now();
		let (result, _) = self
			.executor
			.call(&mut self.state.ext(), &code, method, data, context);
		let took = begin.elapsed();
		result.unwrap_or_else(|error| panic!("{method}: {error}"));
		took
	}
}

/// The weight that was noted, if the block opened no session: pallet-session notes a whole block for
/// one that does, so that little else is in it.
fn noted_since(session: SessionIndex) -> Weight {
	match Session::current_index() == session {
		true => System::block_weight().total(),
		false => Weight::zero(),
	}
}

/// The header of the next block that is not before `utc`, and its slot.
fn next_header(utc: u64) -> (Header, u64) {
	let slot = (*Babe::current_slot() + 1).max(utc.div_ceil(SLOT_DURATION));
	let number = System::block_number();
	let parent = number.using_encoded(sp_io::hashing::blake2_256).into();
	let header = Header::new(
		number + 1,
		Default::default(),
		Default::default(),
		parent,
		slot_digest(0, slot),
	);
	(header, slot)
}
