//! Joins each operator's shader with the snippets it imports, validates and lints the result, and
//! writes it with its bindings as Rust constants.

use std::{
	collections::BTreeSet,
	env, fs,
	path::{Path, PathBuf},
};

use naga::{
	valid::{Capabilities, ValidationFlags, Validator},
	AddressSpace, Module, StorageAccess,
};

#[path = "build/lint.rs"]
mod lint;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SHADERS: &str = "src/shaders";

fn main() -> Result<()> {
	println!("cargo::rerun-if-changed={SHADERS}\ncargo::rerun-if-changed=build");
	let mut files: Vec<_> = fs::read_dir(SHADERS)?
		.map(|entry| Ok(entry?.path()))
		.collect::<Result<Vec<PathBuf>>>()?
		.into_iter()
		.filter(|path| path.extension().is_some_and(|e| e == "wgsl"))
		.collect();
	files.sort();
	let constants = files
		.iter()
		.map(|file| constant(file))
		.collect::<Result<String>>()?;
	fs::write(
		Path::new(&env::var("OUT_DIR")?).join("shaders.rs"),
		constants,
	)?;
	Ok(())
}

/// The Rust constant of one operator.
fn constant(file: &Path) -> Result<String> {
	let name = file
		.file_stem()
		.and_then(|s| s.to_str())
		.ok_or("a shader without a name")?;
	let source = join(file, &mut BTreeSet::new())?;
	let module = naga::front::wgsl::parse_str(&source)
		.map_err(|e| format!("{}: {}", file.display(), e.emit_to_string(&source)))?;
	let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
		.validate(&module)
		.map_err(|e| format!("{}: {}", file.display(), e.emit_to_string(&source)))?;
	lint::check(&module, &info).map_err(|e| format!("{}: {e}", file.display()))?;
	let bindings = bindings(&module)
		.map_err(|e| format!("{}: {e}", file.display()))?
		.join(", ");
	Ok(format!(
		"/// `{name}.wgsl`.\npub const {}: Shader = Shader {{\n\tname: {name:?},\n\tsource: {source:?},\n\tbindings: &[{bindings}],\n}};\n",
		name.to_uppercase(),
	))
}

/// The source of `file` after those of its imports, each once.
fn join(file: &Path, seen: &mut BTreeSet<String>) -> Result<String> {
	let own = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
	let mut source = String::new();
	for import in own
		.lines()
		.filter_map(|l| l.strip_prefix("// import "))
		.flat_map(str::split_whitespace)
	{
		if seen.insert(import.into()) {
			source += &join(
				&Path::new(SHADERS)
					.join("common")
					.join(format!("{import}.wgsl")),
				seen,
			)?;
		}
	}
	Ok(source + &own)
}

/// The kind of each binding, in order and without gaps.
fn bindings(module: &Module) -> Result<Vec<&'static str>> {
	let mut all: Vec<_> = module
		.global_variables
		.iter()
		.filter_map(|(_, v)| Some((v.binding?.binding, kind(v.space))))
		.collect();
	all.sort();
	if all
		.iter()
		.enumerate()
		.any(|(i, (binding, _))| i as u32 != *binding)
	{
		return Err("bindings are not numbered from 0 on".into());
	}
	Ok(all.into_iter().map(|(_, kind)| kind).collect())
}

fn kind(space: AddressSpace) -> &'static str {
	match space {
		AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => {
			"Binding::ReadWrite"
		}
		AddressSpace::Storage { .. } => "Binding::Read",
		_ => "Binding::Uniform",
	}
}
