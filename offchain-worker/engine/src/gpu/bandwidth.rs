//! Speed of copies within the memory of a device.

use std::time::{Duration, Instant};

use wgpu::{Buffer, BufferDescriptor, BufferUsages, CommandEncoderDescriptor, PollType};

use super::Gpu;
use crate::EngineError;

/// Bytes of a copy: more than the caches of a GPU hold.
const SIZE: u64 = 256 << 20;
/// A submission takes at least this long, so that its own cost is small.
const LONG: Duration = Duration::from_millis(50);
/// Copies of a submission at most.
const MOST: u64 = 1 << 12;

impl Gpu {
	/// Copies within the memory of the device: how many bytes in what time.
	///
	/// # Errors
	/// [`EngineError::Device`].
	pub fn copy_speed(&self) -> Result<(u64, Duration), EngineError> {
		let size = SIZE.min(self.device().limits().max_buffer_size);
		let (from, to) = (self.scratch(size), self.scratch(size));
		self.copies(&from, &to, 1)?;
		let mut copies = 1;
		loop {
			let time = self.copies(&from, &to, copies)?;
			if time >= LONG || copies >= MOST {
				return Ok((copies * size, time));
			}
			copies *= 2;
		}
	}

	fn scratch(&self, size: u64) -> Buffer {
		self.device().create_buffer(&BufferDescriptor {
			label: Some("scratch"),
			size,
			usage: BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
			mapped_at_creation: false,
		})
	}

	fn copies(&self, from: &Buffer, to: &Buffer, n: u64) -> Result<Duration, EngineError> {
		let mut encoder = self
			.device()
			.create_command_encoder(&CommandEncoderDescriptor::default());
		for _ in 0..n {
			encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size());
		}
		let start = Instant::now();
		self.queue().submit([encoder.finish()]);
		self.device()
			.poll(PollType::wait_indefinitely())
			.map_err(|error| self.error(error))?;
		self.check()?;
		Ok(start.elapsed())
	}
}
