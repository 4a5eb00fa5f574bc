//! The runtime as Wasm imports nothing but the host functions that every Substrate node has, so it
//! loads in smoldot, chopsticks and the stock benchmarking tools.

use polkadot_sdk::{sp_io::SubstrateHostFunctions, sp_wasm_interface::HostFunctions};
use std::collections::BTreeSet;

const IMPORT_SECTION: u8 = 2;
const HEADER_LENGTH: usize = 8;

/// Reads an unsigned LEB128 number.
fn number(bytes: &mut &[u8]) -> usize {
	let mut value = 0;
	for shift in (0..).step_by(7) {
		let (byte, rest) = bytes.split_first().expect("the module is complete");
		*bytes = rest;
		value |= usize::from(byte & 0x7f) << shift;
		if byte & 0x80 == 0 {
			break;
		}
	}
	value
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
	let (taken, rest) = bytes.split_at(length);
	*bytes = rest;
	taken
}

fn name(bytes: &mut &[u8]) -> String {
	let length = number(bytes);
	String::from_utf8(take(bytes, length).to_vec()).unwrap()
}

/// The contents of the import section.
fn import_section(wasm: &[u8]) -> &[u8] {
	let mut rest = &wasm[HEADER_LENGTH..];
	loop {
		let id = take(&mut rest, 1)[0];
		let length = number(&mut rest);
		let contents = take(&mut rest, length);
		if id == IMPORT_SECTION {
			return contents;
		}
	}
}

/// Skips what an import is and says whether it is a function.
fn is_function(imports: &mut &[u8]) -> bool {
	let kind = take(imports, 1)[0];
	if kind == 2 {
		let has_maximum = take(imports, 1)[0] & 1 == 1;
		number(imports);
		if has_maximum {
			number(imports);
		}
		return false;
	}
	assert_eq!(kind, 0, "only functions and the memory are imported");
	number(imports);
	true
}

/// The names of the imported functions.
fn imported_functions(wasm: &[u8]) -> BTreeSet<String> {
	let mut imports = import_section(wasm);
	let count = number(&mut imports);
	let mut functions = BTreeSet::new();
	for _ in 0..count {
		assert_eq!(name(&mut imports), "env");
		let name = name(&mut imports);
		if is_function(&mut imports) {
			functions.insert(name);
		}
	}
	functions
}

#[test]
#[cfg_attr(without_wasm, ignore = "SKIP_WASM_BUILD is set")]
fn runtime_should_import_only_standard_host_functions() {
	let wasm = one_runtime::WASM_BINARY_BLOATY.expect("the Wasm runtime is built");
	let standard: BTreeSet<_> = SubstrateHostFunctions::host_functions()
		.iter()
		.map(|function| function.name().to_string())
		.collect();
	let imported = imported_functions(wasm);
	assert!(imported.len() > 20, "it imports {imported:?}");
	let unknown: Vec<_> = imported.difference(&standard).collect();
	assert!(unknown.is_empty(), "not standard: {unknown:?}");
}
