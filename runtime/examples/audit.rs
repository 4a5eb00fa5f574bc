//! Checks the invariants of every pallet on the state of a running chain, whose root is verified.
//!
//! `audit --help`, built with everything else into `debug/examples`.

#![allow(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(test)]
#[path = "../tests/runtime/books.rs"]
#[allow(dead_code)]
mod books;
#[cfg(test)]
#[path = "../tests/runtime/chain.rs"]
#[allow(dead_code)]
mod chain;
#[path = "../tests/runtime/invariants.rs"]
mod invariants;

use clap::Parser;
use one_runtime::{Block, Hash};
use polkadot_sdk::{
	frame_remote_externalities::{Builder, Mode, OnlineConfig, RemoteExternalities},
	sc_executor::WasmExecutor,
	sp_core::traits::{CallContext, CodeExecutor, Externalities, RuntimeCode, WrappedRuntimeCode},
	sp_io::SubstrateHostFunctions,
	sp_tracing,
};
use std::{
	fs,
	path::{Path, PathBuf},
	process::ExitCode,
};

/// `UpgradeCheckSelect::TryState` as the runtime decodes it; the SDK has the type with `try-runtime`
/// alone.
const TRY_STATE: u8 = 3;

/// Checks the invariants of every pallet on the state of a running chain, whose root is verified.
#[derive(Parser)]
#[command(
	name = "audit",
	after_help = "Example:\n  audit ws://127.0.0.1:9944 --try-runtime \"$(scripts/wasm try-runtime)\""
)]
struct Options {
	/// The node that is asked for the state, like ws://127.0.0.1:9944
	node: String,
	/// Hash of the block after which the state is; that of the last final block if left out
	block: Option<Hash>,
	/// The runtime as Wasm with the feature try-runtime: checks the pallets of the SDK, too
	#[arg(long, value_name = "WASM")]
	try_runtime: Option<PathBuf>,
}

/// Fetches the whole state after block `at`, or after the last that is final.
async fn fetch(uri: String, at: Option<Hash>) -> Result<RemoteExternalities<Block>, String> {
	let online = OnlineConfig {
		at,
		transport_uris: vec![uri],
		child_trie: true,
		..Default::default()
	};
	let builder = Builder::<Block>::default().mode(Mode::Online(online));
	builder
		.build()
		.await
		.map_err(|error| format!("the state could not be fetched: {error}"))
}

/// The runtime as Wasm with the feature `try-runtime`.
struct Checker {
	executor: WasmExecutor<SubstrateHostFunctions>,
	wasm: Vec<u8>,
}

impl Checker {
	fn new(wasm: &Path) -> Result<Self, String> {
		// What the Wasm logs is shown: which pallets object, and why.
		sp_tracing::try_init_simple();
		let wasm = fs::read(wasm).map_err(|error| format!("{}: {error}", wasm.display()))?;
		let executor = WasmExecutor::builder().build();
		Ok(Self { executor, wasm })
	}

	/// Has the whole state decoded, and `try_state` of all pallets called, the SDK's too.
	fn check(&self, state: &mut dyn Externalities) -> Result<(), String> {
		let code = WrappedRuntimeCode(self.wasm.as_slice().into());
		let code = RuntimeCode {
			code_fetcher: &code,
			heap_pages: None,
			hash: vec![1],
		};
		let (method, context) = ("TryRuntime_on_runtime_upgrade", CallContext::Offchain);
		let (outcome, _) = self
			.executor
			.call(state, &code, method, &[TRY_STATE], context);
		outcome
			.map(drop)
			.map_err(|error| format!("the try_state of a pallet failed: {error}"))
	}
}

fn audit(options: Options) -> Result<(), String> {
	let checker = options.try_runtime.as_deref().map(Checker::new);
	let checker = checker.transpose()?;
	let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
	let mut state = runtime.block_on(fetch(options.node, options.block))?;
	let block = state.header.hash();
	state.execute_with(invariants::check)?;
	println!("all invariants hold after block {block:?}");
	if let Some(checker) = checker {
		checker.check(&mut state.ext())?;
		println!("try_state of all pallets holds after block {block:?}");
	}
	Ok(())
}

fn main() -> ExitCode {
	match audit(Options::parse()) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error}");
			ExitCode::FAILURE
		}
	}
}

#[cfg(test)]
mod tests {
	use super::{chain::at_genesis, *};
	use one_runtime::{AccountId, Runtime};
	use polkadot_sdk::{
		frame_support::{BoundedVec, WeakBoundedVec},
		pallet_assets::{Account, Instance1},
		pallet_balances::{BalanceLock, Locks, Reasons},
		pallet_collective::Proposals,
		pallet_referenda::ReferendumCount,
		*,
	};
	use std::env;

	type Break = fn();

	/// What pallets of the SDK object to, from the first that has a say to the last, and a value that
	/// is none.
	const BREAKS: [(&str, Break); 5] = [
		("a lock above the frozen balance", lock_too_much),
		("an account of no asset", orphan_an_account),
		("a referendum that is not stored", || {
			ReferendumCount::<Runtime>::put(1);
		}),
		("a proposal that is not stored", || {
			let proposals = vec![Hash::zero()];
			Proposals::<Runtime, Instance1>::put(BoundedVec::truncate_from(proposals));
		}),
		("half an account", || {
			sp_io::storage::set(&pallet_sudo::Key::<Runtime>::hashed_key(), &[1; 16]);
		}),
	];

	fn lock_too_much() {
		let lock = BalanceLock {
			id: [0; 8],
			amount: 1,
			reasons: Reasons::All,
		};
		let locks = WeakBoundedVec::force_from(vec![lock], None);
		Locks::<Runtime>::insert(AccountId::new([0; 32]), locks);
	}

	fn orphan_an_account() {
		let (_, who, account) = Account::<Runtime, Instance1>::iter().next().unwrap();
		Account::<Runtime, Instance1>::insert(u32::MAX, who, account);
	}

	/// Checks a first state that is changed before.
	fn check(checker: &Checker, change: Break) -> Result<(), String> {
		let mut state = at_genesis("development");
		state.execute_with(change);
		checker.check(&mut state.ext())
	}

	#[test]
	#[ignore = "needs the Wasm of `scripts/wasm try-runtime`, named by ONE_TRY_RUNTIME"]
	fn broken_state_of_the_sdk_should_be_found() {
		let wasm = env::var("ONE_TRY_RUNTIME").unwrap();
		let checker = Checker::new(wasm.as_ref()).unwrap();
		assert_eq!(check(&checker, || ()), Ok(()));
		for (what, change) in BREAKS {
			assert!(check(&checker, change).is_err(), "{what} was not found");
		}
	}
}
