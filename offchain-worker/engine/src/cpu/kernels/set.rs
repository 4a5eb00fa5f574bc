//! The sets of kernels that this processor runs.

use super::{Kernels, Scalar};

/// Every set that this processor runs, the definition first and the fastest last.
pub fn all() -> Vec<&'static dyn Kernels> {
	let mut sets: Vec<&'static dyn Kernels> = vec![&Scalar];
	#[cfg(target_arch = "x86_64")]
	{
		sets.extend(super::avx2::detect());
		sets.extend(super::avx512::detect());
	}
	#[cfg(target_arch = "aarch64")]
	sets.extend(super::neon::detect());
	sets
}

/// Names the set to use instead of the fastest.
pub const VARIABLE: &str = "ONE_CPU_KERNELS";

/// The set that [`VARIABLE`] names, else the fastest.
pub fn chosen() -> &'static dyn Kernels {
	let Ok(name) = std::env::var(VARIABLE) else {
		return best();
	};
	named(&name).unwrap_or_else(|| {
		log::warn!(target: "engine", "{VARIABLE}: this processor does not run `{name}`");
		best()
	})
}

/// The fastest set.
pub fn best() -> &'static dyn Kernels {
	all().pop().unwrap_or(&Scalar)
}

/// The set called `scalar`, `avx2`, `avx512` or `neon`, where this processor runs it.
pub fn named(name: &str) -> Option<&'static dyn Kernels> {
	all().into_iter().find(|set| set.name() == name)
}
