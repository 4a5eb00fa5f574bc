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
	let mut samples: Vec<f64> = match device {
		Device::Cpu => copies(SIZE).map(|time| gbps(2 * SIZE as u64, time)).into(),
		Device::Gpu(gpu) => (0..COPIES)
			.map(|_| gpu.copy_speed().map(|(bytes, time)| gbps(2 * bytes, time)))
			.collect::<Result<_, EngineError>>()?,
	};
	Ok(median(&mut samples).unwrap_or_default())
}

/// How long all threads together copy `size` bytes, each time.
fn copies(size: usize) -> [Duration; COPIES] {
	let (from, mut to) = (vec![1_u8; size], vec![2_u8; size]);
	let part = size.div_ceil(rayon::current_num_threads());
	[(); COPIES].map(|()| {
		let start = Instant::now();
		to.par_chunks_mut(part)
			.zip(from.par_chunks(part))
			.for_each(|(to, from)| to.copy_from_slice(from));
		std::hint::black_box(&mut to);
		start.elapsed()
	})
}
