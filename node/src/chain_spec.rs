//! Chain specifications made from the runtime's genesis presets.

use one_runtime::{
	genesis::{live, DEMO_PRESET, DEVELOPMENT_PRESET, LIVE_PRESET, LOCAL_PRESET},
	WASM_BINARY,
};
use polkadot_sdk::{
	sc_chain_spec::{ChainType, Properties},
	*,
};

/// A chain specification: a genesis and what the network needs to find itself.
pub type ChainSpec = sc_service::GenericChainSpec;

/// One validator, Alice.
pub fn development() -> Result<ChainSpec, String> {
	from_preset(
		"ONE Development",
		"one_dev",
		ChainType::Development,
		DEVELOPMENT_PRESET,
	)
}

/// Four validators: Alice, Bob, Charlie, Dave.
pub fn local() -> Result<ChainSpec, String> {
	from_preset("ONE Local", "one_local", ChainType::Local, LOCAL_PRESET)
}

/// Two validators, Alice and Bob, and short governed times.
pub fn demo() -> Result<ChainSpec, String> {
	from_preset("ONE Demo", "one_demo", ChainType::Local, DEMO_PRESET)
}

/// A network for good, which its founders complete: no root key, and every governed value at its default.
pub fn live() -> Result<ChainSpec, String> {
	from_preset("ONE", "one", ChainType::Live, LIVE_PRESET)
}

/// Refuses a network for good that its founders have not completed.
///
/// # Errors
/// Says what is left to do.
pub fn check_live(spec: &dyn sc_service::ChainSpec) -> Result<(), String> {
	match spec.chain_type() {
		ChainType::Live => live::check(&spec.as_storage_builder().build_storage()?),
		_ => Ok(()),
	}
}

/// A chain whose genesis is the preset `preset` of this build's runtime.
fn from_preset(name: &str, id: &str, kind: ChainType, preset: &str) -> Result<ChainSpec, String> {
	let wasm =
		WASM_BINARY.ok_or("This node was built without its Wasm runtime (SKIP_WASM_BUILD)")?;
	Ok(ChainSpec::builder(wasm, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(kind)
		.with_protocol_id("one")
		.with_properties(token())
		.with_genesis_config_preset_name(preset)
		.build())
}

/// How wallets show the token.
fn token() -> Properties {
	Properties::from_iter([
		("tokenSymbol".into(), "ONE".into()),
		("tokenDecimals".into(), 12.into()),
		("ss58Format".into(), 42.into()),
	])
}
