//! Bandwidth of memory.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::{disk::gbps, timing::median};
use crate::{device::Device, EngineError};

/// Bytes of a copy on the CPU: more than its caches hold.
const SIZE: usize = 512 << 20;
/// Copies, of which the median counts.
const COPIES: usize = 7;

/// Bytes read and bytes written per second by copies within the memory of `device`, in 10^9.
///
/// # Errors
/// [`EngineError::Device`].
pub fn copy_gbps(device: &Device) -> Result<f64, EngineError> {
	let mut samples = (0..COPIES)
		.map(|_| match device {
			Device::Cpu => Ok(gbps(2 * SIZE as u64, copy(SIZE))),
			Device::Gpu(gpu) => gpu.copy_speed().map(|(bytes, time)| gbps(2 * bytes, time)),
		})
		.collect::<Result<Vec<_>, _>>()?;
	Ok(median(&mut samples).unwrap_or_default())
}

/// How long all threads together copy `size` bytes.
fn copy(size: usize) -> Duration {
	let (from, mut to) = (vec![1_u8; size], vec![2_u8; size]);
	let part = size.div_ceil(rayon::current_num_threads());
	let start = Instant::now();
	to.par_chunks_mut(part)
		.zip(from.par_chunks(part))
		.for_each(|(to, from)| to.copy_from_slice(from));
	let time = start.elapsed();
	std::hint::black_box(&to);
	time
}
