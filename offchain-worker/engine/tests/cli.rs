//! The stand-alone binary, as a person runs it.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::{
	path::Path,
	process::{Command, Output, Stdio},
};

use common::one_guide;
use serde_json::Value;

fn engine(args: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_one-engine"))
		.args(args)
		.output()
		.unwrap()
}

fn text(output: &Output) -> String {
	String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
	assert!(output.status.success(), "{output:?}");
	serde_json::from_slice(&output.stdout).unwrap()
}

/// Names of the subcommands, from the help.
fn commands() -> Vec<String> {
	let help = text(&engine(&["--help"]));
	let list = help.split("Commands:\n").nth(1).unwrap();
	let lines = list.lines().take_while(|line| !line.is_empty());
	let name = |line: &str| line.split_whitespace().next().unwrap().to_owned();
	lines.map(name).filter(|name| name != "help").collect()
}

#[test]
fn help_should_give_an_example_of_every_command() {
	let commands = commands();
	assert!(commands.len() >= 7, "{commands:?}");
	for command in commands {
		let output = engine(&[&command, "--help"]);
		assert!(output.status.success());
		let help = text(&output);
		assert!(help.contains("Example: "), "{command}");
		let example = format!("one-engine {command} ");
		assert!(help.contains(&example), "{command}: {help}");
	}
}

#[test]
fn run_should_stop_quietly_when_nobody_reads() {
	let container = one_guide();
	let path = container.path().to_str().unwrap();
	let run = |output: Stdio| {
		let mut command = Command::new(env!("CARGO_BIN_EXE_one-engine"));
		command.args(["run", "--model", path, "--device", "cpu", "--prompt", "hi"]);
		command.stdout(output).stderr(Stdio::piped());
		command.spawn().unwrap()
	};
	let mut unread = run(Stdio::piped());
	drop(unread.stdout.take());
	let output = unread.wait_with_output().unwrap();
	assert!(output.status.success(), "{output:?}");
	assert!(output.stderr.is_empty(), "{output:?}");
	let full = Path::new("/dev/full");
	if full.exists() {
		let full = std::fs::File::create(full).unwrap();
		let output = run(full.into()).wait_with_output().unwrap();
		assert_eq!(output.status.code(), Some(1), "{output:?}");
		let told = String::from_utf8(output.stderr).unwrap();
		assert!(told.starts_with("error: standard output: "), "{told}");
	}
}

#[test]
fn paths_should_be_refused_with_what_to_name_instead() {
	let room = tempfile::TempDir::new().unwrap();
	let (folder, model) = (room.path().to_str().unwrap(), common::one_guide_folder());
	let model = model.to_str().unwrap();
	let missing = format!("{folder}/none/x.one");
	let cases = [
		(&["verify", "--model", folder][..], "name a file NAME.one"),
		(
			&["import", "--model", model, "--out", &missing],
			"make it, or name another",
		),
		(
			&["import", "--model", model, "--out", folder],
			"name a file in it",
		),
	];
	for (args, advice) in cases {
		let output = engine(args);
		assert_eq!(output.status.code(), Some(1));
		let told = String::from_utf8(output.stderr).unwrap();
		assert!(told.contains(advice), "{told}");
	}
}

#[test]
fn bench_should_report_every_case_in_one_line() {
	let container = one_guide();
	let path = container.path().to_str().unwrap();
	let args = [
		"bench",
		"--model",
		path,
		"--device",
		"cpu",
		"--threads",
		"1",
	];
	let output = engine(&[&args[..], &["--repeats", "1", "--tokens", "4", "--json"]].concat());
	assert_eq!(text(&output).lines().count(), 1);
	let report = json(&output);
	assert_eq!(
		(&report["device"], &report["threads"]),
		(&"cpu".into(), &1.into())
	);
	let cases: Vec<_> = report["cases"]
		.as_array()
		.unwrap()
		.iter()
		.map(|case| {
			(
				case["mode"].as_str().unwrap(),
				case["batch"].as_u64().unwrap(),
			)
		})
		.collect();
	let expected = [("decode", 1), ("decode", 32), ("prefill", 1), ("audit", 1)];
	assert_eq!(cases, expected);
	let figures = [
		"bandwidth_gbps",
		"load_gbps",
		"read_gbps",
		"load_share",
		"first_token_s",
		"audit_speedup",
	];
	let cases = report["cases"].as_array().unwrap();
	let rates = cases.iter().map(|case| &case["tps"]);
	for figure in figures.map(|name| &report[name]).into_iter().chain(rates) {
		assert!(figure.as_f64().unwrap() > 0.0, "{report}");
	}
}

#[test]
fn bench_should_ask_for_one_model() {
	for models in [&["--model", "a", "--shape", "smollm2-135m"][..], &[]] {
		let output = engine(&[&["bench"], models].concat());
		assert_eq!(output.status.code(), Some(2));
	}
}

#[test]
fn doctor_should_say_what_to_do_next() {
	let folder = tempfile::TempDir::new().unwrap();
	let models = folder.path().to_str().unwrap();
	let checks = json(&engine(&[
		"doctor", "--device", "cpu", "--models", models, "--json",
	]));
	let checks = checks.as_array().unwrap();
	let of = |what: &str| checks.iter().find(|check| check["what"] == what).unwrap();
	assert_eq!(of("CPU")["health"], "ok");
	assert_eq!(of("models")["health"], "note");
	assert!(of("models")["next"]
		.as_str()
		.unwrap()
		.contains("model import"));
}

#[test]
fn doctor_should_fail_when_a_device_is_missing() {
	let folder = tempfile::TempDir::new().unwrap();
	let models = folder.path().to_str().unwrap();
	let output = engine(&["doctor", "--device", "cpu,99", "--models", models]);
	assert_eq!(output.status.code(), Some(1));
	let line = text(&output);
	let line = line.lines().find(|line| line.contains("GPU 99")).unwrap();
	assert!(
		line.starts_with("FAILED") && line.contains("next: "),
		"{line}"
	);
	// A machine may lack more than that.
	let failed = text(&output)
		.lines()
		.filter(|line| line.starts_with("FAILED"))
		.count();
	let told = String::from_utf8(output.stderr).unwrap();
	assert!(told.contains(&format!("{failed} of ")), "{told}");
}

#[test]
fn run_should_take_the_choice_of_tokens() {
	let container = one_guide();
	let path = container.path().to_str().unwrap();
	let run = |more: &[&str]| {
		let args = ["run", "--model", path, "--device", "cpu", "--prompt"];
		engine(&[&args[..], &["What is ONE?", "--max-tokens", "12"], more].concat())
	};
	let whole = json(&run(&["--json"]));
	let whole_text = whole["text"].as_str().unwrap();
	let hot = [
		"--temperature",
		"9.5",
		"--top-k",
		"40",
		"--top-p",
		"0.99",
		"--json",
	];
	let seeded = |seed| {
		json(&run(&[
			&hot[..],
			&["--repetition-penalty", "1.1", "--seed", seed],
		]
		.concat()))
	};
	assert_eq!(seeded("2a"), seeded("0x2a"));
	assert_ne!(seeded("2a")["ids"], seeded("2b")["ids"]);
	let end = whole_text.char_indices().nth(9).unwrap().0;
	let stop = &whole_text[end..end + 3];
	let shown = text(&run(&["--stop", stop]));
	let expected = whole_text.split(stop).next().unwrap();
	assert!(shown.starts_with(&format!("{expected}\n")), "{shown:?}");
	let ids: Vec<u64> = whole["ids"]
		.as_array()
		.unwrap()
		.iter()
		.map(|id| id.as_u64().unwrap())
		.collect();
	let stopped = json(&run(&[
		"--json",
		"--stop-ids",
		&format!("{},{}", ids[3], ids[4]),
	]));
	assert_eq!(
		stopped["ids"].as_array().unwrap()[..],
		whole["ids"].as_array().unwrap()[..5]
	);
	for wrong in [
		["--temperature", "hot"],
		["--temperature", "11"],
		["--top-p", "0"],
		["--seed", "x"],
	] {
		assert!(!run(&wrong).status.success(), "{wrong:?}");
	}
}
