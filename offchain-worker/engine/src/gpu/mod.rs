//! The GPU back end: WGSL operators, each the twin of one in `one-arithmetic`, run by wgpu.
//!
//! | file | concern |
//! |---|---|
//! | `adapter` | the adapters of the machine, and which are used |
//! | `context` | device, failures |
//! | `pipelines`, `disk_cache` | shaders and compiled pipelines |
//! | `buffers` | uploads and allocation |
//! | `weights` | matrices in the order the kernels read them |
//! | `ops` | one operator each: its bindings and grid |
//! | `program` | a model as a list of dispatches |
//! | `forward` | the [`Backend`](crate::Backend): batches, recording, read-back |
//! | `tuning` | the fastest way to share work, measured |
//! | `self_test` | refuses a device whose bits differ |
//! | `profile` | the time of each kernel |
//! | `bandwidth` | how fast the device copies |

mod adapter;
mod bandwidth;
mod buffers;
mod context;
mod disk_cache;
mod forward;
mod ops;
mod pipelines;
mod profile;
mod program;
mod self_test;
mod tuning;
mod weights;

pub use adapter::{adapters, hardware, Adapter, AdapterKind};
pub use context::Gpu;
pub use forward::GpuBackend;
pub use self_test::run_on_cpu as self_test_of_cpu;

/// Rows of one pass at most, as in `batch.wgsl`.
const MAX_ROWS: usize = 64;
/// Keys of one chunk of attention, as in `heads.wgsl`: those of a page.
const CHUNK: u32 = crate::backend::PAGE as u32;
