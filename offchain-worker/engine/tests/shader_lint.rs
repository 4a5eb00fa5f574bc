//! The lint that every shader passes at build refuses what it is for.

#![allow(clippy::unwrap_used, missing_docs)]

use naga::valid::{Capabilities, ValidationFlags, Validator};

#[path = "../build/lint.rs"]
mod lint;

/// Lints a function body with a `u32` named `n` and an `i32` named `x`.
fn check(body: &str) -> Result<(), String> {
	let source = format!("fn f(n: u32, x: i32) {{ {body} }}");
	let module = naga::front::wgsl::parse_str(&source).unwrap();
	let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
	lint::check(&module, &validator.validate(&module).unwrap())
}

#[test]
fn check_should_accept_masked_and_constant_shifts() {
	for body in [
		"let y = x << 31u;",
		"let y = x >> (n & 31u);",
		"let y = x << (3u + 4u);",
	] {
		check(body).unwrap();
	}
}

#[test]
fn check_should_refuse_a_shift_when_its_count_is_not_masked() {
	for body in [
		"let y = x << n;",
		"let y = x >> (n & 63u);",
		"let y = x >> (n | 31u);",
	] {
		assert!(
			check(body).unwrap_err().contains("shift without mask in f"),
			"{body}"
		);
	}
	assert!(check("var y = x; y >>= n;").is_err());
	assert!(check("let y = vec2<u32>(n, n) << vec2<u32>(n, n);").is_err());
}

#[test]
fn check_should_refuse_floats() {
	for body in [
		"let y = f32(x);",
		"let y = 1.5;",
		"var y: vec2<f32>;",
		"let y = unpack4x8unorm(n).x;",
	] {
		assert!(check(body).unwrap_err().contains("float"), "{body}");
	}
}
