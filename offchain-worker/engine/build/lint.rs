//! What a consensus shader must not contain.

use naga::{
	valid::{FunctionInfo, ModuleInfo},
	BinaryOperator, Expression, Function, Handle, Literal, Module, ScalarKind, TypeInner,
};

/// Refuses floats, whose results differ between devices, and shifts by 32 or more, whose result is
/// undefined in SPIR-V.
pub fn check(module: &Module, info: &ModuleInfo) -> Result<(), String> {
	if module.types.iter().any(|(_, t)| is_float(&t.inner)) {
		return Err("a float type".into());
	}
	let functions = module
		.functions
		.iter()
		.map(|(handle, f)| (f, &info[handle]));
	let entries = (0..).zip(&module.entry_points);
	let entries = entries.map(|(i, entry)| (&entry.function, info.get_entry_point(i)));
	functions
		.chain(entries)
		.try_for_each(|(function, info)| check_function(module, function, info))
}

fn is_float(inner: &TypeInner) -> bool {
	let scalar = match inner {
		TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar) => scalar,
		TypeInner::Vector { scalar, .. } | TypeInner::Matrix { scalar, .. } => scalar,
		_ => return false,
	};
	matches!(scalar.kind, ScalarKind::Float | ScalarKind::AbstractFloat)
}

fn check_function(module: &Module, function: &Function, info: &FunctionInfo) -> Result<(), String> {
	let name = function.name.as_deref().unwrap_or("main");
	for (handle, expression) in function.expressions.iter() {
		if is_float(info[handle].ty.inner_with(&module.types)) {
			return Err(format!("a float in {name}"));
		}
		match expression {
			Expression::Binary {
				op: BinaryOperator::ShiftLeft | BinaryOperator::ShiftRight,
				right,
				..
			} if !is_masked(function, *right) => {
				return Err(format!("a shift without mask in {name}"));
			}
			_ => {}
		}
	}
	Ok(())
}

/// Whether a shift count is a literal below 32, or masked by one.
fn is_masked(function: &Function, count: Handle<Expression>) -> bool {
	match function.expressions[count] {
		Expression::Binary {
			op: BinaryOperator::And,
			left,
			right,
		} => is_small(function, left) || is_small(function, right),
		Expression::Splat { value, .. } => is_masked(function, value),
		_ => is_small(function, count),
	}
}

fn is_small(function: &Function, value: Handle<Expression>) -> bool {
	matches!(
		function.expressions[value],
		Expression::Literal(Literal::U32(0..=31))
	)
}
