//! Compiles the runtime to Wasm beside the native build.

fn main() {
	println!("cargo:rustc-check-cfg=cfg(without_wasm)");
	println!("cargo:rerun-if-env-changed=SKIP_WASM_BUILD");
	if std::env::var_os("SKIP_WASM_BUILD").is_some() {
		println!("cargo:rustc-cfg=without_wasm");
	}

	#[cfg(all(feature = "std", not(feature = "metadata-hash")))]
	substrate_wasm_builder::WasmBuilder::build_using_defaults();

	#[cfg(all(feature = "std", feature = "metadata-hash"))]
	substrate_wasm_builder::WasmBuilder::init_with_defaults()
		.enable_metadata_hash("ONE", 12)
		.build();
}
