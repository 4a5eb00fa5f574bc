//! Puts the commit into the version string.

use polkadot_sdk::substrate_build_script_utils::generate_cargo_keys;

fn main() {
	generate_cargo_keys();
}
