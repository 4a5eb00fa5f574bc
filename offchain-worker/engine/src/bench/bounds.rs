//! Bounds of a device: the bandwidth of its memory, the products of its instructions.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::{disk::gbps, timing::median};
use crate::{cpu::kernels::chosen, device::Device, EngineError};

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

/// Steps of one measurement of products: some milliseconds.
const STEPS: u32 = 1 << 20;

/// Multiply-accumulates per second of all threads together in the instructions of the linear layers,
/// on nothing but registers, in 10^9; `None` for a device that is not asked.
pub fn gmacs(device: &Device) -> Option<f64> {
	if !matches!(device, Device::Cpu) {
		return None;
	}
	let mut samples = [(); COPIES].map(|()| rayon::broadcast(|_| of_thread()).into_iter().sum());
	median(&mut samples).filter(|gmacs| *gmacs > 0.0)
}

fn of_thread() -> f64 {
	let start = Instant::now();
	let products = chosen().multiply(STEPS);
	products as f64 / start.elapsed().as_secs_f64() / 1e9
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
