//! The CPU back end: the definition of the arithmetic, one call per operator.

mod attention;
mod batch;
mod cache;
mod forward;
mod linear;

pub use forward::CpuBackend;
