//! The arrows between the project's crates, from `cargo metadata`: none back, none sideways; and what
//! the documents name.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{
	collections::{BTreeMap, BTreeSet},
	fs,
	path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

fn metadata() -> Metadata {
	MetadataCommand::new()
		.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
		.other_options(["--locked".to_string(), "--offline".to_string()])
		.exec()
		.expect("cargo metadata runs where cargo test does")
}

/// Own crates that each own crate names outside its tests.
fn arrows(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
	let own: BTreeSet<_> = metadata
		.workspace_packages()
		.iter()
		.map(|p| p.name.to_string())
		.collect();
	let named = |package: &cargo_metadata::Package| {
		let outside_tests = package
			.dependencies
			.iter()
			.filter(|d| d.kind != DependencyKind::Development);
		outside_tests
			.map(|d| d.name.clone())
			.filter(|name| own.contains(name))
			.collect()
	};
	metadata
		.workspace_packages()
		.iter()
		.map(|p| (p.name.to_string(), named(p)))
		.collect()
}

/// What a crate may name.
fn allowed(name: &str) -> Vec<&'static str> {
	match name {
		"one-arithmetic" | "one-mailbox" => vec![],
		"one-primitives" => vec!["one-mailbox"],
		pallet if pallet.starts_with("pallet-") => vec!["one-primitives", "one-mailbox"],
		"one-runtime" => vec!["pallet-*", "one-primitives", "one-mailbox"],
		"one-engine" => vec!["one-arithmetic", "one-mailbox"],
		"one-worker" => vec!["one-engine", "one-mailbox"],
		"one-node" => vec!["one-runtime", "one-worker", "one-engine", "one-primitives"],
		_ => vec![],
	}
}

fn is_allowed(from: &str, to: &str) -> bool {
	allowed(from)
		.iter()
		.any(|rule| match rule.strip_suffix('*') {
			Some(prefix) => to.starts_with(prefix),
			None => *rule == to,
		})
}

#[test]
fn crates_should_name_only_what_lies_below_them() {
	for (from, targets) in arrows(&metadata()) {
		for to in targets {
			assert!(is_allowed(&from, &to), "{from} must not depend on {to}");
		}
	}
}

/// Every package that `root` pulls in, tests left out.
fn closure(metadata: &Metadata, root: &str) -> BTreeSet<String> {
	let nodes: BTreeMap<_, _> = metadata
		.resolve
		.as_ref()
		.unwrap()
		.nodes
		.iter()
		.map(|n| (n.id.clone(), n))
		.collect();
	let start = metadata
		.workspace_packages()
		.iter()
		.find(|p| p.name.as_str() == root)
		.unwrap()
		.id
		.clone();
	let mut seen = BTreeSet::<PackageId>::new();
	let mut open = vec![start];
	while let Some(id) = open.pop() {
		if !seen.insert(id.clone()) {
			continue;
		}
		let deps = nodes[&id].deps.iter();
		let used = deps.filter(|d| d.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal));
		open.extend(used.map(|d| d.pkg.clone()));
	}
	seen.iter()
		.map(|id| metadata[id].name.to_string())
		.collect()
}

#[test]
fn runtime_should_not_pull_in_graphics_when_built_for_the_chain() {
	let crates = closure(&metadata(), "one-runtime");
	assert!(
		crates.contains("pallet-balances"),
		"the closure was computed"
	);
	assert!(!crates.contains("wgpu") && !crates.contains("naga"));
}

#[test]
fn engine_should_not_pull_in_the_chain() {
	let crates = closure(&metadata(), "one-engine");
	assert!(crates.contains("wgpu"), "the closure was computed");
	let chain = [
		"polkadot-",
		"frame-",
		"pallet-",
		"sc-",
		"sp-",
		"libp2p",
		"wasmtime",
	];
	let found: Vec<_> = crates
		.iter()
		.filter(|name| chain.iter().any(|prefix| name.starts_with(prefix)))
		.collect();
	assert!(found.is_empty(), "{found:?}");
}

/// The text of every source file of Rust below `folder`.
fn sources(folder: &Path) -> String {
	let entries = fs::read_dir(folder)
		.unwrap()
		.map(|entry| entry.unwrap().path());
	let text = |path: PathBuf| match path.extension() {
		_ if path.is_dir() => sources(&path),
		Some(extension) if extension == "rs" => fs::read_to_string(path).unwrap(),
		_ => String::new(),
	};
	entries.map(text).collect()
}

#[test]
fn documents_should_name_tests_that_exist() {
	let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
	let folders = ["node", "offchain-worker", "pallets", "runtime"];
	let sources: String = folders
		.iter()
		.map(|folder| sources(&root.join(folder)))
		.collect();
	let page = fs::read_to_string(root.join("docs/complaints.md")).unwrap();
	let rows = page
		.lines()
		.filter(|line| line.starts_with("| ") && !line.starts_with("| Complaint"));
	for row in rows {
		let named: Vec<_> = row
			.rsplit('|')
			.nth(1)
			.unwrap()
			.split('`')
			.skip(1)
			.step_by(2)
			.collect();
		assert!(!named.is_empty(), "no test in {row}");
		for name in named {
			let found = sources.contains(&format!("fn {name}(")) || root.join(name).is_file();
			assert!(
				found,
				"docs/complaints.md names {name}, which does not exist"
			);
		}
	}
}
