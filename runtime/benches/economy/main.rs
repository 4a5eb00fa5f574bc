//! What the lanes and reservations give under load: the real runtime, block by block. And how much
//! of a block the hooks take when the state is large: the real runtime as Wasm, on 1,000,000
//! holders, 10,000 workers and 100,000 waiting jobs.
//!
//! `scripts/bench economy [--json]`

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../../tests/runtime/books.rs"]
#[allow(dead_code)]
mod books;
#[path = "../../tests/runtime/chain.rs"]
#[allow(dead_code)]
mod chain;
#[path = "../../tests/runtime/invariants.rs"]
mod invariants;
#[path = "../../tests/runtime/market.rs"]
#[allow(dead_code)]
mod market;

mod blocks;
mod crowd;
mod hooks;
mod lanes;
mod traffic;

use serde_json::{Map, Value};

/// Reports a figure as it is measured, and keeps it for the last line.
#[derive(Default)]
pub struct Figures(Map<String, Value>);

impl Figures {
	fn add(&mut self, name: &str, value: f64) {
		let rounded = (value * 100.0).round() / 100.0;
		eprintln!("bench: {name} = {rounded}");
		self.0.insert(name.into(), rounded.into());
	}
}

fn main() {
	let mut figures = Figures::default();
	lanes::measure(&mut figures);
	hooks::measure(&mut figures);
	println!("{}", Value::Object(figures.0));
}
