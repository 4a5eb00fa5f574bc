//! The CPU back end: the forward pass over the kernels of the processor.

mod attention;
mod batch;
mod cache;
mod forward;
pub mod kernels;
mod linear;
mod record;
mod watch;

pub use forward::CpuBackend;
