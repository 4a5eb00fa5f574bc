//! Other people's programs and files, which `scripts/setup` brings.

use std::{
	io::Write,
	path::{Path, PathBuf},
	process::{Command, Stdio},
};

/// Vocabularies, goldens and chat templates of llama.cpp, where `ONE_LLAMA_MODELS` names them.
pub fn llama_models() -> Option<PathBuf> {
	named("ONE_LLAMA_MODELS")
}

/// Runs a script of `tests/python` with the Python that `ONE_PYTHON` names; what it prints.
pub fn python(script: &str, args: &[&Path], input: &str) -> Option<String> {
	let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
	let mut child = Command::new(python_path()?)
		.arg(folder.join(script))
		.args(args)
		.stdin(Stdio::piped())
		.stdout(Stdio::piped())
		.spawn()
		.unwrap();
	let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
	let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
	let output = child.wait_with_output().unwrap();
	writer.join().unwrap();
	assert!(output.status.success(), "{script} failed");
	Some(String::from_utf8(output.stdout).unwrap())
}

/// The Python that `ONE_PYTHON` names, which has the packages of `scripts/requirements.txt`.
pub fn python_path() -> Option<PathBuf> {
	named("ONE_PYTHON")
}

fn named(variable: &str) -> Option<PathBuf> {
	let named = std::env::var_os(variable).map(PathBuf::from);
	if named.is_none() {
		println!("skipped: {variable} is not set, see scripts/setup");
	}
	named
}
